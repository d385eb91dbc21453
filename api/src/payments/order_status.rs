use axum::extract::State;
use http::{HeaderMap, StatusCode};
use inventory::{CallerKey, Currency, OrderId, PaymentId, Rejection};
use persistence::{CheckoutState, Order, PaymentProvider};
use wire::{PaymentReport, PaymentReportStatus};

use crate::error::{ApiError, Forbidden, Noun, Unauthorized};
use crate::extract::{Body, PathId};
use crate::gateways::{Captured, Money, book, decline, signature};
use crate::problems::Written;
use crate::state::AppState;
use crate::{derived_id, digest};

const SECRET: &str = "x-webhook-secret";
const REFERENCE_CHARS_MAX: usize = 255;
const REASON_CHARS_MAX: usize = 500;

/// A provider reports an order's payment
///
/// For providers that are not spoken to. `PAID` buys the order, also late; what buys nothing waits for an admin to be
/// refunded there. `REJECTED` leaves the order waiting for another payment until it lapses. Any number of times.
#[utoipa::path(post, path = "/orders/{id}/status", tag = "payments", request_body = PaymentReport,
    params(("id" = Uuid, Path, description = "Order"),
        ("X-Webhook-Secret" = String, Header, description = "What both sides know")),
    responses((status = 204, description = "It was dealt with, now or before"), Written,
        (status = 401, description = "WEBHOOK_SECRET_INVALID", body = wire::Problem,
            content_type = "application/problem+json"),
        (status = 403, description = "WEBHOOK_OFF: no secret is configured", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn order_status(
    State(state): State<AppState>,
    PathId(id): PathId,
    headers: HeaderMap,
    Body(report): Body<PaymentReport>,
) -> Result<StatusCode, ApiError> {
    let secret = state.gateways.webhook_secret.as_ref().ok_or(ApiError::Forbidden(Forbidden::WebhookOff))?;
    let given = headers.get(SECRET).map(|value| value.as_bytes()).unwrap_or_default();
    if !signature::is_secret(secret, given) {
        return Err(ApiError::Unauthorized(Unauthorized::WebhookSecret));
    }
    let reference = report.reference.as_deref().unwrap_or_default();
    if reference.chars().count() > REFERENCE_CHARS_MAX {
        return Err(ApiError::invalid("reference", "LENGTH", format!("at most {REFERENCE_CHARS_MAX} characters")));
    }
    let order = state.store.order_find(OrderId::from_uuid(id)).await?.ok_or(ApiError::NotFound(Noun::Order))?;
    let key = CallerKey { key: digest::of(&[reference.as_bytes()]), body: [0; 16] };
    let payment = PaymentId::from_uuid(derived_id::derive(order.id.uuid(), "reported payment", key));
    match report.status {
        PaymentReportStatus::Paid => {
            let captured = captured(&order, &report)?;
            let provider = PaymentProvider::Webhook;
            book(&state, &Money { payment, order: order.id, provider, session: None, captured }).await?;
        }
        PaymentReportStatus::Rejected => {
            let reason = report.reason.unwrap_or_default();
            let reason: String = reason.chars().take(REASON_CHARS_MAX).collect();
            tracing::info!(%payment, order = %order.id, "payment {payment} was rejected: {reason}");
            decline(&state, payment, order.id, CheckoutState::Failed, Some(&reason)).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

fn captured(order: &Order, report: &PaymentReport) -> Result<Captured, ApiError> {
    let expected_minor = order.total_minor;
    let currency = Currency::new(&order.currency).ok_or_else(|| ApiError::Defect("an order in no currency".into()))?;
    match &report.amount {
        Some(amount) if amount.currency != order.currency => return Err(Rejection::CurrencyMismatch.into()),
        Some(amount) if amount.amount_minor != expected_minor => {
            return Err(Rejection::AmountMismatch { expected_minor }.into());
        }
        Some(_) | None => {}
    }
    let charge = report.reference.clone().unwrap_or_else(|| order.id.to_string());
    Ok(Captured { charge, amount_minor: expected_minor, currency })
}
