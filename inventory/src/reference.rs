//! A naive twin of the rules, for model tests: the same commands, the same answers, no cleverness.
//!
//! Written from the specification, not from the fast core. Everything is a plain map or list and every counter is
//! counted when it is asked for, so that what it says can be checked by reading it. The one thing that it does not
//! choose by itself are the seats of best available and the ids of tickets: it takes the fast core's answer, checks that
//! it was admissible, and goes on from there. Not for production: everything here is linear in the size of the event.

mod box_office;
mod choice;
mod config;
mod discounts;
mod holds;
mod line;
mod map;
mod orders;
mod refunds;
mod seating;
mod shortage;
mod terms;
mod tickets;
mod waitlist;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    AccessCodeSpec, Answer, Change, CodeUse, Command, Counts, Direction, DiscountCodeSpec, DiscountUse, HoldId, Item,
    OrderId, PaymentId, Phase, Place, Policy, RefundPolicy, Rejection, SeatIx, SeatState, TicketId, TierIx, TierSpec,
    TimeUs, UserId, Verb, limits,
};
use map::Map;

/// What the twin says about a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Done, and this is the answer.
    Accepted(Answer),
    /// The answer of an earlier command under the same key or nonce. Nothing changed.
    Repeated(Answer),
    Rejected(Rejection),
    /// The fast core's own choice (of seats, of ticket ids) breaks a rule.
    Inadmissible(String),
}

/// What the fast core says: the change it would make and its answer, or why not.
pub type Said<'a> = Result<(&'a Change, &'a Answer), &'a Rejection>;

