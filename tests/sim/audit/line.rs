//! I10, by what was asked and answered and what the records say: ranks are the order that was committed to, they are
//! called in it and at the rate, each is claimed once, nobody shops who is not inside, and nobody who is is turned away.

use std::collections::{BTreeMap, BTreeSet};

use inventory::line::{rank, seed};
use inventory::{
    Admission, Answer, Change, Entry, HoldId, LineChange, OrderId, Record, Rejection, RoomSettings, TimeUs, UserId,
    Verb, limits,
};

use super::{Fact, Findings};
use crate::history::{Op, Outcome, op_of};
use crate::reached::Reached;

/// Credit for one place, in microseconds times places a minute.
const PLACE: i128 = 60_000_000;
const SECOND_US: i128 = 1_000_000;

struct Inside {
    started_at: TimeUs,
    /// At the start; it may have been put off since.
    granted: TimeUs,
    until: TimeUs,
}

/// One call, with the rate that was in force for it.
struct Call {
    at: TimeUs,
    places: u32,
    rate_per_min: u32,
}

/// The records of one event, as far as they concern its waiting room.
#[derive(Default)]
struct Line {
    /// As they were asked for, whatever the record says.
    settings: Option<RoomSettings>,
    /// Lines so far.
    round: u32,
    key: [u8; 32],
    seed: Option<([u8; 32], u32)>,
    called: u32,
    joined: u32,
    calls: Vec<Call>,
    /// Ranks that were called and neither claimed nor given up, and when they lapse at the earliest.
    open: BTreeMap<u32, TimeUs>,
    claimed: BTreeSet<u32>,
    given_up: BTreeSet<u32>,
    inside: BTreeMap<UserId, Inside>,
    holders: BTreeMap<HoldId, UserId>,
    buyers: BTreeMap<OrderId, UserId>,
    /// When each customer's sessions ended by what he did.
    ends: Vec<(UserId, u64)>,
}

pub fn check(facts: &[Fact], ops: &[&Op], reached: &mut Reached, findings: &mut Findings) {
    let by_id: BTreeMap<u32, &Op> = ops.iter().map(|op| (op.id, *op)).collect();
    let mut line = Line::default();
    for fact in facts {
        let asked = fact.record.origin.request.and_then(|request| by_id.get(&op_of(request)).copied());
        line.follow(&fact.record, asked, reached, findings);
    }
    line.check_turned_away(facts, ops, reached, findings);
}

impl Line {
    fn follow(&mut self, record: &Record, asked: Option<&Op>, reached: &mut Reached, findings: &mut Findings) {
        match &record.change {
            Change::Line(change) => {
                self.check_round(record, asked, findings);
                self.change(record, change, asked, reached, findings);
            }
            Change::HoldPlaced(placed) | Change::HoldPlacedByCode(placed) | Change::HoldPlacedAtDiscount(placed) => {
                self.holders.insert(placed.hold, placed.customer);
                let is_on = self.settings.as_ref().is_some_and(|settings| settings.active);
                let is_inside = self.inside.get(&placed.customer).is_some_and(|inside| inside.until > record.at);
                if is_on && !is_inside {
                    findings.add(format!("I10: hold {} by somebody who is not inside", placed.hold));
                }
                if is_on {
                    reached.note("hold_with_session");
                }
                self.renew(placed.customer, record.at);
            }
            Change::HoldExtended { hold, .. } => {
                if let Some(user) = self.holders.get(hold).copied() {
                    self.renew(user, record.at);
                }
            }
            Change::OrderPlaced { order, customer, .. } => {
                self.buyers.insert(*order, *customer);
                self.renew(*customer, record.at);
            }
            Change::PaymentStarted { order, .. } => {
                if let Some(user) = self.buyers.get(order).copied() {
                    self.renew(user, record.at);
                }
            }
            Change::OrderPaid { order, .. } => {
                if let Some(user) = self.buyers.get(order).copied() {
                    self.inside.remove(&user);
                    self.ends.push((user, record.lsn.0));
                }
            }
            _ => {}
        }
    }

    /// What was asked of one line was done in that one.
    fn check_round(&self, record: &Record, asked: Option<&Op>, findings: &mut Findings) {
        let Some(asked) = asked else { return };
        let (Verb::OpenLine { round, .. }
        | Verb::CallPlaces { round, .. }
        | Verb::LeaveLine { round, .. }
        | Verb::StartSession { entry: Entry::Place { round, .. }, .. }) = &asked.command.verb
        else {
            return;
        };
        if *round != self.round {
            findings.add(format!("I10: record {} does in line {} what was asked of {round}", record.lsn, self.round));
        }
    }

    fn change(
        &mut self,
        record: &Record,
        change: &LineChange,
        asked: Option<&Op>,
        reached: &mut Reached,
        findings: &mut Findings,
    ) {
        match change {
            LineChange::RoomSet { key, .. } => {
                if let Some(key) = key {
                    let (inside, ends) = (std::mem::take(&mut self.inside), std::mem::take(&mut self.ends));
                    let (holders, buyers) = (std::mem::take(&mut self.holders), std::mem::take(&mut self.buyers));
                    let round = self.round + 1;
                    *self = Self { round, key: *key, inside, ends, holders, buyers, ..Self::default() };
                }
                if let Some(Verb::SetWaitingRoom { settings, .. }) = asked.map(|op| &op.command.verb) {
                    self.settings = Some((**settings).clone());
                }
            }
            LineChange::PreQueueClosed { joined } => self.joined = *joined,
            LineChange::Opened { joined, shuffled, beacon_value } => {
                if self.seed.is_some() || *shuffled > *joined || *joined < self.joined {
                    findings.add(format!("I10: record {} opens the line, and should not", record.lsn));
                }
                reached.note(if *shuffled > 0 { "line_opened_shuffled" } else { "line_opened_in_order" });
                let seed = seed(&self.key, beacon_value.as_deref());
                self.given_up = self.given_up.iter().map(|number| rank(&seed, *shuffled, *number)).collect();
                self.seed = Some((seed, *shuffled));
                self.joined = *joined;
            }
            LineChange::PlacesCalled { joined, called, .. } => self.call(record, asked, *joined, *called, findings),
            LineChange::SessionStarted { user, admission, until, .. } => {
                if let Admission::Place { number, rank } = admission {
                    self.claim(record, *number, *rank, findings);
                }
                self.inside.insert(*user, Inside { started_at: record.at, granted: *until, until: *until });
            }
            LineChange::Left { user, session, place } => {
                if *session {
                    self.inside.remove(user);
                    self.ends.push((*user, record.lsn.0));
                }
                self.given_up.extend(place);
                if let Some(place) = place.filter(|_| self.seed.is_some()) {
                    self.open.remove(&place);
                }
            }
        }
    }

