use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use inventory::limits::LABEL_BYTES_MAX;
use serde_json::{Value, json};
use uuid::Uuid;
use wire::{SeatMap, VenueSeatMap, VenueSeatMaps};

use super::view;
use crate::audit_log::{Action, Entry, Source};
use crate::auth::Caller;
use crate::error::{ApiError, Conflict, Noun};
use crate::extract::{Empty, PathId, PathName};
use crate::idempotency::{Write, remembered};
use crate::problems::{Read, Written};
use crate::seat_map_format::{self, Drawn};
use crate::state::AppState;
use crate::venue_access;

/// Of one venue: a house has a few ways to be seated.
const SEAT_MAPS_MAX: u32 = 50;

/// Lists a venue's seat maps
#[utoipa::path(get, path = "/venues/{id}/seat-maps", tag = "venues",
    params(("id" = Uuid, Path, description = "Venue")), security(("bearer" = [])),
    responses((status = 200, description = "All of them, without their seats", body = VenueSeatMaps), Read,
        (status = 403, description = "ROLE_REQUIRED", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn list(
    State(state): State<AppState>,
    PathId(id): PathId,
    caller: Caller,
) -> Result<Json<VenueSeatMaps>, ApiError> {
    let venue = venue_access::own(&state, caller, id).await?;
    let maps = state.store.venue_seat_map_list(venue.id).await?;
    Ok(Json(VenueSeatMaps { items: maps.into_iter().map(view::seat_map).collect() }))
}

/// Keeps a seat map of a venue
///
/// Under a name of letters, digits, `_` and `.`; replaces what is there. Events that took a copy are not touched. At most 50.
#[utoipa::path(put, path = "/venues/{id}/seat-maps/{name}", tag = "venues", request_body = SeatMap,
    params(("id" = Uuid, Path, description = "Venue"), ("name" = String, Path, description = "Name of the map")),
    security(("bearer" = [])),
    responses((status = 200, description = "What was understood", body = VenueSeatMap), Written))]
pub async fn put(
    State(state): State<AppState>,
    PathName(id, name): PathName,
    source: Source,
    write: Write<Value>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let venue = venue_access::own(&state, caller, id).await?.id;
    let entry = source.entry(&caller, Action::VenueSeatMapSet).object(venue);
    remembered(&state, origin.key, keep(&state, venue, name, body, entry)).await
}

async fn keep(state: &AppState, venue: Uuid, name: String, body: Value, entry: Entry) -> Result<Response, ApiError> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
    if !(1..=LABEL_BYTES_MAX).contains(&name.len()) || !name.bytes().all(is_allowed) {
        let message = format!("1 to {LABEL_BYTES_MAX} ASCII letters, digits, `_` and `.`");
        return Err(ApiError::invalid("name", "LABEL", message));
    }
    let map = body.to_string();
    let Drawn { size, .. } = seat_map_format::read(body).await?;
    let head = persistence::VenueSeatMap {
        name,
        sections: size.sections,
        areas: size.areas,
        seats: size.seats,
        places: size.places,
        updated_at: state.now(),
    };
    let shown = view::seat_map(head.clone());
    let entry = entry.made(&shown).row(head.updated_at);
    if state.store.venue_seat_map_set(venue, &head, &map, SEAT_MAPS_MAX, Some(&entry)).await? {
        Ok(Json(shown).into_response())
    } else {
        Err(ApiError::Conflict(Conflict::SeatMapsTooMany))
    }
}

/// Shows a seat map of a venue
#[utoipa::path(get, path = "/venues/{id}/seat-maps/{name}", tag = "venues",
    params(("id" = Uuid, Path, description = "Venue"), ("name" = String, Path, description = "Name of the map")),
    security(("bearer" = [])),
    responses((status = 200, description = "The map as it was sent", body = SeatMap), Read,
        (status = 403, description = "ROLE_REQUIRED", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn show(
    State(state): State<AppState>,
    PathName(id, name): PathName,
    caller: Caller,
) -> Result<Response, ApiError> {
    let venue = venue_access::own(&state, caller, id).await?;
    let map = state.store.venue_seat_map_find(venue.id, &name).await?.ok_or(ApiError::NotFound(Noun::VenueSeatMap))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], map).into_response())
}

/// Deletes a seat map of a venue
///
/// Events that took a copy keep it.
#[utoipa::path(delete, path = "/venues/{id}/seat-maps/{name}", tag = "venues",
    params(("id" = Uuid, Path, description = "Venue"), ("name" = String, Path, description = "Name of the map")),
    security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), Written))]
pub async fn delete(
    State(state): State<AppState>,
    PathName(id, name): PathName,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let venue = venue_access::own(&state, caller, id).await?.id;
    let answer = async {
        let entry = source.entry(&caller, Action::VenueSeatMapDelete).object(venue);
        let entry = entry.removed(&json!({"name": name})).row(state.now());
        if state.store.venue_seat_map_delete(venue, &name, Some(&entry)).await? {
            Ok(StatusCode::NO_CONTENT.into_response())
        } else {
            Err(ApiError::NotFound(Noun::VenueSeatMap))
        }
    };
    remembered(&state, origin.key, answer).await
}
