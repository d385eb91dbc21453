use axum::Json;
use axum::extract::State;
use inventory::{EventId, OrderId, TicketId};
use persistence::{Guest, GuestFilter};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use wire::{GateTicket, Page};

use super::shown;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::event_access::{self, Capability};
use crate::extract::{Cursor, PathId, Query, page};
use crate::guest_names::GuestNames;
use crate::page_limit::PageLimit;
use crate::problems::Read;
use crate::state::AppState;
use crate::time;

/// Fewer find half the house.
const CHARS_MIN: usize = 2;
const CHARS_MAX: usize = 100;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Part of a name or a place, in any case, 2 to 100 characters; or the whole id of an order or a ticket.
    #[serde(default)]
    #[param(required = true)]
    pub q: String,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
    /// Items per page: 1 to 200. Default 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    pub limit: PageLimit,
}

/// Finds tickets at the door
///
/// For those who come without their code: by name, place, order or ticket. What is found is scanned by `ticket_id`. Neither
/// addresses nor prices are shown. For the event's organizer, its door staff, its scanners and admins.
#[utoipa::path(get, path = "/events/{id}/gate/tickets", tag = "gate",
    params(("id" = Uuid, Path, description = "Event"), SearchQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<GateTicket>), Read,
        (status = 422, description = "What is looked for is too short or too long", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn tickets(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    Query(query): Query<SearchQuery>,
) -> Result<Json<Page<GateTicket>>, ApiError> {
    let event = event_access::allow(&state, caller, EventId::from_uuid(event), Capability::Scan).await?.id;
    let text = query.q.trim().to_lowercase();
    if !(CHARS_MIN..=CHARS_MAX).contains(&text.chars().count()) {
        return Err(ApiError::invalid("q", "LENGTH", format!("{CHARS_MIN} to {CHARS_MAX} characters")));
    }
    let limit = query.limit.get();
    let after = query.cursor.map(|cursor| TicketId::from_uuid(cursor.0));
    let found = match Uuid::try_parse(&text) {
        Ok(id) => by_id(&state, event, id, after, limit + 1).await?,
        Err(_) => {
            let filter = GuestFilter { text: Some(text), ..GuestFilter::default() };
            state.store.guest_list(event, &filter, after, limit + 1).await?
        }
    };
    let names = GuestNames::of(&state.store, event, &found).await?;
    Ok(Json(page(found, limit, |guest| guest.id.uuid(), |guest| render(guest, &names))))
}

/// All tickets of an order, or one ticket.
async fn by_id(
    state: &AppState,
    event: EventId,
    id: Uuid,
    after: Option<TicketId>,
    limit: u32,
) -> Result<Vec<Guest>, ApiError> {
    let ticket = state.store.ticket_find(TicketId::from_uuid(id)).await?;
    let order = ticket.as_ref().map_or_else(|| OrderId::from_uuid(id), |ticket| ticket.order_id);
    let filter = GuestFilter { order: Some(order), ..GuestFilter::default() };
    let mut found = state.store.guest_list(event, &filter, after, limit).await?;
    if let Some(ticket) = ticket {
        found.retain(|guest| guest.id == ticket.id);
    }
    Ok(found)
}

fn render(guest: Guest, names: &GuestNames) -> GateTicket {
    let attendee = names.attendee(&guest).map(|one| one.name.clone());
    let (seat, area) = if guest.is_area { (None, Some(guest.place)) } else { (Some(guest.place), None) };
    GateTicket {
        ticket_id: guest.id.uuid(),
        order_id: guest.order_id.uuid(),
        name: attendee.or(guest.holder_name).unwrap_or_default(),
        seat,
        area,
        tier_name: guest.tier_name,
        state: shown::ticket_state(guest.state),
        scanned_at: guest.scanned_at.map(time::utc),
    }
}
