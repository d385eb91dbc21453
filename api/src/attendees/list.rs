use axum::Json;
use axum::extract::State;
use inventory::TicketId;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use wire::{Guest, Page, TicketState};

use super::page::{Guests, GuestsQuery};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Cursor, PathId, Query, page};
use crate::page_limit::PageLimit;
use crate::problems::Read;
use crate::state::AppState;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Part of a name or a place, in any case; of an e-mail address for those who see addresses.
    search: Option<String>,
    /// Only tickets of this tier.
    tier: Option<Uuid>,
    /// Only tickets in this state.
    status: Option<TicketState>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Items per page: 1 to 200. Default 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

/// Lists who comes
///
/// Ticket by ticket, in the order of purchase. For the organizer and the event's staff; addresses for those of them who may
/// see orders.
#[utoipa::path(get, path = "/events/{id}/attendees", tag = "audience",
    params(("id" = Uuid, Path, description = "Event"), ListQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<Guest>), Read,
        (status = 422, description = "The search is too long", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn list(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Guest>>, ApiError> {
    let ListQuery { search, tier, status, cursor, limit } = query;
    let guests = Guests::of(&state, caller, event, GuestsQuery { search, tier, status }).await?;
    let after = cursor.map(|cursor| TicketId::from_uuid(cursor.0));
    let found = guests.read(&state, after, limit.get() + 1).await?;
    Ok(Json(page(found, limit.get(), |guest| guest.ticket_id, |guest| guest)))
}
