use axum::Json;
use axum::extract::State;
use inventory::EventId;
use wire::WaitingRoomSettings;

use super::spec;
use crate::audit_log::{self, Action, Source};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::PathId;
use crate::idempotency::Write;
use crate::problems::{Read, Written};
use crate::state::AppState;
use crate::{event_access, ids};

/// Shows a waiting room's settings
///
/// For the event's organizer. Of an event that never had a waiting room: the defaults, off.
#[utoipa::path(get, path = "/events/{id}/waiting-room/settings", tag = "waiting room",
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "All settings in force", body = WaitingRoomSettings), Read))]
pub async fn show(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
) -> Result<Json<WaitingRoomSettings>, ApiError> {
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let handle = event_access::handle(&state, event.id).await?;
    Ok(Json(spec::render(&handle.line().settings)))
}

/// Sets up a waiting room
///
/// Replaces all settings, at any time; in force at once, also for those who wait. Switching it on begins a new line under
/// a new key, whose commitment `…/proof` shows from then on. While the pre-queue is open or the line served, its times
/// and its beacon stand fast (`WAITING_ROOM_FROZEN`); `opens_at` may be put off.
#[utoipa::path(put, path = "/events/{id}/waiting-room/settings", tag = "waiting room",
    request_body = WaitingRoomSettings, params(("id" = Uuid, Path, description = "Event")),
    security(("bearer" = [])),
    responses((status = 200, description = "All settings in force", body = WaitingRoomSettings), Written))]
pub async fn put(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<WaitingRoomSettings>,
) -> Result<Json<WaitingRoomSettings>, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?.id;
    let settings = spec::parse(&body)?;
    let handle = event_access::handle(&state, event).await?;
    let before = spec::render(&handle.line().settings);
    if settings.active {
        // Before the event knows: a room that is on is found again whenever the server ends.
        state.store.waiting_room_keep(event).await?;
    }
    let done = handle.set_waiting_room(event_access::asker(caller.user, origin), settings, ids::entropy()).await?;
    let line = handle.line();
    let after = spec::render(&line.settings);
    let entry = source.entry(&caller, Action::WaitingRoomSet).event(event).object(event).once_per(done.lsn);
    audit_log::write(&state, entry.change(&before, &after)).await;
    // By what is in force: an answer repeated for its key may be older than that. A room that is off is put away by its
    // keeper.
    state.keepers.wake(event);
    Ok(Json(after))
}
