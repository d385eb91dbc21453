//! One visit: arrive, choose, hold, then buy, give back or walk away. What the server says goes into the ledger before
//! the buyer acts on it.

mod hold;
mod line;
mod purchase;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use wire::Hold;

use crate::account::{Account, Accounts, Allowance};
use crate::arena::Arena;
use crate::client::{Client, Outcome, Settled};
use crate::connection::Reply;
use crate::ledger::{Entry, Ledger};
use crate::measure::{Leaving, Step};
use crate::mix::{Ending, Intent};
use crate::pool::Call;

const SOLD_OUT: [&str; 3] = ["NOT_ENOUGH_SEATS", "AREA_SOLD_OUT", "QUOTA_EXHAUSTED"];

/// What all buyers of a run share.
pub struct Sale {
    pub client: Client,
    pub arena: Arc<Arena>,
    pub accounts: Accounts,
    pub allowance: Allowance,
    pub ledger: Ledger,
    /// In every key, so that two runs never use the same one.
    pub tag: String,
    pub slow_pay: Duration,
    /// Named seats are asked for without a look at what is free.
    pub blind: bool,
}

struct Buyer<'a> {
    sale: &'a Sale,
    number: u32,
    account_number: u32,
    account: &'a Account,
    intent: Intent,
    /// Of the waiting room.
    pass: Option<String>,
    /// Joins a waiting room that it meets.
    joins: bool,
    rng: StdRng,
    keys: u32,
}

/// Plays one buyer who meant to come at `due`.
pub async fn visit(sale: &Sale, number: u32, intent: Intent, due: Instant) {
    let measured = &sale.client.measured;
    measured.arrived();
    let (account_number, account) = sale.accounts.take(intent.units, sale.allowance);
    let rng = StdRng::seed_from_u64(intent.seed);
    let mut buyer =
        Buyer { sale, number, account_number, account: &account, intent, pass: None, joins: true, rng, keys: 0 };
    let leaving = match buyer.shop(due).await {
        Ok(leaving) | Err(leaving) => leaving,
    };
    if leaving != Leaving::Bought {
        buyer.leave_line().await;
    }
    let (kept, bought) = match leaving {
        Leaving::Bought => (false, intent.units),
        Leaving::Released | Leaving::SoldOut | Leaving::Refused | Leaving::LeftLine => (false, 0),
        Leaving::Abandoned | Leaving::LeftUnknown | Leaving::Broken => (true, intent.units),
    };
    account.leave(kept, intent.units, bought);
    measured.left(leaving);
}

/// Who was let in by the waiting room: `number` is unlike that of any other visit.
pub struct Admitted<'a> {
    pub number: u32,
    pub account_number: u32,
    pub account: &'a Account,
    pub pass: String,
}

/// Plays one buyer who was let in at `due`.
pub async fn visit_admitted(sale: &Sale, who: Admitted<'_>, intent: Intent, due: Instant) -> Leaving {
    let Admitted { number, account_number, account, pass } = who;
    let measured = &sale.client.measured;
    measured.arrived();
    let rng = StdRng::seed_from_u64(intent.seed);
    let mut buyer =
        Buyer { sale, number, account_number, account, intent, pass: Some(pass), joins: false, rng, keys: 0 };
    let leaving = match buyer.shop(due).await {
        Ok(leaving) | Err(leaving) => leaving,
    };
    measured.left(leaving);
    leaving
}

/// Holds what `intent` says, and does nothing more with it.
///
/// # Errors
/// Why there is no hold.
pub async fn hold_only(sale: &Sale, who: Admitted<'_>, intent: Intent, due: Instant) -> Result<Hold, Leaving> {
    let Admitted { number, account_number, account, pass } = who;
    let rng = StdRng::seed_from_u64(intent.seed);
    let mut buyer =
        Buyer { sale, number, account_number, account, intent, pass: Some(pass), joins: false, rng, keys: 0 };
    buyer.hold(due).await
}

impl Buyer<'_> {
    async fn shop(&mut self, due: Instant) -> Result<Leaving, Leaving> {
        let hold = self.hold(due).await?;
        match self.intent.ending {
            Ending::Abandons => Ok(Leaving::Abandoned),
            Ending::Releases => self.release(&hold).await,
            Ending::Buys => self.buy(&hold, Duration::ZERO).await,
            Ending::BuysSlowly => self.buy(&hold, self.sale.slow_pay).await,
        }
    }

    async fn release(&mut self, hold: &Hold) -> Result<Leaving, Leaving> {
        let path = format!("/api/v1/events/{}/holds/{}", hold.event_id, hold.id);
        let call = Call::delete(path, self.key());
        let settled = self.write(Step::Release, &call, Instant::now()).await;
        let asked_at = self.at(settled.asked);
        if let Outcome::Done(_) = settled.outcome {
            self.note(Entry::Released { hold: hold.id, asked_at });
            return Ok(Leaving::Released);
        }
        self.note(Entry::ReleaseUnknown { hold: hold.id, asked_at });
        Err(self.gone(Step::Release, &settled.outcome))
    }

    /// A write, once or, if that is this buyer's habit, twice at the same time.
    async fn write(&self, step: Step, call: &Call, since: Instant) -> Settled<Reply> {
        if self.intent.submits_twice {
            self.sale.client.settle_twice(step, self.account, call, since).await
        } else {
            self.sale.client.settle(step, Some(self.account), call, since).await
        }
    }

    /// Why a visit ends at a step that was not done.
    fn gone<T>(&self, step: Step, outcome: &Outcome<T>) -> Leaving {
        match outcome {
            Outcome::Refused(refusal) if SOLD_OUT.contains(&refusal.code.as_str()) => Leaving::SoldOut,
            Outcome::Done(_) | Outcome::Refused(_) => Leaving::Refused,
            Outcome::GaveUp { .. } => Leaving::LeftUnknown,
            Outcome::Broken(what) => {
                self.violation(format!("{step}: {what}"));
                Leaving::Broken
            }
        }
    }

    fn violation(&self, what: String) {
        self.sale.client.measured.violation(format!("buyer {}: {what}", self.number));
    }

    fn note(&self, entry: Entry) {
        self.sale.ledger.write(entry);
    }

    fn at(&self, instant: Instant) -> chrono::DateTime<chrono::Utc> {
        self.sale.client.measured.clock.at(instant)
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        format!("{}-{}-{}", self.sale.tag, self.number, self.keys)
    }
}
