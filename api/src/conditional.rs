//! Answers that a client need not be sent twice: each has a tag that follows from its bytes.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;

use crate::error::ApiError;
use crate::{digest, hex};

/// What such an answer is named by.
pub fn tag(bytes: &[u8]) -> String {
    format!("\"{}\"", hex::encode(&digest::of(&[bytes])))
}

/// Whether the client has it already. Compared weakly, as RFC 9110 wants it here.
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// JSON for the one who asked, or, where he has it already, word of that.
///
/// # Errors
/// A defect: a body of ours that has no JSON form.
pub fn json(headers: &HeaderMap, body: &impl Serialize) -> Result<Response, ApiError> {
    let bytes = serde_json::to_vec(body).map_err(|error| ApiError::Defect(error.to_string().into()))?;
    let tag = tag(&bytes);
    let headers_out = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "private, no-cache".to_owned())];
    if is_known(headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, headers_out).into_response());
    }
    Ok((headers_out, [(header::CONTENT_TYPE, "application/json")], bytes).into_response())
}
