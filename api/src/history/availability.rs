use axum::Json;
use axum::extract::State;
use inventory::{EventId, Lsn};
use serde::Deserialize;
use utoipa::IntoParams;
use wire::Availability;

use crate::auth::Caller;
use crate::availability_view;
use crate::error::ApiError;
use crate::event_access::{self, Capability};
use crate::extract::{PathId, Query};
use crate::problems::Read;
use crate::state::AppState;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// The change after which it was so, as `seq` elsewhere: 0 is before the first.
    seq: u64,
    /// Adds a letter for every seat.
    #[serde(default)]
    seats: bool,
    /// Only this section or area.
    section: Option<String>,
}

/// Rebuilds a past seat map
///
/// What the event's availability was right after the change `seq`, rebuilt from the journal by the rules that made it. For
/// the event's organizer and admins. A long journal takes seconds; one is replayed at a time.
#[utoipa::path(get, path = "/events/{id}/history/availability", tag = "events",
    params(("id" = Uuid, Path, description = "Event"), HistoryQuery), security(("bearer" = [])),
    responses((status = 200, description = "Counts at that moment", body = Availability), Read,
        (status = 422, description = "The event has not come so far, or had no such section", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn availability(
    State(state): State<AppState>,
    PathId(id): PathId,
    caller: Caller,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<Availability>, ApiError> {
    let event = event_access::allow(&state, caller, EventId::from_uuid(id), Capability::SeeReports).await?.id;
    let then = state.replays.state_at(&state.store, event, Lsn(query.seq)).await?;
    if then.lsn() < Lsn(query.seq) {
        let is_at = format!("the event is at change {}", then.lsn());
        return Err(ApiError::invalid("seq", "OUT_OF_RANGE", is_at));
    }
    let layout = then.layout();
    let section = query.section.as_deref();
    if section.is_some_and(|section| layout.section(section).is_none() && layout.area(section).is_none()) {
        return Err(ApiError::invalid("section", "UNKNOWN", "the event had no such section or area"));
    }
    let rows = query.seats.then(|| then.row_states(section));
    Ok(Json(availability_view::render(then.availability(), rows, section, layout, |_| true)))
}
