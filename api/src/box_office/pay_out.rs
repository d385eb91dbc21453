use axum::Json;
use axum::extract::State;
use http::StatusCode;
use inventory::{EventId, OrderId, Rejection};
use persistence::{NewPayout, PayoutRefusal};
use serde_json::json;
use wire::{BoxOfficePayment, BoxOfficePayout, BoxOfficePayoutRequest, Money};

use super::{asked, view};
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict, Noun};
use crate::event_access::{self, Capability};
use crate::extract::PathIds;
use crate::field_errors::FieldErrors;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::{ids, time};

/// Says that money was paid out
///
/// All that is owed back of an order of the box office: a refund, or the event was cancelled. No payment provider is asked.
#[utoipa::path(post, path = "/events/{id}/box-office/orders/{order_id}/payouts", tag = "box office",
    request_body = BoxOfficePayoutRequest,
    params(("id" = Uuid, Path, description = "Event"), ("order_id" = Uuid, Path, description = "Order")),
    security(("bearer" = [])),
    responses((status = 201, description = "What was paid out", body = BoxOfficePayout), Written))]
pub async fn pay_out(
    State(state): State<AppState>,
    PathIds(event, order): PathIds,
    source: Source,
    write: Write<BoxOfficePayoutRequest>,
) -> Result<(StatusCode, Json<BoxOfficePayout>), ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let (event, order) = (EventId::from_uuid(event), OrderId::from_uuid(order));
    event_access::allow(&state, caller, event, Capability::SellAtBoxOffice).await?;
    check(&body)?;
    let now = state.now();
    let asked = json!({"payment": body.payment, "reference": body.reference});
    let entry = source.entry(&caller, Action::BoxOfficePayout).event(event).object(order).made(&asked);
    let new = NewPayout {
        id: ids::mint(now),
        order,
        event,
        by: caller.user,
        tender: view::tender(body.payment),
        reference: body.reference,
        now,
        request_key: origin.key.map(|key| key.key),
    };
    let paid = match state.store.box_office_pay_out(&new, &entry.row(now)).await? {
        Ok(paid) => paid,
        Err(PayoutRefusal::Unknown) => return Err(ApiError::NotFound(Noun::Order)),
        Err(PayoutRefusal::NothingDue) => return Err(ApiError::Conflict(Conflict::NothingDue)),
        Err(PayoutRefusal::KeyReused) => return Err(Rejection::KeyReused.into()),
    };
    let payout = BoxOfficePayout {
        id: paid.id,
        order_id: paid.order_id.uuid(),
        amount: Money { amount_minor: paid.amount_minor, currency: paid.currency },
        payment: view::payment(paid.tender),
        reference: paid.reference,
        paid_by: paid.paid_by.uuid(),
        paid_at: time::utc(paid.paid_at),
    };
    Ok((StatusCode::CREATED, Json(payout)))
}

fn check(body: &BoxOfficePayoutRequest) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    if body.payment == BoxOfficePayment::Comp {
        errors.add("payment", "NOT_ALLOWED", "how the money was given back");
    }
    asked::text(&mut errors, "reference", body.reference.as_deref());
    asked::referenced(&mut errors, body.payment, body.reference.as_deref());
    errors.none()
}
