use std::time::Duration;

use reqwest::{Client, RequestBuilder, StatusCode, redirect};

use super::OpenIdError;

/// Of one question, so that the three of a sign-in fit into one request's time.
const TIMEOUT: Duration = Duration::from_secs(3);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Documents and tokens are a few KiB.
const BODY_BYTES_MAX: usize = 64 << 10;

/// Follows no redirect: the addresses come from the provider's own document.
///
/// # Errors
/// No TLS roots on this machine.
pub fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .redirect(redirect::Policy::none())
        .timeout(TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent("usher")
        .build()
}

/// The status and the whole body.
///
/// # Errors
/// No answer in time, or more than it could be.
pub async fn send(request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), OpenIdError> {
    let failed = |error: reqwest::Error| OpenIdError::unavailable(error.without_url().to_string());
    let mut response = request.send().await.map_err(failed)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(OpenIdError::unavailable("an answer that is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((response.status(), body))
}
