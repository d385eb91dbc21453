use axum::Json;
use axum::extract::State;
use inventory::EventId;
use uuid::Uuid;
use wire::Block;

use crate::audit_log::{self, Action, Source};
use crate::error::ApiError;
use crate::event_access;
use crate::extract::{Empty, PathName};
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;

/// Puts a block on sale
///
/// All seats that the seat map has put into the named block, at once.
#[utoipa::path(post, path = "/events/{id}/blocks/{name}/release", tag = "events",
    params(("id" = Uuid, Path, description = "Event"), ("name" = String, Path, description = "Block of the seat map")),
    security(("bearer" = [])),
    responses((status = 200, description = "The block is on sale", body = Block), Written))]
pub async fn release(
    State(state): State<AppState>,
    PathName(event, name): PathName,
    source: Source,
    write: Write<Empty>,
) -> Result<Json<Block>, ApiError> {
    set(&state, event, name, &source, write, false).await
}

/// Takes a block off sale
///
/// Seats of it that are held or sold stay so; they are blocked when they come back.
#[utoipa::path(post, path = "/events/{id}/blocks/{name}/withhold", tag = "events",
    params(("id" = Uuid, Path, description = "Event"), ("name" = String, Path, description = "Block of the seat map")),
    security(("bearer" = [])),
    responses((status = 200, description = "The block is off sale", body = Block), Written))]
pub async fn withhold(
    State(state): State<AppState>,
    PathName(event, name): PathName,
    source: Source,
    write: Write<Empty>,
) -> Result<Json<Block>, ApiError> {
    set(&state, event, name, &source, write, true).await
}

async fn set(
    state: &AppState,
    event: Uuid,
    name: String,
    source: &Source,
    write: Write<Empty>,
    withheld: bool,
) -> Result<Json<Block>, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let event = event_access::own(state, caller, EventId::from_uuid(event)).await?;
    let handle = event_access::handle(state, event.id).await?;
    let done = handle.set_block(event_access::asker(caller.user, origin), name.clone(), withheld).await?;
    let action = if withheld { Action::BlockWithhold } else { Action::BlockRelease };
    let entry = source.entry(&caller, action).event(event.id).object(&name).once_per(done.lsn);
    audit_log::write(state, entry).await;
    Ok(Json(Block { name, withheld, seq: done.lsn.0 }))
}
