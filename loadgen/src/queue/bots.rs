//! Tries to get past the line, each with what a thief could have: nothing, a forgery, somebody else's pass, a pass of
//! another event, one that was good until a moment ago. None may end in a hold or in a place that is not the bot's own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use uuid::Uuid;
use wire::{BestAvailable, HoldItem, HoldRequest, JoinRequest, Place, PlaceState};

use super::crowd::Crowd;
use super::joins::NO_OP;
use super::lapsed::Lapsed;
use super::room::Room;
use crate::account::Account;
use crate::buyer::{Admitted, visit_admitted};
use crate::client::{Client, Outcome};
use crate::measure::{Leaving, Step};
use crate::mix::{Ending, Intent, Want};
use crate::pool::Call;

/// Accounts that bots need besides the waiters.
pub const ACCOUNTS: usize = 6;
/// Connections of bots: those of a replay, which are all used at the same moment, and of the other tries.
pub const CONNECTIONS: u32 = REPLAYED_AT_ONCE as u32 + 200;
/// Tries of one kind under way at once; a replay sends this many at the same moment.
const AT_ONCE: usize = 8;
const REPLAYED_AT_ONCE: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    NoPass,
    Garbage,
    Forged,
    TicketAsPass,
    Foreign,
    OtherEvent,
    Left,
    Bought,
    Expired,
    Replayed,
    ForeignTicket,
    ForgedTicket,
    UsedPriority,
    ForgedPriority,
    ExpiredPriority,
}

const KINDS: [(Kind, &str); 15] = [
    (Kind::NoPass, "hold without a pass"),
    (Kind::Garbage, "hold with a made-up pass"),
    (Kind::Forged, "hold with one's own pass, one character changed"),
    (Kind::TicketAsPass, "hold with a place ticket as pass"),
    (Kind::Foreign, "hold with another account's live pass"),
    (Kind::OtherEvent, "hold with the pass of another event"),
    (Kind::Left, "hold with the pass of a session that was left"),
    (Kind::Bought, "hold with the pass of a session that bought"),
    (Kind::Expired, "hold with the pass of a session that time has ended"),
    (Kind::Replayed, "hold with a dead pass, 1,000 at once"),
    (Kind::ForeignTicket, "join with another account's place ticket"),
    (Kind::ForgedTicket, "join with a changed place ticket"),
    (Kind::UsedPriority, "join with a priority pass that is used up"),
    (Kind::ForgedPriority, "join with a changed priority pass"),
    (Kind::ExpiredPriority, "join with a priority pass that has expired"),
];

#[derive(Clone, Debug, Serialize)]
pub struct BypassLine {
    pub what: &'static str,
    pub tries: u64,
    pub through: u64,
    /// How they were answered.
    pub codes: BTreeMap<String, u64>,
}

/// What the bots have got hold of.
pub struct Loot {
    thief: Arc<Account>,
    /// Let in, and stays inside while the bots try.
    robbed: Arc<Account>,
    robbed_number: u32,
    robbed_pass: String,
    left: (Arc<Account>, String),
    bought: (Arc<Account>, String),
    /// Let in at another event.
    other: (Arc<Account>, String),
    /// In line like everybody.
    waiter: (Arc<Account>, String, u32),
    priority: String,
    lapsed: Lapsed,
}

