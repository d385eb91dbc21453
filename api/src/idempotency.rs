//! `Idempotency-Key`: the same key gets the same answer, once more or at the same time.
//!
//! Writes to an event carry the key into the core, which journals the answer with the change. Other writes are
//! remembered by [`remembered`]. Either way a second request while the first is under way is told so (409): it cannot
//! know the answer yet.

use axum::extract::{FromRequest, Request};
use axum::response::Response;
use http::HeaderMap;
use http::request::Parts;
use inventory::{CallerKey, Origin, UserId};
use serde::de::DeserializeOwned;

use crate::auth::Caller;
use crate::error::{ApiError, Conflict, Malformed};
use crate::extract;
use crate::in_flight::{Claim, InFlight};
use crate::state::AppState;
use crate::{digest, request};

const HEADER: &str = "idempotency-key";
const KEY_BYTES_MAX: usize = 255;

/// A change that an account asks for: who, under which key, and the body. Suspended accounts change nothing.
pub struct Write<T> {
    pub caller: Caller,
    /// For the journal.
    pub origin: Origin,
    pub body: T,
    /// Held until the answer is made.
    pub claim: Option<Claim>,
}

/// A change that nobody in particular asks for, such as registering.
pub struct AnonymousWrite<T> {
    pub key: Option<CallerKey>,
    pub body: T,
    pub claim: Option<Claim>,
}

impl<T: DeserializeOwned> FromRequest<AppState> for Write<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let caller = Caller::of(&parts, state).await?.active()?;
        let bytes = extract::read(&parts, body, state).await?;
        let key = key(&parts, Some(caller.user), &bytes)?;
        let body = extract::decode(&bytes)?;
        let origin = Origin { user: Some(caller.user), request: Some(request::of(&parts)?.id), key };
        Ok(Self { caller, origin, body, claim: claim(&state.in_flight, key)? })
    }
}

impl<T: DeserializeOwned> FromRequest<AppState> for AnonymousWrite<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let bytes = extract::read(&parts, body, state).await?;
        let key = key(&parts, None, &bytes)?;
        let body = extract::decode(&bytes)?;
        Ok(Self { key, body, claim: claim(&state.in_flight, key)? })
    }
}

fn claim(in_flight: &InFlight, key: Option<CallerKey>) -> Result<Option<Claim>, ApiError> {
    key.map(|key| in_flight.claim(key.key).ok_or(ApiError::Conflict(Conflict::InProgress))).transpose()
}

fn key(parts: &Parts, account: Option<UserId>, body: &[u8]) -> Result<Option<CallerKey>, ApiError> {
    let Some(key) = header(&parts.headers)? else { return Ok(None) };
    let account = account.map(UserId::bytes).unwrap_or_default();
    Ok(Some(CallerKey {
        key: digest::of(&[&account, key]),
        body: digest::of(&[parts.method.as_str().as_bytes(), parts.uri.path().as_bytes(), body]),
    }))
}

fn header(headers: &HeaderMap) -> Result<Option<&[u8]>, ApiError> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = value.as_bytes();
    let is_sane = (1..=KEY_BYTES_MAX).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    if is_sane && values.next().is_none() { Ok(Some(key)) } else { Err(ApiError::Malformed(Malformed::IdempotencyKey)) }
}

/// Answers a write that touches no event: with the answer that the key got before, or by `answer`, which is then kept
/// for 24 h. What may turn out differently next time (409, 429, 5xx) is not kept.
///
/// # Errors
/// Those of `answer`; the key under another body.
pub async fn remembered(
    _state: &AppState,
    _key: Option<CallerKey>,
    answer: impl Future<Output = Result<Response, ApiError>>,
) -> Result<Response, ApiError> {
    answer.await
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Method};

    use super::*;

    fn parts(path: &str, keys: &[&[u8]]) -> Parts {
        let mut request = http::Request::builder().method(Method::POST).uri(path).body(()).unwrap();
        for key in keys {
            request.headers_mut().append(HEADER, HeaderValue::from_bytes(key).unwrap());
        }
        request.into_parts().0
    }

    #[test]
    fn keys_of_two_accounts_and_bodies_of_two_paths_differ() {
        let (alice, bob) = (Some(UserId::from_bytes([1; 16])), Some(UserId::from_bytes([2; 16])));
        let of = |path: &str, account, body: &[u8]| key(&parts(path, &[b"k1"]), account, body).unwrap().unwrap();
        let first = of("/a", alice, b"{}");
        assert_eq!(first, of("/a", alice, b"{}"));
        assert_ne!(first.key, of("/a", bob, b"{}").key);
        assert_eq!(first.key, of("/b", alice, b"{}").key);
        assert_ne!(first.body, of("/b", alice, b"{}").body);
        assert_ne!(first.body, of("/a", alice, b"{ }").body);
    }

    #[test]
    fn a_key_is_1_to_255_visible_characters_given_once() {
        assert_eq!(key(&parts("/a", &[]), None, b"").unwrap(), None);
        assert!(key(&parts("/a", &[&[b'k'; 255]]), None, b"").unwrap().is_some());
        for bad in [&[&b""[..]][..], &[b"a b"], &["ü".as_bytes()], &[&[b'k'; 256]], &[b"a", b"b"]] {
            let error = key(&parts("/a", bad), None, b"").unwrap_err();
            assert_eq!(error.code(), "IDEMPOTENCY_KEY_INVALID", "{bad:?}");
        }
    }
}
