//! The fast core and the twin, side by side, and what is needed to check one against the other.

pub mod desk;
mod finish;
mod notes;

use std::cell::RefCell;

use inventory::reference::{Reference, Verdict};
use inventory::{
    Answer, AreaIx, BestAvailable, CallerKey, Change, Command, Counts, EventId, HoldId, Inventory, Lsn, OrderId,
    Origin, PaymentId, PaymentOutcome, Phase, PlaceHold, PlaceOrder, QueuedScan, Record, Rejection, ScanTicket, SeatIx,
    SeatMapSpec, SeatState, SectionIx, SettlePayment, TicketId, TierId, TierIx, TierSpec, TimeUs, UndoReason, UserId,
    Verb, Want,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::arena::{Arena, START_US};
use crate::board::Board;
use crate::books::{self, Books};
use crate::line::Watch;
use crate::list;
use crate::named::{digests, existing, foreign_currency, list_of, payment_of, pick, recent, user};
use crate::reached::Reached;
use crate::steps::{Act, Key, Step, Wish};
use crate::verdict::check_rejection;

pub type Checked = Result<(), TestCaseError>;

const EVENT: EventId = EventId::from_bytes([9; 16]);

pub struct Pair<'a> {
    reached: &'a RefCell<Reached>,
    fast: Inventory,
    board: Board,
    books: Books,
    twin: Reference,
    now: TimeUs,
    map: Option<SeatMapSpec>,
    has_line: bool,
    is_served: bool,
    watch: Watch,
    journal: Vec<u8>,
    snapshot: Option<(Lsn, Vec<u8>)>,
    /// Customer and id of every hold and order ever asked for.
    holds: Vec<(UserId, HoldId)>,
    orders: Vec<(UserId, OrderId)>,
    tickets: Vec<TicketId>,
    keyed: Vec<Command>,
    answered: Vec<(TimeUs, Command, Answer)>,
    ids: u128,
}

impl<'a> Pair<'a> {
    pub fn new(reached: &'a RefCell<Reached>) -> Self {
        let fast = Inventory::new(EVENT);
        let twin = Reference::new(fast.layout().policy().clone());
        Self {
            reached,
            board: Board::new(&fast),
            books: Books::default(),
            fast,
            twin,
            now: TimeUs(START_US),
            map: None,
            has_line: false,
            is_served: false,
            watch: Watch::default(),
            journal: Vec::new(),
            snapshot: None,
            holds: Vec::new(),
            orders: Vec::new(),
            tickets: Vec::new(),
            keyed: Vec::new(),
            answered: Vec::new(),
            ids: 1,
        }
    }

    pub fn open(&mut self, arena: &Arena) -> Checked {
        self.map = Some(arena.map.clone());
        self.has_line = arena.room.is_some();
        let tiers = arena.tiers.iter().map(|tier| Verb::SetTier(Box::new(tier.clone())));
        let verbs = [Verb::SetPolicy(Box::new(arena.policy.clone())), Verb::SetSeatMap(Box::new(arena.map.clone()))];
        let codes = arena.codes.iter().map(|code| Verb::SetAccessCode(Box::new(code.clone())));
        let discounts = arena.discounts.iter().map(|code| Verb::SetDiscountCode(Box::new(code.clone())));
        for verb in verbs.into_iter().chain(tiers).chain(codes).chain(discounts) {
            self.submit(&Command { origin: Origin::ENGINE, verb })?;
        }
        if let Some(room) = &arena.room {
            let verb = self.verb(&Act::Line(room.clone()));
            self.submit(&Command { origin: Origin::ENGINE, verb })?;
        }
        if let Some((list, is_served)) = &arena.list {
            self.is_served = *is_served;
            let verb = list::verb(list, self.fast.layout());
            self.submit(&Command { origin: Origin::ENGINE, verb })?;
        }
        if !arena.is_published {
            return Ok(());
        }
        self.submit(&Command { origin: Origin::ENGINE, verb: Verb::Publish })?;
        // An arena whose tiers were all refused would be a dull one.
        if self.fast.phase() == Phase::Draft {
            let tier = TierSpec::new(TierId::from_bytes([1; 16]), "plain".into(), 2_500);
            for verb in [Verb::SetTier(Box::new(tier)), Verb::Publish] {
                self.submit(&Command { origin: Origin::ENGINE, verb })?;
            }
        }
        Ok(())
    }

    pub fn take_snapshot(&mut self) {
        self.snapshot = Some((self.fast.lsn(), self.fast.snapshot()));
    }

