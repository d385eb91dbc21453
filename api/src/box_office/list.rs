use axum::Json;
use axum::extract::State;
use inventory::{EventId, HoldId};
use wire::{BoxOfficeHold, Page};

use super::view;
use crate::auth::Caller;
use crate::counter::house;
use crate::error::ApiError;
use crate::event_access::{self, Capability};
use crate::extract::{PathId, Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;

/// Lists the holds of the box office
///
/// Those that live, oldest first, with who placed them and why.
#[utoipa::path(get, path = "/events/{id}/box-office/holds", tag = "box office",
    params(("id" = Uuid, Path, description = "Event"), PageQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<BoxOfficeHold>), Read))]
pub async fn list(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<BoxOfficeHold>>, ApiError> {
    let event = EventId::from_uuid(event);
    event_access::allow(&state, caller, event, Capability::SellAtBoxOffice).await?;
    let handle = event_access::handle(&state, event).await?;
    let after = query.cursor.map(|cursor| HoldId::from_uuid(cursor.0));
    let limit = query.limit.get();
    let holds = handle.holds_of(house(event), after, limit as usize + 1).await?;
    let mut said = match (holds.first(), holds.last()) {
        (Some((first, _)), Some((last, _))) => {
            state.store.box_office_holds(event, first.hold, last.hold, limit + 1).await?
        }
        _ => Vec::new(),
    };
    let layout = handle.layout();
    let rows: Vec<_> = holds
        .into_iter()
        .map(|(hold, placed_at)| {
            let of_hold = said.iter().position(|said| said.hold_id == hold.hold.uuid());
            (hold, placed_at, of_hold.map(|at| said.swap_remove(at)))
        })
        .collect();
    let show = |(hold, placed_at, said): (std::sync::Arc<inventory::PlacedHold>, _, _)| {
        view::hold(event, &hold, placed_at, said, &layout)
    };
    Ok(Json(page(rows, limit, |(hold, _, _)| hold.hold.uuid(), show)))
}
