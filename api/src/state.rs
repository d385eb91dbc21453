//! What every request shares.

use std::ops::Deref;
use std::sync::Arc;

use engine::SystemClock;

use crate::auth::{Passwords, Standings, Tokens};
use crate::config::Config;
use crate::in_flight::InFlight;
use crate::rate_limit::RateLimits;

#[derive(Clone)]
pub struct AppState(Arc<Inner>);

pub struct Inner {
    pub config: Config,
    pub clock: Arc<SystemClock>,
    pub tokens: Tokens,
    pub standings: Standings,
    pub passwords: Passwords,
    pub in_flight: InFlight,
    pub rate_limit: RateLimits,
}

impl AppState {
    pub fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

impl Deref for AppState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