    pub fn step(&mut self, step: &Step) -> Checked {
        self.now = self.now.plus_us(step.wait_us);
        let verb = self.verb(&step.act);
        let fresh = CallerKey { key: self.id(), body: self.id() };
        let command = match step.key {
            Key::Repeat(at) if !self.keyed.is_empty() => pick(&self.keyed, at).clone(),
            Key::Reused(at) if !self.keyed.is_empty() => {
                let old = pick(&self.keyed, at).origin.key.map_or(fresh.key, |key| key.key);
                Command { origin: Origin { key: Some(CallerKey { key: old, ..fresh }), ..Origin::ENGINE }, verb }
            }
            Key::None => Command { origin: Origin::ENGINE, verb },
            Key::Fresh | Key::Repeat(_) | Key::Reused(_) => {
                let command = Command { origin: Origin { key: Some(fresh), ..Origin::ENGINE }, verb };
                self.keyed.push(command.clone());
                command
            }
        };
        self.submit(&command)?;
        let serve = Command { origin: Origin::ENGINE, verb: Verb::ServeWaitlist };
        while self.is_served && self.fast.decide(self.now, &serve).is_ok() {
            self.submit(&serve)?;
        }
        Ok(())
    }

    fn submit(&mut self, command: &Command) -> Checked {
        if let Some(repeat) = self.fast.repeat(self.now, command) {
            let verdict = self.twin.answer(self.now, command, Err(&Rejection::KeyReused));
            self.reached.borrow_mut().note("repeat".to_owned());
            let expected = repeat.map_or_else(Verdict::Rejected, Verdict::Repeated);
            prop_assert_eq!(verdict, expected, "repeat of {:?}", command);
            return self.compare();
        }
        match self.fast.decide(self.now, command) {
            Ok(change) => {
                self.note(&change);
                let listed = self.fast.waitlist_entries().len();
                let record = Record { lsn: self.fast.lsn().next(), at: self.now, origin: command.origin, change };
                record.encode(&mut self.journal);
                self.board.look(&self.fast, &record);
                let answer = self.fast.apply(&record);
                self.board.fold(&self.fast)?;
                self.note_rescue(&record.change, listed);
                self.books.enter(&self.fast, &record)?;
                let verdict = self.twin.answer(self.now, command, Ok((&record.change, &answer)));
                prop_assert_eq!(verdict, Verdict::Accepted(answer.clone()), "{:?}", command);
                self.reached.borrow_mut().answer(&answer);
                let view = self.fast.line_view();
                self.watch.follow(&record, &view)?;
                if matches!(record.change, Change::Line(_)) {
                    self.compare_line(&record, &view)?;
                }
                match &answer {
                    Answer::HoldPlaced(placed) => self.holds.push((placed.customer, placed.hold)),
                    Answer::OrderPaid(paid) => self.tickets.extend(&paid.tickets),
                    Answer::WaitlistOffered { hold, .. } => {
                        self.holds.extend(self.fast.hold(*hold).map(|view| (view.customer(), *hold)));
                    }
                    _ => {}
                }
                match &record.change {
                    Change::OrderPlaced { order, customer, .. } => self.orders.push((*customer, *order)),
                    Change::BoxOfficeSold(sold) => self.orders.push((sold.placed.customer, sold.order)),
                    _ => {}
                }
                if command.origin.key.is_some() {
                    self.answered.push((self.now, command.clone(), answer));
                }
            }
            Err(rejection) => {
                self.reached.borrow_mut().rejection(&rejection);
                let verdict = self.twin.answer(self.now, command, Err(&rejection));
                check_rejection(&verdict, &rejection, command)?;
            }
        }
        self.compare()
    }

    fn compare(&self) -> Checked {
        prop_assert!(self.fast.verify().is_ok(), "{:?}", self.fast.verify());
        let availability = self.fast.availability();
        let counts = self.twin.counts();
        let mut totals = Counts::default();
        for section in &availability.sections {
            prop_assert_eq!(Some(&section.counts), counts.get(&section.id), "counts of {}", &section.id);
            totals.free += section.counts.free;
            totals.held += section.counts.held;
            totals.sold += section.counts.sold;
            totals.blocked += section.counts.blocked;
        }
        prop_assert_eq!(availability.sections.len(), counts.len());
        prop_assert_eq!(availability.totals, totals);
        for (ix, tier) in (0..).map(TierIx).zip(&availability.tiers) {
            let (held, sold) = self.twin.tier_use(ix);
            prop_assert_eq!((tier.free, tier.held, tier.sold), (self.twin.tier_free(ix), held, sold), "{:?}", ix);
        }
        for code in self.fast.access_codes(None, usize::MAX) {
            prop_assert_eq!(code.used, self.twin.code_use(code.spec.digest), "{:?}", code.spec);
        }
        for code in self.fast.discount_codes(None, usize::MAX) {
            let twin = self.twin.discount_use(code.spec.digest);
            prop_assert_eq!((code.uses, code.units), twin, "{:?}", code.spec);
        }
        let fast: String = self.fast.row_states(None).into_iter().map(|row| row.states).collect();
        let twin: String = self.twin.seat_states().into_iter().map(SeatState::letter).collect();
        prop_assert_eq!(fast, twin, "seat states");
        self.board.must_be(&self.fast, self.now)?;
        prop_assert_eq!(self.fast.next_due(), self.twin.next_due(), "next due");
        prop_assert_eq!(self.fast.waitlist_entries(), self.twin.waitlist_entries(), "waitlist");
        Ok(())
    }

