use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::{EventId, Rejection};
use persistence::EventStatus;
use wire::Image;

use super::encode;
use super::upload::{Upload, take_in};
use crate::audit_log::{Action, Entry, Source};
use crate::auth::Caller;
use crate::error::{ApiError, Conflict, Noun};
use crate::extract::PathId;
use crate::idempotency::remembered;
use crate::problems::Written;
use crate::state::AppState;
use crate::{event_access, image_view};

/// Of one event.
const IMAGES_MAX: usize = 10;

/// Adds a picture to an event
///
/// JPEG, PNG or WebP of at most 8 MiB and 32 million pixels; what it is, its content decides. It is cut to sizes and written
/// anew, without the place and camera that it was taken with. The first one is the cover.
#[utoipa::path(post, path = "/events/{id}/images", tag = "images", params(("id" = Uuid, Path, description = "Event")),
    request_body(content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"), (Vec<u8> = "image/webp"))),
    security(("bearer" = [])),
    responses((status = 201, description = "The picture", body = Image), Written))]
pub async fn add(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    upload: Upload,
) -> Result<Response, ApiError> {
    let Upload { caller, key, bytes, slot: _slot, claim: _claim } = upload;
    let answer = async {
        let entry = source.entry(&caller, Action::ImageAdd);
        let image = add_image(&state, caller, EventId::from_uuid(event), bytes, entry).await?;
        Ok((StatusCode::CREATED, Json(image_view::image(&image))).into_response())
    };
    remembered(&state, key, answer).await
}

/// What can be refused is refused before the work; how many there are is looked at once more when it is done.
async fn add_image(
    state: &AppState,
    caller: Caller,
    event: EventId,
    bytes: bytes::Bytes,
    entry: Entry,
) -> Result<persistence::Image, ApiError> {
    let event = event_access::own(state, caller, event).await?;
    if event.status == EventStatus::Cancelled {
        return Err(Rejection::EventCancelled.into());
    }
    if event.images.len() >= IMAGES_MAX {
        return Err(ApiError::Conflict(Conflict::ImagesTooMany));
    }
    let image = take_in(state, bytes, event.id.uuid(), encode::event_image).await?;
    let change = |images: &mut Vec<persistence::Image>| {
        if images.len() < IMAGES_MAX {
            images.push(image);
        }
    };
    let now = state.now();
    let entry = entry.event(event.id).object(image.id).made(&image_view::image(&image)).row(now);
    let images = state.store.event_images_change(event.id, now, change, |_, _| Some(entry)).await?;
    let images = images.ok_or(ApiError::NotFound(Noun::Event))?;
    if images.contains(&image) { Ok(image) } else { Err(ApiError::Conflict(Conflict::ImagesTooMany)) }
}
