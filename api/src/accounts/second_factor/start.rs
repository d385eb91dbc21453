use std::borrow::Cow;

use axum::Json;
use axum::extract::State;
use data_encoding::BASE32_NOPAD;
use qrcode::QrCode;
use qrcode::render::svg;
use url::Url;
use wire::{Problem, SecondFactorSecret, SecondFactorStart};

use crate::audit_log::Source;
use crate::error::{ApiError, Conflict, Noun, Unauthorized};
use crate::idempotency::Write;
use crate::second_factor::totp;
use crate::state::AppState;
use crate::{ids, proof};

/// How authenticator apps name the account's provider.
const ISSUER: &str = "Usher";

/// Makes a secret for an authenticator app. It counts once it is confirmed; until then each call makes another.
///
/// Wants the password. Whoever has none, because he signs in with Google or by codes, chooses one by
/// `POST /auth/forgot-password` first. The answer is a secret: it is not kept for the idempotency key.
#[utoipa::path(post, path = "/me/second-factor", tag = "accounts", security(("bearer" = [])),
    request_body = SecondFactorStart, responses(
    (status = 201, description = "The secret, to be confirmed", body = SecondFactorSecret),
    (status = 401, description = "CREDENTIALS_WRONG", body = Problem),
    (status = 409, description = "SECOND_FACTOR_ON", body = Problem),
    (status = 429, description = "RATE_LIMITED", body = Problem),
))]
pub async fn start(
    State(state): State<AppState>,
    source: Source,
    write: Write<SecondFactorStart>,
) -> Result<(http::StatusCode, Json<SecondFactorSecret>), ApiError> {
    let id = write.caller.user;
    let user = state.store.user_find(id).await?.ok_or(ApiError::NotFound(Noun::User))?;
    if !proof::is_password(&state, &user.email, Some(&user), write.body.password, &source).await? {
        return Err(ApiError::Unauthorized(Unauthorized::CredentialsWrong));
    }
    let secret = ids::entropy::<{ totp::SECRET_BYTES }>();
    let shown = shown(&user.email, &secret).ok_or(ApiError::Defect(Cow::Borrowed("a secret that fits no picture")))?;
    let sealed = state.seals.second_factor.seal(&id.bytes(), &secret);
    let sealed = sealed.map_err(|error| ApiError::Defect(error.to_string().into()))?;
    if !state.store.second_factor_put(id, &sealed, state.now()).await? {
        return Err(ApiError::Conflict(Conflict::SecondFactorOn));
    }
    Ok((http::StatusCode::CREATED, Json(shown)))
}

fn shown(email: &str, secret: &[u8]) -> Option<SecondFactorSecret> {
    let secret = BASE32_NOPAD.encode(secret);
    let mut url = Url::parse("otpauth://totp").ok()?;
    url.path_segments_mut().ok()?.push(&format!("{ISSUER}:{email}"));
    url.query_pairs_mut()
        .append_pair("secret", &secret)
        .append_pair("issuer", ISSUER)
        .append_pair("algorithm", "SHA1")
        .append_pair("digits", "6")
        .append_pair("period", "30");
    let code = QrCode::new(url.as_str()).ok()?;
    let qr_svg = code.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
    Some(SecondFactorSecret { secret, otpauth_url: url.into(), qr_svg })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_reads_account_and_secret_from_the_url() {
        let shown = shown("ada+x@example.org", b"12345678901234567890").unwrap();
        assert_eq!(shown.secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let url = Url::parse(&shown.otpauth_url).unwrap();
        assert_eq!((url.scheme(), url.host_str(), url.path()), ("otpauth", Some("totp"), "/Usher:ada+x@example.org"));
        let pairs: Vec<_> = url.query_pairs().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(pairs[0], format!("secret={}", shown.secret));
        assert_eq!(pairs[1..], ["issuer=Usher", "algorithm=SHA1", "digits=6", "period=30"]);
        assert!(shown.qr_svg.contains("<svg"));
    }

    #[test]
    fn the_longest_address_still_fits_a_picture() {
        assert!(shown(&"ä".repeat(254), &[0; 20]).is_some());
    }
}