    fn verb(&mut self, act: &Act) -> Verb {
        let stranger = UserId::from_bytes([99; 16]);
        let or_stranger = |user: UserId, is_stranger: bool| if is_stranger { stranger } else { user };
        match act {
            Act::Expire => Verb::ExpireHolds,
            Act::Place { customer, wishes, codes, discounts, old_id } => {
                let placed = self.place(user(*customer), wishes, codes, *old_id);
                Verb::PlaceHold(PlaceHold { discount_codes: discounts.iter().map(|it| [*it; 16]).collect(), ..placed })
            }
            Act::Extend { hold, stranger } => {
                let (customer, hold) = self.hold(*hold);
                Verb::ExtendHold { hold, customer: or_stranger(customer, *stranger) }
            }
            Act::Release { hold, stranger } => {
                let (customer, hold) = self.hold(*hold);
                Verb::ReleaseHold { hold, customer: or_stranger(customer, *stranger) }
            }
            Act::Order { hold, stranger, accept_other_seats, old_id } => {
                let (customer, hold) = self.hold(*hold);
                let customer = or_stranger(customer, *stranger);
                let fresh = OrderId::from_bytes(self.id());
                let order = if *old_id { self.orders.first().map_or(fresh, |(_, id)| *id) } else { fresh };
                Verb::PlaceOrder(PlaceOrder { order, hold, customer, accept_other_seats: *accept_other_seats })
            }
            Act::StartPayment { order, stranger } => {
                let (customer, order) = self.order(*order);
                let customer = or_stranger(customer, *stranger);
                Verb::StartPayment { order, customer, payment: PaymentId::from_bytes(self.id()) }
            }
            Act::Settle { order, payment, declined, off_minor, foreign } => {
                Verb::SettlePayment(self.settle(*order, *payment, *declined, *off_minor, *foreign))
            }
            Act::Cancel { order, stranger } => {
                let (customer, order) = self.order(*order);
                Verb::CancelOrder { order, customer: or_stranger(customer, *stranger) }
            }
            Act::Refund { order, tickets, share, right, wallet } => {
                let (customer, order) = self.order(*order);
                let view = self.fast.order(order);
                let total_minor = view.as_ref().map_or(100, |view| view.total_minor - view.refunded_minor);
                let of_order = view.map(|view| view.tickets).unwrap_or_default();
                let tickets =
                    tickets.iter().map(|at| if of_order.is_empty() { self.ticket(*at) } else { *pick(&of_order, *at) });
                let amount_minor = (share % 4 != 3).then(|| total_minor * i64::from(*share) / 100);
                let asked_by = |stranger| or_stranger(customer, stranger);
                books::refund(order, tickets.collect(), amount_minor, *right, asked_by, *wallet)
            }
            Act::Scan { ticket, nonce, behind, direction, queued, list } => {
                let ticket = recent(&self.tickets, *ticket).unwrap_or_else(|| self.ticket(*ticket));
                let generation = self.fast.ticket(ticket).map_or(1, |view| view.generation);
                let generation = generation.saturating_add_signed(i32::from(*behind));
                let queued =
                    queued.map(|(ago_us, forced)| QueuedScan { scanned_at: self.now.plus_us(-ago_us), forced });
                let list = list.map(|(tier, section)| Box::new(list_of(self.fast.layout(), tier, section)));
                let live = ScanTicket::live(ticket, generation, *direction, *nonce);
                Verb::ScanTicket(ScanTicket { queued, list, ..live })
            }
            Act::Undo { ticket, nonce } => {
                let ticket = self.ticket(*ticket);
                let last = self.fast.ticket(ticket).and_then(|view| view.scan_nonce).filter(|_| nonce % 2 != 0);
                Verb::UndoScan { ticket, nonce: last.unwrap_or(*nonce), reason: UndoReason::Mistake }
            }
            Act::Void { ticket } => Verb::VoidTicket { ticket: self.ticket(*ticket) },
            Act::Transfer { ticket, to, stranger } => {
                let ticket = self.ticket(*ticket);
                let holder = self.fast.ticket(ticket).map_or_else(|| user(0), |view| view.holder);
                Verb::TransferTicket { ticket, from: or_stranger(holder, *stranger), to: user(*to) }
            }
            Act::Block { block, withheld } => {
                let block = ["press", "fans", "nobody"][usize::from(*block) % 3].to_owned();
                Verb::SetBlock { block, withheld: *withheld }
            }
            Act::Tier(tier) => Verb::SetTier(tier.clone()),
            Act::TierPart { tier, patch } => {
                Verb::PatchTier { tier: TierId::from_bytes([*tier; 16]), patch: patch.clone() }
            }
            Act::DeleteTier { tier } => Verb::DeleteTier { tier: TierId::from_bytes([*tier; 16]) },
            Act::AccessCode(code) => Verb::SetAccessCode(code.clone()),
            Act::Desk(act) => self.desk(act),
            Act::DiscountCode(code) => Verb::SetDiscountCode(code.clone()),
            Act::Policy(policy) => Verb::SetPolicy(policy.clone()),
            Act::PolicyPart(patch) => Verb::PatchPolicy(patch.clone()),
            Act::Map => Verb::SetSeatMap(Box::new(self.map.clone().expect("the arena has a map"))),
            Act::Publish => Verb::Publish,
            Act::CancelEvent { only_unsold } => Verb::CancelEvent { only_unsold: *only_unsold },
            Act::List(act) => list::verb(act, self.fast.layout()),
            Act::Line(act) if !self.has_line => self.verb(&act.elsewhere()),
            Act::Line(act) => {
                let key = self.id();
                self.watch.verb(self.now, &self.fast.line_view(), key, act)
            }
        }
    }

