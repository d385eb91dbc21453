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
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(ApiError::Malformed(Malformed::Query));
        }
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|_| ApiError::Malformed(Malformed::Query))
    }
}
