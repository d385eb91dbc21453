//! What requests of a sale and of a gate must know of their event's catalogue entry: whose it is, and when it is over. Dates
//! are words of the catalogue, which an organizer may change: a copy of them in the event's journal would be a second truth,
//! written by another commit than the first.
//!
//! What was read is kept for a while, so that neither a sale nor a gate costs a query. This node's own changes are seen at
//! once; those of another node, which can be to events alone of which nothing is sold, when what is kept has run out.

use std::time::Duration;

use inventory::{EventId, TimeUs, UserId};
use moka::future::Cache;
use persistence::{Event, Store, StoreError};

/// A change made through another node is seen so much later at most.
const KEPT: Duration = Duration::from_secs(5);
/// Events that are on sale at the same time.
const EVENTS_MAX: u64 = 10_000;

/// The event, under the catalogue's version that was read before it.
type Key = (EventId, u64);

/// Of an event that is not deleted.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Never changes.
    pub organizer: UserId,
    pub over_at: TimeUs,
}

impl Facts {
    fn of(event: &Event) -> Self {
        Self { organizer: event.organizer_id, over_at: event.over_at() }
    }
}

pub struct EventFacts(Cache<Key, Option<Facts>>);

impl Default for EventFacts {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(EVENTS_MAX).time_to_live(KEPT).build())
    }
}

impl EventFacts {
    /// `None`: there is no such event.
    ///
    /// # Errors
    /// The store is not available.
    pub async fn find(&self, store: &Store, event: EventId) -> Result<Option<Facts>, StoreError> {
        let key = (event, store.catalogue_version());
        if let Some(kept) = self.0.get(&key).await {
            return Ok(kept);
        }
        // Those who ask for the same event at the same time wait for one answer. An error is not shared.
        match self.0.try_get_with(key, read(store, event)).await {
            Ok(read) => Ok(read),
            Err(_) => read(store, event).await,
        }
    }

    /// Whether it is over at `now`. An event that is gone is not: it has more to say than that.
    ///
    /// # Errors
    /// The store is not available.
    pub async fn is_over(&self, store: &Store, event: EventId, now: TimeUs) -> Result<bool, StoreError> {
        Ok(self.find(store, event).await?.is_some_and(|facts| facts.over_at <= now))
    }
}

async fn read(store: &Store, event: EventId) -> Result<Option<Facts>, StoreError> {
    Ok(store.event_find(event).await?.as_ref().map(Facts::of))
}
