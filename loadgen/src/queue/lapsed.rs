//! What was good until its time was over: a session that nobody renewed, and a priority pass past its last moment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use uuid::Uuid;
use wire::{Place, WaitingRoomSettings};

use super::room::{self, Room};
use crate::account::Account;
use crate::client::Client;
use crate::clock::Clock;
use crate::measure::Step;
use crate::venue::{Organizer, Venue};

/// The shortest that a room may have.
const SESSION: Duration = Duration::from_secs(30);
/// Of the priority pass, by its organizer's clock, which may be another than the server's.
const PASS_LIFE: Duration = Duration::from_secs(10);
/// Until time has ended what it ends.
const SLACK: Duration = Duration::from_millis(1_500);
const ENTER_DEADLINE: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub struct Lapsed {
    pub account: Arc<Account>,
    /// Of another event than the crowd's.
    pub event: Uuid,
    pub pass: String,
    /// When the session is over.
    pub session_over: Instant,
    /// For the crowd's event.
    pub priority: String,
    pub priority_over: Instant,
}

impl Lapsed {
    /// `account` goes into a room with the shortest session there is, and never does anything there.
    ///
    /// # Errors
    /// The room cannot be made, or does not let the account in.
    pub async fn collect(
        client: &Client,
        (organizer, clock): (&Organizer, Clock),
        room: &Room,
        house: &Venue,
        account: Arc<Account>,
    ) -> Result<Self> {
        let settings = WaitingRoomSettings {
            active: true,
            session_s: Some(SESSION.as_secs() as u32),
            ..WaitingRoomSettings::default()
        };
        let brief = Room::arm(client, organizer, house, settings, clock.now(), None).await?;
        let until = Instant::now() + ENTER_DEADLINE;
        let pass = loop {
            let place: Place = client.ask(Step::Setup, Some(&account), &room::join_call(&brief.path())).await?;
            match place.pass {
                Some(pass) => break pass,
                None => ensure!(Instant::now() < until, "an empty room lets nobody in: {:?}", place.state),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        let session_over = Instant::now() + SESSION + SLACK;
        let life = TimeDelta::from_std(PASS_LIFE)?;
        let priority = room.priority_pass_until(Some(clock.now() + life)).await?;
        let priority_over = Instant::now() + PASS_LIFE + SLACK;
        Ok(Self { account, event: brief.event, pass, session_over, priority, priority_over })
    }
}
