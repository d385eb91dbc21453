//! Which problems a call may be answered with, for the OpenAPI document: what follows from the call's form, what
//! [`BESIDE`] says, and what its handler says in words of its own.

mod beside;

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};

use beside::BESIDE;

type Responses = BTreeMap<String, RefOr<Response>>;

/// Of every call.
pub struct Read;

/// Of a call that changes something.
pub struct Written;

const READ: &[u16] = &[429, 500, 503];
const WRITTEN: &[u16] = &[504];

const JSON: &str = "application/json";
const PROBLEM_JSON: &str = "application/problem+json";
const API: &str = "/api/v1";

const fn description(status: u16) -> &'static str {
    match status {
        400 => "The request cannot be read: its query, a cursor, its body or its idempotency key",
        401 => "The access token or the API key is missing, expired or wrong",
        403 => "The account's role or the API key's scopes do not allow this, or the account is suspended",
        404 => "There is nothing of this id that the caller may see",
        409 => "The state of things does not allow it, or IN_PROGRESS: the same key is being answered",
        410 => "What the call is about has ended: the event, the sale, the hold or the link",
        413 => "The body is too large",
        415 => "The body is not of a media type that the call takes",
        422 => "Fields are not valid, or IDEMPOTENCY_KEY_REUSED; `errors` names the fields",
        425 => "QUEUE_REQUIRED: the event has a waiting room. See Link",
        429 => "Too many requests; nothing happened. See Retry-After",
        503 => "Not now, nothing happened. See Retry-After",
        504 => "It may have happened: ask again with the same idempotency key",
        _ => "A defect of the server",
    }
}

/// What of a call decides how it may be refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Form {
    is_change: bool,
    /// Of a change: its body is JSON, or must be empty. Otherwise it is a file.
    is_json: bool,
    takes_key: bool,
    has_query: bool,
    has_path: bool,
    /// Somebody must sign in for it, or may.
    is_signed: bool,
}

impl Form {
    fn of(operation: &Operation, is_change: bool) -> Self {
        let mut form = Self { is_change, is_json: is_change, ..Self::default() };
        for parameter in operation.parameters.iter().flatten() {
            let RefOr::T(parameter) = parameter else { continue };
            match parameter.parameter_in {
                ParameterIn::Query | ParameterIn::QueryString => form.has_query = true,
                ParameterIn::Path => form.has_path = true,
                ParameterIn::Header => form.takes_key |= parameter.name == crate::docs::KEY_HEADER,
                ParameterIn::Cookie => {}
            }
        }
        if let Some(RefOr::T(body)) = &operation.request_body {
            form.is_json &= body.content.contains_key(JSON);
        }
        let nobody = SecurityRequirement::default();
        form.is_signed = operation.security.iter().flatten().any(|needed| *needed != nobody);
        form
    }

    fn statuses(self) -> impl Iterator<Item = u16> {
        let Self { is_change, is_json, takes_key, has_query, has_path, is_signed } = self;
        let rows = [
            (has_query || is_json || takes_key, &[400][..]),
            (is_signed, &[401, 403]),
            (has_path, &[404]),
            (takes_key, &[409]),
            (is_change, &[413]),
            (is_json, &[415]),
            (is_json || takes_key, &[422]),
            (is_change, WRITTEN),
            (true, READ),
        ];
        rows.into_iter().filter(|(holds, _)| *holds).flat_map(|(_, statuses)| statuses.iter().copied())
    }
}

