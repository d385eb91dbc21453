use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use wire::Avatar;

use super::encode;
use super::upload::{Upload, take_in};
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::extract::Empty;
use crate::idempotency::{Write, remembered};
use crate::image_view;
use crate::problems::Written;
use crate::state::AppState;

/// Sets the caller's picture
///
/// JPEG, PNG or WebP of at most 8 MiB and 32 million pixels. The square in its middle is kept, in two sizes.
#[utoipa::path(put, path = "/me/avatar", tag = "accounts",
    request_body(content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"), (Vec<u8> = "image/webp"))),
    security(("bearer" = [])),
    responses((status = 200, description = "The picture", body = Avatar), Written))]
pub async fn put(State(state): State<AppState>, source: Source, upload: Upload) -> Result<Response, ApiError> {
    let Upload { caller, key, bytes, slot: _slot, claim: _claim } = upload;
    let answer = async {
        let image = take_in(&state, bytes, caller.user.uuid(), encode::avatar).await?;
        let now = state.now();
        let entry = source.entry(&caller, Action::AvatarSet).object(caller.user);
        let entry = entry.made(&image_view::avatar(&image)).row(now);
        if !state.store.user_set_avatar(caller.user, Some(image), now, Some(&entry)).await? {
            return Err(ApiError::NotFound(Noun::User));
        }
        Ok(Json(image_view::avatar(&image)).into_response())
    };
    remembered(&state, key, answer).await
}

/// Deletes the caller's picture
#[utoipa::path(delete, path = "/me/avatar", tag = "accounts", security(("bearer" = [])),
    responses((status = 204, description = "There is none"), Written))]
pub async fn delete(State(state): State<AppState>, source: Source, write: Write<Empty>) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let answer = async {
        let now = state.now();
        let entry = source.entry(&caller, Action::AvatarDelete).object(caller.user).row(now);
        if !state.store.user_set_avatar(caller.user, None, now, Some(&entry)).await? {
            return Err(ApiError::NotFound(Noun::User));
        }
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    remembered(&state, origin.key, answer).await
}
