use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;

use crate::error::{ApiError, Busy, Noun};
use crate::extract::PathText;
use crate::image_view::ImageFile;
use crate::problems::Read;
use crate::state::AppState;

/// A file is never changed under its name.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Shows one file of a picture
///
/// Whoever knows its address may see it. It never changes: caches may keep it for ever.
#[utoipa::path(get, path = "/images/{key}", tag = "images", security(()),
    params(("key" = String, Path, description = "Last part of one of the picture's addresses")),
    responses((status = 200, description = "The file", content(
        (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"))), Read))]
pub async fn show(State(state): State<AppState>, PathText(key): PathText) -> Result<Response, ApiError> {
    let file = ImageFile::parse(&key).ok_or(ApiError::NotFound(Noun::Image))?;
    let found = state.objects.get(&file.object()).await.map_err(|error| {
        tracing::warn!(%error, key, "a file could not be read: {error}");
        ApiError::Busy(Busy::Objects)
    })?;
    let object = found.ok_or(ApiError::NotFound(Noun::Image))?;
    let headers = [
        (header::CONTENT_TYPE, file.media_type().to_owned()),
        (header::CONTENT_LENGTH, object.bytes.to_string()),
        (header::CACHE_CONTROL, FOR_EVER.to_owned()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
    ];
    Ok((headers, object.body).into_response())
}
