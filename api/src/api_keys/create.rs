use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::{CallerKey, TimeUs};
use wire::{ApiKeyCreate, ApiKeyIssued};

use crate::audit_log::{Action, Source};
use crate::auth::{ApiKey, Caller, Scopes};
use crate::error::{ApiError, Conflict, Noun};
use crate::field_errors::FieldErrors;
use crate::idempotency::{self, Write, remembered};
use crate::mail::Letter;
use crate::problems::Written;
use crate::proof::{self, Proof};
use crate::state::AppState;
use crate::{api_key_view, ids, notice, time};

const NAME_CHARS_MAX: usize = 100;
/// Of one account.
const KEYS_MAX: u32 = 50;

/// Makes an API key
///
/// For a machine that acts for the account: it may do what both the key's scopes and the account allow, and neither make
/// keys nor change the account. Wants the password; of an account with a second factor, a code of it instead. Its owner is
/// told by mail. The key is shown this once. It is sent as `Authorization: Bearer usher_…` or `X-API-Key`.
#[utoipa::path(post, path = "/me/api-keys", tag = "api keys", request_body = ApiKeyCreate, security(("bearer" = [])),
    responses((status = 201, description = "The key", body = ApiKeyIssued), Written))]
pub async fn create(
    State(state): State<AppState>,
    source: Source,
    write: Write<ApiKeyCreate>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let key = origin.key.map(|key| keyed(key, &body));
    let mut secret = None;
    let answer = async {
        let (issued, key) = issue(&state, caller, &source, body).await?;
        secret = Some(ApiKeyIssued { key: Some(key.text()), ..issued.clone() });
        Ok((StatusCode::CREATED, Json(issued)).into_response())
    };
    let response = remembered(&state, key, answer).await?;
    // What is remembered for the idempotency key has no secret in it.
    Ok(match secret {
        Some(issued) => (StatusCode::CREATED, Json(issued)).into_response(),
        None => response,
    })
}

async fn issue(
    state: &AppState,
    owner: Caller,
    source: &Source,
    mut wanted: ApiKeyCreate,
) -> Result<(ApiKeyIssued, ApiKey), ApiError> {
    let now = state.now();
    let expires_at = check(now, &wanted)?;
    let user = state.store.user_find(owner.user).await?.ok_or(ApiError::NotFound(Noun::User))?;
    let proof = Proof { password: wanted.password.take(), code: wanted.code.take() };
    proof::of_owner(state, &user, proof, source).await?;
    let key = ApiKey::random();
    let row = persistence::ApiKey {
        id: ids::mint(now),
        user_id: owner.user,
        name: wanted.name.trim().to_owned(),
        prefix: key.prefix(),
        scopes: wanted.scopes.into_iter().collect::<Scopes>().text(),
        created_at: now,
        expires_at,
        last_used_at: None,
    };
    let entry = source.entry(&owner, Action::ApiKeyCreate).object(row.id);
    let entry = entry.made(&api_key_view::render(row.clone())).row(now);
    let mail = notice::compose(state, &user, &Letter::ApiKeyCreated {}, source, now).await?;
    let present = Some(user.password_hash.0.as_str());
    if !state.store.api_key_insert(&row, key.hash(), KEYS_MAX, present, mail.as_ref(), Some(&entry)).await? {
        return Err(ApiError::Conflict(Conflict::ApiKeysTooMany));
    }
    if mail.is_some() {
        state.mail.queued();
    }
    Ok((ApiKeyIssued { api_key: api_key_view::render(row), key: None }, key))
}

/// Without the proof: neither a password nor a code is kept, in whatever form.
fn keyed(key: CallerKey, body: &ApiKeyCreate) -> CallerKey {
    let scopes = body.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(" ");
    let expires_at = body.expires_at.map(|at| at.to_rfc3339()).unwrap_or_default();
    idempotency::of_fields(key, &["api key", &body.name, &scopes, &expires_at])
}

fn check(now: TimeUs, wanted: &ApiKeyCreate) -> Result<Option<TimeUs>, FieldErrors> {
    let mut errors = FieldErrors::default();
    let name = wanted.name.trim();
    if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) {
        errors.add("name", "LENGTH", format!("1 to {NAME_CHARS_MAX} characters"));
    } else if name.chars().any(char::is_control) {
        errors.add("name", "CHARACTER", "no control characters");
    }
    if wanted.scopes.is_empty() {
        errors.add("scopes", "LENGTH", "at least one");
    }
    for (ix, scope) in wanted.scopes.iter().enumerate() {
        if wanted.scopes[..ix].contains(scope) {
            errors.add(format!("scopes[{ix}]"), "DUPLICATE", "named before");
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
    use wire::ApiScope;

    use super::*;

    const NOW: TimeUs = TimeUs(1_800_000_000_000_000);

    fn wanted() -> ApiKeyCreate {
        ApiKeyCreate {
            name: "Till 7".to_owned(),
            scopes: vec![ApiScope::Scan],
            expires_at: None,
            password: None,
            code: None,
        }
    }

    fn faults(wanted: &ApiKeyCreate) -> Vec<String> {
        let errors = check(NOW, wanted).map_or_else(FieldErrors::into_vec, |_| Vec::new());
        errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn every_fault_is_told_at_once() {
        assert!(faults(&wanted()).is_empty());
        let scopes = vec![ApiScope::Scan, ApiScope::Booking, ApiScope::Scan];
        let bad = ApiKeyCreate { name: " ".to_owned(), scopes, expires_at: Some(time::utc(NOW)), ..wanted() };
        assert_eq!(faults(&bad), ["name", "scopes[2]", "expires_at"]);
        assert_eq!(faults(&ApiKeyCreate { name: "a\u{7}".to_owned(), scopes: vec![], ..wanted() }), ["name", "scopes"]);
    }

    #[test]
    fn a_key_may_end() {
        let at = time::utc(time::plus(NOW, std::time::Duration::from_secs(1)));
        let ending = ApiKeyCreate { expires_at: Some(at), ..wanted() };
        assert_eq!(check(NOW, &ending).ok().flatten(), Some(NOW.plus_us(1_000_000)));
    }
}
