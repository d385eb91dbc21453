use crate::holds::Found;
use crate::line::{Line, Session};
use crate::{Admission, Answer, Change, Inventory, Record, RoomSettings, TimeUs, UserId};

/// What shopping does to the shopper's session.
pub(super) fn follow(inventory: &mut Inventory, record: &Record) {
    let (user, is_over) = match &record.change {
        Change::HoldPlaced(placed) => (placed.customer, false),
        Change::HoldExtended { hold, .. } => match inventory.holds.find(*hold) {
            Some(Found::Live(_, hold)) => (hold.placed.customer, false),
            Some(Found::Ended(_)) | None => unreachable!("only live holds are extended"),
        },
        Change::OrderPlaced { customer, .. } => (*customer, false),
        Change::PaymentStarted { order, .. } => (buyer(inventory, *order), false),
        Change::OrderPaid { order, .. } => (buyer(inventory, *order), true),
        Change::SeatMapSet(_)
        | Change::TierSet(_)
        | Change::PolicySet(_)
        | Change::Published
        | Change::EventCancelled
        | Change::BlockSet { .. }
        | Change::HoldReleased { .. }
        | Change::HoldsExpired { .. }
        | Change::PaymentDeclined { .. }
        | Change::PaymentRefused { .. }
        | Change::OrderCancelled { .. }
        | Change::OrderRefunded { .. }
        | Change::TicketScanned { .. }
        | Change::TicketVoided { .. }
        | Change::TicketTransferred { .. }
        | Change::WaitingRoomSet { .. }
        | Change::PreQueueClosed { .. }
        | Change::LineOpened { .. }
        | Change::PlacesCalled { .. }
        | Change::SessionStarted { .. }
        | Change::LineLeft { .. } => return,
    };
    let Some(line) = &mut inventory.line else { return };
    if is_over {
        line.leave_by_purchase(user);
    } else {
        line.renew(record.at, user);
    }
}

fn buyer(inventory: &Inventory, order: crate::OrderId) -> UserId {
    inventory.orders.get(inventory.orders.at(order)).placed.customer
}

/// Every change of the line itself drops what is past, and can be seen.
fn changed(inventory: &mut Inventory, at: TimeUs) -> &mut Line {
    let line = inventory.line.as_deref_mut().expect("a line that changes exists");
    line.forget(at);
    line.revision += 1;
    line
}

pub(super) fn set(inventory: &mut Inventory, at: TimeUs, settings: &RoomSettings, key: Option<[u8; 32]>) -> Answer {
    let event = inventory.event;
    if inventory.line.is_none() {
        let key = key.expect("the first line begins with a key");
        inventory.line = Some(Box::new(Line::new(event, at, settings.clone(), key)));
        return Answer::Configured;
    }
    let line = changed(inventory, at);
    line.passes.forget(at);
    if let Some(key) = key {
        line.begin(key);
    }
    line.set(event, at, settings.clone());
    Answer::Configured
}

pub(super) fn close(inventory: &mut Inventory, at: TimeUs, joined: u32) -> Answer {
    changed(inventory, at).close(at, joined);
    Answer::PreQueueClosed { shuffled: joined }
}

pub(super) fn open(
    inventory: &mut Inventory,
    at: TimeUs,
    joined: u32,
    shuffled: u32,
    beacon_value: Option<&String>,
) -> Answer {
    changed(inventory, at).open(at, joined, shuffled, beacon_value.cloned());
    Answer::LineOpened { shuffled }
}

/// What [`Change::PlacesCalled`] says.
pub(super) struct Called {
    pub joined: u32,
    pub called: u32,
    pub rate_per_min: u32,
    pub carry: u64,
    pub until: TimeUs,
}

pub(super) fn call(inventory: &mut Inventory, at: TimeUs, change: &Called) -> Answer {
    let line = changed(inventory, at);
    line.passes.forget(at);
    let calls = &mut line.calls;
    calls.joined = change.joined;
    calls.carry = change.carry;
    calls.credit_at = Some(at);
    calls.rate_per_min = change.rate_per_min;
    calls.call(change.called, change.until);
    Answer::PlacesCalled { called: change.called }
}

pub(super) fn start(inventory: &mut Inventory, user: UserId, admission: Admission, session: Session) -> Answer {
    let line = changed(inventory, session.started_at);
    match admission {
        Admission::Place { rank, .. } => {
            assert!(rank < line.calls.called, "whoever comes in was called");
            line.calls.take(rank);
        }
        Admission::Priority { pass, until } => line.passes.enter(pass, user, until),
    }
    line.sessions.start(user, session);
    Answer::SessionStarted { serial: session.serial, started_at: session.started_at, until: session.until }
}

pub(super) fn leave(inventory: &mut Inventory, at: TimeUs, user: UserId, session: bool, place: Option<u32>) -> Answer {
    let line = changed(inventory, at);
    if session {
        assert!(line.sessions.end(user), "whoever leaves was inside");
    }
    if let Some(place) = place {
        line.calls.take(place);
    }
    Answer::LineLeft
}
