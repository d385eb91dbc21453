use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::{EventId, TimeUs};
use persistence::Event;
use wire::{ApiScope, ScannerCreate, ScannerIssued};

use super::view;
use crate::audit_log::{Action, Source};
use crate::auth::{ApiKey, Caller, Scopes};
use crate::error::{ApiError, Conflict, Noun};
use crate::extract::PathId;
use crate::field_errors::FieldErrors;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::{event_access, ids, time};

const WORDS_CHARS_MAX: usize = 100;
/// Of one event.
const SCANNERS_MAX: u32 = 200;

/// Makes a scanner
///
/// A device with a key of its own, which is good for the gate of this event alone: to scan, to fetch the bundle, to send
/// queued scans, to find tickets and to see who is inside. It acts for the event's organizer and ends with that account. The
/// key is shown this once. At most 200 of an event. For the event's organizer and admins.
#[utoipa::path(post, path = "/events/{id}/scanners", tag = "gate", request_body = ScannerCreate,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 201, description = "The scanner and its key", body = ScannerIssued), Written))]
pub async fn create(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<ScannerCreate>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let mut secret = None;
    let answer = async {
        let (issued, key) = issue(&state, &event, caller, body, &source).await?;
        secret = Some(ScannerIssued { key: Some(key.text()), ..issued.clone() });
        Ok((StatusCode::CREATED, Json(issued)).into_response())
    };
    let response = remembered(&state, origin.key, answer).await?;
    // What is remembered for the idempotency key has no secret in it.
    Ok(match secret {
        Some(issued) => (StatusCode::CREATED, Json(issued)).into_response(),
        None => response,
    })
}

async fn issue(
    state: &AppState,
    event: &Event,
    caller: Caller,
    wanted: ScannerCreate,
    source: &Source,
) -> Result<(ScannerIssued, ApiKey), ApiError> {
    let now = state.now();
    let expires_at = check(now, &wanted)?;
    if let Some(list) = wanted.list {
        let found = state.store.check_in_list_find(event.id, list).await?;
        found.ok_or(ApiError::NotFound(Noun::CheckInList))?;
    }
    let key = ApiKey::random();
    let scanner = persistence::Scanner {
        id: ids::mint(now),
        event_id: event.id,
        user_id: event.organizer_id,
        name: wanted.name.trim().to_owned(),
        prefix: key.prefix(),
        list_id: wanted.list,
        gate: wanted.gate.map(|gate| gate.trim().to_owned()),
        created_at: now,
        expires_at,
        last_used_at: None,
    };
    let shown = view::render(scanner.clone());
    let entry = source.entry(&caller, Action::ScannerCreate).event(event.id).object(scanner.id);
    let entry = entry.made(&shown).row(now);
    let scopes: Scopes = [ApiScope::Scan].into_iter().collect();
    if !state.store.scanner_insert(&scanner, key.hash(), &scopes.text(), SCANNERS_MAX, Some(&entry)).await? {
        return Err(ApiError::Conflict(Conflict::ScannersTooMany));
    }
    Ok((ScannerIssued { scanner: shown, key: None }, key))
}

fn check(now: TimeUs, wanted: &ScannerCreate) -> Result<Option<TimeUs>, FieldErrors> {
    let mut errors = FieldErrors::default();
    for (field, text) in [("name", Some(&wanted.name)), ("gate", wanted.gate.as_ref())] {
        let Some(text) = text.map(|text| text.trim()) else { continue };
        if !(1..=WORDS_CHARS_MAX).contains(&text.chars().count()) {
            errors.add(field, "LENGTH", format!("1 to {WORDS_CHARS_MAX} characters"));
        } else if text.chars().any(char::is_control) {
            errors.add(field, "CHARACTER", "no control characters");
        }
    }
    let expires_at = wanted.expires_at.map(time::checked);
    if expires_at.is_some_and(|at| at.is_none_or(|at| at <= now)) {
        errors.add("expires_at", "OUT_OF_RANGE", "a time in the future");
    }
    errors.none()?;
    Ok(expires_at.flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: TimeUs = TimeUs(1_800_000_000_000_000);

    #[test]
    fn every_fault_is_told_at_once() {
        let wanted = ScannerCreate { name: "Till 7".to_owned(), list: None, gate: None, expires_at: None };
        assert!(check(NOW, &wanted).is_ok());
        let bad = ScannerCreate {
            name: " ".to_owned(),
            gate: Some("a\u{7}".to_owned()),
            expires_at: Some(time::utc(NOW)),
            ..wanted
        };
        let errors = check(NOW, &bad).map_or_else(FieldErrors::into_vec, |_| Vec::new());
        let fields: Vec<String> = errors.into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["name", "gate", "expires_at"]);
    }
}