impl Loot {
    /// Lets the accounts in by priority passes of the organizer's. `first` is the number of the first of them.
    ///
    /// # Errors
    /// The server lets one of them not in.
    pub async fn collect(
        crowd: &Crowd,
        room: &Room,
        other: &Room,
        lapsed: Lapsed,
        accounts: &[Arc<Account>],
        first: u32,
    ) -> Result<Self> {
        let [thief, robbed, left, bought, elsewhere, waiter] = accounts else {
            bail!("the bots need {ACCOUNTS} accounts");
        };
        let priority = room.priority_pass().await?;
        let robbed_pass = enter(crowd, room, robbed, &priority).await?;
        let left_pass = enter(crowd, room, left, &room.priority_pass().await?).await?;
        crowd.leave(left).await;
        let bought_pass = enter(crowd, room, bought, &room.priority_pass().await?).await?;
        let who =
            Admitted { number: u32::MAX - 1, account_number: first + 3, account: bought, pass: bought_pass.clone() };
        match visit_admitted(&crowd.sale, who, one_seat(), Instant::now()).await {
            Leaving::Bought => {}
            Leaving::SoldOut => bail!("nothing was left for the bot that buys first: give the house more seats"),
            left => bail!("who was let in by a priority pass could not buy: {left:?}"),
        }
        let other_pass = enter(crowd, other, elsewhere, &other.priority_pass().await?).await?;
        let place: Place = crowd.client().ask(Step::Setup, Some(waiter), &crowd.join_call(None)).await?;
        let ticket = place.place_ticket.context("a place without a ticket")?;
        Ok(Self {
            thief: Arc::clone(thief),
            robbed: Arc::clone(robbed),
            robbed_number: first + 1,
            robbed_pass,
            left: (Arc::clone(left), left_pass),
            bought: (Arc::clone(bought), bought_pass),
            other: (Arc::clone(elsewhere), other_pass),
            waiter: (Arc::clone(waiter), ticket, place.number.context("a place without a number")?),
            priority,
            lapsed,
        })
    }

    /// Number of the place that the bots took in the ordinary way.
    pub fn place(&self) -> u32 {
        self.waiter.2
    }

    /// `tries` over all kinds. At the end the robbed one buys with the pass that was stolen from him.
    pub async fn use_up(self, crowd: Arc<Crowd>, client: Client, tries: u32) -> Vec<BypassLine> {
        let loot = Arc::new(self);
        let each = u64::from(tries).div_ceil(KINDS.len() as u64);
        let mut kinds = JoinSet::new();
        for (at, (kind, what)) in KINDS.into_iter().enumerate() {
            let (loot, crowd, client) = (Arc::clone(&loot), Arc::clone(&crowd), client.clone());
            kinds.spawn(async move { (at, try_all(&loot, &crowd, &client, kind, what, each).await) });
        }
        let mut lines = kinds.join_all().await;
        lines.sort_by_key(|(at, _)| *at);
        let pass = loot.robbed_pass.clone();
        let who = Admitted { number: u32::MAX, account_number: loot.robbed_number, account: &loot.robbed, pass };
        if visit_admitted(&crowd.sale, who, one_seat(), Instant::now()).await != Leaving::Bought {
            crowd.client().measured.violation("who was robbed could not buy with his own pass".to_owned());
        }
        lines.into_iter().map(|(_, line)| line).collect()
    }

    /// Who tries, and with what.
    fn call(&self, crowd: &Crowd, kind: Kind, number: u64) -> (&Account, Call) {
        let event = crowd.sale.arena.event.id;
        let hold = |account, pass| -> (&Account, Call) { (account, hold_call(event, pass)) };
        let join = |account, ticket, priority| -> (&Account, Call) { (account, join_call(crowd, ticket, priority)) };
        match kind {
            Kind::NoPass => hold(&self.thief, None),
            Kind::Garbage => hold(&self.thief, Some(format!("let-me-in-{number}"))),
            Kind::Forged => hold(&self.robbed, Some(changed(&self.robbed_pass, number))),
            Kind::TicketAsPass => hold(&self.waiter.0, Some(self.waiter.1.clone())),
            Kind::Foreign => hold(&self.thief, Some(self.robbed_pass.clone())),
            Kind::OtherEvent => hold(&self.other.0, Some(self.other.1.clone())),
            Kind::Left | Kind::Replayed => hold(&self.left.0, Some(self.left.1.clone())),
            Kind::Bought => hold(&self.bought.0, Some(self.bought.1.clone())),
            Kind::Expired => (&*self.lapsed.account, hold_call(self.lapsed.event, Some(self.lapsed.pass.clone()))),
            Kind::ForeignTicket => join(&self.thief, Some(self.waiter.1.clone()), None),
            Kind::ForgedTicket => join(&self.waiter.0, Some(changed(&self.waiter.1, number)), None),
            Kind::UsedPriority => join(&self.thief, None, Some(self.priority.clone())),
            Kind::ForgedPriority => join(&self.thief, None, Some(changed(&self.priority, number))),
            Kind::ExpiredPriority => join(&self.thief, None, Some(self.lapsed.priority.clone())),
        }
    }