/// Why the twin did not do what was asked.
enum Refusal {
    Rule(Rejection),
    Choice(String),
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Rule(rejection)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HoldState {
    Active,
    Confirmed,
    Released,
    Expired,
}

#[derive(Clone, Debug)]
struct Hold {
    id: HoldId,
    customer: UserId,
    items: Vec<Item>,
    codes: Vec<CodeUse>,
    discounts: Vec<DiscountUse>,
    placed_at: TimeUs,
    expires_at: TimeUs,
    state: HoldState,
    payment_extended: bool,
    order: Option<OrderId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OrderState {
    PendingPayment,
    Paid,
    PartiallyRefunded,
    Refunded,
    Cancelled,
    Expired,
}

impl OrderState {
    const fn name(self) -> &'static str {
        match self {
            Self::PendingPayment => "pending_payment",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }
}

#[derive(Clone, Debug)]
struct Order {
    id: OrderId,
    hold: HoldId,
    customer: UserId,
    accept_other_seats: bool,
    state: OrderState,
    /// Payments that were answered, so that a repeated notice is not a second one.
    settled: Vec<(PaymentId, Answer)>,
    items: Vec<Item>,
    codes: Vec<CodeUse>,
    discounts: Vec<DiscountUse>,
    refunded_minor: i64,
    /// What each tier promised when the order was placed.
    promised: BTreeMap<TierIx, RefundPolicy>,
}

impl Order {
    fn total_minor(&self) -> i64 {
        self.items.iter().map(Item::total_minor).sum()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TicketState {
    Issued,
    CheckedIn,
    CheckedOut,
    Voided,
}

#[derive(Clone, Debug)]
struct Ticket {
    id: TicketId,
    order: OrderId,
    holder: UserId,
    place: Place,
    tier: TierIx,
    price_minor: i64,
    /// Without the discount.
    list_minor: i64,
    discount: Option<[u8; 16]>,
    state: TicketState,
    refunded: bool,
    generation: u32,
    /// Every scan that stands, oldest first.
    scans: Vec<Scan>,
    /// Nonces of the latest, with what was answered.
    nonces: Vec<(u64, Answer)>,
    undone: Vec<(u64, Answer)>,
    conflicts: Vec<(u64, Answer)>,
}

#[derive(Clone, Copy, Debug)]
struct Scan {
    direction: Direction,
    at: TimeUs,
    /// For the limit of entries: those forgotten before the door began to count do not.
    counts: bool,
}

/// The key's body, when it was first used and what was answered.
struct Remembered {
    body: [u8; 16],
    at: TimeUs,
    answer: Answer,
}

pub struct Reference {
    phase: Phase,
    policy: Policy,
    map: Option<Map>,
    tiers: Vec<TierSpec>,
    quota_limits: BTreeMap<String, u32>,
    codes: Vec<AccessCodeSpec>,
    discounts: Vec<DiscountCodeSpec>,
    withheld: BTreeSet<String>,
    holds: Vec<Hold>,
    orders: Vec<Order>,
    tickets: Vec<Ticket>,
    keys: BTreeMap<[u8; 16], Remembered>,
    room: Option<line::Room>,
    /// Entries are counted.
    door_counts: bool,
    list: Option<waitlist::List>,
}

impl Reference {
    pub fn new(policy: Policy) -> Self {
        Self {
            phase: Phase::Draft,
            policy,
            map: None,
            tiers: Vec::new(),
            quota_limits: BTreeMap::new(),
            codes: Vec::new(),
            discounts: Vec::new(),
            withheld: BTreeSet::new(),
            holds: Vec::new(),
            orders: Vec::new(),
            tickets: Vec::new(),
            keys: BTreeMap::new(),
            room: None,
            door_counts: false,
            list: None,
        }
    }

    /// Answers `command` and changes the state accordingly. `said` is what the fast core says of it: the choices that
    /// are its own to make are taken from there, after a check.
    pub fn answer(&mut self, now: TimeUs, command: &Command, said: Said<'_>) -> Verdict {
        if let Some(key) = command.origin.key
            && let Some(first) = self.keys.get(&key.key)
            && now.since(first.at) <= limits::KEY_TTL_US
        {
            return if first.body == key.body {
                Verdict::Repeated(first.answer.clone())
            } else {
                Verdict::Rejected(Rejection::KeyReused)
            };
        }
        if let Some(answer) = self.repeated(now, &command.verb) {
            return Verdict::Repeated(answer);
        }
        match self.obey(now, &command.verb, said) {
            Ok(answer) => {
                self.session_follows(now, &command.verb, &answer);
                self.list_follows(now, &command.verb, &answer);
                if let Some(key) = command.origin.key {
                    self.keys.insert(key.key, Remembered { body: key.body, at: now, answer: answer.clone() });
                }
                Verdict::Accepted(answer)
            }
            Err(Refusal::Rule(rejection)) => Verdict::Rejected(rejection),
            Err(Refusal::Choice(problem)) => Verdict::Inadmissible(problem),
        }
    }

    /// What repeats without a key: a scan by its nonce, a payment notice by its payment, a release by its hold.
    fn repeated(&self, now: TimeUs, verb: &Verb) -> Option<Answer> {
        match verb {
            Verb::ScanTicket(scan) => self.scan_repeated(scan),
            Verb::UndoScan { ticket, nonce, .. } => self.undo_repeated(*ticket, *nonce),
            Verb::SettlePayment(settle) => self.settle_repeated(settle),
            Verb::ReleaseHold { hold, customer } => self.release_repeated(*hold, *customer),
            Verb::LeaveWaitlist(leaver) => self.leave_repeated(*leaver),
            _ => self.line_repeated(now, verb),
        }
    }

    fn obey(&mut self, now: TimeUs, verb: &Verb, said: Said<'_>) -> Result<Answer, Refusal> {
        match verb {
            Verb::SetSeatMap(spec) => Ok(self.set_seat_map(spec)?),
            Verb::SetTier(spec) => Ok(self.set_tier(spec)?),
            Verb::PatchTier { tier, patch } => Ok(self.patch_tier(*tier, patch)?),
            Verb::DeleteTier { tier } => Ok(self.delete_tier(*tier)?),
            Verb::SetAccessCode(spec) => Ok(self.set_access_code(spec)?),
            Verb::SetPolicy(policy) => Ok(self.set_policy(policy)?),
            Verb::PatchPolicy(patch) => Ok(self.patch_policy(patch)?),
            Verb::Publish => Ok(self.publish()?),
            Verb::CancelEvent { only_unsold } => Ok(self.cancel_event(*only_unsold)?),
            Verb::SetBlock { block, withheld } => Ok(self.set_block(block, *withheld)?),
            Verb::PlaceHold(place) => self.place_hold(now, place, said),
            Verb::ExtendHold { hold, customer } => Ok(self.extend_hold(now, *hold, *customer)?),
            Verb::ReleaseHold { hold, customer } => Ok(self.release_hold(now, *hold, *customer)?),
            Verb::ExpireHolds => Ok(self.expire_holds(now)),
            Verb::PlaceOrder(place) => Ok(self.place_order(now, place)?),
            Verb::StartPayment { order, customer, .. } => Ok(self.start_payment(now, *order, *customer)?),
            Verb::SettlePayment(settle) => self.settle_payment(now, settle, said),
            Verb::CancelOrder { order, customer } => Ok(self.cancel_order(now, *order, *customer)?),
            Verb::RefundOrder(wanted) => Ok(self.refund_order(now, wanted)?),
            Verb::ScanTicket(scan) => Ok(self.scan_ticket(now, scan)?),
            Verb::VoidTicket { ticket } => Ok(self.void_ticket(*ticket)?),
            Verb::TransferTicket { ticket, from, to } => Ok(self.transfer_ticket(*ticket, *from, *to)?),
            Verb::SetWaitingRoom { settings, key } => Ok(self.set_room(now, settings, *key)?),
            Verb::OpenLine { round, joined, beacon_value } => {
                Ok(self.open_line(now, *round, *joined, beacon_value.as_deref())?)
            }
            Verb::CallPlaces { round, joined, rate_per_min } => {
                Ok(self.call_places(now, *round, *joined, *rate_per_min)?)
            }
            Verb::StartSession { user, entry } => Ok(self.start_session(now, *user, *entry)?),
            Verb::LeaveLine { user, round, number } => Ok(self.leave_line(now, *user, *round, *number)?),
            Verb::UndoScan { ticket, nonce, .. } => Ok(self.undo_scan(*ticket, *nonce)?),
            Verb::SetDiscountCode(spec) => Ok(self.set_discount_code(spec)?),
            Verb::SellAtBoxOffice(sale) => self.sell_at_box_office(now, sale, said),
            Verb::SetWaitlist(settings) => Ok(self.set_waitlist(now, settings)?),
            Verb::JoinWaitlist { customer, wish } => self.join_waitlist(now, *customer, *wish, said),
            Verb::LeaveWaitlist(leaver) => Ok(self.leave_waitlist(now, *leaver)?),
            Verb::ServeWaitlist => self.serve_waitlist(now, said),
            Verb::CloseWaitlist => Ok(self.close_waitlist(now)?),
        }
    }

    /// Free, held, sold, blocked of every seat, in the order of the seat map.
    pub fn seat_states(&self) -> Vec<SeatState> {
        let Some(map) = &self.map else { return Vec::new() };
        let unowned = |block: Option<&str>| if self.is_withheld(block) { SeatState::Blocked } else { SeatState::Free };
        let mut states: Vec<SeatState> = map.seats.iter().map(|seat| unowned(seat.block.as_deref())).collect();
        for item in self.live_items() {
            if let Place::Seat(seat) = item.place {
                assert_ne!(states[seat.ix()], SeatState::Held, "seat {seat:?} has two holds");
                states[seat.ix()] = SeatState::Held;
            }
        }
        for ticket in self.sold_tickets() {
            if let Place::Seat(seat) = ticket.place {
                assert_ne!(states[seat.ix()], SeatState::Held, "seat {seat:?} is held and sold");
                assert_ne!(states[seat.ix()], SeatState::Sold, "seat {seat:?} is sold twice");
                states[seat.ix()] = SeatState::Sold;
            }
        }
        states
    }

    /// Counts of sections and areas by their ids, counted one by one.
    pub fn counts(&self) -> BTreeMap<String, Counts> {
        let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
        let Some(map) = &self.map else { return counts };
        for section in &map.sections {
            counts.insert(section.id.clone(), Counts::default());
        }
        for (seat, state) in map.seats.iter().zip(self.seat_states()) {
            let of_section = counts.entry(map.sections[seat.section].id.clone()).or_default();
            match state {
                SeatState::Free => of_section.free += 1,
                SeatState::Held => of_section.held += 1,
                SeatState::Sold => of_section.sold += 1,
                SeatState::Blocked => of_section.blocked += 1,
            }
        }
        for ix in 0..map.areas.len() {
            counts.insert(map.areas[ix].id.clone(), self.area_counts(ix));
        }
        counts
    }

    /// Units held and sold of the tier.
    pub fn tier_use(&self, tier: TierIx) -> (u32, u32) {
        let held = self.live_items().filter(|item| item.tier == tier).map(|item| item.place.units()).sum();
        let sold = self.sold_tickets().filter(|ticket| ticket.tier == tier).map(|ticket| ticket.place.units()).sum();
        (held, sold)
    }

    /// What could be held of the tier now: free places that it covers, or what the tightest of its quotas leaves.
    pub fn tier_free(&self, tier: TierIx) -> u32 {
        let Some(map) = &self.map else { return 0 };
        let states = self.seat_states();
        let seats = (0..map.seats.len() as u32)
            .map(SeatIx)
            .filter(|&seat| states[seat.ix()] == SeatState::Free && self.covers_seat(tier, seat))
            .count() as u32;
        let areas: u32 =
            (0..map.areas.len()).filter(|&ix| self.covers_area(tier, ix)).map(|ix| self.area_counts(ix).free).sum();
        self.quotas_left(tier).map_or(seats + areas, |left| left.min(seats + areas))
    }

    /// When the earliest active hold is due, or the end of the list.
    pub fn next_due(&self) -> Option<TimeUs> {
        let active = self.holds.iter().filter(|hold| hold.state == HoldState::Active).map(|hold| hold.expires_at);
        active.filter(|at| *at != TimeUs::NEVER).chain(self.list_due()).min()
    }

    fn live_items(&self) -> impl Iterator<Item = &Item> {
        self.holds.iter().filter(|hold| hold.state == HoldState::Active).flat_map(|hold| &hold.items)
    }

    /// Tickets whose places are sold: a void alone does not put a place back on sale, a refund does.
    fn sold_tickets(&self) -> impl Iterator<Item = &Ticket> {
        self.tickets.iter().filter(|ticket| !ticket.refunded)
    }

    fn area_counts(&self, area: usize) -> Counts {
        let Some(map) = &self.map else { return Counts::default() };
        let units_here = |place: Place| match place {
            Place::Area { area: of, quantity } if of.ix() == area => quantity,
            Place::Area { .. } | Place::Seat(_) => 0,
        };
        let held = self.live_items().map(|item| units_here(item.place)).sum();
        let sold = self.sold_tickets().map(|ticket| units_here(ticket.place)).sum();
        let left = map.areas[area].capacity - held - sold;
        if self.is_withheld(map.areas[area].block.as_deref()) {
            Counts { free: 0, held, sold, blocked: left }
        } else {
            Counts { free: left, held, sold, blocked: 0 }
        }
    }

    fn is_withheld(&self, block: Option<&str>) -> bool {
        block.is_some_and(|block| self.withheld.contains(block))
    }
}
