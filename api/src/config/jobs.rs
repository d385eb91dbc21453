use std::time::Duration;

use super::{ConfigError, Store};

/// Work that follows from what has happened: mails, webhooks, reminders.
#[derive(Clone, Debug)]
pub struct Jobs {
    /// Whether `usher serve` does it, or leaves it to `usher worker`.
    pub run: bool,
    /// Whether webhooks may go to private networks, and without TLS.
    pub webhook_allow_private: bool,
    /// Sending one.
    pub webhook_timeout: Duration,
    /// Pause after the first attempt; each next one is twice as long.
    pub webhook_retry_after: Duration,
    /// From the first attempt on; then it is given up.
    pub webhook_retry_for: Duration,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            run: true,
            webhook_allow_private: false,
            webhook_timeout: Duration::from_secs(30),
            webhook_retry_after: Duration::from_secs(10),
            webhook_retry_for: Duration::from_secs(3 * 24 * 3_600),
        }
    }
}

impl Jobs {
    pub(super) fn check(&self, store: &Store) -> Result<(), ConfigError> {
        let refuse = |key, problem: &str| Err(ConfigError::Relation { key, problem: problem.to_owned() });
        if !self.run && store.database_url.is_none() {
            return refuse("jobs", "off: the embedded store is one process' alone, so nobody else could do them");
        }
        if self.webhook_timeout.is_zero() {
            return refuse("webhook_timeout", "0 would refuse everything");
        }
        Ok(())
    }
}
