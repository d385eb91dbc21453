use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use inventory::{TimeUs, UserId};
use uuid::Uuid;
use wire::{ApiScope, Role, UserStatus};

use super::api_keys::{ApiKey, Known, Scanner};
use super::{Claims, Scopes, Standing, TokenError, Verified, roles, scopes};
use crate::error::{ApiError, Forbidden, Unauthorized};
use crate::rate_limit::Lane;
use crate::request;
use crate::state::AppState;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// A signed-in account, or a machine with one of its keys. May look; whether it may change something is asked with
/// [`Caller::active`] and the roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    pub user: UserId,
    pub role: Role,
    pub status: UserStatus,
    /// The login that the token comes from, or the API key.
    pub session: Uuid,
    /// Of an API key; `None`: whatever the account may.
    pub scopes: Option<Scopes>,
    /// Of a scanner: the caller is a device, which acts for the event's organizer.
    pub scanner: Option<Scanner>,
}

/// Of role admin, not suspended.
#[derive(Clone, Copy, Debug)]
pub struct Admin(pub Caller);

/// Of role organizer or admin, not suspended.
#[derive(Clone, Copy, Debug)]
pub struct Organizer(pub Caller);

impl Caller {
    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }

    /// What goes beyond the scope that the call needs of every key.
    ///
    /// # Errors
    /// The call was made with an API key without this scope.
    pub fn scoped(self, scope: ApiScope) -> Result<Self, ApiError> {
        match self.scopes {
            Some(scopes) if !scopes.has(scope) => Err(ApiError::Forbidden(Forbidden::Scope(scope))),
            _ => Ok(self),
        }
    }

    /// # Errors
    /// The account is suspended.
    pub fn active(self) -> Result<Self, ApiError> {
        match self.status {
            UserStatus::Active => Ok(self),
            UserStatus::Suspended => Err(ApiError::Forbidden(Forbidden::Suspended)),
        }
    }

    /// # Errors
    /// Another role, or suspended.
    pub fn admin(self) -> Result<Admin, ApiError> {
        self.at_least(Role::Admin).map(Admin)
    }

    /// # Errors
    /// Another role, or suspended.
    pub fn organizer(self) -> Result<Organizer, ApiError> {
        self.at_least(Role::Organizer).map(Organizer)
    }

    fn at_least(self, role: Role) -> Result<Self, ApiError> {
        if self.role < role {
            return Err(ApiError::Forbidden(Forbidden::Role));
        }
        self.active()
    }

    /// # Errors
    /// No token or key, a bad one, more requests than its limit allows, or a call that is not for this key.
    pub async fn of(parts: &Parts, state: &AppState) -> Result<Self, ApiError> {
        let now = request::of(parts)?.received;
        if let Some(key) = api_key(parts)? {
            return Self::by_key(key, parts, state, now).await;
        }
        let lane = Lane::of(&parts.method, parts.uri.path());
        Self::verified(bearer(parts)?, lane, state, now).await.map(|(caller, _)| caller)
    }

    /// A machine. Its key does not do more than its owner may now, and none of what is for people.
    async fn by_key(text: &str, parts: &Parts, state: &AppState, now: TimeUs) -> Result<Self, ApiError> {
        let invalid = ApiError::Unauthorized(Unauthorized::ApiKeyInvalid);
        let Some(key) = ApiKey::parse(text) else { return Err(invalid) };
        let Some(known) = state.api_keys.find(&state.store, &key, now).await? else { return Err(invalid) };
        if known.expires_at.is_some_and(|at| at <= now) {
            return Err(invalid);
        }
        state.rate_limit.check_api_key(known.id)?;
        state.api_keys.used(known.id, now);
        let Known { id, user, scopes, role, status, scanner, .. } = known;
        let caller = Self { user, role, status, session: id, scopes: Some(scopes), scanner }.active()?;
        let route = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
        let scope = scopes::needed(&parts.method, route).ok_or(ApiError::Forbidden(Forbidden::ApiKey))?;
        let caller = caller.scoped(scope)?;
        let path = parts.uri.path();
        if scanner.is_some_and(|scanner| !scopes::for_scanner(&parts.method, route, path, scanner.event)) {
            return Err(ApiError::Forbidden(Forbidden::ApiKey));
        }
        // In a sale, fifty keys are one account. A gate or a report is not in anybody's way.
        let lane = Lane::of(&parts.method, parts.uri.path());
        if scope == ApiScope::Booking && matches!(lane, Lane::Booking | Lane::Queue) {
            state.rate_limit.check_user(lane, user)?;
        }
        Ok(caller)
    }

    /// Of a token that came by another way than the header, with what it says.
    ///
    /// # Errors
    /// A bad token, or more requests than the account's limit allows.
    pub async fn verified(
        token: &str,
        lane: Lane,
        state: &AppState,
        now: TimeUs,
    ) -> Result<(Self, Arc<Claims>), ApiError> {
        let verified = state.tokens.verify(token, now).map_err(|error| {
            ApiError::Unauthorized(match error {
                TokenError::Expired => Unauthorized::TokenExpired,
                TokenError::Invalid => Unauthorized::TokenInvalid,
            })
        })?;
        let claims = &verified.claims;
        state.rate_limit.check_user(lane, claims.user())?;
        let standing = standing(&verified, state, now).await?;
        if verified.is_new {
            state.tokens.keep(token, claims);
        }
        let caller = Self {
            user: claims.user(),
            role: standing.role,
            status: standing.status,
            session: claims.sid,
            scopes: None,
            scanner: None,
        };
        Ok((caller, verified.claims))
    }
}

