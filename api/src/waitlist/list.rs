use axum::Json;
use axum::extract::State;
use inventory::EventId;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use wire::{Page, WaitlistEntry, WaitlistStatus};

use crate::auth::Caller;
use crate::error::{ApiError, Malformed};
use crate::event_access::{self, Capability};
use crate::extract::{Cursor, PathId, Query, page};
use crate::page_limit::PageLimit;
use crate::problems::Read;
use crate::state::AppState;
use crate::waitlist_view;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntriesQuery {
    /// Only these, for instance `waiting` or `offered`.
    status: Option<WaitlistStatus>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Items per page: 1 to 200. Default 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

/// Lists who waits and has waited
///
/// By number. For those who may see the event's orders.
#[utoipa::path(get, path = "/events/{id}/waitlist/entries", tag = "waitlist",
    params(("id" = Uuid, Path, description = "Event"), EntriesQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<WaitlistEntry>), Read))]
pub async fn list(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    Query(query): Query<EntriesQuery>,
) -> Result<Json<Page<WaitlistEntry>>, ApiError> {
    let event = event_access::allow(&state, caller, EventId::from_uuid(event), Capability::SeeOrders).await?.id;
    let after = query.cursor.map(|cursor| u32::try_from(cursor.0.as_u128())).transpose();
    let after = after.map_err(|_| ApiError::Malformed(Malformed::Cursor))?.unwrap_or(0);
    let (limit, status) = (query.limit.get(), query.status.map(waitlist_view::stored));
    let entries = state.store.waitlist_list(event, status, after, limit + 1).await?;
    Ok(Json(page(entries, limit, |entry| Uuid::from_u128(entry.number.into()), waitlist_view::render)))
}
