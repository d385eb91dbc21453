use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use wire::{Venue, VenueCreate};

use super::{spec, view};
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict};
use crate::idempotency::{Write, remembered};
use crate::ids;
use crate::problems::Written;
use crate::state::AppState;

/// Of one account.
const VENUES_MAX: u32 = 200;

/// Adds a venue
///
/// For organizers. It is seen and changed by its owner alone. At most 200.
#[utoipa::path(post, path = "/venues", tag = "venues", request_body = VenueCreate, security(("bearer" = [])),
    responses((status = 201, description = "The venue", body = Venue), Written))]
pub async fn create(
    State(state): State<AppState>,
    source: Source,
    write: Write<VenueCreate>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    caller.organizer()?;
    let answer = async {
        let checked = spec::check(wire::VenuePatch {
            name: Some(body.name),
            address: Some(body.address),
            city: Some(body.city),
            country: Some(body.country),
            timezone: Some(body.timezone),
            coordinates: body.coordinates.map(Some),
        })?;
        let now = state.now();
        let venue = persistence::Venue {
            id: ids::mint(now),
            owner_id: caller.user,
            name: checked.name.unwrap_or_default(),
            address: checked.address.unwrap_or_default(),
            city: checked.city.unwrap_or_default(),
            country: checked.country.unwrap_or_default(),
            timezone: checked.timezone.unwrap_or_default(),
            latitude_e6: checked.coordinates.flatten().map(|(latitude, _)| latitude),
            longitude_e6: checked.coordinates.flatten().map(|(_, longitude)| longitude),
            created_at: now,
            request_key: origin.key.map(|key| key.key),
        };
        let entry = source.entry(&caller, Action::VenueCreate).object(venue.id);
        let entry = entry.made(&view::venue(venue.clone())).row(now);
        let stored = state.store.venue_insert(&venue, VENUES_MAX, Some(&entry)).await?;
        let venue = stored.ok_or(ApiError::Conflict(Conflict::VenuesTooMany))?;
        Ok((StatusCode::CREATED, Json(view::venue(venue))).into_response())
    };
    remembered(&state, origin.key, answer).await
}
