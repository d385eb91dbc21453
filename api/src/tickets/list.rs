use axum::Json;
use axum::extract::State;
use inventory::TicketId;
use serde::Deserialize;
use utoipa::IntoParams;
use wire::{Page, Ticket};

use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Cursor, Query, page};
use crate::page_limit::PageLimit;
use crate::problems::Read;
use crate::state::AppState;
use crate::ticket_view;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Items per page: 1 to 200. Default 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

/// Lists the caller's tickets
///
/// Bought or received by transfer, newest first.
#[utoipa::path(get, path = "/tickets", tag = "tickets", params(ListQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<Ticket>), Read))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Ticket>>, ApiError> {
    let after = query.cursor.map(|cursor| TicketId::from_uuid(cursor.0));
    let limit = query.limit.get();
    let tickets = state.store.ticket_list_of_holder(caller.user, after, limit + 1).await?;
    let show = |ticket| ticket_view::render(&state, caller.user, ticket);
    Ok(Json(page(tickets, limit, |ticket| ticket.id.uuid(), show)))
}
