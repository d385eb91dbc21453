//! What clients say, and how much of it.

use std::time::Duration;

use tokio::time::Instant;
use wire::LiveRequest;

/// Largest message and largest frame.
pub const MESSAGE_BYTES_MAX: usize = 4 << 10;

/// Messages at once, and the time in which one more is allowed: five in a second. Pings and pongs count.
const BURST: u32 = 20;
const REFILL: Duration = Duration::from_millis(200);

/// Messages that one socket may still send.
pub struct Budget {
    /// The bucket is full again then.
    full_at: Instant,
}

impl Budget {
    pub const fn new(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// `false`: one too many.
    pub fn spend(&mut self, now: Instant) -> bool {
        let full_at = self.full_at.max(now) + REFILL;
        let is_within = full_at.duration_since(now) <= REFILL * BURST;
        if is_within {
            self.full_at = full_at;
        }
        is_within
    }
}

/// `None`: not a request of the feed.
pub fn parse(text: &str) -> Option<LiveRequest> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_burst_is_allowed_and_then_five_in_a_second() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        let mut allowed = |after: Duration, tries: usize| (0..tries).filter(|_| budget.spend(start + after)).count();
        assert_eq!(allowed(Duration::ZERO, 100), 20);
        assert_eq!(allowed(Duration::from_secs(1), 100), 5);
        assert_eq!(allowed(Duration::from_secs(60), 100), 20);
    }

    #[test]
    fn only_known_requests_are_read() {
        assert_eq!(parse(r#"{"type":"snapshot"}"#), Some(LiveRequest::Snapshot {}));
        let token = LiveRequest::Token { access_token: "a".to_owned() };
        assert_eq!(parse(r#"{"type":"token","access_token":"a"}"#), Some(token));
        for text in ["", "1", "{}", "null", r#"{"type":"x"}"#, r#"{"type":"token"}"#, "[[[[[[[["] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"[".repeat(MESSAGE_BYTES_MAX)), None);
    }
}
