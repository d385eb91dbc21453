use axum::Json;
use axum::extract::State;
use inventory::EventId;
use persistence::{Cancellation, CancellationStatus};
use wire::{EventCancellation, Money};

use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::event_access;
use crate::extract::PathId;
use crate::problems::Read;
use crate::state::AppState;
use crate::time;

/// Shows how far the refunds of a cancelled event are
///
/// For those who run it. Every order is refunded in full, the way its money came.
#[utoipa::path(get, path = "/events/{id}/cancellation", tag = "events",
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "The progress", body = EventCancellation), Read))]
pub async fn cancellation(
    State(state): State<AppState>,
    PathId(id): PathId,
    caller: Caller,
) -> Result<Json<EventCancellation>, ApiError> {
    let event = event_access::own(&state, caller, EventId::from_uuid(id)).await?;
    let found = state.store.cancellation_find(event.id).await?.ok_or(ApiError::NotFound(Noun::Cancellation))?;
    let progress = state.store.cancellation_progress(event.id).await?;
    Ok(Json(EventCancellation {
        event_id: event.id.uuid(),
        status: match found.status {
            CancellationStatus::Running => wire::CancellationStatus::Running,
            CancellationStatus::Done => wire::CancellationStatus::Done,
        },
        requested_at: time::utc(found.requested_at),
        finished_at: found.finished_at.map(time::utc),
        orders: progress.orders,
        refunded: progress.refunded,
        failed: failed(&found),
        refunded_total: Money { amount_minor: progress.refunded_minor, currency: event.currency },
    }))
}

/// Until a round has come as far as the one before, that one knows better.
fn failed(found: &Cancellation) -> u32 {
    found.failed.max(found.failed_before)
}
