use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, header};
use inventory::CallerKey;
use uuid::Uuid;

use super::decode::Fault;
use super::encode::Files;
use super::workers::UploadSlot;
use crate::auth::Caller;
use crate::error::{ApiError, Busy, ImageFault, Malformed};
use crate::extract;
use crate::image_view::ImageFile;
use crate::in_flight::Claim;
use crate::state::AppState;
use crate::{idempotency, ids, time};

/// Largest file that is taken, whatever it holds.
const FILE_BYTES_MAX: usize = 8 << 20;
/// Longer than any request: what is not shown by then never will be.
const UNSHOWN_KEPT: std::time::Duration = std::time::Duration::from_secs(60 * 60);

/// A picture that an account sends, as it is.
pub struct Upload {
    pub caller: Caller,
    pub key: Option<CallerKey>,
    pub bytes: Bytes,
    /// Held until the answer is made.
    pub slot: UploadSlot,
    pub claim: Option<Claim>,
}

impl FromRequest<AppState> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let caller = Caller::of(&parts, state).await?.active()?;
        if !may_be_image(&parts.headers) {
            return Err(ApiError::Malformed(Malformed::Image(ImageFault::Type)));
        }
        let slot = state.images.begin(caller.user)?;
        let bytes = extract::collect(body, FILE_BYTES_MAX).await?;
        let (key, claim) = idempotency::of_file(&parts, caller, bytes.clone(), state).await?;
        Ok(Self { caller, key, bytes, slot, claim })
    }
}

/// What is certainly something else is refused before it is read. What it is in truth, its content says.
fn may_be_image(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return true };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.starts_with("image/") || essence == "application/octet-stream"
}

/// Cuts the picture and stores its files. Nobody sees it yet; unless it is shown soon, its files go again.
///
/// # Errors
/// No picture that we take; no core in time; the object storage or the store is not available.
pub async fn take_in(
    state: &AppState,
    bytes: Bytes,
    owner: Uuid,
    cut: impl FnOnce(&[u8]) -> Result<Files, Fault> + Send + 'static,
) -> Result<persistence::Image, ApiError> {
    let Files { format, width, height, files } = state.images.cut(bytes, cut).await?;
    let now = state.now();
    let id = ids::mint(now);
    state.store.image_announce(id, owner, time::plus(now, UNSHOWN_KEPT)).await?;
    for (size, bytes) in files {
        let name = ImageFile { id, size, format }.object();
        state.objects.put(&name, bytes).await.map_err(|error| {
            tracing::warn!(%error, name, "a file could not be stored: {error}");
            ApiError::Busy(Busy::Objects)
        })?;
    }
    Ok(persistence::Image { id, format, width, height })
}
