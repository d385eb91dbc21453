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
    /// Not seen lately.
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
        self.cache.keep(token, &claims);
        Ok(Verified { claims, is_new: true })
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
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;

    const SECRET: [u8; 32] = [7; 32];
    const NOW: TimeUs = TimeUs(1_800_000_000_000_000);
    const NOW_S: i64 = NOW.0 / 1_000_000;

    fn tokens() -> Tokens {
        Tokens::new(&SECRET, std::time::Duration::from_secs(900), Uuid::from_u128(1))
    }

    fn issued(tokens: &Tokens) -> String {
        let user = UserId::from_bytes([1; 16]);
        tokens.issue(user, Role::Attendee, UserStatus::Active, Uuid::from_u128(2), NOW).unwrap()
    }

    fn header() -> Value {
        json!({"typ": TYPE, "alg": "HS256"})
    }

    fn claims() -> Value {
        json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": Uuid::from_u128(3), "sid": Uuid::from_u128(2), "role": "admin",
            "status": "active", "node": Uuid::from_u128(1), "iat": NOW_S, "nbf": NOW_S, "exp": NOW_S + 900,
        })
    }

    fn with(mut object: Value, key: &str, value: Value) -> Value {
        object[key] = value;
        object
    }

    fn without(mut object: Value, key: &str) -> Value {
        object.as_object_mut().unwrap().remove(key);
        object
    }

    /// Signed as whoever knows `secret` would, whatever the header says.
    fn forge(header: &Value, claims: &Value, secret: &[u8]) -> String {
        let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", text(header), text(claims));
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
        let signature = aws_lc_rs::hmac::sign(&key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn the_forge_makes_good_tokens_so_that_what_it_breaks_is_what_is_refused() {
        let verified = tokens().verify(&forge(&header(), &claims(), &SECRET), NOW).unwrap();
        assert_eq!((verified.claims.role, verified.is_new), (Role::Admin, true));
    }

    #[test]
    fn attacks_are_refused() {
        let none = |alg: &str| {
            let token = forge(&with(header(), "alg", json!(alg)), &claims(), &SECRET);
            token[..=token.rfind('.').unwrap()].to_owned()
        };
        let good = forge(&header(), &claims(), &SECRET);
        let parts: Vec<&str> = good.split('.').collect();
        let promoted = URL_SAFE_NO_PAD.encode(with(claims(), "sub", json!(Uuid::from_u128(4))).to_string());
        let signed = |header: Value, claims: Value| forge(&header, &claims, &SECRET);
        let table = [
            ("algorithm none", none("none")),
            ("algorithm nOnE", none("nOnE")),
            ("no signature", format!("{}.{}.", parts[0], parts[1])),
            ("no signature part", format!("{}.{}", parts[0], parts[1])),
            ("another signature", format!("{}.{}.{}", parts[0], parts[1], URL_SAFE_NO_PAD.encode([0; 32]))),
            ("another payload under a good signature", format!("{}.{promoted}.{}", parts[0], parts[2])),
            ("another algorithm of the family", signed(with(header(), "alg", json!("HS384")), claims())),
            ("EdDSA in the header", signed(with(header(), "alg", json!("EdDSA")), claims())),
            ("RS256 in the header", signed(with(header(), "alg", json!("RS256")), claims())),
            ("another key", forge(&header(), &claims(), &[8; 32])),
            ("an empty key", forge(&header(), &claims(), b"")),
            ("a key named by kid", forge(&with(header(), "kid", json!("../../dev/null")), &claims(), b"")),
            ("a key brought along", forge(&with(header(), "jwk", json!({"kty": "oct", "k": "AA"})), &claims(), b"\0")),
            ("a key to be fetched", forge(&with(header(), "jku", json!("https://evil.example")), &claims(), b"x")),
            ("no type", signed(without(header(), "typ"), claims())),
            ("a token of another kind", signed(with(header(), "typ", json!("refresh+jwt")), claims())),
            ("plain JWT", signed(with(header(), "typ", json!("JWT")), claims())),
            ("expired", signed(header(), with(claims(), "exp", json!(NOW_S)))),
            ("never expires", signed(header(), without(claims(), "exp"))),
            ("not yet", signed(header(), with(claims(), "nbf", json!(NOW_S + 60)))),
            ("no nbf", signed(header(), without(claims(), "nbf"))),
            ("another issuer", signed(header(), with(claims(), "iss", json!("elsewhere")))),
            ("another audience", signed(header(), with(claims(), "aud", json!("usher-gate")))),
            ("no audience", signed(header(), without(claims(), "aud"))),
            ("no subject", signed(header(), without(claims(), "sub"))),
            ("a role that is none", signed(header(), with(claims(), "role", json!("root")))),
            ("longer than any of ours", signed(header(), with(claims(), "pad", json!("x".repeat(2_000))))),
            ("empty", String::new()),
            ("dots", "..".to_owned()),
            ("a refresh token", crate::auth::RefreshTokens::first().text()),
        ];
        let tokens = tokens();
        for (attack, token) in table {
            assert!(tokens.verify(&token, NOW).is_err(), "{attack}");
            assert!(tokens.verify(&token, NOW).is_err(), "{attack}, the second time");
        }
        tokens.verify(&good, NOW).unwrap();
    }

    #[test]
    fn a_token_expires_whether_it_is_known_or_new() {
        let tokens = tokens();
        let token = issued(&tokens);
        let end = NOW.plus_us(900_000_000);
        assert!(tokens.verify(&token, end.plus_us(-1)).is_ok());
        assert!(matches!(tokens.verify(&token, end), Err(TokenError::Expired)));
        let fresh = self::tokens();
        assert!(matches!(fresh.verify(&token, end), Err(TokenError::Expired)));
    }

    #[test]
    fn a_token_is_new_once() {
        let tokens = tokens();
        let token = issued(&tokens);
        assert!(tokens.verify(&token, NOW).unwrap().is_new);
        assert!(!tokens.verify(&token, NOW).unwrap().is_new);
    }
}
