//! Until when an owner may answer from memory. A sale is safe without it: an append under a stale epoch is refused. A
//! refusal or a view appends nothing, so an owner that was taken over from without noticing would go on giving them; its
//! lease ends before the store lets another node open the event.
//!
//! Times are the monotonic clock's, counted from before the store was asked: whatever the way took, the store counts the
//! same term from later.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::lane::{Lane, LossCause};
use crate::{Journal, Owned, metrics};

/// Renewals that may fail in a row before the owner falls silent.
const RENEWALS_PER_TERM: u32 = 4;

pub(crate) struct Lease {
    term: Duration,
    origin: Instant,
    /// From `origin`, microseconds.
    until_us: AtomicU64,
}

impl Lease {
    pub(crate) fn new(term: Duration, asked_at: Instant) -> Self {
        let lease = Self { term, origin: asked_at, until_us: AtomicU64::new(0) };
        lease.extend(asked_at);
        lease
    }

    pub(crate) const fn renew_every(&self) -> Duration {
        self.term.checked_div(RENEWALS_PER_TERM).expect("a term has parts")
    }

    pub(crate) fn is_held(&self) -> bool {
        self.origin.elapsed() < Duration::from_micros(self.until_us.load(Ordering::Relaxed))
    }

    fn extend(&self, asked_at: Instant) {
        let until = asked_at.duration_since(self.origin) + self.term;
        self.until_us.fetch_max(u64::try_from(until.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// While an event is being rebuilt. Ends when another node has it; without a lease, never.
pub(crate) async fn keep<J: Journal>(journal: &J, owned: Owned, lease: Option<&Lease>) {
    let Some(lease) = lease else { return std::future::pending().await };
    loop {
        sleep(lease.renew_every()).await;
        let asked_at = Instant::now();
        // What fails here is tried again in a moment, and once the event runs.
        if let Ok(Ok(kept)) = timeout(lease.renew_every(), journal.renew(vec![owned])).await {
            if kept != [true] {
                return;
            }
            lease.extend(asked_at);
        }
    }
}

/// One round for all leased events of the node. A round that fails is made up for by the next; an event that the store
/// gave to somebody else is lost at once.
pub(crate) async fn renew<J: Journal>(journal: &J, leased: Vec<(Arc<Lane>, Arc<Lease>)>, deadline: Duration) {
    let owned = leased.iter().map(|(lane, _)| lane.owned()).collect();
    let asked_at = Instant::now();
    let kept = match timeout(deadline, journal.renew(owned)).await {
        Ok(Ok(kept)) => kept,
        Ok(Err(error)) => {
            metrics::observe_renewal_failed();
            return tracing::warn!(error = &error as &dyn std::error::Error, "lease.renew failed");
        }
        Err(_) => {
            metrics::observe_renewal_failed();
            return tracing::warn!(deadline_ms = deadline.as_millis(), "lease.renew took too long");
        }
    };
    for ((lane, lease), kept) in leased.iter().zip(kept) {
        if kept {
            lease.extend(asked_at);
        } else {
            lane.settle_lost(LossCause::TakenOver);
        }
    }
}

/// A lease that is not given back ends by itself.
pub(crate) async fn release<J: Journal>(journal: &J, owned: Owned, deadline: Duration) {
    let event = owned.event;
    match timeout(deadline, journal.release(owned)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%event, error = &error as &dyn std::error::Error, "lease.release failed"),
        Err(_) => tracing::warn!(%event, deadline_ms = deadline.as_millis(), "lease.release took too long"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_held_for_its_term_from_when_it_was_asked_for() {
        let lease = Lease::new(Duration::from_secs(2), Instant::now());
        advance(Duration::from_millis(1_500)).await;
        assert!(lease.is_held());
        let asked_at = Instant::now();
        advance(Duration::from_secs(1)).await;
        assert!(!lease.is_held());
        lease.extend(asked_at);
        assert!(lease.is_held());
        advance(Duration::from_secs(1)).await;
        assert!(!lease.is_held());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_comes_late_takes_nothing_back() {
        let asked_at = Instant::now();
        let lease = Lease::new(Duration::from_secs(2), asked_at);
        advance(Duration::from_secs(1)).await;
        lease.extend(Instant::now());
        lease.extend(asked_at);
        advance(Duration::from_millis(1_900)).await;
        assert!(lease.is_held());
    }
}
