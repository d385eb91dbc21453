use axum::Json;
use axum::extract::State;
use inventory::{EventId, SeatMapSpec, SectionKind};
use wire::{SeatMap, SeatMapSize};

use super::spec;
use crate::audit_log::{self, Action, Source};
use crate::error::ApiError;
use crate::event_access;
use crate::extract::PathId;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;

/// Draws the seat map
///
/// Replaces the draft's whole map.
#[utoipa::path(put, path = "/events/{id}/seat-map", tag = "events", request_body = SeatMap,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "What was understood", body = SeatMapSize), Written))]
pub async fn put(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<SeatMap>,
) -> Result<Json<SeatMapSize>, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let spec = spec::parse(body)?;
    let handle = event_access::handle(&state, event.id).await?;
    let size = size(&spec);
    let done = handle.set_seat_map(event_access::asker(caller.user, origin), spec).await?;
    let size = SeatMapSize { seq: done.lsn.0, ..size };
    let entry = source.entry(&caller, Action::SeatMapSet).event(event.id).object(event.id).once_for(origin.key);
    audit_log::write(&state, entry.made(&size)).await;
    Ok(Json(size))
}

fn size(spec: &SeatMapSpec) -> SeatMapSize {
    let mut size = SeatMapSize::default();
    for section in &spec.sections {
        match &section.kind {
            SectionKind::Rows(rows) => {
                size.sections += 1;
                // Fewer than `SEATS_PER_EVENT_MAX`: the map has been checked.
                size.seats += rows.iter().map(|row| row.seats.iter().flatten().count() as u32).sum::<u32>();
            }
            SectionKind::Area { capacity, .. } => {
                size.areas += 1;
                size.places += u64::from(*capacity);
            }
        }
    }
    size
}