/// What is true of the account and its login now. This run of the server knows what has changed since it issued a token, if
/// not by itself then from the store within seconds; of a token of another run it asks the store, once.
async fn standing(verified: &Verified, state: &AppState, now: TimeUs) -> Result<Standing, ApiError> {
    let claims = &verified.claims;
    let ended = || ApiError::Unauthorized(Unauthorized::TokenInvalid);
    let known = state.standings.of(claims).ok_or_else(ended)?;
    if !verified.is_new || claims.node == state.tokens.node() {
        return Ok(known);
    }
    let stored = state.store.session_standing(claims.sid).await?;
    let stored = stored.filter(|stored| stored.user_id == claims.user() && stored.revoked_at.is_none());
    let Some(stored) = stored else {
        state.standings.end(claims.sid, now);
        return Err(ended());
    };
    let (role, status) = (roles::role(stored.role), roles::status(stored.status));
    if known != (Standing { role, status }) {
        // No time: it was changed by a release that did not write one.
        let at = if stored.access_changed_at.0 == 0 { now } else { stored.access_changed_at };
        state.standings.change(claims.user(), Standing { role, status }, at);
    }
    Ok(Standing { role, status })
}

/// Whether the request says who makes it, in whatever way.
pub fn is_signed(headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION) || headers.contains_key(API_KEY)
}

/// Whether the request is made with an API key, good or not.
pub fn is_machine(parts: &Parts) -> bool {
    !matches!(api_key(parts), Ok(None))
}

/// The API key of the request, if it is made with one, in a header of its own or in place of a token.
fn api_key(parts: &Parts) -> Result<Option<&str>, ApiError> {
    match parts.headers.get(API_KEY) {
        Some(key) => key.to_str().map(Some).map_err(|_| ApiError::Unauthorized(Unauthorized::ApiKeyInvalid)),
        None => Ok(bearer(parts).ok().filter(|token| ApiKey::is_meant(token))),
    }
}

/// # Errors
/// No `Authorization` header, or not of this scheme.
pub fn bearer(parts: &Parts) -> Result<&str, ApiError> {
    let value = parts.headers.get(header::AUTHORIZATION).ok_or(ApiError::Unauthorized(Unauthorized::TokenMissing))?;
    scheme(value)
}

/// The token in the value of an `Authorization` header.
///
/// # Errors
/// Another scheme.
pub fn scheme(value: &HeaderValue) -> Result<&str, ApiError> {
    let text = value.to_str().map_err(|_| ApiError::Unauthorized(Unauthorized::TokenInvalid))?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(ApiError::Unauthorized(Unauthorized::TokenInvalid)),
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        Self::of(parts, state).await
    }
}

impl FromRequestParts<AppState> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        Caller::of(parts, state).await?.admin()
    }
}

impl FromRequestParts<AppState> for Organizer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        Caller::of(parts, state).await?.organizer()
    }
}
