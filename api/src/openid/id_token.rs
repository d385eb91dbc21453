use std::time::Duration;

use inventory::TimeUs;
use jsonwebtoken::{Header, Validation};
use serde::Deserialize;
use serde_json::Value;

use super::keys::Key;
use super::{Attempt, OpenIdError};
use crate::time;

/// Clocks of two houses may differ by so much.
const LEEWAY: Duration = Duration::from_secs(60);
/// A token is redeemed right after it is made. An older one comes from elsewhere.
const AGE_MAX: Duration = Duration::from_secs(10 * 60);
const TOKEN_BYTES_MAX: usize = 16 << 10;
const SUBJECT_CHARS_MAX: usize = 255;

/// Who somebody is at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub issuer: String,
    /// The provider's own name for the account, which never changes.
    pub subject: String,
    /// `None` unless the provider vouches that it is his.
    pub email: Option<String>,
    pub name: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    aud: Value,
    azp: Option<String>,
    iat: i64,
    nbf: Option<i64>,
    exp: i64,
    nonce: Option<String>,
    email: Option<String>,
    email_verified: Option<Value>,
    name: Option<String>,
}

/// For whom the token must be, and from whom.
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub attempt: &'a Attempt,
    pub now: TimeUs,
}

/// The header, read without believing it: it says which of the provider's keys to try.
///
/// # Errors
/// Not a token.
pub fn header(token: &str) -> Result<Header, OpenIdError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(OpenIdError::TokenInvalid("too long"));
    }
    jsonwebtoken::decode_header(token).map_err(|_| OpenIdError::TokenInvalid("no token"))
}

/// # Errors
/// What is wrong with the token, for the log.
pub fn verify(token: &str, header: &Header, key: &Key, expected: &Expected<'_>) -> Result<Person, OpenIdError> {
    // The key's algorithm decides. What the header says about it is compared, never followed.
    if header.alg != key.algorithm {
        return Err(OpenIdError::TokenInvalid("an algorithm that its key is not for"));
    }
    let mut validation = Validation::new(key.algorithm);
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client_id]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    // Times are compared with the server's own clock, below.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let decoded = jsonwebtoken::decode::<Claims>(token, &key.verifying, &validation);
    let claims = decoded.map_err(|_| OpenIdError::TokenInvalid("signature, issuer, audience or form"))?.claims;
    check_times(&claims, expected.now)?;
    if !is_for_us_alone(&claims, expected.client_id) {
        return Err(OpenIdError::TokenInvalid("another audience"));
    }
    if !claims.nonce.as_deref().is_some_and(|nonce| expected.attempt.has_nonce(nonce)) {
        return Err(OpenIdError::TokenInvalid("the nonce of another attempt"));
    }
    if claims.sub.is_empty() || claims.sub.chars().count() > SUBJECT_CHARS_MAX {
        return Err(OpenIdError::TokenInvalid("no subject"));
    }
    let is_verified = claims.email_verified == Some(Value::Bool(true));
    Ok(Person {
        issuer: expected.issuer.to_owned(),
        subject: claims.sub,
        email: claims.email.filter(|_| is_verified),
        name: claims.name,
    })
}

fn check_times(claims: &Claims, now: TimeUs) -> Result<(), OpenIdError> {
    let seconds = |at: TimeUs| at.0.div_euclid(1_000_000);
    let (earliest, latest) = (seconds(time::minus(now, LEEWAY)), seconds(time::plus(now, LEEWAY)));
    if claims.exp <= earliest {
        return Err(OpenIdError::TokenInvalid("expired"));
    }
    if claims.iat > latest || claims.nbf.is_some_and(|start| start > latest) {
        return Err(OpenIdError::TokenInvalid("from the future"));
    }
    if claims.iat < seconds(time::minus(now, AGE_MAX)) {
        return Err(OpenIdError::TokenInvalid("issued long ago"));
    }
    Ok(())
}

/// One audience, and nobody else whom the token was made for.
fn is_for_us_alone(claims: &Claims, client_id: &str) -> bool {
    let is_audience = match &claims.aud {
        Value::String(one) => one == client_id,
        Value::Array(several) => several.len() == 1 && several[0] == client_id,
        _ => false,
    };
    is_audience && claims.azp.as_deref().is_none_or(|party| party == client_id)
}
