//! Writes to many sockets in one go. A frame that goes to ten thousand costs little more than ten thousand writes then;
//! waking each socket's task for it would cost half as much again, and keep everybody else's tasks waiting behind them.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use parking_lot::Mutex;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

use super::feed::Feed;
use super::outlet::Outlet;

/// Tasks that serve the sockets of one event.
pub const CREW: usize = 4;
/// Sockets that are written to before others have their turn: about half a millisecond.
const BATCH: usize = 64;

/// The open sockets of an event.
#[derive(Default)]
pub struct Outlets {
    last: AtomicU64,
    by_member: [Mutex<BTreeMap<u64, Arc<Outlet>>>; CREW],
}

impl Outlets {
    /// Its number, for [`Outlets::leave`].
    pub fn enter(&self, outlet: Arc<Outlet>) -> u64 {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        self.of(number).lock().insert(number, outlet);
        number
    }

    pub fn leave(&self, number: u64) {
        self.of(number).lock().remove(&number);
    }

    /// Every socket's task looks at the feed.
    pub fn call_all(&self) {
        for outlets in &self.by_member {
            outlets.lock().values().for_each(|outlet| outlet.call());
        }
    }

    fn count(&self, member: usize) -> usize {
        self.by_member[member].lock().len()
    }

    fn of(&self, number: u64) -> &Mutex<BTreeMap<u64, Arc<Outlet>>> {
        &self.by_member[(number % CREW as u64) as usize]
    }

    /// The next ones from `from` on, which is moved behind them. Who comes later has a greater number, so that nobody is
    /// passed over while others come and go.
    fn batch(&self, member: usize, from: &mut u64, batch: &mut Vec<Arc<Outlet>>) {
        let outlets = self.by_member[member].lock();
        let next = outlets.range(*from..).take(BATCH);
        batch.extend(next.map(|(number, outlet)| {
            *from = number + 1;
            Arc::clone(outlet)
        }));
    }
}

/// One member's work, until it is dropped. A panic costs a round: the sockets' own tasks make up for it.
pub async fn serve(feed: Arc<Feed>, member: usize) {
    persist(|| rounds(&feed, member), || feed.outlets.call_all()).await;
}

/// Begins again after each panic.
async fn persist<F: Future<Output = ()>>(mut work: impl FnMut() -> F, make_up: impl Fn()) {
    while AssertUnwindSafe(work()).catch_unwind().await.is_err() {
        tracing::error!("live.crew panicked");
        make_up();
    }
}

/// Through its sockets as long as there is news.
async fn rounds(feed: &Feed, member: usize) {
    let mut editions = feed.editions();
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        // The first news after a pause goes out at once.
        let is_late = editions.has_changed().unwrap_or(false);
        if editions.changed().await.is_err() {
            return;
        }
        let (began, spread) = (Instant::now(), if is_late { feed.pace.spread() } else { Duration::ZERO });
        let all = feed.outlets.count(member).max(1);
        let (mut from, mut done) = (0, 0);
        loop {
            feed.outlets.batch(member, &mut from, &mut batch);
            if batch.is_empty() {
                break;
            }
            done += batch.len();
            let at = Instant::now();
            let writes = batch.drain(..).map(|outlet| u32::from(outlet.serve(feed))).sum();
            let now = Instant::now();
            feed.pace.worked(now - at, writes);
            let due = began + spread.mul_f64((done as f64 / all as f64).min(1.0));
            if due > now { sleep_until(due).await } else { yield_now().await }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::outlet::tests::open;
    use super::*;

    #[tokio::test]
    async fn nobody_is_passed_over_or_served_twice_while_others_come_and_go() {
        let (_, outlet, _) = open().await;
        let outlet = Arc::new(outlet);
        let outlets = Outlets::default();
        let numbers: Vec<u64> = (0..CREW * BATCH * 3).map(|_| outlets.enter(Arc::clone(&outlet))).collect();
        let of_first = numbers.iter().filter(|number| *number % CREW as u64 == 0).count();
        let (mut from, mut batch, mut served) = (0, Vec::new(), Vec::new());
        loop {
            outlets.batch(0, &mut from, &mut batch);
            if batch.is_empty() {
                break;
            }
            served.push(batch.len());
            batch.clear();
            // Two that were served, and one that was not.
            [from - 1, from - 1 - CREW as u64, from - 1 + 2 * CREW as u64]
                .iter()
                .for_each(|number| outlets.leave(*number));
        }
        assert_eq!(served.iter().sum::<usize>(), of_first - 2, "{served:?}");
    }

    #[tokio::test]
    async fn a_member_that_panics_goes_on_and_its_sockets_look_for_themselves() {
        let (begun, made_up) = (AtomicU64::new(0), AtomicU64::new(0));
        let work = || async {
            assert!(begun.fetch_add(1, Ordering::Relaxed) >= 2, "planted");
        };
        persist(work, || {
            made_up.fetch_add(1, Ordering::Relaxed);
        })
        .await;
        assert_eq!((begun.into_inner(), made_up.into_inner()), (3, 2));
    }
}
