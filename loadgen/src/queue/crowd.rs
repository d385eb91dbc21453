//! What all waiters share, and what each of them can do: join, look, claim, shop, leave.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::Method;
use tokio::sync::{Notify, watch};
use wire::{JoinRequest, Place, PlaceState};

use super::line::Line;
use super::squat::Squat;
use super::waiter::{End, Kind, Told, Waiter};
use crate::account::Account;
use crate::buyer::{Admitted, Sale, visit_admitted};
use crate::client::{Client, Outcome, Settled};
use crate::measure::{Leaving, Step};
use crate::pool::Call;

/// A place that was called according to the pushed numbers is claimed again when the answer does not know it yet.
const CLAIMS: u32 = 5;
const CLAIM_AGAIN: Duration = Duration::from_millis(100);

pub struct Crowd {
    pub sale: Sale,
    /// Of the room.
    pub path: String,
    pub waiters: Vec<Arc<Waiter>>,
    pub line: Line,
    pub bots_per_hoarder: u32,
    /// Of the event.
    pub hold_ttl: Duration,
    /// By rank: who waits for the pushed numbers to reach him.
    pub expected: Mutex<BTreeMap<u32, Arc<Waiter>>>,
    /// Somebody was added to them.
    pub added: Notify,
    pub ended: AtomicU32,
    /// Nobody begins anything any more.
    pub over: watch::Sender<bool>,
    pub log: Mutex<Log>,
    /// In every visit's number, so that no idempotency key is used twice.
    visits: AtomicU32,
}

/// What happened, in the order it was noted.
#[derive(Clone, Debug, Default)]
pub struct Log {
    pub told: Vec<Told>,
    /// Units bought, when, and whether by a bot.
    pub bought: Vec<(Instant, u32, bool)>,
    /// Of every answer: shoppers inside.
    pub shoppers_max: u32,
    /// Holds of bots that buy nothing.
    pub squats: Vec<Squat>,
}

impl Crowd {
    pub fn new(sale: Sale, path: String, waiters: Vec<Arc<Waiter>>, bots_per_hoarder: u32, hold_ttl: Duration) -> Self {
        Self {
            hold_ttl,
            sale,
            path,
            waiters,
            line: Line::default(),
            bots_per_hoarder,
            expected: Mutex::default(),
            added: Notify::new(),
            ended: AtomicU32::new(0),
            over: watch::Sender::new(false),
            log: Mutex::default(),
            visits: AtomicU32::new(0),
        }
    }

    pub fn client(&self) -> &Client {
        &self.sale.client
    }

    pub fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn is_over(&self) -> bool {
        *self.over.borrow()
    }

    pub async fn until_over(&self) {
        let mut over = self.over.subscribe();
        // The sender lives in `self`: an error cannot be.
        let _ended = over.wait_for(|is_over| *is_over).await.is_ok();
    }

    pub fn join_call(&self, ticket: Option<String>) -> Call {
        let body = JoinRequest { place_ticket: ticket, priority_pass: None };
        Call::post(self.path.clone(), None, &body).unwrap_or_else(|_| unreachable!("the bodies of wire can be written"))
    }

    /// Asks for the place, by `POST` if it is to be claimed.
    pub async fn ask(&self, waiter: &Waiter, step: Step, due: Instant) -> Settled<Place> {
        let call = match step {
            Step::Look => Call::get(self.path.clone()),
            _ => {
                let ticket = waiter.seen().ticket.clone().filter(|_| waiter.index.is_multiple_of(2));
                self.join_call(ticket)
            }
        };
        let settled = self.client().settle(step, Some(&waiter.account), &call, due).await.read::<Place>();
        if let Outcome::Done(place) = &settled.outcome {
            self.note(waiter, place, settled.repeated, settled.answered);
        }
        settled
    }

    pub fn note(&self, waiter: &Waiter, place: &Place, asked: Instant, answered: Instant) {
        let (told, fault) = waiter.told(place, asked, answered);
        if let Some(fault) = fault {
            self.client().measured.violation(fault);
        }
        let mut log = self.log();
        log.told.extend(told);
        log.shoppers_max = log.shoppers_max.max(place.room.shoppers);
    }

    /// Joins or looks, then goes on as the answer says.
    pub async fn arrive(&self, waiter: &Arc<Waiter>, step: Step, due: Instant) {
        match self.ask(waiter, step, due).await.outcome {
            Outcome::Done(place) if place.state == PlaceState::Admitted => self.enter(waiter, &place).await,
            Outcome::Done(_) => self.expect(waiter).await,
            outcome => self.give_up(waiter, &outcome),
        }
    }

