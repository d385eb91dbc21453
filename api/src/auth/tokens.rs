use std::sync::Arc;

use inventory::{TimeUs, UserId};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;
use wire::{Role, UserStatus};

use super::cache::Cache;
use crate::time;

/// The only algorithm: what a token's header says about it is compared, never followed.
const ALGORITHM: Algorithm = Algorithm::HS256;
const ISSUER: &str = "usher";
const AUDIENCE: &str = "usher-api";
/// RFC 9068: tells an access token from any other that is signed with the same key.
const TYPE: &str = "at+jwt";
/// Clocks of two nodes may differ by so much, in seconds.
const LEEWAY_S: u64 = 5;
/// No token of ours is longer. A longer one is refused unread.
const TOKEN_BYTES_MAX: usize = 1_024;

/// Makes and checks access tokens.
pub struct Tokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
    ttl: std::time::Duration,
    /// Of this run of the server, see [`Claims::node`].
    node: Uuid,
    cache: Cache,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    /// The login that the token comes from: all tokens refreshed from one share it.
    pub sid: Uuid,
    pub role: Role,
    pub status: UserStatus,
    /// The run of the server that issued it. It knows what has changed since; any other run asks the store once.
    pub node: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid")]
    Invalid,
}

/// A token whose signature and times are good.
#[derive(Clone, Debug)]
pub struct Verified {
    pub claims: Arc<Claims>,
    /// Not [kept](Tokens::keep) lately.
    pub is_new: bool,
}

impl Claims {
    pub const fn user(&self) -> UserId {
        UserId::from_uuid(self.sub)
    }

    pub const fn expires_at(&self) -> TimeUs {
        TimeUs(self.exp.saturating_mul(1_000_000))
    }

    const fn is_live(&self, now: TimeUs) -> bool {
        now.0 / 1_000_000 < self.exp
    }
}

impl Tokens {
    pub fn new(secret: &[u8; 32], ttl: std::time::Duration, node: Uuid) -> Self {
        let mut validation = Validation::new(ALGORITHM);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "nbf", "exp"]);
        // Times are compared with the server's own clock, below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self {
            signing: EncodingKey::from_secret(secret),
            verifying: DecodingKey::from_secret(secret),
            validation,
            ttl,
            node,
            cache: Cache::default(),
        }
    }

    pub const fn ttl(&self) -> std::time::Duration {
        self.ttl
    }

    pub const fn node(&self) -> Uuid {
        self.node
    }

    /// # Errors
    /// Only when the crypto library fails.
    pub fn issue(
        &self,
        user: UserId,
        role: Role,
        status: UserStatus,
        session: Uuid,
        now: TimeUs,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let issued_s = now.0 / 1_000_000;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user.uuid(),
            sid: session,
            role,
            status,
            node: self.node,
            iat: issued_s,
            nbf: issued_s,
            exp: time::plus(now, self.ttl).0 / 1_000_000,
        };
        let header = Header { typ: Some(TYPE.to_owned()), ..Header::new(ALGORITHM) };
        jsonwebtoken::encode(&header, &claims, &self.signing)
    }

    /// # Errors
    /// Expired, or not a token of ours for this use.
    pub fn verify(&self, token: &str, now: TimeUs) -> Result<Verified, TokenError> {
        if let Some(claims) = self.cache.find(token) {
            return if claims.is_live(now) { Ok(Verified { claims, is_new: false }) } else { Err(TokenError::Expired) };
        }
        let claims = Arc::new(self.verify_signature(token, now)?);
        Ok(Verified { claims, is_new: true })
    }

    /// Its signature, and whatever else is asked of a new token, need not be looked at again.
    pub fn keep(&self, token: &str, claims: &Arc<Claims>) {
        self.cache.keep(token, claims);
    }

    fn verify_signature(&self, token: &str, now: TimeUs) -> Result<Claims, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Invalid);
        }
        let data =
            jsonwebtoken::decode::<Claims>(token, &self.verifying, &self.validation).map_err(|error| {
                match error.kind() {
                    ErrorKind::ExpiredSignature => TokenError::Expired,
                    _ => TokenError::Invalid,
                }
            })?;
        if !data.header.typ.is_some_and(|kind| kind.eq_ignore_ascii_case(TYPE)) {
            return Err(TokenError::Invalid);
        }
        if !data.claims.is_live(now) {
            return Err(TokenError::Expired);
        }
        if data.claims.nbf > (now.0 / 1_000_000).saturating_add_unsigned(LEEWAY_S) {
            return Err(TokenError::Invalid);
        }
        Ok(data.claims)
    }
}

#[cfg(test)]
mod tests;
