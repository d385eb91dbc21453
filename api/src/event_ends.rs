//! When events are over, for what may not happen afterwards. Dates are words of the catalogue, which an organizer may
//! change: a copy of them in the event's journal would be a second truth, written by another commit than the first.
//!
//! What was read is kept for a while, so that a sale costs no query. This node's own changes are seen at once; those of
//! another node, which can be to events alone of which nothing is sold, when what is kept has run out.

use std::time::Duration;

use inventory::{EventId, TimeUs};
use moka::future::Cache;
use persistence::{Store, StoreError};

/// A change made through another node is seen so much later at most.
const KEPT: Duration = Duration::from_secs(5);
/// Events that are on sale at the same time.
const EVENTS_MAX: u64 = 10_000;

/// The event, under the catalogue's version that was read before it.
type Key = (EventId, u64);

pub struct EventEnds(Cache<Key, Option<TimeUs>>);

impl Default for EventEnds {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(EVENTS_MAX).time_to_live(KEPT).build())
    }
}

impl EventEnds {
    /// Whether it is over at `now`. An event that is gone is not: it has more to say than that.
    ///
    /// # Errors
    /// The store is not available.
    pub async fn is_over(&self, store: &Store, event: EventId, now: TimeUs) -> Result<bool, StoreError> {
        let key = (event, store.catalogue_version());
        let over_at = match self.0.get(&key).await {
            Some(kept) => kept,
            // Those who ask for the same event at the same time wait for one answer. An error is not shared.
            None => match self.0.try_get_with(key, read(store, event)).await {
                Ok(read) => read,
                Err(_) => read(store, event).await?,
            },
        };
        Ok(over_at.is_some_and(|over_at| over_at <= now))
    }
}

async fn read(store: &Store, event: EventId) -> Result<Option<TimeUs>, StoreError> {
    Ok(store.event_find(event).await?.map(|event| event.over_at()))
}
