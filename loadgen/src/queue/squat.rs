//! Bots that hold what they never buy: each takes a place, lets its hold run out, and at once tries to hold again.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use hyper::Method;
use wire::Hold;

use super::crowd::Crowd;
use super::waiter::{End, Waiter};
use crate::buyer::{Admitted, hold_only};
use crate::client::Outcome;
use crate::measure::{Leaving, Step};
use crate::mix::Intent;
use crate::pool::Call;

/// Holds that each bot has run out, one after another, or has tried to get.
const ROUNDS: u32 = 3;
/// A hold that has run out is over by then.
const BACK_WITHIN: Duration = Duration::from_secs(1);

/// One hold of a bot, from the answer until it ran out.
#[derive(Clone, Copy, Debug)]
pub struct Squat {
    pub account: u32,
    pub units: u32,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    /// Still alive `BACK_WITHIN` after it should have run out.
    pub is_late: bool,
}

impl Crowd {
    /// One of an account's bots, which was let in with `pass`.
    pub(super) async fn squat(&self, waiter: &Waiter, pass: &str) -> End {
        let intent = Intent { units: 1, ..waiter.intent };
        for _ in 0..ROUNDS {
            let number = self.next_visit();
            let who =
                Admitted { number, account_number: waiter.index, account: &waiter.account, pass: pass.to_owned() };
            let asked = Instant::now();
            match hold_only(&self.sale, who, intent, asked).await {
                Ok(hold) => self.let_run_out(waiter, &hold).await,
                // The account holds what it may, or nothing is left: the bot waits for that to change.
                Err(Leaving::Refused | Leaving::SoldOut) => self.rest(self.hold_ttl).await,
                Err(_) => return End::Unknown,
            }
            if self.is_over() {
                break;
            }
        }
        End::Left
    }

    async fn let_run_out(&self, waiter: &Waiter, hold: &Hold) {
        let from = self.client().measured.clock.now();
        let left = (hold.expires_at - from + slack()).to_std().unwrap_or_default();
        self.rest(left).await;
        if self.is_over() {
            return;
        }
        // Giving back what has run out is refused; if it is not, it had not run out.
        let path = format!("/api/v1/events/{}/holds/{}", hold.event_id, hold.id);
        let call = Call { method: Method::DELETE, path, key: None, body: None };
        let settled = self.client().settle(Step::Release, Some(&waiter.account), &call, Instant::now()).await;
        let is_late = matches!(settled.outcome, Outcome::Done(_));
        let units = hold.items.iter().map(|item| item.quantity).sum();
        self.log().squats.push(Squat { account: waiter.index, units, from, until: hold.expires_at, is_late });
    }

    async fn rest(&self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.until_over() => {}
        }
    }
}

fn slack() -> TimeDelta {
    TimeDelta::from_std(BACK_WITHIN).unwrap_or_else(|_| unreachable!("a second is in range"))
}

/// The most units that one account had in holds at the same time.
pub fn most_at_once(squats: &[Squat]) -> u32 {
    let of = |one: &Squat| {
        let alive = squats.iter().filter(|other| other.account == one.account);
        alive.filter(|other| other.from <= one.from && one.from < other.until).map(|other| other.units).sum()
    };
    squats.iter().map(of).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_holds_of_one_account_at_one_time_add_up() {
        let at = |second: i64| DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap();
        let squat =
            |account, from, until| Squat { account, units: 1, from: at(from), until: at(until), is_late: false };
        let squats = [squat(1, 0, 10), squat(1, 5, 15), squat(1, 10, 20), squat(2, 0, 20), squat(2, 20, 30)];
        assert_eq!((most_at_once(&squats), most_at_once(&squats[3..]), most_at_once(&[])), (2, 1, 0));
    }
}
