//! `Idempotency-Key`: the same key gets the same answer, once more or at the same time.
//!
//! Writes to an event carry the key into the core, which journals the answer with the change. Other writes are
//! remembered by [`remembered`]. Either way a second request while the first is under way is told so (409): it cannot
//! know the answer yet.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use inventory::{CallerKey, Origin, Rejection, UserId};
use persistence::IdempotentAnswer;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wire::FieldError;

use crate::auth::Caller;
use crate::error::{ApiError, Conflict, Failure, Malformed, is_passing};
use crate::extract;
use crate::in_flight::{Claim, InFlight};
use crate::state::AppState;
use crate::{digest, request, sealed};

const HEADER: &str = "idempotency-key";
const KEY_BYTES_MAX: usize = 255;
/// Tells an answer that was given before from one that is given for the first time.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Marks a stored refusal. The problem document around it is made anew, with the id of the request that asks.
const REFUSAL: &str = "usher/refusal";

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
        // The devices of an organizer know nothing of each other's keys.
        let account = caller.scanner.map_or(caller.user, |_| UserId::from_uuid(caller.session));
        let key = key(&parts, Some(account), &bytes)?;
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

/// Of a body that is a file: its digest takes a while and is made beside the reactor.
///
/// # Errors
/// A key that is none; the same one is being answered.
pub async fn of_file(
    parts: &Parts,
    caller: Caller,
    bytes: Bytes,
    state: &AppState,
) -> Result<(Option<CallerKey>, Option<Claim>), ApiError> {
    if given(&parts.headers)?.is_none() {
        return Ok((None, None));
    }
    let digest = tokio::task::spawn_blocking(move || digest::full(&[&bytes])).await;
    let digest = digest.map_err(|error| ApiError::Defect(error.to_string().into()))?;
    let key = key(parts, Some(caller.user), &digest)?;
    Ok((key, claim(&state.in_flight, key)?))
}

fn claim(in_flight: &InFlight, key: Option<CallerKey>) -> Result<Option<Claim>, ApiError> {
    key.map(|key| in_flight.claim(key.key).ok_or(ApiError::Conflict(Conflict::InProgress))).transpose()
}

fn key(parts: &Parts, account: Option<UserId>, body: &[u8]) -> Result<Option<CallerKey>, ApiError> {
    let Some(key) = given(&parts.headers)? else { return Ok(None) };
    let account = account.map(UserId::bytes).unwrap_or_default();
    Ok(Some(CallerKey {
        key: digest::of(&[&account, key]),
        body: digest::of(&[parts.method.as_str().as_bytes(), parts.uri.path().as_bytes(), body]),
    }))
}

/// Whether the client will want to find the answer again.
pub fn is_keyed(headers: &HeaderMap) -> bool {
    headers.contains_key(HEADER)
}

/// The key of a body of which only these fields count. What is kept for a key is a plain digest of the body, which must
/// not hold a password that can be guessed.
pub fn of_fields(key: CallerKey, fields: &[&str]) -> CallerKey {
    let fields: Vec<&[u8]> = fields.iter().map(|field| field.as_bytes()).collect();
    CallerKey { body: digest::of(&fields), ..key }
}

/// What a handler has had remembered.
///
/// # Errors
/// Only a defect.
pub async fn read_answer<T: DeserializeOwned>(body: Body) -> Result<T, ApiError> {
    let damaged = || ApiError::Defect("a stored answer cannot be read".into());
    let bytes = body.collect().await.map_err(|_| damaged())?.to_bytes();
    serde_json::from_slice(&bytes).map_err(|_| damaged())
}

/// Says of an answer that is made anew from what was remembered that it was given before.
pub fn mark_replayed(remembered: &HeaderMap, headers: &mut HeaderMap) {
    if let Some(mark) = remembered.get(&REPLAYED) {
        headers.insert(REPLAYED, mark.clone());
    }
}

fn given(headers: &HeaderMap) -> Result<Option<&[u8]>, ApiError> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = value.as_bytes();
    let is_sane = (1..=KEY_BYTES_MAX).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    if is_sane && values.next().is_none() { Ok(Some(key)) } else { Err(ApiError::Malformed(Malformed::IdempotencyKey)) }
}

/// Answers a write that touches no event: with the answer that the key got before, or by `answer`, which is then kept
/// for 24 h, encrypted: it may hold what is shown once. What may turn out differently next time (409, 429, 5xx) is not kept.
///
/// # Errors
/// Those of `answer`; the key under another body.
pub async fn remembered(
    state: &AppState,
    key: Option<CallerKey>,
    answer: impl Future<Output = Result<Response, ApiError>>,
) -> Result<Response, ApiError> {
    let Some(key) = key else { return answer.await };
    if let Some(stored) = state.store.idempotency_find(key.key).await? {
        if stored.body_digest != key.body {
            return Err(Rejection::KeyReused.into());
        }
        return replay(state, stored);
    }
    let mut response = answer.await.unwrap_or_else(IntoResponse::into_response);
    if let Some(stored) = record(state, key, &mut response).await
        && let Err(error) = state.store.idempotency_put(&stored).await
    {
        // It has happened, and the caller hears so. A repetition is decided anew.
        tracing::warn!(%error, "an answer could not be kept for its idempotency key: {error}");
    }
    Ok(response)
}

/// Of a refusal, what its body is made from.
#[derive(Serialize, Deserialize)]
struct Refusal {
    code: String,
    detail: String,
    errors: Vec<FieldError>,
}

async fn record(state: &AppState, key: CallerKey, response: &mut Response) -> Option<IdempotentAnswer> {
    let status = response.status();
    if is_passing(status) {
        return None;
    }
    let (content_type, bytes) = match response.extensions().get::<Failure>().cloned() {
        Some(Failure { challenge: Some(_), .. }) => return None,
        Some(Failure { code, detail, errors, .. }) => {
            let refusal = Refusal { code: code.into_owned(), detail: detail.into_owned(), errors };
            (REFUSAL.to_owned(), serde_json::to_vec(&refusal).ok()?)
        }
        None => {
            let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let content_type = content_type.unwrap_or_default().to_owned();
            let bytes = std::mem::take(response.body_mut()).collect().await.ok()?.to_bytes();
            *response.body_mut() = Body::from(bytes.clone());
            (content_type, bytes.to_vec())
        }
    };
    Some(IdempotentAnswer {
        scope_key: key.key,
        body_digest: key.body,
        status: status.as_u16(),
        content_type,
        response: state.seals.answers.seal(&key.key, &bytes).ok()?,
        created_at: state.now(),
    })
}

fn replay(state: &AppState, mut stored: IdempotentAnswer) -> Result<Response, ApiError> {
    let damaged = || ApiError::Defect("a stored answer cannot be read".into());
    // The release before kept them as they were.
    if sealed::is_sealed(&stored.response) {
        let opened = state.seals.answers.open(&stored.scope_key, &stored.response);
        stored.response = opened.ok_or_else(damaged)?;
    }
    let mut response = StatusCode::from_u16(stored.status).map_err(|_| damaged())?.into_response();
    if stored.content_type == REFUSAL {
        let refusal: Refusal = serde_json::from_slice(&stored.response).map_err(|_| damaged())?;
        let Refusal { code, detail, errors } = refusal;
        let (code, detail) = (code.into(), detail.into());
        response.extensions_mut().insert(Failure { code, detail, errors, incident: None, challenge: None });
    } else {
        if !stored.content_type.is_empty() {
            let content_type = HeaderValue::try_from(stored.content_type).map_err(|_| damaged())?;
            response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        }
        *response.body_mut() = Body::from(stored.response);
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
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
