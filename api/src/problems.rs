//! Which problems a call may be answered with, for the OpenAPI document.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};

type Responses = BTreeMap<String, RefOr<Response>>;

/// Of every call.
pub struct Read;

/// Of a call that changes something.
pub struct Written;

const READ: &[(&str, &str)] = &[
    ("400", "The request cannot be read: the query, a cursor, a header"),
    ("401", "The access token or the API key is missing, expired or wrong"),
    ("403", "The account's role or the API key's scopes do not allow this, or the account is suspended"),
    ("404", "There is nothing of this id that the caller may see"),
    ("429", "Too many requests; nothing happened. See Retry-After"),
    ("500", "A defect of the server"),
    ("503", "Not now, nothing happened. See Retry-After"),
];

const WRITTEN: &[(&str, &str)] = &[
    ("400", "The body is no JSON, or the idempotency key is no good"),
    ("409", "The state of the event does not allow it, or IN_PROGRESS: the same key is being answered"),
    ("410", "What the call is about has ended: the event, the sale or the hold"),
    ("413", "The body is too large"),
    ("415", "The body is not application/json"),
    ("422", "Fields are not valid, or IDEMPOTENCY_KEY_REUSED; `errors` names the fields"),
    ("504", "It may have happened: ask again with the same idempotency key"),
];

const JSON: &str = "application/json";
const PROBLEM_JSON: &str = "application/problem+json";

/// Gives every call under `/api/v1` what any such call may be answered with, unless it says so itself in words of its own,
/// and every refusal its media type.
pub fn complete(openapi: &mut OpenApi) {
    for (path, item) in &mut openapi.paths.paths {
        let is_api = path.starts_with("/api/v1/");
        let PathItem { get, put, post, delete, patch, .. } = item;
        for (operation, changes) in [(get, false), (put, true), (post, true), (delete, true), (patch, true)] {
            let Some(operation) = operation else { continue };
            if is_api && changes {
                add(operation, WRITTEN);
            }
            if is_api {
                add(operation, READ);
            }
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response
                    && status.starts_with(['4', '5'])
                    && let Some(content) = response.content.shift_remove(JSON)
                {
                    response.content.insert(PROBLEM_JSON.to_owned(), content);
                }
            }
        }
    }
}

fn add(operation: &mut Operation, rows: &'static [(&str, &str)]) {
    for (status, response) in problems(rows) {
        operation.responses.responses.entry(status).or_insert(response);
    }
}

impl IntoResponses for Read {
    fn responses() -> Responses {
        problems(READ).collect()
    }
}

impl IntoResponses for Written {
    fn responses() -> Responses {
        problems(READ).chain(problems(WRITTEN)).collect()
    }
}

fn problems(rows: &'static [(&str, &str)]) -> impl Iterator<Item = (String, RefOr<Response>)> {
    rows.iter().map(|(status, description)| {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new().description(*description).content(PROBLEM_JSON, content);
        ((*status).to_owned(), RefOr::T(response.build()))
    })
}
