use axum::Json;
use axum::extract::State;
use inventory::EventId;
use serde::Deserialize;
use utoipa::IntoParams;
use wire::Place;

use super::join::place_ticket;
use super::place::Asker;
use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::event_access;
use crate::extract::{PathId, Query};
use crate::line::tokens::PlaceTicket;
use crate::problems::Read;
use crate::request::RequestContext;
use crate::state::AppState;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ShowQuery {
    /// From an earlier answer. Without it the account's own place is looked up.
    place_ticket: Option<String>,
}

/// Shows the caller's place
///
/// When its turn has come, the answer admits and carries the pass for holds. Whoever follows the live feed need not ask:
/// his position is his rank less `called` of the last `line` frame.
#[utoipa::path(get, path = "/events/{id}/waiting-room", tag = "waiting room",
    params(("id" = Uuid, Path, description = "Event"), ShowQuery), security(("bearer" = [])),
    responses((status = 200, description = "The account's place", body = Place),
        (status = 403, description = "The account is suspended", body = wire::Problem), Read))]
pub async fn show(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    context: RequestContext,
    Query(query): Query<ShowQuery>,
) -> Result<Json<Place>, ApiError> {
    // It may let the caller in, so it is no mere look.
    let caller = caller.active()?;
    let event = EventId::from_uuid(event);
    let handle = event_access::handle(&state, event).await?;
    let asker = engine::Caller { user: caller.user, request: Some(context.id), key: None };
    let asker = Asker { state: &state, handle: &handle, caller: asker };
    let ticket = query.place_ticket.as_deref().map(|text| place_ticket(&asker, text)).transpose()?;
    asker.must_take_place()?;
    let line = handle.line();
    if !line.is_active {
        event_access::visible(&state, Some(caller), event).await?;
        return Ok(Json(asker.not_needed()));
    }
    let ticket = match ticket.filter(|ticket| ticket.round == line.round) {
        Some(ticket) => ticket,
        None => match state.store.waiting_place_find(event, line.round, caller.user).await? {
            Some(place) => PlaceTicket { user: caller.user, round: line.round, number: place.number },
            None => {
                let inside = asker.inside().await?;
                return inside.map(Json).ok_or(ApiError::NotFound(Noun::WaitingPlace));
            }
        },
    };
    Ok(Json(asker.place(ticket).await?))
}
