//! What clients say, and how much of it.

use std::time::Duration;

use tokio::time::Instant;
use wire::LiveRequest;

/// Largest message and largest frame.
pub const MESSAGE_BYTES_MAX: usize = 4 << 10;

/// Messages at once, and the time in which one more is allowed: five in a second. Pings and pongs count.
const BURST: u32 = 20;
const REFILL: Duration = Duration::from_millis(200);
/// A message may come in so many frames, over all of them.
const FRAMES_PER_MESSAGE: u32 = 4;

/// Messages, or frames, that one socket may still send.
pub struct Budget {
    burst: u32,
    refill: Duration,
    /// The bucket is full again then.
    full_at: Instant,
}

impl Budget {
    pub const fn messages(now: Instant) -> Self {
        Self { burst: BURST, refill: REFILL, full_at: now }
    }

    pub fn frames(now: Instant) -> Self {
        Self { burst: BURST * FRAMES_PER_MESSAGE, refill: REFILL / FRAMES_PER_MESSAGE, full_at: now }
    }

    /// `false`: one too many.
    pub fn spend(&mut self, now: Instant) -> bool {
        let full_at = self.full_at.max(now) + self.refill;
        let is_within = full_at.duration_since(now) <= self.refill * self.burst;
        if is_within {
            self.full_at = full_at;
        }
        is_within
    }
}

/// Finds where frames begin in what a client sends, however it comes in pieces (RFC 6455, 5.2). Whether they are good is
/// the library's business.
#[derive(Default)]
pub struct Heads {
    /// Of the head that is being read.
    head: [u8; HEAD_BYTES_MAX],
    read: usize,
    /// Bytes of the frame behind its head that are still to come.
    rest: u64,
}

/// Without the mask.
const HEAD_BYTES_MAX: usize = 10;

impl Heads {
    /// Heads that are complete with these bytes.
    pub fn count(&mut self, mut bytes: &[u8]) -> u32 {
        let mut heads = 0;
        while !bytes.is_empty() {
            if self.rest > 0 {
                let skipped = usize::try_from(self.rest).unwrap_or(usize::MAX).min(bytes.len());
                self.rest -= skipped as u64;
                bytes = &bytes[skipped..];
                continue;
            }
            self.head[self.read] = bytes[0];
            self.read += 1;
            bytes = &bytes[1..];
            if let Some(rest) = self.rest_of_frame() {
                (self.read, self.rest) = (0, rest);
                heads += 1;
            }
        }
        heads
    }

    /// Mask and payload, once the head is known so far.
    fn rest_of_frame(&self) -> Option<u64> {
        let head = &self.head[..self.read];
        let second = *head.get(1)?;
        let length = match second & 0x7f {
            126 => u64::from(u16::from_be_bytes(*head.get(2..)?.first_chunk()?)),
            127 => u64::from_be_bytes(*head.get(2..)?.first_chunk()?),
            length => u64::from(length),
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        Some(length.saturating_add(mask))
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
        let mut budget = Budget::messages(start);
        let mut allowed = |after: Duration, tries: usize| (0..tries).filter(|_| budget.spend(start + after)).count();
        assert_eq!(allowed(Duration::ZERO, 100), 20);
        assert_eq!(allowed(Duration::from_secs(1), 100), 5);
        assert_eq!(allowed(Duration::from_secs(60), 100), 20);
    }

    #[tokio::test]
    async fn a_message_may_come_in_a_few_frames_each() {
        let start = Instant::now();
        let mut budget = Budget::frames(start);
        let mut allowed = |after: Duration, tries: usize| (0..tries).filter(|_| budget.spend(start + after)).count();
        assert_eq!((allowed(Duration::ZERO, 100), allowed(Duration::from_secs(1), 100)), (80, 20));
    }

    #[test]
    fn frames_are_counted_however_their_bytes_arrive() {
        let mut bytes = Vec::new();
        for length in [0_usize, 1, 125, 126, 4_096, 65_535, 65_536] {
            for masked in [0, 0x80] {
                bytes.push(0x81);
                match length {
                    0..=125 => bytes.push(masked | length as u8),
                    126..=65_535 => {
                        bytes.push(masked | 126);
                        bytes.extend((length as u16).to_be_bytes());
                    }
                    _ => {
                        bytes.push(masked | 127);
                        bytes.extend((length as u64).to_be_bytes());
                    }
                }
                bytes.resize(bytes.len() + length + if masked == 0 { 0 } else { 4 }, 0xff);
            }
        }
        for piece in [1, 2, 3, 5, 7, 512, bytes.len()] {
            let mut heads = Heads::default();
            assert_eq!(bytes.chunks(piece).map(|bytes| heads.count(bytes)).sum::<u32>(), 14, "in pieces of {piece}");
            assert_eq!(heads.count(&[0x80, 0x80, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0]), 2, "it ended where it should");
        }
        let mut heads = Heads::default();
        let endless = [&[0x82, 0xff][..], &[0xff; 8], &[0x82; 1_000]].concat();
        assert_eq!(heads.count(&endless), 1, "a frame of 2^64 bytes never ends");
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
