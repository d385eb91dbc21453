//! Time-based one-time passwords as every authenticator app makes them (RFC 6238 over RFC 4226): SHA-1, six digits,
//! thirty seconds.

use aws_lc_rs::hmac;
use inventory::TimeUs;

const STEP_US: i64 = 30_000_000;
const CODES: u32 = 1_000_000;
/// A code of one step before or after is taken: clocks of phones differ, and people type slowly.
const STEPS_ASIDE: i64 = 1;
/// 160 bits, as RFC 4226 recommends for SHA-1.
pub const SECRET_BYTES: usize = 20;

fn step(now: TimeUs) -> i64 {
    now.0.div_euclid(STEP_US)
}

fn code(secret: &[u8], step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let mac = hmac::sign(&key, &step.to_be_bytes());
    let mac = mac.as_ref();
    let offset = usize::from(mac[mac.len() - 1] & 0x0F);
    let word = [mac[offset] & 0x7F, mac[offset + 1], mac[offset + 2], mac[offset + 3]];
    u32::from_be_bytes(word) % CODES
}

/// The steps around `now` whose code this is: nearly always none or one.
pub fn steps(secret: &[u8], given: u32, now: TimeUs) -> impl Iterator<Item = i64> {
    let now = step(now);
    (now - STEPS_ASIDE..=now + STEPS_ASIDE).filter(move |step| code(secret, *step) == given)
}

/// Six digits, spaces between them allowed.
pub fn parse(text: &str) -> Option<u32> {
    let digits: String = text.chars().filter(|c| *c != ' ').collect();
    let is_code = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8; SECRET_BYTES] = b"12345678901234567890";

    fn at(seconds: i64) -> TimeUs {
        TimeUs(seconds * 1_000_000)
    }

    /// RFC 4226, appendix D.
    #[test]
    fn codes_are_those_of_rfc_4226() {
        let codes = [755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489];
        for (counter, expected) in codes.into_iter().enumerate() {
            assert_eq!(code(SECRET, i64::try_from(counter).unwrap()), expected, "{counter}");
        }
    }

    /// RFC 6238, appendix B, the last six of its eight digits.
    #[test]
    fn times_are_those_of_rfc_6238() {
        let table = [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ];
        for (seconds, expected) in table {
            assert_eq!(code(SECRET, step(at(seconds))), expected, "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_in_its_step_and_the_two_beside_it() {
        let given = code(SECRET, 1_000);
        let good = |seconds: i64| steps(SECRET, given, at(seconds)).any(|step| step == 1_000);
        assert!(good(999 * 30) && good(1_000 * 30) && good(1_001 * 30 + 29));
        assert!(!good(999 * 30 - 1) && !good(1_002 * 30));
    }

    #[test]
    fn six_digits_are_a_code() {
        assert_eq!(parse("081804"), Some(81_804));
        assert_eq!(parse(" 081 804"), Some(81_804));
        for text in ["", "12345", "1234567", "12345a", "+12345", "１２３４５６"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
