use std::borrow::Cow;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::EventId;
use persistence::Event;
use serde_json::json;
use wire::{StaffAdd, StaffMember};

use super::view;
use crate::audit_log::{Action, Source};
use crate::auth::Caller;
use crate::error::{ApiError, Conflict};
use crate::extract::PathId;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::{addressee, event_access};

/// Gives somebody a role at the event
///
/// By the confirmed e-mail address of an account, whatever its role. For the event's organizer and admins.
#[utoipa::path(post, path = "/events/{id}/staff", tag = "staff", request_body = StaffAdd,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 201, description = "The member of staff", body = StaffMember), Written))]
pub async fn add(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<StaffAdd>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let answer = async {
        let member = member(&state, &event, caller, &source, body).await?;
        Ok((StatusCode::CREATED, Json(member)).into_response())
    };
    remembered(&state, origin.key, answer).await
}

async fn member(
    state: &AppState,
    event: &Event,
    by: Caller,
    source: &Source,
    wanted: StaffAdd,
) -> Result<StaffMember, ApiError> {
    let account = addressee::find(state, &wanted.email).await?;
    let role = view::stored(wanted.role);
    let entry = source.entry(&by, Action::StaffAdd).event(event.id).object(account.id);
    let entry = entry.made(&json!({"role": role.name()})).row(state.now());
    let is_new = account.id != event.organizer_id
        && state.store.staff_insert(event.id, account.id, role, by.user, state.now(), Some(&entry)).await?;
    if !is_new {
        return Err(ApiError::Conflict(Conflict::StaffMemberExists));
    }
    let member = state.store.staff_find(event.id, account.id).await.map_err(event_access::after_change)?;
    member.map(view::member).ok_or(ApiError::Defect(Cow::Borrowed("a member of staff was added and is not there")))
}
