use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::{ApiError, Malformed};
use crate::state::AppState;

/// The query string as a struct; its struct should refuse unknown fields.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        // No text that is asked for has one, and one of the two databases would refuse the question.
        let query = parts.uri.query().unwrap_or_default();
        if query.contains("%00") {
            return Err(ApiError::Malformed(Malformed::Query));
        }
        serde_urlencoded::from_str(query).map(Self).map_err(|_| ApiError::Malformed(Malformed::Query))
    }
}
