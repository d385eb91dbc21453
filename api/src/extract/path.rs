use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use uuid::Uuid;

use crate::error::{ApiError, Malformed};
use crate::state::AppState;

/// The one id in the path. What is no UUID names nothing: 404.
pub struct PathId(pub Uuid);

/// What finds an event in the path. No slug looks like an id.
pub enum IdOrSlug {
    Id(Uuid),
    Slug(String),
}

pub struct PathIdOrSlug(pub IdOrSlug);

/// The two ids in the path, in its order.
pub struct PathIds(pub Uuid, pub Uuid);

/// The id and the name in the path, in this order.
pub struct PathName(pub Uuid, pub String);

/// The one text in the path.
pub struct PathText(pub String);

impl FromRequestParts<AppState> for PathText {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Path(text) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|_| ApiError::Malformed(Malformed::Path))?;
        plain(&text)?;
        Ok(Self(text))
    }
}

/// What has a NUL in it names nothing: one of the two databases could not be asked for it.
fn plain(text: &str) -> Result<(), ApiError> {
    if text.contains('\0') { Err(ApiError::Malformed(Malformed::Path)) } else { Ok(()) }
}

impl FromRequestParts<AppState> for PathId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Path(id) =
            Path::<Uuid>::from_request_parts(parts, state).await.map_err(|_| ApiError::Malformed(Malformed::Path))?;
        Ok(Self(id))
    }
}

impl FromRequestParts<AppState> for PathIdOrSlug {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Path(text) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|_| ApiError::Malformed(Malformed::Path))?;
        Ok(Self(Uuid::try_parse(&text).map_or_else(|_| IdOrSlug::Slug(text), IdOrSlug::Id)))
    }
}

impl FromRequestParts<AppState> for PathIds {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Path((first, second)) = Path::<(Uuid, Uuid)>::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::Malformed(Malformed::Path))?;
        Ok(Self(first, second))
    }
}

impl FromRequestParts<AppState> for PathName {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Path((id, name)) = Path::<(Uuid, String)>::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::Malformed(Malformed::Path))?;
        plain(&name)?;
        Ok(Self(id, name))
    }
}
