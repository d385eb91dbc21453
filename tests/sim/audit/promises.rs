//! What was promised to clients, operation by operation.

use std::collections::{BTreeMap, BTreeSet};

use engine::Submitted;
use inventory::{
    Admission, Answer, Change, DoorChange, Entry, HoldId, LineChange, RefundOrder, Rejection, SeatIx, TimeUs, Verb,
    Want,
};

use super::{Case, Fact, Findings};
use crate::history::{Attempt, Op, Outcome, op_of};
use crate::ledger::HoldState;
use crate::reached::Reached;

/// A hold is free again this long after it was due, unless the run was disturbed.
const FREE_WITHIN_US: i64 = 1_000_000;
/// An answer that takes longer comes from an event that was being recovered, or from a disk that was slow.
const SLOW_US: i64 = 500_000;

impl Case<'_> {
    pub fn check_promises(&self, reached: &mut Reached, findings: &mut Findings) {
        let own = self.facts_by_op(findings);
        let by_id: BTreeMap<u32, &Op> = self.ops.iter().map(|op| (op.id, *op)).collect();
        for (id, facts) in &own {
            match by_id.get(id) {
                None => {
                    findings.add(format!("I3: record {} of operation {id}, which nobody began", facts[0].record.lsn))
                }
                Some(op) if op.is_without_effect() => {
                    findings
                        .add(format!("I3: operation {id} was refused, record {} says otherwise", facts[0].record.lsn));
                }
                Some(op) => check_asked(op, facts[0], findings),
            }
            if facts.len() > 1 {
                findings.add(format!("I7: operation {id} has {} effects", facts.len()));
            }
        }
        for op in &self.ops {
            self.check_answers(op, own.get(&op.id).and_then(|facts| facts.first().copied()), reached, findings);
        }
        self.check_real_time(&own, findings);
        self.check_refusals(reached, findings);
        self.check_expiry(reached, findings);
    }

    fn facts_by_op(&self, findings: &mut Findings) -> BTreeMap<u32, Vec<&Fact>> {
        let mut own: BTreeMap<u32, Vec<&Fact>> = BTreeMap::new();
        let mut keys = BTreeSet::new();
        for fact in &self.facts {
            let origin = &fact.record.origin;
            if origin.key.is_some_and(|key| !keys.insert(key.key)) {
                findings.add(format!("I7: record {} has a key that was used before", fact.record.lsn));
            }
            match (origin.request, &fact.record.change) {
                (Some(request), _) => own.entry(op_of(request)).or_default().push(fact),
                (None, Change::HoldsExpired { .. }) => {}
                (None, _) => findings.add(format!("I3: record {} was asked for by nobody", fact.record.lsn)),
            }
        }
        own
    }

    /// I2: what was answered is in the journal, as it was answered.
    fn check_answers(&self, op: &Op, own: Option<&Fact>, reached: &mut Reached, findings: &mut Findings) {
        let answers: Vec<&Submitted> = op
            .attempts
            .iter()
            .filter_map(|attempt| match &attempt.outcome {
                Outcome::Done(submitted) => Some(submitted),
                Outcome::Rejected(_) | Outcome::NoEffect(_) | Outcome::Unknown => None,
            })
            .collect();
        let was_unknown = op.attempts.iter().any(|it| matches!(it.outcome, Outcome::Unknown));
        if was_unknown && answers.is_empty() {
            reached.note(if own.is_some() { "unknown_had_happened" } else { "unknown_had_not_happened" });
        }
        for submitted in &answers {
            if submitted.lsn.0 > self.facts.len() as u64 {
                findings.add(format!("I2: operation {} was answered at {}, which is lost", op.id, submitted.lsn));
            }
        }
        if answers.windows(2).any(|pair| pair[0].answer != pair[1].answer) {
            findings.add(format!("I7: operation {} has several answers", op.id));
        }
        let Some(submitted) = answers.first() else { return };
        match own {
            Some(fact) if fact.record.lsn == submitted.lsn && says(&fact.record.change, &submitted.answer) => {}
            Some(fact) => findings.add(format!(
                "I2: operation {} was answered {:?}, record {} says {:?}",
                op.id, submitted.answer, fact.record.lsn, fact.record.change
            )),
            None if self.is_repeat(&op.command.verb, &submitted.answer) => reached.note("repeat_without_key"),
            None => findings.add(format!("I2: operation {} was answered {:?} and is lost", op.id, submitted.answer)),
        }
    }

    /// Whether another operation had the same effect before: a hold that was released, a payment that was settled, a
    /// scan that was made.
    fn is_repeat(&self, verb: &Verb, answer: &Answer) -> bool {
        self.facts.iter().any(|fact| match (verb, &fact.record.change) {
            (Verb::ReleaseHold { hold, .. }, Change::HoldReleased { hold: released }) => hold == released,
            (Verb::ReleaseHold { hold, .. }, Change::OrderCancelled { order }) => {
                self.ledger.orders.get(order).is_some_and(|order| order.hold == *hold)
            }
            (Verb::SettlePayment(settle), Change::OrderPaid { order, payment, .. }) => {
                *payment == settle.payment && matches!(answer, Answer::OrderPaid(paid) if paid.order == *order)
            }
            (Verb::SettlePayment(settle), Change::PaymentRefused { payment, .. }) => {
                *payment == settle.payment && matches!(answer, Answer::PaymentRefused { .. })
            }
            (Verb::ScanTicket(scan), Change::TicketScanned { ticket, nonce, .. }) => {
                *ticket == scan.ticket && *nonce == scan.nonce
            }
            (verb, Change::Door(change)) => at_door(verb, change),
            (Verb::StartSession { user, .. }, Change::Line(LineChange::SessionStarted { user: of, serial, .. })) => {
                user == of && matches!(answer, Answer::SessionStarted { serial: answered, .. } if answered == serial)
            }
            // Whoever is not in the line has left it.
            (Verb::LeaveLine { .. }, _) => *answer == Answer::LineLeft,
            _ => false,
        })
    }

    /// I4: an operation that began after another was answered comes after it.
    fn check_real_time(&self, own: &BTreeMap<u32, Vec<&Fact>>, findings: &mut Findings) {
        let mut acknowledged: Vec<(i64, u64)> =
            self.ops.iter().filter_map(|op| op.done().map(|(submitted, at_us)| (at_us, submitted.lsn.0))).collect();
        acknowledged.sort_unstable();
        let mut begun: Vec<(i64, u64, u32)> = self
            .ops
            .iter()
            .filter_map(|op| own.get(&op.id).map(|facts| (op.invoked_us(), facts[0].record.lsn.0, op.id)))
            .collect();
        begun.sort_unstable();
        let (mut at, mut highest) = (0, 0);
        for (from_us, lsn, id) in begun {
            while at < acknowledged.len() && acknowledged[at].0 < from_us {
                highest = highest.max(acknowledged[at].1);
                at += 1;
            }
            if lsn <= highest {
                findings.add(format!("I4: operation {id} is record {lsn}, and began after {highest} was answered"));
            }
        }
    }

    /// I4: a seat that was refused as taken was taken at some moment of the attempt, whichever node refused it.
    fn check_refusals(&self, reached: &mut Reached, findings: &mut Findings) {
        let mut by_seat: BTreeMap<SeatIx, Vec<(u64, bool)>> = BTreeMap::new();
        for &(lsn, seat, is_taken) in &self.ledger.seat_log {
            by_seat.entry(seat).or_default().push((lsn, is_taken));
        }
        for op in &self.ops {
            for attempt in &op.attempts {
                let Outcome::Rejected(Rejection::SeatsTaken { seats }) = &attempt.outcome else { continue };
                if attempt.is_overtaken {
                    reached.note("refusal_of_overtaken");
                }
                let (low, high) = self.span_of(attempt);
                for seat in seats {
                    let log = by_seat.get(seat).map(Vec::as_slice).unwrap_or_default();
                    let before = log.iter().rev().find(|(lsn, _)| *lsn <= low).is_some_and(|(_, is_taken)| *is_taken);
                    let during = log.iter().any(|(lsn, is_taken)| *is_taken && *lsn > low && *lsn <= high);
                    if !before && !during {
                        findings.add(format!("I4: operation {} was refused {seat:?}, which was free", op.id));
                    }
                }
            }
        }
    }

    /// The states that an attempt may have seen: from what was certainly done when it began to what was decided when it
    /// was answered.
    fn span_of(&self, attempt: &Attempt) -> (u64, u64) {
        let landed = self.facts.iter().filter(|fact| fact.landed_at_us < attempt.from_us);
        let decided = self.facts.iter().filter(|fact| fact.landed_at_us <= attempt.to_us);
        (landed.map(|it| it.record.lsn.0).max().unwrap_or(0), decided.map(|it| it.record.lsn.0).max().unwrap_or(0))
    }

    /// I5: a hold is its buyer's until the time that was promised, and free soon after.
    fn check_expiry(&self, reached: &mut Reached, findings: &mut Findings) {
        let promised = self.promised();
        for (id, hold) in &self.ledger.holds {
            if hold.state == HoldState::Live {
                findings.add(format!("I5: hold {id} never ends"));
            }
            let Some((lsn, until)) = hold.expired else { continue };
            let landed_at_us = self.facts[lsn as usize - 1].landed_at_us;
            if promised.get(id).is_some_and(|promised| landed_at_us < promised.0) {
                findings.add(format!("I5: hold {id} was taken away before its time"));
            }
            let is_disturbed = self.disturbances.iter().any(|it| it.from_us <= landed_at_us && it.to_us >= until.0)
                || self.is_troubled(until.0, landed_at_us);
            if is_disturbed {
                reached.note("expiry_disturbed");
            } else {
                reached.note("expiry_calm");
                if landed_at_us - until.0 > FREE_WITHIN_US {
                    let due_s = (until.0 - crate::clock::START_US) as f64 / 1e6;
                    findings
                        .add(format!("I5: hold {id}, due at {due_s}, was freed {} µs late", landed_at_us - until.0));
                }
            }
        }
    }

    /// Whether some client was turned away around that time or waited long, which says that the event was not well.
    fn is_troubled(&self, from_us: i64, to_us: i64) -> bool {
        self.ops.iter().flat_map(|op| &op.attempts).any(|attempt| {
            let is_slow = attempt.to_us - attempt.from_us > SLOW_US;
            let is_trouble = is_slow || matches!(attempt.outcome, Outcome::NoEffect(_) | Outcome::Unknown);
            is_trouble && attempt.from_us <= to_us && attempt.to_us + crate::chaos::AFTERMATH_US >= from_us
        })
    }

    /// Until when each hold was promised, by the latest answer that a client has.
    fn promised(&self) -> BTreeMap<HoldId, TimeUs> {
        let mut promised: BTreeMap<HoldId, TimeUs> = BTreeMap::new();
        for op in &self.ops {
            let Some((submitted, _)) = op.done() else { continue };
            let (hold, until) = match &submitted.answer {
                Answer::HoldPlaced(placed) => (Some(placed.hold), placed.expires_at),
                Answer::HoldExtended { hold, expires_at } => (Some(*hold), *expires_at),
                Answer::PaymentStarted { order, expires_at } | Answer::OrderPlaced { order, expires_at } => {
                    (self.ledger.orders.get(order).map(|order| order.hold), *expires_at)
                }
                _ => continue,
            };
            if let Some(hold) = hold {
                let latest = promised.entry(hold).or_insert(until);
                *latest = (*latest).max(until);
            }
        }
        promised
    }
}

