use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;
use inventory::{TimeUs, UserId};
use uuid::Uuid;
use wire::{Role, UserStatus};

use super::{Claims, Standing, TokenError, Verified, roles};
use crate::error::{ApiError, Forbidden, Unauthorized};
use crate::rate_limit::Lane;
use crate::request;
use crate::state::AppState;

/// A signed-in account. May look; whether it may change something is asked with [`Caller::active`] and the roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    pub user: UserId,
    pub role: Role,
    pub status: UserStatus,
    pub session: Uuid,
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
    /// No token, a bad one, or more requests than the account's limit allows.
    pub async fn of(parts: &Parts, state: &AppState) -> Result<Self, ApiError> {
        let now = request::of(parts)?.received;
        let lane = Lane::of(&parts.method, parts.uri.path());
        Self::verified(bearer(parts)?, lane, state, now).await.map(|(caller, _)| caller)
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
        let caller = Self { user: claims.user(), role: standing.role, status: standing.status, session: claims.sid };
        Ok((caller, verified.claims))
    }
}

/// What is true of the account now. This run of the server knows what has changed since it issued a token; of a token
/// of another run it asks the store, once.
async fn standing(verified: &Verified, state: &AppState, now: TimeUs) -> Result<Standing, ApiError> {
    let claims = &verified.claims;
    if verified.is_new && claims.node != state.tokens.node() {
        let user = state.store.user_find(claims.user()).await?;
        let user = user.ok_or(ApiError::Unauthorized(Unauthorized::TokenInvalid))?;
        let stored = Standing { role: roles::role(user.role), status: roles::status(user.status) };
        if (Standing { role: claims.role, status: claims.status }) != stored {
            state.standings.change(claims.user(), stored, now);
        }
    }
    state.standings.of(claims).ok_or(ApiError::Unauthorized(Unauthorized::TokenInvalid))
}

/// # Errors
/// No `Authorization` header, or not of this scheme.
pub fn bearer(parts: &Parts) -> Result<&str, ApiError> {
    let value = parts.headers.get(header::AUTHORIZATION).ok_or(ApiError::Unauthorized(Unauthorized::TokenMissing))?;
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
