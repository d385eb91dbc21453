use axum::extract::{Request, State};
use http::StatusCode;
use inventory::PaymentId;
use persistence::{CheckoutState, PaymentProvider};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{ApiError, Forbidden, Malformed};
use crate::extract::collect;
use crate::gateways::stripe::objects::{Charge, Notice, Session};
use crate::gateways::{GatewayError, Money, Standing, book, decline, refunded_elsewhere, signature};
use crate::metrics;
use crate::state::AppState;

/// Stripe's own are below 16 KiB.
const BODY_BYTES_MAX: usize = 64 << 10;
const SIGNATURE: &str = "stripe-signature";

/// Stripe tells of a payment
///
/// Any number of times, in any order. Anything but 2xx has Stripe tell it again.
#[utoipa::path(post, path = "/payments/stripe/webhook", tag = "payments",
    params(("Stripe-Signature" = String, Header, description = "`t=<seconds>,v1=<hex>`: HMAC-SHA256 of `<t>.<body>`")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream",
        description = "An `event` of Stripe's, byte for byte: at most 64 KiB"),
    responses((status = 200, description = "It was dealt with, now or before"),
        (status = 400, description = "SIGNATURE_INVALID, or the body is no event", body = wire::Problem,
            content_type = "application/problem+json"),
        (status = 403, description = "WEBHOOK_OFF: no secret is configured", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn stripe_webhook(State(state): State<AppState>, request: Request) -> Result<StatusCode, ApiError> {
    let told = take(&state, request).await;
    metrics::count_payment_notice(match &told {
        Ok(told) => told,
        Err(_) => "refused",
    });
    told.map(|_| StatusCode::OK)
}

async fn take(state: &AppState, request: Request) -> Result<&'static str, ApiError> {
    let secrets = &state.gateways.stripe_webhook_secrets;
    if secrets.is_empty() {
        return Err(ApiError::Forbidden(Forbidden::WebhookOff));
    }
    let (parts, body) = request.into_parts();
    let body = collect(body, BODY_BYTES_MAX).await?;
    let signed = parts.headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !signature::is_stripes(secrets, signed, &body, state.now()) {
        return Err(ApiError::Malformed(Malformed::Signature));
    }
    let notice: Notice = serde_json::from_slice(&body).map_err(|_| ApiError::Malformed(Malformed::Json))?;
    if state.store.payment_notice_known(PaymentProvider::Stripe, &notice.id).await? {
        return Ok("repeated");
    }
    let is_ours = deal_with(state, &notice.kind, notice.data.object).await?;
    // After the deed: of a notice that is known nothing is left to do.
    state.store.payment_notice_put(PaymentProvider::Stripe, &notice.id, state.now()).await?;
    Ok(if is_ours { "taken" } else { "foreign" })
}

/// Whether it is about a payment of ours. One account at Stripe may serve other applications.
async fn deal_with(state: &AppState, kind: &str, object: Value) -> Result<bool, ApiError> {
    match kind {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            of_session(state, read(object)?, None).await
        }
        "checkout.session.async_payment_failed" => of_session(state, read(object)?, Some(CheckoutState::Failed)).await,
        "checkout.session.expired" => of_session(state, read(object)?, Some(CheckoutState::Expired)).await,
        "charge.refunded" => of_charge(state, &read(object)?).await,
        _ => Ok(false),
    }
}

fn read<T: DeserializeOwned>(object: Value) -> Result<T, ApiError> {
    serde_json::from_value(object).map_err(|_| ApiError::Malformed(Malformed::Json))
}

async fn of_session(state: &AppState, session: Session, ended: Option<CheckoutState>) -> Result<bool, ApiError> {
    let Some((order, payment)) = session.metadata.payment() else { return Ok(false) };
    let unread = |error: GatewayError| ApiError::Defect(error.to_string().into());
    match (session.standing().map_err(unread)?, ended) {
        // What was paid is paid, whatever the notice is called.
        (Standing::Paid(captured), _) => {
            let provider = PaymentProvider::Stripe;
            let money = Money { payment, order, provider, session: Some(session.id), captured };
            book(state, &money).await?;
        }
        (_, Some(ended)) => decline(state, payment, order, ended, None).await?,
        // The payer is done, the money is on its way: another notice tells of its arrival.
        (Standing::Processing | Standing::Open | Standing::Expired, None) => processing(state, payment).await?,
    }
    Ok(true)
}

async fn processing(state: &AppState, payment: PaymentId) -> Result<(), ApiError> {
    if let Some(checkout) = state.store.checkout_find(payment).await? {
        let due_at = checkout.due_at;
        state.store.checkout_again(&checkout, CheckoutState::Processing, due_at, None).await?;
    }
    Ok(())
}

async fn of_charge(state: &AppState, charge: &Charge) -> Result<bool, ApiError> {
    let (Some((order, payment)), Some(captured)) = (charge.metadata.payment(), charge.refunded()) else {
        return Ok(false);
    };
    let money = Money { payment, order, provider: PaymentProvider::Stripe, session: None, captured };
    refunded_elsewhere(state, &money).await?;
    Ok(true)
}
