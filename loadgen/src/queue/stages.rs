//! What goes on at the same time once the line is open: the early ones look, late ones come, the called claim, the others
//! wait in their way.

use std::future::Future;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use wire::PlaceState;

use super::crowd::Crowd;
use super::waiter::{Waiter, Way};
use crate::client::Outcome;
use crate::measure::Step;

const DISPATCH_EVERY: Duration = Duration::from_millis(50);
const POLL_MIN: Duration = Duration::from_millis(300);
const POLL_MAX: Duration = Duration::from_secs(10);

/// Begins one task after another, evenly over `over`, and waits for the last.
pub async fn spread<F>(waiters: Vec<Arc<Waiter>>, over: Duration, mut begin: impl FnMut(Arc<Waiter>, Instant) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let (started, count) = (Instant::now(), waiters.len());
    let mut tasks = JoinSet::new();
    for (at, waiter) in waiters.into_iter().enumerate() {
        let due = started + over.mul_f64(at as f64 / count as f64);
        tokio::time::sleep_until(due.into()).await;
        tasks.spawn(begin(waiter, due));
        while tasks.try_join_next().is_some() {}
    }
    while tasks.join_next().await.is_some() {}
}

/// Early ones look at their place, late ones join.
pub async fn arrive(crowd: Arc<Crowd>, is_early: bool, over: Duration) {
    let step = if is_early { Step::Look } else { Step::Join };
    let who = crowd.waiters.iter().filter(|waiter| waiter.is_early == is_early && waiter.way != Way::Socket).cloned();
    spread(who.collect(), over, |waiter, due| {
        let crowd = Arc::clone(&crowd);
        async move {
            crowd.arrive(&waiter, step, due).await;
            if waiter.way == Way::Polling {
                poll(&crowd, &waiter).await;
            }
        }
    })
    .await;
}

/// Claims for everybody whom the pushed numbers have reached. Ends when the run is over and those under way are done.
pub async fn dispatch(crowd: Arc<Crowd>) {
    let mut called = crowd.line.called();
    let mut claims = JoinSet::new();
    while !crowd.is_over() {
        let now = *called.borrow_and_update();
        let reached = {
            let mut expected = crowd.expected.lock().unwrap_or_else(PoisonError::into_inner);
            let later = expected.split_off(&now);
            std::mem::replace(&mut *expected, later)
        };
        for waiter in reached.into_values() {
            let crowd = Arc::clone(&crowd);
            claims.spawn(async move { crowd.claim(&waiter).await });
        }
        while claims.try_join_next().is_some() {}
        tokio::select! {
            _ = called.changed() => {}
            () = crowd.added.notified() => {}
            () = tokio::time::sleep(DISPATCH_EVERY) => {}
        }
    }
    while claims.join_next().await.is_some() {}
}

/// Asks again whenever the last estimate has run out.
async fn poll(crowd: &Crowd, waiter: &Arc<Waiter>) {
    let mut wait = waiter.seen().promise.map_or(POLL_MIN, |promise| Duration::from_secs(promise.eta_s.into()));
    while !crowd.is_over() && waiter.seen().end.is_none() {
        tokio::select! {
            () = tokio::time::sleep(wait.clamp(POLL_MIN, POLL_MAX)) => {}
            () = crowd.until_over() => return,
        }
        match crowd.ask(waiter, Step::Look, Instant::now()).await.outcome {
            Outcome::Done(place) if place.state == PlaceState::Waiting => {
                if place.rank.is_some_and(|rank| rank < place.room.called) {
                    return crowd.claim(waiter).await;
                }
                wait = Duration::from_secs(place.eta_s.unwrap_or_default().into());
            }
            Outcome::Done(_) => return crowd.claim(waiter).await,
            Outcome::Refused(_) | Outcome::GaveUp { .. } | Outcome::Broken(_) => wait = POLL_MAX,
        }
    }
}
