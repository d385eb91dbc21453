use std::collections::HashSet;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inventory::EventId;
use serde_json::json;
use uuid::Uuid;
use wire::{EventImages, EventImagesOrder};

use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::extract::PathId;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::{event_access, image_view};

/// Puts an event's pictures in order
///
/// The first is the cover.
#[utoipa::path(put, path = "/events/{id}/images", tag = "images", request_body = EventImagesOrder,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "The pictures in their order", body = EventImages), Written))]
pub async fn order(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<EventImagesOrder>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: EventImagesOrder { order }, claim: _claim } = write;
    let answer = async {
        let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
        let mut is_whole = false;
        let change = |images: &mut Vec<persistence::Image>| is_whole = sort(images, &order);
        let now = state.now();
        let entry = source.entry(&caller, Action::ImageOrder).event(event.id).object(event.id);
        let entry = |before: &[persistence::Image], after: &[persistence::Image]| {
            Some(entry.change(&json!({"order": ids(before)}), &json!({"order": ids(after)})).row(now))
        };
        let images = state.store.event_images_change(event.id, now, change, entry).await?;
        let images = images.ok_or(ApiError::NotFound(Noun::Event))?;
        if !is_whole {
            return Err(ApiError::invalid("order", "NOT_ALL", "all pictures of the event, each once"));
        }
        Ok(Json(EventImages { images: images.iter().map(image_view::image).collect() }).into_response())
    };
    remembered(&state, origin.key, answer).await
}

fn ids(images: &[persistence::Image]) -> Vec<Uuid> {
    images.iter().map(|image| image.id).collect()
}

/// Whether the order names all of them, each once; else nothing changes.
fn sort(images: &mut [persistence::Image], order: &[Uuid]) -> bool {
    let named: HashSet<Uuid> = order.iter().copied().collect();
    let is_whole = named.len() == order.len()
        && order.len() == images.len()
        && images.iter().all(|image| named.contains(&image.id));
    if is_whole {
        images.sort_by_key(|image| order.iter().position(|id| *id == image.id));
    }
    is_whole
}