/// I3 and I8: the record does what was asked, all of it.
fn check_asked(op: &Op, fact: &Fact, findings: &mut Findings) {
    let is_it = match (&op.command.verb, &fact.record.change) {
        (
            Verb::PlaceHold(place),
            Change::HoldPlaced(placed) | Change::HoldPlacedByCode(placed) | Change::HoldPlacedAtDiscount(placed),
        ) => {
            let units: u32 = place.wants.iter().map(units_of).sum();
            let seats = place.wants.iter().filter_map(|want| match want {
                Want::Seat { seat, .. } => Some(*seat),
                Want::Area { .. } | Want::BestAvailable(_) => None,
            });
            let has = |seat: SeatIx| placed.items.iter().any(|item| item.place == inventory::Place::Seat(seat));
            placed.hold == place.hold && placed.units() == units && seats.into_iter().all(has)
        }
        (Verb::ExtendHold { hold, .. }, Change::HoldExtended { hold: of, .. })
        | (Verb::ReleaseHold { hold, .. }, Change::HoldReleased { hold: of }) => hold == of,
        (Verb::PlaceOrder(place), Change::OrderPlaced { order, hold, .. }) => {
            (place.order, place.hold) == (*order, *hold)
        }
        (Verb::StartPayment { order, .. }, Change::PaymentStarted { order: of, .. })
        | (Verb::CancelOrder { order, .. }, Change::OrderCancelled { order: of })
        | (
            Verb::RefundOrder(RefundOrder { order, .. }),
            Change::OrderRefunded { order: of, .. } | Change::OrderRefundedToWallet { order: of, .. },
        ) => order == of,
        (
            Verb::SettlePayment(settle),
            Change::OrderPaid { order, payment, .. }
            | Change::PaymentRefused { order, payment, .. }
            | Change::PaymentDeclined { order, payment },
        ) => (settle.order, settle.payment) == (*order, *payment),
        (Verb::ScanTicket(scan), Change::TicketScanned { ticket, nonce, .. }) => {
            (scan.ticket, scan.nonce) == (*ticket, *nonce)
        }
        (verb @ (Verb::ScanTicket(_) | Verb::UndoScan { .. }), Change::Door(change)) => at_door(verb, change),
        (Verb::VoidTicket { ticket }, Change::TicketVoided { ticket: of })
        | (Verb::TransferTicket { ticket, .. }, Change::TicketTransferred { ticket: of, .. }) => ticket == of,
        (Verb::SetSeatMap(_), Change::SeatMapSet(_))
        | (
            Verb::SetTier(_) | Verb::PatchTier { .. },
            Change::TierSet(_) | Change::TierSetInFull(_) | Change::TierSetWithRefundSteps(_),
        )
        | (Verb::DeleteTier { .. }, Change::TierSetInFull(_) | Change::TierSetWithRefundSteps(_))
        | (Verb::SetAccessCode(_), Change::AccessCodeSet(_))
        | (Verb::SetDiscountCode(_), Change::DiscountCodeSet(_))
        | (Verb::SetPolicy(_) | Verb::PatchPolicy(_), Change::PolicySet(_) | Change::PolicySetInFull(_))
        | (Verb::Publish, Change::Published)
        | (Verb::SetWaitingRoom { .. }, Change::Line(LineChange::RoomSet { .. }))
        | (Verb::OpenLine { .. }, Change::Line(LineChange::Opened { .. } | LineChange::PreQueueClosed { .. }))
        | (Verb::CallPlaces { .. }, Change::Line(LineChange::PlacesCalled { .. })) => true,
        (Verb::StartSession { user, entry }, Change::Line(LineChange::SessionStarted { user: of, admission, .. })) => {
            user == of
                && match (entry, admission) {
                    (Entry::Place { number, .. }, Admission::Place { number: of, .. }) => number == of,
                    (Entry::Priority { pass, .. }, Admission::Priority { pass: of, .. }) => pass == of,
                    (Entry::Place { .. }, Admission::Priority { .. })
                    | (Entry::Priority { .. }, Admission::Place { .. }) => false,
                }
        }
        (Verb::LeaveLine { user, .. }, Change::Line(LineChange::Left { user: of, .. })) => user == of,
        _ => false,
    };
    if !is_it {
        findings
            .add(format!("I3, I8: operation {} asked {:?} and got {:?}", op.id, op.command.verb, fact.record.change));
    }
}

