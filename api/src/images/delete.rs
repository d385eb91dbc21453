use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::EventId;

use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::event_access;
use crate::extract::{Empty, PathIds};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;

/// Deletes a picture of an event
///
/// It is not shown any more at once; its files go within minutes.
#[utoipa::path(delete, path = "/events/{id}/images/{image_id}", tag = "images",
    params(("id" = Uuid, Path, description = "Event"), ("image_id" = Uuid, Path, description = "Picture")),
    security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), Written))]
pub async fn delete(
    State(state): State<AppState>,
    PathIds(event, image): PathIds,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let answer = async {
        let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
        let mut is_found = false;
        let change = |images: &mut Vec<persistence::Image>| {
            let before = images.len();
            images.retain(|known| known.id != image);
            is_found = images.len() < before;
        };
        let now = state.now();
        let entry = source.entry(&caller, Action::ImageDelete).event(event.id).object(image);
        let images = state.store.event_images_change(event.id, now, change, |_, _| Some(entry.row(now))).await?;
        images.ok_or(ApiError::NotFound(Noun::Event))?;
        if is_found { Ok(StatusCode::NO_CONTENT.into_response()) } else { Err(ApiError::NotFound(Noun::Image)) }
    };
    remembered(&state, origin.key, answer).await
}