    /// Lets the waiter be claimed for when the line has reached him. Those who poll or have a socket see to it themselves.
    async fn expect(&self, waiter: &Arc<Waiter>) {
        let rank = waiter.seen().rank;
        match rank {
            Some(rank) if waiter.way == super::waiter::Way::Pushed => {
                self.expected.lock().unwrap_or_else(PoisonError::into_inner).insert(rank, Arc::clone(waiter));
                self.added.notify_one();
            }
            Some(_) => {}
            None => {
                self.client().measured.violation(format!("waiter {}: no rank in an open line", waiter.index));
                self.end(waiter, End::Unknown);
            }
        }
    }

    /// It is this waiter's turn.
    pub async fn claim(&self, waiter: &Arc<Waiter>) {
        for tries_left in (0..CLAIMS).rev() {
            match self.ask(waiter, Step::Claim, Instant::now()).await.outcome {
                Outcome::Done(place) => match place.state {
                    PlaceState::Admitted => return self.enter(waiter, &place).await,
                    PlaceState::Lapsed => return self.end(waiter, End::Lapsed),
                    _ if tries_left > 0 => tokio::time::sleep(CLAIM_AGAIN).await,
                    state => {
                        let rank = place.rank.unwrap_or_default();
                        let called = place.room.called;
                        self.client().measured.violation(format!(
                            "waiter {}: rank {rank} was called and is {state:?} at {called}",
                            waiter.index
                        ));
                        return self.end(waiter, End::Refused);
                    }
                },
                outcome => return self.give_up(waiter, &outcome),
            }
        }
    }

    async fn enter(&self, waiter: &Arc<Waiter>, place: &Place) {
        let Some(pass) = place.pass.clone() else {
            self.client().measured.violation(format!("waiter {}: admitted without a pass", waiter.index));
            return self.end(waiter, End::Refused);
        };
        let end = match waiter.kind {
            Kind::Leaver => End::Left,
            Kind::Buyer => self.shop(waiter, &pass).await,
            Kind::Squatter => {
                let bots = (0..self.bots_per_hoarder).map(|_| self.squat(waiter, &pass));
                let ends = futures_util::future::join_all(bots).await;
                ends.into_iter().max().unwrap_or(End::Left)
            }
            Kind::Hoarder => {
                let bots = (0..self.bots_per_hoarder).map(|_| self.shop(waiter, &pass));
                let ends = futures_util::future::join_all(bots).await;
                ends.into_iter().min().unwrap_or(End::Refused)
            }
        };
        if end != End::Bought {
            self.leave(&waiter.account).await;
        }
        self.end(waiter, end);
    }

    async fn shop(&self, waiter: &Waiter, pass: &str) -> End {
        let number = self.next_visit();
        let who = Admitted { number, account_number: waiter.index, account: &waiter.account, pass: pass.to_owned() };
        match visit_admitted(&self.sale, who, waiter.intent, Instant::now()).await {
            Leaving::Bought => {
                let is_bot = waiter.kind == Kind::Hoarder;
                self.log().bought.push((Instant::now(), waiter.intent.units, is_bot));
                End::Bought
            }
            Leaving::LeftUnknown | Leaving::Broken => End::Unknown,
            Leaving::SoldOut => End::SoldOut,
            Leaving::Refused | Leaving::LeftLine | Leaving::Abandoned | Leaving::Released => End::Refused,
        }
    }

    pub(super) fn next_visit(&self) -> u32 {
        self.visits.fetch_add(1, Relaxed)
    }

    pub async fn leave(&self, account: &Account) {
        let call = Call { method: Method::DELETE, path: self.path.clone(), key: None, body: None };
        if let Outcome::Broken(what) =
            self.client().settle(Step::Leave, Some(account), &call, Instant::now()).await.outcome
        {
            self.client().measured.violation(format!("leave: {what}"));
        }
    }

    fn give_up<T>(&self, waiter: &Waiter, outcome: &Outcome<T>) {
        let index = waiter.index;
        match outcome {
            Outcome::Refused(refusal) => {
                self.client().measured.violation(format!("waiter {index}: refused by {}", refusal.code));
            }
            Outcome::Broken(what) => self.client().measured.violation(format!("waiter {index}: {what}")),
            Outcome::Done(_) | Outcome::GaveUp { .. } => {}
        }
        self.end(waiter, End::Unknown);
    }

    pub fn end(&self, waiter: &Waiter, end: End) {
        waiter.ends(end);
        self.ended.fetch_add(1, Relaxed);
    }
}
