//! Tells who offered a ticket that nobody has accepted it in time.

use std::sync::Arc;
use std::time::Duration;

use engine::{Clock, SystemClock};
use inventory::TimeUs;
use persistence::{KnownEvent, NewMail, Store, StoreError, TicketTransfer};
use tokio_util::sync::CancellationToken;
use wire::TransferState;

use super::pause;
use crate::mail::{self, Letter, Mailer, Show};
use crate::{derived_id, time, transfer_view};

/// How often one looks: an offer is open for days.
const LOOK: Duration = Duration::from_secs(5);
/// An offer that ended before is old news: nobody was there to tell of it.
const TOLD_WITHIN: Duration = Duration::from_secs(24 * 3_600);
/// Told at one look; the next finds the rest.
const BATCH: u32 = 100;

pub struct Lapses {
    pub store: Store,
    pub clock: Arc<SystemClock>,
    pub mailer: Mailer,
}

/// Until `stop`. A mail that was begun is queued.
pub async fn run(lapses: Lapses, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let next = pause("lapsed offers", lapses.round().await.map(|()| LOOK));
        stop.run_until_cancelled(tokio::time::sleep(next)).await;
    }
}

impl Lapses {
    async fn round(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        for offer in self.store.transfer_list_lapsed(now, time::minus(now, TOLD_WITHIN), BATCH).await? {
            let mail = self.letter(&offer, now).await?;
            if self.store.transfer_tell_lapse(offer.id, now, mail.as_ref()).await? && mail.is_some() {
                self.mailer.queued();
            }
        }
        Ok(())
    }

    /// `None`: what ended it is told by a mail of its own, or the event is over.
    async fn letter(&self, offer: &TicketTransfer, now: TimeUs) -> Result<Option<NewMail>, StoreError> {
        if transfer_view::state(offer, now) != TransferState::Expired {
            return Ok(None);
        }
        let event = self.store.event_find_any(offer.event_id).await?.filter(|event| event.over_at() > now);
        let (Some(event), Some(sender)) = (event, self.store.user_find(offer.sender_id).await?) else {
            return Ok(None);
        };
        let letter = Letter::TransferLapsed {
            show: Box::new(Show::of(event.id, &KnownEvent::of(&event))),
            label: mail::label(&offer.place, offer.is_area, &offer.tier_name),
        };
        let id = derived_id::of(offer.expires_at, &[b"lapsed offer", offer.id.as_bytes()]);
        match mail::row(id, &sender.email, &letter, now) {
            Ok(mail) => Ok(Some(mail)),
            Err(error) => {
                tracing::error!(%error, "a letter cannot be written: {error}");
                Ok(None)
            }
        }
    }
}
