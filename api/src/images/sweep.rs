use persistence::StoreError;

use crate::image_view;
use crate::state::AppState;

/// Pictures of one sweep: it shall not keep other upkeep waiting.
const SWEPT_MAX: u32 = 100;

/// Deletes the files of pictures that nobody shows: of uploads that were cut off, and of what was taken down.
///
/// # Errors
/// The store is not available. A failing object storage is logged; its files wait for the next sweep.
pub async fn sweep(state: &AppState) -> Result<(), StoreError> {
    let now = state.now();
    state.store.image_abandon(now).await?;
    for id in state.store.image_due(now, SWEPT_MAX).await? {
        if let Err(error) = state.objects.delete_folder(&image_view::folder(id)).await {
            tracing::warn!(%error, image = %id, "files could not be deleted: {error}");
            return Ok(());
        }
        state.store.image_forget(id).await?;
    }
    Ok(())
}
