use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::google::is_here;
use super::{Config, ConfigError};

/// A secret that is shorter can be guessed.
const SECRET_CHARS_MIN: usize = 16;

/// Providers of payments.
#[derive(Clone, Debug)]
pub struct Payments {
    /// Whether orders can be paid without money. `None`: as long as there is no key of Stripe.
    pub mock: Option<bool>,
    /// `None`: nobody pays by Stripe.
    pub stripe_secret_key: Option<SecretString>,
    /// Any of them signs. None: Stripe's notices are refused.
    pub stripe_webhook_secrets: Vec<SecretString>,
    pub stripe_api_url: String,
    /// Of another provider. `None`: its notices are refused.
    pub webhook_secret: Option<SecretString>,
    /// Of one call of a provider.
    pub timeout: Duration,
    /// Pause after the first question about an open payment; each next one is twice as long.
    pub check_after: Duration,
    /// Pause after the first attempt that failed; each next one is twice as long.
    pub retry_after: Duration,
    pub attempts_max: u32,
}

impl Default for Payments {
    fn default() -> Self {
        Self {
            mock: None,
            stripe_secret_key: None,
            stripe_webhook_secrets: Vec::new(),
            stripe_api_url: "https://api.stripe.com".to_owned(),
            webhook_secret: None,
            timeout: Duration::from_secs(4),
            check_after: Duration::from_secs(60),
            retry_after: Duration::from_secs(30),
            attempts_max: 10,
        }
    }
}

impl Payments {
    pub fn is_mock_on(&self) -> bool {
        self.mock.unwrap_or_else(|| self.stripe_secret_key.is_none())
    }

    /// # Errors
    /// Settings that contradict each other, or a secret that is none.
    pub(super) fn check(&self, config: &Config) -> Result<(), ConfigError> {
        let refuse = |key, problem: &str| Err(ConfigError::Relation { key, problem: problem.to_owned() });
        // The key goes there: in the clear only on this machine.
        let is_safe = |url: &Url| url.scheme() == "https" || (url.scheme() == "http" && is_here(url));
        if !Url::parse(&self.stripe_api_url).is_ok_and(|url| is_safe(&url)) {
            return refuse("stripe_api_url", "`https://…`, unless it is on this machine");
        }
        let secrets = self.stripe_webhook_secrets.iter().map(|secret| ("stripe_webhook_secrets", secret));
        let secrets = secrets.chain(self.webhook_secret.iter().map(|secret| ("payment_webhook_secret", secret)));
        for (key, secret) in secrets {
            if secret.expose_secret().len() < SECRET_CHARS_MIN {
                return refuse(key, "a secret has 16 characters or more");
            }
        }
        for (key, duration) in [
            ("payment_timeout", self.timeout),
            ("payment_check_after", self.check_after),
            ("payment_retry_after", self.retry_after),
        ] {
            if duration.is_zero() {
                return refuse(key, "at least 1ms");
            }
        }
        // A provider is asked twice while a request waits.
        if self.timeout.saturating_mul(9) / 4 >= config.http.request_timeout {
            return refuse("payment_timeout", "more than four ninths of request_timeout: two tries would not fit");
        }
        if self.attempts_max == 0 {
            return refuse("payment_attempts_max", "at least 1");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mock_goes_when_real_money_comes_unless_it_is_said_otherwise() {
        let none = Payments::default();
        let stripe = Payments { stripe_secret_key: Some("sk_test_1".into()), ..Payments::default() };
        assert!(none.is_mock_on() && !stripe.is_mock_on());
        assert!(Payments { mock: Some(true), ..stripe }.is_mock_on());
        assert!(!Payments { mock: Some(false), ..none }.is_mock_on());
    }

    #[test]
    fn what_would_leak_a_key_or_be_guessed_is_refused() {
        let refused = |payments: Payments| payments.check(&Config::default()).err().map(|error| error.to_string());
        assert_eq!(refused(Payments::default()), None);
        let url = |url: &str| Payments { stripe_api_url: url.to_owned(), ..Payments::default() };
        assert_eq!(refused(url("http://127.0.0.1:1")), None);
        for bad in ["http://api.stripe.com", "api.stripe.com", "ftp://localhost", ""] {
            assert!(refused(url(bad)).is_some_and(|error| error.contains("stripe_api_url")), "{bad}");
        }
        let short = Payments { webhook_secret: Some("fifteen letters".into()), ..Payments::default() };
        assert!(refused(short).is_some_and(|error| error.contains("payment_webhook_secret")));
        let slow = Payments { timeout: Duration::from_secs(5), ..Payments::default() };
        assert!(refused(slow).is_some_and(|error| error.contains("payment_timeout")));
    }
}
