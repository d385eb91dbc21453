use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inventory::EventId;
use serde_json::json;
use wire::{AttendeeCutOff, AttendeeCutOffPut};

use crate::audit_log::{Action, Source};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::PathId;
use crate::idempotency::{Write, remembered};
use crate::problems::{Read, Written};
use crate::state::AppState;
use crate::{attendee_cut_off, event_access, time};

/// Shows until when holders may name who comes
#[utoipa::path(get, path = "/events/{id}/attendees/cut-off", tag = "audience",
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "The cut-off", body = AttendeeCutOff), Read))]
pub async fn show(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
) -> Result<Json<AttendeeCutOff>, ApiError> {
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let (minutes_before, until) = attendee_cut_off::of(&state, &event).await?;
    Ok(Json(AttendeeCutOff { minutes_before, editable_until: time::utc(until) }))
}

/// Sets until when holders may name who comes
///
/// So many minutes before the event starts, whenever that is. Without it they may until it starts.
#[utoipa::path(put, path = "/events/{id}/attendees/cut-off", tag = "audience", request_body = AttendeeCutOffPut,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "The cut-off", body = AttendeeCutOff), Written))]
pub async fn put(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<AttendeeCutOffPut>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: AttendeeCutOffPut { minutes_before }, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let answer = async {
        if minutes_before > attendee_cut_off::MAX {
            let message = format!("0 to {} minutes", attendee_cut_off::MAX);
            return Err(ApiError::invalid("minutes_before", "OUT_OF_RANGE", message));
        }
        let (before, _) = attendee_cut_off::of(&state, &event).await?;
        let of = |minutes_before: u32| json!({"minutes_before": minutes_before});
        let entry = source.entry(&caller, Action::AttendeeCutOffSet).event(event.id).object(event.id);
        let entry = entry.change(&of(before), &of(minutes_before)).row(state.now());
        state.store.attendee_cut_off_set(event.id, minutes_before, &entry).await?;
        let editable_until = time::utc(attendee_cut_off::at(&event, minutes_before));
        Ok(Json(AttendeeCutOff { minutes_before, editable_until }).into_response())
    };
    remembered(&state, origin.key, answer).await
}
