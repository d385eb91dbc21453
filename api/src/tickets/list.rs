use axum::Json;
use axum::extract::State;
use inventory::TicketId;
use wire::{Page, Ticket};

use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;
use crate::ticket_view;

/// Lists the caller's tickets
///
/// Bought or received by transfer, newest first.
#[utoipa::path(get, path = "/tickets", tag = "tickets", params(PageQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<Ticket>), Read))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Ticket>>, ApiError> {
    let after = query.cursor.map(|cursor| TicketId::from_uuid(cursor.0));
    let limit = query.limit.get();
    let tickets = state.store.ticket_list_of_holder(caller.user, after, limit + 1).await?;
    let show = |ticket| ticket_view::render(&state, caller.user, ticket);
    Ok(Json(page(tickets, limit, |ticket| ticket.id.uuid(), show)))
}
