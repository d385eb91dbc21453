use axum::body;
use futures_util::{StreamExt, TryStreamExt, stream};
use persistence::Image;
use uuid::Uuid;

use crate::error::{ApiError, Busy};
use crate::image_view::{IMAGE_SIZES, ImageFile};
use crate::objects::{OBJECT_BYTES_MAX, ObjectsError};
use crate::state::AppState;
use crate::{ids, time};

/// At a time, for one request.
const COPIED_AT_ONCE: usize = 8;
/// Longer than any request: what is not shown by then never will be.
const UNSHOWN_KEPT: std::time::Duration = std::time::Duration::from_secs(60 * 60);

/// Writes the files once more, for another owner: he may take them down when he wants. A picture that is taken down at this
/// moment is left out.
///
/// # Errors
/// The object storage or the store is not available. What is written by then goes again.
pub async fn copy(state: &AppState, images: &[Image], owner: Uuid) -> Result<Vec<Image>, ApiError> {
    let copies: Vec<_> = images.iter().map(|image| copy_one(state.clone(), *image, owner)).collect();
    let copied: Vec<Option<Image>> = stream::iter(copies).buffered(COPIED_AT_ONCE).try_collect().await?;
    Ok(copied.into_iter().flatten().collect())
}

async fn copy_one(state: AppState, image: Image, owner: Uuid) -> Result<Option<Image>, ApiError> {
    let now = state.now();
    let copy = Image { id: ids::mint(now), ..image };
    state.store.image_announce(copy.id, owner, time::plus(now, UNSHOWN_KEPT)).await?;
    for size in IMAGE_SIZES {
        let file = |id| ImageFile { id, size, format: image.format }.object();
        let Some(bytes) = read(&state, &file(image.id)).await? else { return Ok(None) };
        state.objects.put(&file(copy.id), bytes).await.map_err(|error| unavailable(&error))?;
    }
    Ok(Some(copy))
}

async fn read(state: &AppState, name: &str) -> Result<Option<Vec<u8>>, ApiError> {
    let Some(object) = state.objects.get(name).await.map_err(|error| unavailable(&error))? else { return Ok(None) };
    let bytes_max = usize::try_from(OBJECT_BYTES_MAX).unwrap_or(usize::MAX);
    match body::to_bytes(object.body, bytes_max).await {
        Ok(bytes) => Ok(Some(bytes.into())),
        Err(error) => {
            tracing::warn!(%error, name, "a file could not be read: {error}");
            Err(ApiError::Busy(Busy::Objects))
        }
    }
}

fn unavailable(error: &ObjectsError) -> ApiError {
    tracing::warn!(%error, "a picture could not be copied: {error}");
    ApiError::Busy(Busy::Objects)
}
