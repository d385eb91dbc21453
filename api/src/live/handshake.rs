//! The opening of a WebSocket, as far as it is HTTP (RFC 6455, 4.2).

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use hyper::upgrade::OnUpgrade;
use inventory::TimeUs;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::forms::Form;
use crate::auth::{self, Caller, Claims};
use crate::error::{ApiError, Forbidden, Malformed};
use crate::rate_limit::Lane;
use crate::state::AppState;

/// 16 bytes in base64.
const KEY_BYTES: usize = 24;

/// What is needed to go on as a WebSocket.
pub struct Handshake {
    pub on_upgrade: OnUpgrade,
    pub accept: HeaderValue,
    pub protocol: Option<&'static str>,
    pub form: Form,
    token: Option<String>,
}

impl Handshake {
    /// # Errors
    /// The request does not open a WebSocket.
    pub fn read(parts: &mut Parts) -> Result<Self, ApiError> {
        let refused = || ApiError::Malformed(Malformed::Upgrade);
        let headers = &parts.headers;
        let opens = parts.method == Method::GET
            && has_token(headers, &header::CONNECTION, "upgrade")
            && has_token(headers, &header::UPGRADE, "websocket")
            && headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version.as_bytes() == b"13");
        let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|key| key.len() == KEY_BYTES);
        let key = key.filter(|_| opens).ok_or_else(refused)?;
        let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes())).map_err(|_| refused())?;
        let (protocol, form, token) = protocols(headers);
        let on_upgrade = parts.extensions.remove::<OnUpgrade>().ok_or_else(refused)?;
        Ok(Self { on_upgrade, accept, protocol, form, token })
    }

    /// `None`: nobody in particular. A token that is sent must be good; the header's comes first.
    ///
    /// # Errors
    /// A bad token.
    pub async fn caller(
        &self,
        parts: &Parts,
        state: &AppState,
        now: TimeUs,
    ) -> Result<Option<(Caller, Arc<Claims>)>, ApiError> {
        if auth::is_machine(parts) {
            return Err(ApiError::Forbidden(Forbidden::ApiKey));
        }
        let token = match &self.token {
            _ if parts.headers.contains_key(header::AUTHORIZATION) => auth::bearer(parts)?,
            Some(token) => token,
            None => return Ok(None),
        };
        Caller::verified(token, Lane::Live, state, now).await.map(Some)
    }
}

/// The first form that is offered and known, and the token that is offered as if it were one.
fn protocols(headers: &HeaderMap) -> (Option<&'static str>, Form, Option<String>) {
    let (mut chosen, mut token) = (None, None);
    for offered in list(headers, &header::SEC_WEBSOCKET_PROTOCOL) {
        if let Some(bearer) = offered.strip_prefix(wire::LIVE_BEARER) {
            token.get_or_insert_with(|| bearer.to_owned());
        } else if offered == wire::LIVE_JSON {
            chosen.get_or_insert((wire::LIVE_JSON, Form::Json));
        } else if offered == wire::LIVE_BINARY {
            chosen.get_or_insert((wire::LIVE_BINARY, Form::Binary));
        }
    }
    let (protocol, form) = chosen.unzip();
    (protocol, form.unwrap_or_default(), token)
}

fn has_token(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    list(headers, name).any(|token| token.eq_ignore_ascii_case(wanted))
}

fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(values: &[&'static str]) -> HeaderMap {
        let name = header::SEC_WEBSOCKET_PROTOCOL;
        values.iter().map(|value| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn the_first_known_protocol_is_chosen_and_a_token_is_never_echoed() {
        let (json, binary) = (Some(wire::LIVE_JSON), Some(wire::LIVE_BINARY));
        let table: [(&[&'static str], _, Form, Option<&str>); 6] = [
            (&[], None, Form::Json, None),
            (&["graphql-ws"], None, Form::Json, None),
            (&["usher.v1.json"], json, Form::Json, None),
            (&["usher.v1.binary, usher.v1.json"], binary, Form::Binary, None),
            (&["bearer.a.b.c , usher.v1.json"], json, Form::Json, Some("a.b.c")),
            (&["x", "usher.v1.binary", "bearer.a-_.b.c"], binary, Form::Binary, Some("a-_.b.c")),
        ];
        for (values, protocol, form, token) in table {
            let found = protocols(&offered(values));
            assert_eq!(found, (protocol, form, token.map(str::to_owned)), "{values:?}");
        }
    }

    #[test]
    fn a_request_that_opens_no_websocket_is_refused() {
        let complete = || {
            http::Request::builder()
                .header("connection", "keep-alive, Upgrade")
                .header("upgrade", "WebSocket")
                .header("sec-websocket-version", "13")
                .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        };
        let read = |request: http::request::Builder| Handshake::read(&mut request.body(()).unwrap().into_parts().0);
        // Complete but for the connection underneath: there is none in this test.
        assert!(read(complete()).is_err());
        assert_eq!(derive_accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        for method in [Method::POST, Method::HEAD] {
            assert!(read(complete().method(method)).is_err());
        }
    }
}
