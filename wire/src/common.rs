use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An amount in minor units (cents) of an ISO 4217 currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    #[schema(example = 4500)]
    pub amount_minor: i64,
    #[schema(example = "EUR")]
    pub currency: String,
}

/// One page of a list. `next_cursor` is opaque; absent on the last page.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// RFC 9457 problem details, sent as `application/problem+json`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Where the code is explained.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// Stable machine-readable code.
    #[schema(example = "SEATS_TAKEN")]
    pub code: String,
    /// What happened here, and what to do.
    pub detail: String,
    pub request_id: String,
    /// The fields at fault, or the conflicting seats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<LocatedError>)]
    pub errors: Vec<FieldError>,
    /// Of SECOND_FACTOR_REQUIRED: what `POST /auth/second-factor` wants beside the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(into = "LocatedError")]
pub struct FieldError {
    /// Path into the body, for instance `items[2].seat`.
    pub field: String,
    pub code: String,
    pub message: String,
}

/// What is wrong with one part of a request.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LocatedError {
    /// Path into the body, for instance `items[2].seat`.
    pub field: String,
    /// The same as a JSON pointer: `/items/2/seat`.
    pub pointer: String,
    pub code: String,
    pub message: String,
}

impl From<FieldError> for LocatedError {
    fn from(FieldError { field, code, message }: FieldError) -> Self {
        let mut pointer = String::new();
        for part in field.split(['.', '[', ']']).filter(|part| !part.is_empty()) {
            pointer.push('/');
            pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
        }
        Self { field, pointer, code, message }
    }
}
