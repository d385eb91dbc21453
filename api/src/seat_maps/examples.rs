use axum::Json;
use wire::{SeatMap, SeatMapExample, SeatMapExamples};

use crate::error::{ApiError, Noun};
use crate::extract::PathText;
use crate::problems::Read;
use crate::seat_map_format::{self, examples};

/// Lists example seat maps
///
/// To begin with: a theatre, an arena and a club.
#[utoipa::path(get, path = "/seat-map-examples", tag = "venues", security(()),
    responses((status = 200, description = "All of them, without their seats", body = SeatMapExamples), Read))]
pub async fn list() -> Result<Json<SeatMapExamples>, ApiError> {
    let mut items = Vec::new();
    for ((name, description), (_, map)) in examples::names().iter().zip(examples::all()) {
        let size = seat_map_format::understand(map)?.size;
        items.push(SeatMapExample {
            name: (*name).to_owned(),
            description: (*description).to_owned(),
            seats: size.seats,
            places: size.places,
        });
    }
    Ok(Json(SeatMapExamples { items }))
}

/// Shows an example seat map
///
/// As it is sent to an event or a venue.
#[utoipa::path(get, path = "/seat-map-examples/{name}", tag = "venues", security(()),
    params(("name" = String, Path, description = "arena, club or theatre")),
    responses((status = 200, description = "The map", body = SeatMap), Read))]
pub async fn show(PathText(name): PathText) -> Result<Json<SeatMap>, ApiError> {
    examples::find(&name).map(Json).ok_or(ApiError::NotFound(Noun::SeatMapExample))
}
