use axum::Json;
use axum::extract::State;
use inventory::{EventId, UserId};
use persistence::StoreError;
use wire::{Waitlist, WaitlistEntry, WaitlistStatus};

use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::PathId;
use crate::problems::Read;
use crate::state::AppState;
use crate::{event_access, time, waitlist_view};

const MINUTE_US: i64 = 60 * 1_000_000;

/// Shows a waitlist
///
/// Whether it can be joined, and the account's last entry: where it stands, or what is offered and until when.
#[utoipa::path(get, path = "/events/{id}/waitlist", tag = "waitlist",
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "The list and the account's entry", body = Waitlist), Read))]
pub async fn show(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
) -> Result<Json<Waitlist>, ApiError> {
    let event = event_access::visible(&state, Some(caller), EventId::from_uuid(event)).await?.id;
    let view = event_access::handle(&state, event).await?.waitlist().await?;
    let settings = view.settings;
    let is_past = settings.closes_at.is_some_and(|closes_at| closes_at <= state.now());
    Ok(Json(Waitlist {
        open: settings.active && !is_past,
        closes_at: settings.closes_at.map(time::utc),
        offer_minutes: u32::try_from(settings.offer_us / MINUTE_US).unwrap_or(u32::MAX),
        waiting: view.waiting,
        offered: view.offered,
        entry: entry(&state, event, caller.user).await?,
    }))
}

/// The customer's last, with its place in line.
///
/// # Errors
/// The store is not available.
pub async fn entry(state: &AppState, event: EventId, customer: UserId) -> Result<Option<WaitlistEntry>, StoreError> {
    let Some(found) = state.store.waitlist_find(event, customer).await? else { return Ok(None) };
    let before = state.store.waitlist_count_before(&found).await?;
    let entry = waitlist_view::render(found);
    let position = (entry.status == WaitlistStatus::Waiting).then_some(before.saturating_add(1));
    Ok(Some(WaitlistEntry { position, ..entry }))
}
