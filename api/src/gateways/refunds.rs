//! Refunds at the providers: what the journal owes is taken from the outbox, then asked for until it is done or given up.

use persistence::{OwedRefund, PaymentProvider, PaymentRefund, RefundOutcome, RefundReason, RefundStatus, StoreError};

use super::GatewayError;
use super::worker::BATCH;
use crate::metrics::{self, RefundResult};
use crate::state::AppState;
use crate::{backoff, derived_id, time};

const ERROR_CHARS_MAX: usize = 500;

/// All that is owed becomes refunds, each once.
pub(super) async fn take_owed(state: &AppState) -> Result<(), StoreError> {
    loop {
        let owed = state.store.refunds_owed(BATCH).await?;
        for owed in &owed {
            state.store.refund_take(owed, &refund(state, owed)).await?;
        }
        if owed.len() < BATCH as usize {
            return Ok(());
        }
    }
}

fn refund(state: &AppState, owed: &OwedRefund) -> PaymentRefund {
    PaymentRefund {
        id: derived_id::nth(owed.payment_id.uuid(), RefundReason::Owed.name(), owed.lsn.0),
        payment_id: owed.payment_id,
        order_id: owed.order_id,
        provider: owed.provider.unwrap_or(PaymentProvider::Mock),
        charge_id: None,
        amount_minor: owed.amount_minor,
        currency: owed.currency.clone(),
        reason: RefundReason::Owed,
        status: RefundStatus::Queued,
        refund_id: None,
        attempts: 0,
        due_at: state.now(),
        last_error: None,
        created_at: owed.created_at,
    }
}

pub(super) async fn attempt(state: &AppState, refund: PaymentRefund) {
    let outcome = match ask(state, &refund).await {
        Ok(refund_id) => {
            metrics::count_refund(RefundResult::Done);
            tracing::info!(refund = %refund.id, payment = %refund.payment_id, "payment {} was refunded", refund.payment_id);
            RefundOutcome::Done { refund_id, at: state.now() }
        }
        Err(error) => failed(state, &refund, &error),
    };
    // Left undone, its lease ends and the provider is asked once more: under the same key.
    if let Err(error) = state.store.refund_settle(refund.id, refund.attempts, &outcome).await {
        tracing::warn!(refund = %refund.id, %error, "what became of refund {} is not kept: {error}", refund.id);
    }
}

async fn ask(state: &AppState, refund: &PaymentRefund) -> Result<String, GatewayError> {
    let charge = match &refund.charge_id {
        Some(charge) => Some(charge.clone()),
        None => {
            let found = state.store.checkout_find(refund.payment_id).await;
            let unread = |error: StoreError| GatewayError::Unavailable(error.to_string());
            found.map_err(unread)?.and_then(|checkout| checkout.charge_id)
        }
    };
    state.gateways.refund(refund, charge.as_deref()).await
}

fn failed(state: &AppState, refund: &PaymentRefund, error: &GatewayError) -> RefundOutcome {
    let why: String = error.to_string().chars().take(ERROR_CHARS_MAX).collect();
    let config = &state.config.payments;
    if matches!(error, GatewayError::Refused(_)) || refund.attempts >= config.attempts_max {
        metrics::count_refund(RefundResult::Failed);
        tracing::error!(refund = %refund.id, "refund {} was given up, an admin must look: {why}", refund.id);
        return RefundOutcome::Failed { error: why };
    }
    metrics::count_refund(RefundResult::Deferred);
    let due_at = time::plus(state.now(), backoff::after(config.retry_after, refund.attempts));
    RefundOutcome::Again { due_at, error: why }
}