    fn call(&mut self, record: &Record, asked: Option<&Op>, joined: u32, called: u32, findings: &mut Findings) {
        if called <= self.called || called > joined || joined < self.joined || self.seed.is_none() {
            findings.add(format!("I10: record {} calls up to {called} after {}", record.lsn, self.called));
        }
        let ranks: Vec<u32> = (self.called..called).filter(|rank| !self.given_up.contains(rank)).collect();
        (self.called, self.joined) = (called, joined);
        let Some((settings, asked)) = self.settings.as_ref().zip(asked) else { return };
        let Verb::CallPlaces { rate_per_min, .. } = &asked.command.verb else { return };
        let rate_per_min = settings.rate_per_min.min(*rate_per_min);
        let (lapse, shoppers_max) = (record.at.plus_us(settings.claim_within_us), settings.shoppers_max);
        self.calls.push(Call { at: record.at, places: ranks.len() as u32, rate_per_min });
        self.open.extend(ranks.iter().map(|rank| (*rank, lapse)));
        self.check_rate(record, findings);
        let inside = self.inside.values().filter(|inside| inside.granted > record.at).count();
        let expected = self.open.values().filter(|until| **until > record.at).count();
        if !ranks.is_empty() && inside + expected > shoppers_max as usize {
            let what = format!("{inside} are inside, {expected} are called, and {shoppers_max} may be");
            findings.add(format!("I10: at record {} {what}", record.lsn));
        }
    }

    /// Over every stretch of time that ends now: what was saved up when it began, and what came in since, each at the rate
    /// that was in force then.
    fn check_rate(&self, record: &Record, findings: &mut Findings) {
        let (mut places, mut earned) = (0, 0);
        let mut later: Option<&Call> = None;
        for call in self.calls.iter().rev() {
            if let Some(later) = later {
                earned += i128::from(later.rate_per_min) * i128::from(later.at.since(call.at));
            }
            places += i128::from(call.places) * PLACE;
            let saved_up = PLACE.max(i128::from(call.rate_per_min) * SECOND_US);
            if places > earned + saved_up {
                let since = record.at.since(call.at);
                findings.add(format!("I10: record {} calls faster than its rate, over {since} µs", record.lsn));
                return;
            }
            later = Some(call);
        }
    }

    fn claim(&mut self, record: &Record, number: u32, claimed: u32, findings: &mut Findings) {
        let is_its_rank = self.seed.is_some_and(|(seed, shuffled)| rank(&seed, shuffled, number) == claimed);
        if !is_its_rank || claimed >= self.called || self.given_up.contains(&claimed) {
            findings.add(format!("I10: record {} lets rank {claimed} in before its turn", record.lsn));
        }
        self.open.remove(&claimed);
        if !self.claimed.insert(claimed) {
            findings.add(format!("I10: record {} lets rank {claimed} in twice", record.lsn));
        }
    }

    fn renew(&mut self, user: UserId, at: TimeUs) {
        let Some(settings) = &self.settings else { return };
        let Some(inside) = self.inside.get_mut(&user).filter(|inside| inside.until > at) else { return };
        let cap = inside.started_at.plus_us(limits::SESSION_AGE_MAX_US);
        inside.until = inside.until.max(at.plus_us(settings.session_us).min(cap));
    }

    /// Whoever was told that he is inside until then, and has neither left nor bought since, may hold places.
    fn check_turned_away(&self, facts: &[Fact], ops: &[&Op], reached: &mut Reached, findings: &mut Findings) {
        for op in ops {
            let Verb::PlaceHold(place) = &op.command.verb else { continue };
            let is_refused = |outcome: &Outcome| matches!(outcome, Outcome::Rejected(Rejection::QueueRequired));
            for attempt in op.attempts.iter().filter(|it| is_refused(&it.outcome)) {
                reached.note("turned_away");
                let told = ops.iter().filter_map(|other| match (other.done()?, &other.command.verb) {
                    ((submitted, at_us), Verb::StartSession { user, .. })
                        if *user == place.customer && at_us < attempt.from_us =>
                    {
                        let Answer::SessionStarted { until, .. } = submitted.answer else { return None };
                        (until.0 > attempt.to_us).then_some(submitted.lsn.0)
                    }
                    _ => None,
                });
                let Some(lsn) = told.max() else { continue };
                let is_over = |(user, end): &(UserId, u64)| {
                    *user == place.customer
                        && *end > lsn.saturating_sub(1)
                        && facts[*end as usize - 1].landed_at_us <= attempt.to_us
                };
                if !self.ends.iter().any(is_over) {
                    findings.add(format!("I10: operation {} was turned away by a room that it is in", op.id));
                }
            }
        }
    }
}