const fn units_of(want: &Want) -> u32 {
    match want {
        Want::Seat { .. } => 1,
        Want::Area { quantity, .. } => *quantity,
        Want::BestAvailable(best) => best.quantity,
    }
}

/// Whether the change is what was asked for at the door.
fn at_door(verb: &Verb, change: &DoorChange) -> bool {
    match (verb, *change) {
        (
            Verb::ScanTicket(scan),
            DoorChange::ScanQueued { ticket, nonce, .. } | DoorChange::ScanConflicted { ticket, nonce, .. },
        ) => (scan.ticket, scan.nonce) == (ticket, nonce),
        (Verb::UndoScan { ticket, nonce, .. }, DoorChange::ScanUndone { ticket: of, nonce: undone, .. }) => {
            (*ticket, *nonce) == (of, undone)
        }
        _ => false,
    }
}

/// Whether the answer is the one that goes with the change.
fn says(change: &Change, answer: &Answer) -> bool {
    match (change, answer) {
        (
            Change::HoldPlaced(placed) | Change::HoldPlacedByCode(placed) | Change::HoldPlacedAtDiscount(placed),
            Answer::HoldPlaced(answered),
        ) => placed == answered,
        (Change::HoldExtended { expires_at, .. }, Answer::HoldExtended { expires_at: answered, .. })
        | (Change::PaymentStarted { expires_at, .. }, Answer::PaymentStarted { expires_at: answered, .. }) => {
            expires_at == answered
        }
        (Change::OrderPaid { order, .. }, Answer::OrderPaid(paid)) => *order == paid.order,
        (Change::HoldReleased { .. }, Answer::HoldReleased { .. })
        | (Change::OrderPlaced { .. }, Answer::OrderPlaced { .. })
        | (Change::PaymentDeclined { .. }, Answer::PaymentDeclined { .. })
        | (Change::PaymentRefused { .. }, Answer::PaymentRefused { .. })
        | (Change::OrderCancelled { .. }, Answer::OrderCancelled { .. })
        | (Change::OrderRefunded { .. } | Change::OrderRefundedToWallet { .. }, Answer::OrderRefunded { .. })
        | (Change::TicketScanned { .. } | Change::Door(DoorChange::ScanQueued { .. }), Answer::TicketScanned { .. })
        | (Change::Door(DoorChange::ScanConflicted { .. }), Answer::ScanConflicted { .. })
        | (Change::Door(DoorChange::ScanUndone { .. }), Answer::ScanUndone { .. })
        | (Change::TicketVoided { .. }, Answer::TicketVoided { .. }) => true,
        (Change::TicketTransferred { generation, .. }, Answer::TicketTransferred { generation: answered, .. }) => {
            generation == answered
        }
        (Change::Line(change), answer) => line_says(change, answer),
        (
            Change::SeatMapSet(_)
            | Change::TierSet(_)
            | Change::TierSetInFull(_)
            | Change::TierSetWithRefundSteps(_)
            | Change::AccessCodeSet(_)
            | Change::DiscountCodeSet(_)
            | Change::PolicySet(_)
            | Change::PolicySetInFull(_)
            | Change::Published,
            Answer::Configured,
        ) => true,
        _ => false,
    }
}

fn line_says(change: &LineChange, answer: &Answer) -> bool {
    match (change, answer) {
        (LineChange::RoomSet { .. }, Answer::Configured) | (LineChange::Left { .. }, Answer::LineLeft) => true,
        (LineChange::PreQueueClosed { joined: said }, Answer::PreQueueClosed { shuffled })
        | (LineChange::Opened { shuffled: said, .. }, Answer::LineOpened { shuffled }) => said == shuffled,
        (LineChange::PlacesCalled { called, .. }, Answer::PlacesCalled { called: answered }) => called == answered,
        (LineChange::SessionStarted { serial, until, .. }, Answer::SessionStarted { serial: of, until: told, .. }) => {
            (serial, until) == (of, told)
        }
        _ => false,
    }
}
