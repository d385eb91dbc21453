use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::EventId;

use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::event_access;
use crate::extract::{Empty, PathIds};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;

/// Revokes a scanner
///
/// At once; where several servers share a database, within 5 seconds on the others. For the event's organizer and admins.
#[utoipa::path(delete, path = "/events/{id}/scanners/{scanner_id}", tag = "gate",
    params(("id" = Uuid, Path, description = "Event"), ("scanner_id" = Uuid, Path, description = "Scanner")),
    security(("bearer" = [])),
    responses((status = 204, description = "Its key opens nothing any more"), Written))]
pub async fn revoke(
    State(state): State<AppState>,
    PathIds(event, scanner): PathIds,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?.id;
    let answer = async {
        let entry = source.entry(&caller, Action::ScannerRevoke).event(event).object(scanner).row(state.now());
        let revoked = state.store.scanner_delete(event, scanner, Some(&entry)).await;
        // Also when it is not known whether it was: then the store is asked again.
        state.api_keys.forget(scanner);
        if revoked? { Ok(StatusCode::NO_CONTENT.into_response()) } else { Err(ApiError::NotFound(Noun::Scanner)) }
    };
    remembered(&state, origin.key, answer).await
}
