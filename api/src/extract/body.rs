use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wire::{FieldError, NOT_NULL};

use super::objects::{NUL, Objects};
use super::trail::Trail;
use crate::error::{ApiError, Malformed};
use crate::field_errors;
use crate::state::AppState;

/// A JSON body. An empty one reads as `{}`.
pub struct Body<T>(pub T);

/// The body of a call that takes none: nothing, or `{}`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// Which limit applies, set by a route that takes larger bodies than most.
#[derive(Clone, Copy, Debug)]
pub enum BodyLimit {
    SeatMap,
}

impl<T: DeserializeOwned> FromRequest<AppState> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let bytes = read(&parts, body, state).await?;
        decode(&bytes).map(Self)
    }
}

/// The bytes of a JSON body, within the route's limit.
///
/// # Errors
/// Another media type, or more bytes than the limit.
pub async fn read(parts: &Parts, body: axum::body::Body, state: &AppState) -> Result<Bytes, ApiError> {
    let bytes_max = match parts.extensions.get() {
        Some(BodyLimit::SeatMap) => state.config.http.seat_map_bytes_max,
        None => state.config.http.body_bytes_max,
    };
    let bytes = collect(body, bytes_max).await?;
    if !bytes.is_empty() && !is_json(&parts.headers) {
        return Err(ApiError::Malformed(Malformed::MediaType));
    }
    Ok(bytes)
}

/// # Errors
/// More bytes than the limit, or a body that breaks off.
pub async fn collect(body: axum::body::Body, bytes_max: usize) -> Result<Bytes, ApiError> {
    let collected = Limited::new(body, bytes_max).collect().await.map_err(|error| {
        if error.downcast_ref::<LengthLimitError>().is_some() {
            ApiError::Malformed(Malformed::BodyTooLarge { bytes_max })
        } else {
            ApiError::Malformed(Malformed::Json)
        }
    })?;
    Ok(collected.to_bytes())
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// # Errors
/// Bytes that are not JSON, or JSON that is not a `T`: the problem names the first field at fault.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let trail = Trail::default();
    let value = T::deserialize(Objects::new(&mut reader, &trail)).and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| explain(bytes, &error, &trail))
}

#[cold]
fn explain(bytes: &[u8], error: &serde_json::Error, trail: &Trail) -> ApiError {
    // A fault of meaning may stand before one of grammar.
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok();
    if !is_json || !error.is_data() {
        return ApiError::Malformed(Malformed::Json);
    }
    ApiError::Invalid(vec![field_error(trail.to_string(), &error.to_string())])
}

/// serde names the kind of fault in its text only.
fn field_error(path: String, text: &str) -> FieldError {
    let message = text.rsplit_once(" at line ").map_or(text, |(message, _)| message);
    let named = message.split('`').nth(1);
    let code = if message.starts_with("unknown field") {
        "UNKNOWN_FIELD"
    } else if message.starts_with("missing field") {
        "MISSING_FIELD"
    } else if message.starts_with("unknown variant") {
        "UNKNOWN_VALUE"
    } else if message == NUL {
        "CHARACTER"
    } else if message == NOT_NULL {
        "NOT_NULL"
    } else {
        "INVALID_TYPE"
    };
    let field = match named.filter(|_| code == "MISSING_FIELD") {
        Some(name) if path.is_empty() => name.to_owned(),
        Some(name) => format!("{path}.{name}"),
        None => path,
    };
    field_errors::field_error(field, code, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        items: Vec<Item>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Item {
        quantity: u32,
        #[serde(default)]
        price: Option<Price>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Price {
        amount_minor: i64,
        currency: String,
    }

    #[test]
    fn a_fault_names_its_field_and_kind() {
        let table = [
            (r#"{}"#, "items", "MISSING_FIELD"),
            (r#"{"items":[{"quantity":1},{}]}"#, "items[1].quantity", "MISSING_FIELD"),
            (r#"{"items":[{"quantity":1,"seat":2}]}"#, "items[0].seat", "UNKNOWN_FIELD"),
            (r#"{"items":[{"quantity":"1"}]}"#, "items[0].quantity", "INVALID_TYPE"),
            (r#"{"items":[{"quantity":-1}]}"#, "items[0].quantity", "INVALID_TYPE"),
            (r#"{"items":7}"#, "items", "INVALID_TYPE"),
            (r#"[[]]"#, "", "INVALID_TYPE"),
            (r#"[[{"quantity":1}]]"#, "", "INVALID_TYPE"),
            (r#"{"items":[[1]]}"#, "items[0]", "INVALID_TYPE"),
            (r#"{"items":[{"quantity":1,"price":[4500,"EUR"]}]}"#, "items[0].price", "INVALID_TYPE"),
            (
                r#"{"items":[{"quantity":1,"price":{"amount_minor":1,"currency":"E\u0000"}}]}"#,
                "items[0].price.currency",
                "CHARACTER",
            ),
        ];
        for (body, field, code) in table {
            let ApiError::Invalid(errors) = decode::<Order>(body.as_bytes()).unwrap_err() else { panic!("{body}") };
            assert_eq!((errors[0].field.as_str(), errors[0].code.as_str()), (field, code), "{body}");
        }
    }

    #[test]
    fn what_fits_is_read() {
        let body =
            br#"{"items":[{"quantity":3,"price":{"amount_minor":4500,"currency":"EUR"}},{"quantity":1,"price":null}]}"#;
        let order: Order = decode(body).unwrap();
        assert_eq!(order.items[0].quantity, 3);
        assert_eq!(order.items[0].price, Some(Price { amount_minor: 4_500, currency: "EUR".to_owned() }));
        assert_eq!(order.items[1].price, None);
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for body in ["{", "nonsense", "{\"items\":[]} x", "\u{feff}{}", "{\"items\":[}", "{\"nonsense\":"] {
            let error = decode::<Order>(body.as_bytes()).unwrap_err();
            assert!(matches!(error, ApiError::Malformed(Malformed::Json)), "{body}: {error:?}");
        }
    }

    #[test]
    fn nothing_reads_as_an_empty_object() {
        decode::<Empty>(b"").unwrap();
        decode::<Empty>(b"{}").unwrap();
        decode::<Empty>(br#"{"a":1}"#).unwrap_err();
    }
}
