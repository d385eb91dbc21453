//! What the outermost layer knows of a request and the layers inside may ask: its id, where it came from, when.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::HeaderValue;
use http::request::Parts;
use inventory::{RequestId, TimeUs};
use uuid::{Builder, Uuid};

use crate::error::ApiError;
use crate::state::AppState;
use crate::{digest, ids};

/// Longest request id that is taken over from a client.
const ID_BYTES_MAX: usize = 64;

#[derive(Clone, Debug)]
pub struct RequestContext {
    /// As echoed in `X-Request-Id`.
    pub shown: HeaderValue,
    /// As journaled. Of a client's own id that is no UUID: its digest.
    pub id: RequestId,
    pub peer: IpAddr,
    pub received: TimeUs,
}

impl RequestContext {
    pub fn new(proposed: Option<&HeaderValue>, peer: IpAddr, received: TimeUs) -> Self {
        match proposed.filter(|value| is_sane(value.as_bytes())) {
            Some(value) => {
                let id = Uuid::try_parse_ascii(value.as_bytes())
                    .unwrap_or_else(|_| Builder::from_custom_bytes(digest::of(&[value.as_bytes()])).into_uuid());
                Self { shown: value.clone(), id: RequestId::from_uuid(id), peer, received }
            }
            None => {
                let id = ids::mint(received);
                let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
                let text: &str = id.hyphenated().encode_lower(&mut text);
                let shown = HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("unknown"));
                Self { shown, id: RequestId::from_uuid(id), peer, received }
            }
        }
    }

    pub fn shown(&self) -> &str {
        self.shown.to_str().unwrap_or_default()
    }
}

/// Nothing that could be mistaken for markup, a second log line or a terminal's command.
fn is_sane(id: &[u8]) -> bool {
    (1..=ID_BYTES_MAX).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

impl FromRequestParts<AppState> for RequestContext {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        of(parts).cloned()
    }
}

/// # Errors
/// A defect, when the outermost layer is missing.
pub fn of(parts: &Parts) -> Result<&RequestContext, ApiError> {
    parts.extensions.get().ok_or_else(|| ApiError::Defect("a request without its context".into()))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn context(proposed: &[u8]) -> RequestContext {
        let value = HeaderValue::from_bytes(proposed).unwrap();
        RequestContext::new(Some(&value), IpAddr::V4(Ipv4Addr::LOCALHOST), TimeUs(1_700_000_000_000_000))
    }

    #[test]
    fn a_sane_id_is_taken_over_and_any_other_is_replaced() {
        assert_eq!(context(b"trace-42.a_B").shown(), "trace-42.a_B");
        for strange in [&b""[..], b"a b", b"<script>", "ü".as_bytes(), &[b'a'; 65]] {
            let context = context(strange);
            assert_ne!(context.shown.as_bytes(), strange);
            assert_eq!(context.shown(), context.id.to_string());
        }
    }

    #[test]
    fn the_same_id_of_a_client_is_journaled_as_the_same_id() {
        assert_eq!(context(b"trace-42").id, context(b"trace-42").id);
        assert_ne!(context(b"trace-42").id, context(b"trace-43").id);
        let uuid = "019aa1b2-0000-7000-8000-000000000001";
        assert_eq!(context(uuid.as_bytes()).id.to_string(), uuid);
    }
}
