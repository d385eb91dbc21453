use axum::Json;
use axum::extract::State;
use http::StatusCode;
use inventory::{Answer, BoxOffice, EventId, HoldId, Layout, PlaceHold};
use serde_json::json;
use wire::{BoxOfficeHold, BoxOfficeHoldRequest, HoldRequest};

use super::{asked, view};
use crate::audit_log::{self, Action, Source};
use crate::error::ApiError;
use crate::event_access::{self, Capability};
use crate::extract::PathId;
use crate::field_errors::FieldErrors;
use crate::idempotency::Write;
use crate::ids;
use crate::problems::Written;
use crate::state::AppState;

/// Keeps places without a time limit
///
/// For the event's box office and those who run it. Sale windows, the waiting room and limits per customer do not matter;
/// quotas and what is taken do, and at most 1000 such holds live at a time. Places of a withheld block are had by naming them and the block.
#[utoipa::path(post, path = "/events/{id}/box-office/holds", tag = "box office", request_body = BoxOfficeHoldRequest,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 201, description = "The hold", body = BoxOfficeHold), Written))]
pub async fn hold(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<BoxOfficeHoldRequest>,
) -> Result<(StatusCode, Json<BoxOfficeHold>), ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = EventId::from_uuid(event);
    event_access::allow(&state, caller, event, Capability::SellAtBoxOffice).await?;
    let handle = event_access::handle(&state, event).await?;
    let asker = event_access::asker(caller.user, origin);
    let layout = handle.layout();
    let request = asked::request(body.items.clone());
    let hold = HoldId::from_uuid(ids::mint(state.now()));
    let is_over = event_access::must_not_be_over(&state, event).await;
    let placed = match is_over.and_then(|()| parse(event, hold, &body, &request, &layout)) {
        Ok(wanted) => handle.place_hold(asker, wanted).await.map_err(ApiError::from),
        Err(refusal) => event_access::recalled(&state, &handle, asker, refusal).await,
    };
    let placed = placed.map_err(|error| asked::explained(error, &request, &layout))?;
    let Answer::HoldPlaced(hold) = &placed.answer else {
        return Err(event_access::unexpected("a hold", &placed.answer));
    };
    // A repeat keeps the words of the first time.
    let kept = persistence::BoxOfficeHold {
        hold_id: hold.hold.uuid(),
        event_id: event,
        placed_by: caller.user,
        placed_at: placed.at,
        reason: body.reason,
        label: body.label,
    };
    state.store.box_office_hold_keep(&kept).await.map_err(event_access::after_change)?;
    let hold = view::hold(event, hold, placed.at, Some(kept), &handle.layout());
    let entry = source.entry(&caller, Action::BoxOfficeHold).event(event).object(hold.id).once_per(placed.lsn);
    // Not for whom: names stay out of the audit log.
    let told = json!({"reason": hold.reason, "items": hold.items, "total": hold.total});
    audit_log::write(&state, entry.made(&told)).await;
    Ok((StatusCode::CREATED, Json(hold)))
}

fn parse(
    event: EventId,
    hold: HoldId,
    body: &BoxOfficeHoldRequest,
    request: &HoldRequest,
    layout: &Layout,
) -> Result<PlaceHold, ApiError> {
    let mut errors = FieldErrors::default();
    asked::text(&mut errors, "reason", Some(&body.reason));
    asked::text(&mut errors, "label", body.label.as_deref());
    asked::blocks(&mut errors, &body.blocks, layout);
    errors.none()?;
    let box_office = BoxOffice { blocks: body.blocks.clone(), price_minor: None };
    asked::wanted(event, hold, request, box_office, layout)
}
