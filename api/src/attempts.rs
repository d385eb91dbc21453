//! How often something may be tried about an e-mail address: from one network address less than from all, so that nobody
//! uses up alone what its owner needs. An address is counted whether it has an account or not: a refusal tells nothing.

use std::net::IpAddr;
use std::time::Duration;

use inventory::UserId;
use persistence::AttemptLimit;

use crate::error::ApiError;
use crate::rate_limit::subscriber;
use crate::state::AppState;

/// What is limited, as a rule: `per_subscriber` and `in_all` attempts in a window.
#[derive(Clone, Copy, Debug)]
pub struct Attempts {
    pub what: &'static str,
    pub per_subscriber: u32,
    pub in_all: u32,
    pub window: Duration,
}

/// What counts one attempt.
pub struct Counted(Vec<AttemptLimit>);

impl Attempts {
    /// # Errors
    /// 429 with the time after which the next one may be made.
    pub async fn take(&self, state: &AppState, email: &str, ip: IpAddr) -> Result<Counted, ApiError> {
        let address = state.one_time.address(email);
        let own = [&address[..], subscriber(ip).to_string().as_bytes()].concat();
        let limits = [(&own[..], self.per_subscriber), (&address[..], self.in_all)];
        let limits = limits.map(|(subject, attempts_max)| AttemptLimit {
            subject_key: state.one_time.limit(self.what, subject),
            attempts_max,
        });
        take(state, &limits, self.window).await?;
        Ok(Counted(limits.into()))
    }
}

impl Counted {
    /// All that was counted for one attempt.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Nothing has come of it: it does not count.
    ///
    /// # Errors
    /// The store is not available.
    pub async fn give_back(&self, state: &AppState) -> Result<(), ApiError> {
        Ok(state.store.attempts_give_back(&self.0).await?)
    }

    /// It was right: the next ones begin anew.
    ///
    /// # Errors
    /// The store is not available.
    pub async fn forget(&self, state: &AppState) -> Result<(), ApiError> {
        Ok(state.store.attempts_forget(&self.0).await?)
    }
}

/// What one network address may try, whatever it is about.
///
/// # Errors
/// 429 with the time after which the next one may be made.
pub async fn by_ip(
    state: &AppState,
    what: &'static str,
    ip: IpAddr,
    attempts_max: u32,
    window: Duration,
) -> Result<Counted, ApiError> {
    let subject_key = state.one_time.limit(what, subscriber(ip).to_string().as_bytes());
    let limits = vec![AttemptLimit { subject_key, attempts_max }];
    take(state, &limits, window).await?;
    Ok(Counted(limits))
}

/// What one account may do.
///
/// # Errors
/// 429 with the time after which it may again.
pub async fn by_account(
    state: &AppState,
    what: &'static str,
    account: UserId,
    attempts_max: u32,
    window: Duration,
) -> Result<(), ApiError> {
    by_subject(state, what, &account.bytes(), attempts_max, window).await
}

/// What may be done to one object.
///
/// # Errors
/// 429 with the time after which it may again.
pub async fn by_subject(
    state: &AppState,
    what: &'static str,
    subject: &[u8],
    attempts_max: u32,
    window: Duration,
) -> Result<(), ApiError> {
    let subject_key = state.one_time.limit(what, subject);
    take(state, &[AttemptLimit { subject_key, attempts_max }], window).await
}

async fn take(state: &AppState, limits: &[AttemptLimit], window: Duration) -> Result<(), ApiError> {
    let now = state.now();
    let window_us = i64::try_from(window.as_micros()).unwrap_or(i64::MAX);
    match state.store.attempts_take(limits, now, window_us).await? {
        None => Ok(()),
        Some(free_at) => {
            let wait_us = u64::try_from(free_at.since(now)).unwrap_or(0).max(1);
            Err(ApiError::RateLimited { retry_after: Duration::from_micros(wait_us) })
        }
    }
}

/// Of something that is left out when it was done too often.
///
/// # Errors
/// Those that are no limit.
pub fn is_within<T>(taken: Result<T, ApiError>) -> Result<bool, ApiError> {
    match taken {
        Ok(_) => Ok(true),
        Err(ApiError::RateLimited { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
