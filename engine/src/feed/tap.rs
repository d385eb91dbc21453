use std::sync::Arc;

use super::Changes;
use super::exchange::Exchange;

/// One watcher's end of an event's feed. Keeps the event in memory; dropped, it costs nothing more.
///
/// It is closed when it is not emptied in time ([`super::TAP_CHANGES_MAX`]), when the event's actor ends for whatever
/// reason, and when the server stops. What was lost then is in the picture of the next tap.
pub struct Tap {
    exchange: Arc<Exchange<Changes>>,
}

impl Tap {
    pub(super) const fn new(exchange: Arc<Exchange<Changes>>) -> Self {
        Self { exchange }
    }

    /// Waits until something has become durable. `false`: closed, and all is taken. May be dropped at any time.
    pub async fn changed(&mut self) -> bool {
        self.exchange.arrived().await
    }

    /// Fills `changes`, which is cleared first, with all that has become durable since the last call. Never waits.
    /// `false`: there is nothing, maybe because the tap was closed meanwhile, with all that was in it.
    #[must_use]
    pub fn take(&mut self, changes: &mut Changes) -> bool {
        changes.clear();
        self.exchange.take(changes)
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.exchange.abandon();
    }
}
