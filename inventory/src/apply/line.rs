use crate::holds::Found;
use crate::line::{Line, Session};
use crate::{Answer, Change, Inventory, LineChange, Record, RoomSettings, TimeUs, UserId};

/// What shopping does to the shopper's session.
pub(super) fn follow(inventory: &mut Inventory, record: &Record) {
    let (user, is_over) = match &record.change {
        Change::HoldPlaced(placed) | Change::HoldPlacedByCode(placed) | Change::HoldPlacedAtDiscount(placed) => {
            (placed.customer, false)
        }
        Change::HoldExtended { hold, .. } => match inventory.holds.find(*hold) {
            Some(Found::Live(_, hold)) => (hold.placed.customer, false),
            Some(Found::Ended(_)) | None => unreachable!("only live holds are extended"),
        },
        Change::OrderPlaced { customer, .. } => (*customer, false),
        Change::PaymentStarted { order, .. } => (buyer(inventory, *order), false),
        Change::OrderPaid { order, .. } => (buyer(inventory, *order), true),
        Change::SeatMapSet(_)
        | Change::TierSet(_)
        | Change::TierSetInFull(_)
        | Change::TierSetWithRefundSteps(_)
        | Change::AccessCodeSet(_)
        | Change::DiscountCodeSet(_)
        | Change::HoldPlacedAtBoxOffice(_)
        | Change::BoxOfficeSold(_)
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
        | Change::OrderRefundedToWallet { .. }
        | Change::TicketScanned { .. }
        | Change::TicketVoided { .. }
        | Change::TicketTransferred { .. }
        | Change::Line(_)
        | Change::Door(_)
        | Change::PolicySetInFull(_)
        | Change::Waitlist(_) => return,
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

pub(super) fn make(inventory: &mut Inventory, at: TimeUs, change: &LineChange) -> Answer {
    match change {
        LineChange::RoomSet { settings, key } => set(inventory, at, settings, *key),
        LineChange::PreQueueClosed { joined } => {
            changed(inventory, at).close(at, *joined);
            Answer::PreQueueClosed { shuffled: *joined }
        }
        LineChange::Opened { joined, shuffled, beacon_value } => {
            changed(inventory, at).open(at, *joined, *shuffled, beacon_value.clone());
            Answer::LineOpened { shuffled: *shuffled }
        }
        LineChange::PlacesCalled { joined, called, rate_per_min, carry, until } => {
            let line = changed(inventory, at);
            line.passes.forget(at);
            line.calls.joined = *joined;
            line.calls.carry = *carry;
            line.calls.credit_at = Some(at);
            line.calls.rate_per_min = *rate_per_min;
            line.calls.call(*called, *until);
            Answer::PlacesCalled { called: *called }
        }
        LineChange::SessionStarted { user, admission, serial, until } => {
            let line = changed(inventory, at);
            line.admit(*user, *admission);
            line.sessions.start(*user, Session { serial: *serial, started_at: at, until: *until });
            Answer::SessionStarted { serial: *serial, started_at: at, until: *until }
        }
        LineChange::Left { user, session, place } => {
            changed(inventory, at).leave(*user, *session, *place);
            Answer::LineLeft
        }
    }
}

fn set(inventory: &mut Inventory, at: TimeUs, settings: &RoomSettings, key: Option<[u8; 32]>) -> Answer {
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
