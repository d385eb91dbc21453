use crate::holds::Found;
use crate::limits::{HOLD_AGE_MAX_US, PAYMENT_EXTENSION_US};
use crate::orders::OrderStatus;
use crate::{Change, Inventory, OrderId, PaymentId, TimeUs, UserId};

use super::Decision;

/// A buyer may start again, by another payment; only the first start gives more time.
pub(super) fn decide(
    inventory: &Inventory,
    now: TimeUs,
    id: OrderId,
    customer: UserId,
    payment: PaymentId,
) -> Decision {
    inventory.must_not_be_cancelled()?;
    let order = inventory.own_order(id, customer)?;
    inventory.must_be_pending(now, order, OrderStatus::PendingPayment)?;
    let Some(Found::Live(_, hold)) = inventory.holds.find(order.placed.hold) else {
        unreachable!("a pending order has a live hold")
    };
    let expires_at = if hold.payment_extended {
        hold.expires_at
    } else {
        // An offer may stand longer than any other hold, and its buyer needs the time to pay as well.
        let is_offer = inventory.is_offer(order.placed.hold);
        let cap = if is_offer { TimeUs::MAX } else { hold.placed_at.plus_us(HOLD_AGE_MAX_US) };
        hold.expires_at.plus_us(PAYMENT_EXTENSION_US).min(cap).max(hold.expires_at)
    };
    Ok(Change::PaymentStarted { order: id, payment, expires_at })
}
