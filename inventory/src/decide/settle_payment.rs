//! What a payment provider reports. Money is never ignored: it buys, or it goes back. A report that repeats an earlier
//! one is an `OrderTransition` here; [`Inventory::repeat`] gives its first answer.

use crate::limits::PAYMENTS_REFUSED_MAX;
use crate::orders::{Order, OrderStatus};
use crate::tickets::ticket_id;
use crate::{Change, Currency, Inventory, PaymentOutcome, Phase, Rejection, Reseated, SettlePayment, TimeUs};

use super::{Decision, reseat};

pub(super) fn decide(inventory: &Inventory, now: TimeUs, settled: &SettlePayment) -> Decision {
    let Some((_, order)) = inventory.orders.find(settled.order) else {
        return Err(Rejection::OrderNotFound);
    };
    match settled.outcome {
        PaymentOutcome::Declined => {
            inventory.must_be_pending(now, order, OrderStatus::PendingPayment)?;
            Ok(Change::PaymentDeclined { order: settled.order, payment: settled.payment })
        }
        PaymentOutcome::Paid { amount_minor, currency } => paid(inventory, now, settled, order, amount_minor, currency),
    }
}

fn paid(
    inventory: &Inventory,
    now: TimeUs,
    settled: &SettlePayment,
    order: &Order,
    amount_minor: i64,
    currency: Currency,
) -> Decision {
    let is_known = order.paid_by == Some(settled.payment) || order.refused.contains(&settled.payment);
    if is_known {
        let paid = OrderStatus::Paid.name();
        return Err(Rejection::OrderTransition { from: order.status.name(), to: paid });
    }
    if currency != inventory.layout.policy().currency {
        return Err(Rejection::CurrencyMismatch);
    }
    let expected_minor = order.placed.total_minor();
    if amount_minor != expected_minor {
        return Err(Rejection::AmountMismatch { expected_minor });
    }
    if inventory.tickets.knows(ticket_id(now, settled.entropy, 0)) {
        return Err(Rejection::KeyReused);
    }
    let refused = || {
        if order.refused.len() >= PAYMENTS_REFUSED_MAX {
            return Err(Rejection::PaymentsTooMany { max: PAYMENTS_REFUSED_MAX as u32 });
        }
        Ok(Change::PaymentRefused { order: settled.order, payment: settled.payment, amount_minor })
    };
    let accepted = |reseated| Change::OrderPaid {
        order: settled.order,
        payment: settled.payment,
        amount_minor,
        entropy: settled.entropy,
        reseated,
    };
    if inventory.phase == Phase::Cancelled {
        return refused();
    }
    match order.status {
        OrderStatus::PendingPayment if order.expires_at > now => Ok(accepted(Reseated::No)),
        // Due, but its seats have not been freed yet: nobody can have taken them.
        OrderStatus::PendingPayment => Ok(accepted(Reseated::SamePlaces)),
        OrderStatus::Expired => reseat::find(inventory, order).map_or_else(refused, |reseated| Ok(accepted(reseated))),
        OrderStatus::Paid | OrderStatus::PartiallyRefunded | OrderStatus::Refunded | OrderStatus::Cancelled => {
            refused()
        }
        OrderStatus::Draft => unreachable!("orders are placed as pending"),
    }
}