    /// When the try is one of its kind.
    fn ripe_at(&self, kind: Kind) -> Option<Instant> {
        match kind {
            Kind::Expired => Some(self.lapsed.session_over),
            Kind::ExpiredPriority => Some(self.lapsed.priority_over),
            Kind::NoPass | Kind::Garbage | Kind::Forged | Kind::TicketAsPass | Kind::Foreign | Kind::OtherEvent => None,
            Kind::Left | Kind::Bought | Kind::Replayed | Kind::ForeignTicket | Kind::ForgedTicket => None,
            Kind::UsedPriority | Kind::ForgedPriority => None,
        }
    }

    /// Whether an answer that is not a refusal gave what must not be given.
    fn is_through(&self, kind: Kind, body: &[u8]) -> bool {
        let Ok(place) = serde_json::from_slice::<Place>(body) else { return true };
        let is_called = place.rank.is_some_and(|rank| rank < place.room.called);
        let is_admitted = place.state == PlaceState::Admitted && !is_called;
        is_admitted || (kind == Kind::ForeignTicket && place.number == Some(self.place()))
    }
}

async fn try_all(
    loot: &Arc<Loot>,
    crowd: &Arc<Crowd>,
    client: &Client,
    kind: Kind,
    what: &'static str,
    tries: u64,
) -> BypassLine {
    let mut line = BypassLine { what, tries: 0, through: 0, codes: BTreeMap::new() };
    if let Some(ripe_at) = loot.ripe_at(kind).filter(|_| tries > 0) {
        tokio::select! {
            () = tokio::time::sleep_until(ripe_at.into()) => {}
            () = crowd.until_over() => {}
        }
    }
    if kind == Kind::Replayed {
        replay(loot, crowd, client, tries, &mut line).await;
        return line;
    }
    let mut under_way = JoinSet::new();
    for number in 0..tries {
        if crowd.is_over() {
            break;
        }
        let (loot, crowd, client) = (Arc::clone(loot), Arc::clone(crowd), client.clone());
        under_way.spawn(async move { try_once(&loot, &crowd, &client, kind, number).await });
        while under_way.len() >= AT_ONCE {
            line.add(under_way.join_next().await);
        }
    }
    while !under_way.is_empty() {
        line.add(under_way.join_next().await);
    }
    line
}

/// In rounds: all of one are sent at the same moment, each over a connection that is open by then.
async fn replay(loot: &Arc<Loot>, crowd: &Arc<Crowd>, client: &Client, tries: u64, line: &mut BypassLine) {
    let mut left = tries;
    while left > 0 && !crowd.is_over() {
        let count = left.min(REPLAYED_AT_ONCE as u64);
        let start = Arc::new(Barrier::new(count as usize));
        let mut round = JoinSet::new();
        for number in 0..count {
            let (loot, crowd, client) = (Arc::clone(loot), Arc::clone(crowd), client.clone());
            let start = Arc::clone(&start);
            round.spawn(async move {
                // Opens as many connections as will be used, the first time.
                start.wait().await;
                let call = Call { path: NO_OP.to_owned(), ..crowd.join_call(None) };
                drop(client.settle(Step::Setup, None, &call, Instant::now()).await);
                start.wait().await;
                try_once(&loot, &crowd, &client, Kind::Replayed, number).await
            });
        }
        while !round.is_empty() {
            line.add(round.join_next().await);
        }
        left -= count;
    }
}

