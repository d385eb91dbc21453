use axum::extract::State;
use http::StatusCode;
use inventory::{EventId, HoldId};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::asked;
use crate::audit_log::{self, Action, Source};
use crate::counter::house;
use crate::error::ApiError;
use crate::event_access::{self, Capability};
use crate::extract::{Empty, PathIds, Query};
use crate::field_errors::FieldErrors;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReleaseQuery {
    /// Why, for the audit log. At most 200 characters.
    reason: Option<String>,
}

/// Gives back what the box office keeps
///
/// Places of a withheld block go back to it. Again for the same hold: 204 too.
#[utoipa::path(delete, path = "/events/{id}/box-office/holds/{hold_id}", tag = "box office",
    params(("id" = Uuid, Path, description = "Event"), ("hold_id" = Uuid, Path, description = "Hold"), ReleaseQuery),
    security(("bearer" = [])),
    responses((status = 204, description = "Its places are free"), Written))]
pub async fn release(
    State(state): State<AppState>,
    PathIds(event, hold): PathIds,
    Query(query): Query<ReleaseQuery>,
    source: Source,
    write: Write<Empty>,
) -> Result<StatusCode, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let (event, hold) = (EventId::from_uuid(event), HoldId::from_uuid(hold));
    event_access::allow(&state, caller, event, Capability::SellAtBoxOffice).await?;
    let mut errors = FieldErrors::default();
    asked::text(&mut errors, "reason", query.reason.as_deref());
    errors.none()?;
    let handle = event_access::handle(&state, event).await?;
    let said = state.store.box_office_holds(event, hold, hold, 1).await?;
    let asker = event_access::asker(caller.user, origin);
    let done = handle.release_hold_of(asker, hold, house(event)).await?;
    let entry = source.entry(&caller, Action::BoxOfficeRelease).event(event).object(hold).once_per(done.lsn);
    let was = json!({"kept_for": said.first().map(|said| &said.reason)});
    audit_log::write(&state, entry.change(&was, &json!({"reason": query.reason}))).await;
    state.store.box_office_hold_forget(hold).await.map_err(event_access::after_change)?;
    Ok(StatusCode::NO_CONTENT)
}
