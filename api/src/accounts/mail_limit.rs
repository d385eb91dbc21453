//! How often somebody may have a mail sent: three times in half an hour, also across a restart. An address is counted
//! whether it has an account or not, so that the refusal tells nothing.

use std::net::IpAddr;
use std::time::Duration;

use crate::error::ApiError;
use crate::rate_limit::subscriber;
use crate::state::AppState;

const WINDOW_US: i64 = 30 * 60 * 1_000_000;

/// # Errors
/// 429 with the time after which the next one may be sent.
pub async fn by_address(state: &AppState, what: &'static str, email: &str) -> Result<(), ApiError> {
    take(state, state.one_time.limit(what, &state.one_time.address(email))).await
}

/// # Errors
/// 429 with the time after which the next one may be sent.
pub async fn by_ip(state: &AppState, what: &'static str, ip: IpAddr) -> Result<(), ApiError> {
    take(state, state.one_time.limit(what, subscriber(ip).to_string().as_bytes())).await
}

async fn take(state: &AppState, subject: [u8; 32]) -> Result<(), ApiError> {
    let now = state.now();
    match state.store.mail_limit_take(subject, now, WINDOW_US).await? {
        None => Ok(()),
        Some(free_at) => {
            let wait_us = u64::try_from(free_at.since(now)).unwrap_or(0).max(1);
            Err(ApiError::RateLimited { retry_after: Duration::from_micros(wait_us) })
        }
    }
}
