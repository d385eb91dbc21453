use persistence::{PaymentProvider, RefundReason, RefundStatus};
use wire::{Money, PaymentRefundReason, PaymentRefundStatus};

use crate::time;

pub fn refund(refund: persistence::PaymentRefund) -> wire::PaymentRefund {
    wire::PaymentRefund {
        id: refund.id,
        payment_id: refund.payment_id.uuid(),
        order_id: refund.order_id.uuid(),
        provider: match refund.provider {
            PaymentProvider::Mock => wire::PaymentProvider::Mock,
            PaymentProvider::Stripe => wire::PaymentProvider::Stripe,
            PaymentProvider::Webhook => wire::PaymentProvider::Webhook,
        },
        charge_id: refund.charge_id,
        amount: Money { amount_minor: refund.amount_minor, currency: refund.currency },
        reason: match refund.reason {
            RefundReason::Owed => PaymentRefundReason::Owed,
            RefundReason::NotTaken => PaymentRefundReason::NotTaken,
            RefundReason::OrderUnknown => PaymentRefundReason::OrderUnknown,
            RefundReason::Elsewhere => PaymentRefundReason::Elsewhere,
        },
        status: match refund.status {
            RefundStatus::Queued => PaymentRefundStatus::Queued,
            RefundStatus::Done => PaymentRefundStatus::Done,
            RefundStatus::Failed => PaymentRefundStatus::Failed,
        },
        refund_id: refund.refund_id,
        attempts: refund.attempts,
        due_at: (refund.status == RefundStatus::Queued).then(|| time::utc(refund.due_at)),
        note: refund.last_error,
        created_at: time::utc(refund.created_at),
    }
}

pub const fn stored(status: PaymentRefundStatus) -> RefundStatus {
    match status {
        PaymentRefundStatus::Queued => RefundStatus::Queued,
        PaymentRefundStatus::Done => RefundStatus::Done,
        PaymentRefundStatus::Failed => RefundStatus::Failed,
    }
}