    fn place(&mut self, customer: UserId, wishes: &[Wish], codes: &[u8], old_id: bool) -> PlaceHold {
        // Only a single party leaves its tier open: which tiers two got cannot be told from a refusal.
        let has_parties = wishes.iter().filter(|wish| matches!(wish, Wish::Best { .. })).count() > 1;
        let (areas, sections) = (self.fast.layout().area_count(), self.fast.layout().section_count());
        let tiers = self.fast.layout().tiers().len();
        let tier_at = |tier: Option<u8>| tier.map(|tier| TierIx(existing(tier, tiers) as u8));
        let seat_at = |seat| SeatIx(existing(seat, self.fast.layout().seat_count() as usize) as u32);
        let area_at = |area| AreaIx(existing(area, areas) as u16);
        let wants = wishes.iter().map(|wish| match *wish {
            Wish::Seat { seat, tier } => Want::Seat { seat: seat_at(seat), tier: tier_at(tier) },
            Wish::Area { area, quantity, tier } => Want::Area { area: area_at(area), quantity, tier: tier_at(tier) },
            Wish::Best { quantity, tier, section, accessible } => {
                let tier = if has_parties { tier.or(Some(0)) } else { tier };
                let section = section.map(|section| SectionIx(existing(section, sections) as u16));
                Want::BestAvailable(BestAvailable { quantity, tier: tier_at(tier), section, accessible })
            }
        });
        let wants = wants.collect();
        let fresh = HoldId::from_bytes(self.id());
        let hold = if old_id { self.holds.first().map_or(fresh, |(_, id)| *id) } else { fresh };
        let access_codes = digests(codes);
        PlaceHold { hold, customer, wants, access_codes, discount_codes: Box::default(), box_office: None }
    }

    fn settle(&mut self, order: u8, payment: u8, declined: bool, off_minor: i64, foreign: bool) -> SettlePayment {
        let (_, order) = self.order(order);
        let total_minor = self.fast.order(order).map_or(0, |view| view.total_minor);
        let currency = if foreign { foreign_currency() } else { self.fast.layout().policy().currency };
        let paid = PaymentOutcome::Paid { amount_minor: total_minor + off_minor, currency };
        let outcome = if declined { PaymentOutcome::Declined } else { paid };
        SettlePayment { order, payment: payment_of(order, payment), outcome, entropy: self.id() }
    }

    fn hold(&mut self, at: u8) -> (UserId, HoldId) {
        recent(&self.holds, at).unwrap_or_else(|| (user(0), HoldId::from_bytes(self.id())))
    }

    fn order(&mut self, at: u8) -> (UserId, OrderId) {
        recent(&self.orders, at).unwrap_or_else(|| (user(0), OrderId::from_bytes(self.id())))
    }

    fn ticket(&self, at: u8) -> TicketId {
        if self.tickets.is_empty() { TicketId::from_bytes([at; 16]) } else { *pick(&self.tickets, at) }
    }

    fn id(&mut self) -> [u8; 16] {
        self.ids += 1;
        self.ids.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes()
    }
}