impl BypassLine {
    fn add(&mut self, tried: Option<Result<(bool, String), tokio::task::JoinError>>) {
        let Some(Ok((is_through, code))) = tried else { return };
        self.tries += 1;
        self.through += u64::from(is_through);
        *self.codes.entry(code).or_default() += 1;
    }
}

async fn try_once(loot: &Loot, crowd: &Crowd, client: &Client, kind: Kind, number: u64) -> (bool, String) {
    let (account, call) = loot.call(crowd, kind, number);
    match client.settle(Step::Bypass, Some(account), &call, Instant::now()).await.outcome {
        Outcome::Done(reply) => {
            let is_through = loot.is_through(kind, &reply.body);
            (is_through, if is_through { "THROUGH" } else { "own place" }.to_owned())
        }
        Outcome::Refused(refusal) => (false, format!("{} {}", refusal.status, refusal.code)),
        Outcome::GaveUp { maybe_done } => (maybe_done, "no answer".to_owned()),
        Outcome::Broken(what) => {
            client.measured.violation(format!("bypass by {kind:?}: {what}"));
            (false, what)
        }
    }
}

async fn enter(crowd: &Crowd, room: &Room, account: &Account, priority: &str) -> Result<String> {
    let body = JoinRequest { place_ticket: None, priority_pass: Some(priority.to_owned()) };
    let call = Call::post(room.path(), None, &body)?;
    let place: Place = crowd.client().ask(Step::Setup, Some(account), &call).await?;
    place.pass.with_context(|| format!("a priority pass made its owner {:?} and gave no pass", place.state))
}

fn hold_call(event: Uuid, pass: Option<String>) -> Call {
    let best_available = Some(BestAvailable { quantity: 1, ..BestAvailable::default() });
    let items = vec![HoldItem { best_available, ..HoldItem::default() }];
    let body = HoldRequest { items, pass, ..HoldRequest::default() };
    let path = format!("/api/v1/events/{event}/holds");
    Call::post(path, None, &body).unwrap_or_else(|_| unreachable!("the bodies of wire can be written"))
}

fn join_call(crowd: &Crowd, place_ticket: Option<String>, priority_pass: Option<String>) -> Call {
    let body = JoinRequest { place_ticket, priority_pass };
    Call::post(crowd.path.clone(), None, &body).unwrap_or_else(|_| unreachable!("the bodies of wire can be written"))
}

fn one_seat() -> Intent {
    let (want, ending) = (Want::Best, Ending::Buys);
    Intent { want, units: 1, ending, submits_twice: false, reuses_key: false, seed: 0 }
}

/// With one character that is another: which one and what it becomes goes by `number`. The last one is left alone, whose
/// low bits may mean nothing.
fn changed(token: &str, number: u64) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = token.as_bytes().to_vec();
    let at = (number % (bytes.len() as u64 - 1)) as usize;
    let turn = 1 + (number / bytes.len() as u64) as usize % (LETTERS.len() - 1);
    let was = LETTERS.iter().position(|letter| *letter == bytes[at]).unwrap_or(0);
    bytes[at] = LETTERS[(was + turn) % LETTERS.len()];
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forgery_differs_in_one_character_and_each_in_another() {
        let token = "AbC-_z09xyz";
        let all: std::collections::BTreeSet<String> = (0..600).map(|number| changed(token, number)).collect();
        assert!(all.len() > 500, "{}", all.len());
        for forged in &all {
            let differing = token.bytes().zip(forged.bytes()).filter(|(one, two)| one != two).count();
            assert_eq!((forged.len(), differing), (token.len(), 1), "{forged}");
            assert_eq!(forged.as_bytes().last(), token.as_bytes().last());
        }
    }
}