/// Gives every call under `/api/v1` what it may be answered with, unless it says so itself in words of its own, and every
/// refusal its media type.
pub fn complete(openapi: &mut OpenApi) {
    for (path, item) in &mut openapi.paths.paths {
        let short = path.strip_prefix(API);
        let PathItem { get, put, post, delete, patch, .. } = item;
        for (method, operation) in [("GET", get), ("PUT", put), ("POST", post), ("DELETE", delete), ("PATCH", patch)] {
            let Some(operation) = operation else { continue };
            if let Some(short) = short {
                add(operation, Form::of(operation, method != "GET").statuses());
                add(operation, beside(method, short));
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

/// What the form of the call does not tell.
fn beside(method: &str, path: &str) -> impl Iterator<Item = u16> {
    let is_meant = move |call: &str| call.strip_prefix(method).and_then(|rest| rest.strip_prefix(' ')) == Some(path);
    BESIDE.iter().filter(move |(_, calls)| calls.iter().any(|call| is_meant(call))).map(|(status, _)| *status)
}

fn add(operation: &mut Operation, statuses: impl Iterator<Item = u16>) {
    for (status, response) in problems(statuses) {
        operation.responses.responses.entry(status).or_insert(response);
    }
}

impl IntoResponses for Read {
    fn responses() -> Responses {
        problems(READ.iter().copied()).collect()
    }
}

impl IntoResponses for Written {
    fn responses() -> Responses {
        problems(READ.iter().chain(WRITTEN).copied()).collect()
    }
}

fn problems(statuses: impl Iterator<Item = u16>) -> impl Iterator<Item = (String, RefOr<Response>)> {
    statuses.map(|status| {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new().description(description(status)).content(PROBLEM_JSON, content);
        (status.to_string(), RefOr::T(response.build()))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::docs::codes::CODES;

    /// By method and path without the prefix.
    fn served() -> BTreeMap<String, Operation> {
        let mut served = BTreeMap::new();
        for (path, item) in crate::router::document().paths.paths {
            let short = path.strip_prefix(API).unwrap_or(&path);
            let PathItem { get, put, post, delete, patch, .. } = item;
            let methods = [("GET", get), ("PUT", put), ("POST", post), ("DELETE", delete), ("PATCH", patch)];
            let known = methods.into_iter().filter_map(|(method, it)| Some((format!("{method} {short}"), it?)));
            served.extend(known);
        }
        served
    }

    fn refusals(operation: &Operation) -> Vec<u16> {
        let statuses = operation.responses.responses.keys().filter_map(|status| status.parse().ok());
        statuses.filter(|status| *status >= 400).collect()
    }

    #[test]
    fn a_call_lists_what_it_may_be_answered_with_and_nothing_else() {
        let served = served();
        let rows: [(&str, &[u16]); 9] = [
            ("GET /health/live", &[]),
            ("GET /seat-map-examples", &[429, 500, 503]),
            ("GET /me", &[401, 403, 429, 500, 503]),
            ("GET /me/api-keys", &[400, 401, 403, 429, 500, 503]),
            ("GET /events/{id}/seat-map", &[401, 403, 404, 429, 500, 503]),
            ("POST /auth/login", &[400, 401, 403, 413, 415, 422, 429, 500, 503, 504]),
            ("POST /webhooks", &[400, 401, 403, 409, 413, 415, 422, 429, 500, 503, 504]),
            ("POST /events/{id}/images", &[400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 500, 503, 504]),
            ("POST /events/{id}/holds", &[400, 401, 403, 404, 409, 410, 413, 415, 422, 425, 429, 500, 503, 504]),
        ];
        for (call, expected) in rows {
            assert_eq!(refusals(&served[call]), expected, "{call}");
        }
        let with = |status| -> Vec<&str> {
            served.iter().filter(|(_, it)| refusals(it).contains(&status)).map(|(name, _)| name.as_str()).collect()
        };
        assert_eq!(with(402), ["POST /orders/{id}/pay"]);
        assert_eq!(with(425), ["POST /events/{id}/holds"]);
        assert_eq!(with(426), ["GET /events/{id}/live"]);
    }

    #[test]
    fn what_a_call_is_said_to_answer_beside_its_form_is_said_once_of_calls_that_exist() {
        let served = served();
        for (status, calls) in BESIDE {
            let distinct: BTreeSet<&&str> = calls.iter().collect();
            assert_eq!(distinct.len(), calls.len(), "{status}");
            for call in *calls {
                let operation = served.get(*call).unwrap_or_else(|| panic!("{status}: {call} is not served"));
                let form = Form::of(operation, !call.starts_with("GET "));
                assert!(form.statuses().all(|known| known != *status), "{call}: {status} follows from its form");
            }
        }
    }

    #[test]
    fn every_status_has_a_code_and_its_own_words() {
        for status in BESIDE.iter().map(|(status, _)| *status).chain([400, 413, 415, 429, 500, 503, 504]) {
            assert!(CODES.iter().any(|code| code.status == status), "{status}");
            assert_eq!(description(status) == description(500), status == 500, "{status}");
        }
    }
}
