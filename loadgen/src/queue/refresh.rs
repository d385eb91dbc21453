//! Those who wait press reload: joins and looks of accounts that have a place, at a fixed rate in every second slice. The
//! purchases of those inside are compared between stormy slices and calm ones.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use wire::Place;

use super::crowd::Crowd;
use super::sockets::Sockets;
use crate::client::Outcome;
use crate::measure::Step;
use crate::pool::Call;

/// Under way at once; what would be more is not sent.
const AT_ONCE: usize = 20_000;
/// To find one who waits.
const LOOKED_AT: usize = 5_000;

#[derive(Clone, Debug, Default)]
pub struct Storms {
    /// Begin and end, and whether it stormed.
    pub slices: Vec<(Instant, Instant, bool)>,
    pub unsent: u64,
}

pub async fn run(crowd: Arc<Crowd>, sockets: Arc<Sockets>, per_s: u32, slice: Duration) -> Storms {
    let mut storms = Storms::default();
    let (mut tasks, mut next) = (JoinSet::new(), 0);
    while !crowd.is_over() && per_s > 0 {
        let calm = Instant::now();
        rest(&crowd, slice).await;
        let stormy = Instant::now();
        sockets.storms.send_modify(|storms| *storms += 1);
        storms.unsent += storm(&crowd, per_s, slice, &mut tasks, &mut next).await;
        if !crowd.is_over() {
            storms.slices.push((calm, stormy, false));
            storms.slices.push((stormy, Instant::now(), true));
        }
    }
    while tasks.join_next().await.is_some() {}
    storms
}

async fn rest(crowd: &Crowd, slice: Duration) {
    tokio::select! {
        () = tokio::time::sleep(slice) => {}
        () = crowd.until_over() => {}
    }
}

/// Gives how many could not be sent. What is not answered by the end of the slice is a burden to the next one.
async fn storm(crowd: &Arc<Crowd>, per_s: u32, slice: Duration, tasks: &mut JoinSet<()>, next: &mut usize) -> u64 {
    let (started, mut unsent) = (Instant::now(), 0);
    for number in 0u32.. {
        let due = Duration::from_secs_f64(f64::from(number) / f64::from(per_s));
        if due >= slice || crowd.is_over() {
            break;
        }
        tokio::time::sleep_until((started + due).into()).await;
        while tasks.try_join_next().is_some() {}
        if tasks.len() >= AT_ONCE {
            unsent += 1;
            continue;
        }
        // The next that still waits; near the end nearly nobody does.
        let waits = |index: &usize| {
            let seen = crowd.waiters[*index].seen();
            seen.number.is_some() && seen.admitted_at.is_none()
        };
        let count = crowd.waiters.len();
        let Some(index) = (0..count.min(LOOKED_AT)).map(|step| (*next + step) % count).find(waits) else { break };
        *next = index + 1;
        let crowd = Arc::clone(crowd);
        tasks.spawn(async move { again(&crowd, index, number.is_multiple_of(2), started + due).await });
    }
    tokio::time::sleep_until((started + slice).into()).await;
    unsent
}

async fn again(crowd: &Crowd, index: usize, joins: bool, due: Instant) {
    let waiter = &crowd.waiters[index];
    let call = if joins { crowd.join_call(None) } else { Call::get(crowd.path.clone()) };
    let settled = crowd.client().settle(Step::Refresh, Some(&waiter.account), &call, due).await.read::<Place>();
    match settled.outcome {
        // He went in, and perhaps out, while this was under way: a join after that is for another place.
        Outcome::Done(_) if waiter.seen().admitted_at.is_some() => {}
        // An answer that lets him in is left to him: he asks again when his turn is told.
        Outcome::Done(place) => crowd.note(waiter, &place, settled.repeated, settled.answered),
        Outcome::Broken(what) => crowd.client().measured.violation(format!("refresh: {what}")),
        Outcome::Refused(_) | Outcome::GaveUp { .. } => {}
    }
}
