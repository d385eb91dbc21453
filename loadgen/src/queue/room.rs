//! The organizer's side: a house with a waiting room before it, armed long before it opens and opened on demand.

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use hyper::Method;
use uuid::Uuid;
use wire::{JoinRequest, PriorityPass, PriorityPassRequest, QueueProof, WaitingRoomSettings};

use crate::account::{Account, Credentials};
use crate::client::Client;
use crate::measure::Step;
use crate::pool::Call;
use crate::venue::{Organizer, Venue};

/// The line opens when the early ones have joined, however long that takes.
pub const UNTIL_OPENED_AT_LATEST: TimeDelta = TimeDelta::hours(24);

pub struct Room {
    client: Client,
    organizer: Account,
    pub event: Uuid,
    pub settings: WaitingRoomSettings,
}

/// Into the room at `path`, like everybody.
pub fn join_call(path: &str) -> Call {
    let body = JoinRequest::default();
    Call::post(path.to_owned(), None, &body).unwrap_or_else(|_| unreachable!("the bodies of wire can be written"))
}

impl Room {
    /// Makes an event with a room that collects a pre-queue for this long, or is open at once.
    ///
    /// # Errors
    /// The organizer is refused, or a step of it.
    pub async fn arm(
        client: &Client,
        organizer: &Organizer,
        venue: &Venue,
        settings: WaitingRoomSettings,
        now: DateTime<Utc>,
        opens_after: Option<TimeDelta>,
    ) -> Result<Self> {
        let event = venue.open(client, organizer, now).await.context("making the event")?;
        let Organizer { email, password } = organizer.clone();
        let organizer = Account::new(Credentials { email, password, token: String::new() });
        organizer.sign_in(client).await?;
        let settings = WaitingRoomSettings { opens_at: opens_after.map(|after| now + after), ..settings };
        let room = Self { client: client.clone(), organizer, event, settings };
        room.put().await?;
        Ok(room)
    }

    /// # Errors
    /// The server refuses it.
    pub async fn open_at(&mut self, at: DateTime<Utc>) -> Result<()> {
        self.settings.opens_at = Some(at);
        self.put().await
    }

    pub fn path(&self) -> String {
        format!("/api/v1/events/{}/waiting-room", self.event)
    }

    async fn put(&self) -> Result<()> {
        let call = Call::post(format!("{}/settings", self.path()), None, &self.settings)?;
        let call = Call { method: Method::PUT, ..call };
        self.client.ask_raw(Step::Setup, Some(&self.organizer), &call).await.context("setting the room")?;
        Ok(())
    }

    /// # Errors
    /// The server does not answer.
    pub async fn proof(&self) -> Result<QueueProof> {
        self.client.ask(Step::Audit, None, &Call::get(format!("{}/proof", self.path()))).await
    }

    /// For one entry of any account.
    ///
    /// # Errors
    /// The server refuses it.
    pub async fn priority_pass(&self) -> Result<String> {
        self.priority_pass_until(None).await
    }

    /// # Errors
    /// The server refuses it.
    pub async fn priority_pass_until(&self, expires_at: Option<DateTime<Utc>>) -> Result<String> {
        let body = PriorityPassRequest {
            reason: "a load test's own shopper".to_owned(),
            uses: None,
            expires_at,
            user_id: None,
        };
        let call = Call::post(format!("{}/priority-passes", self.path()), None, &body)?;
        let pass: PriorityPass = self.client.ask(Step::Setup, Some(&self.organizer), &call).await?;
        Ok(pass.priority_pass)
    }
}
