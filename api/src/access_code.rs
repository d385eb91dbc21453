//! Codes that open hidden tiers or take something off their prices. Only keyed digests leave the request: who reads the
//! journal cannot buy with them, nor find a short code by trying, and digests are what codes are compared by.

use aws_lc_rs::hmac;
use inventory::limits::{NAME_BYTES_MAX, TIERS_PER_EVENT_MAX};

use crate::field_errors::FieldErrors;

const CODE_CHARS_MAX: usize = 64;

/// # Errors
/// What is wrong with the code's form.
pub fn check(code: &str) -> Result<(), &'static str> {
    if code.is_empty() || code.chars().count() > CODE_CHARS_MAX {
        return Err("1 to 64 characters");
    }
    Ok(())
}

/// What every code has, as far as no event is needed to judge it.
pub fn check_named(errors: &mut FieldErrors, code: &str, label: &str, tiers: usize) {
    if let Err(problem) = check(code) {
        errors.add("code", "LENGTH", problem);
    }
    if label.is_empty() || label.len() > NAME_BYTES_MAX {
        errors.add("label", "LENGTH", format!("1 to {NAME_BYTES_MAX} bytes"));
    }
    if tiers > TIERS_PER_EVENT_MAX {
        errors.add("tiers", "TOO_MANY", format!("at most {TIERS_PER_EVENT_MAX}"));
    }
}

pub struct AccessCodes(hmac::Key);

impl AccessCodes {
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// As the core keeps it. Case counts.
    pub fn digest_of(&self, code: &str) -> [u8; 16] {
        let tag = hmac::sign(&self.0, code.as_bytes());
        let mut digest = [0; 16];
        digest.copy_from_slice(&tag.as_ref()[..16]);
        digest
    }

    /// Of a discount code. Case does not count: they are read off posters.
    pub fn discount_digest_of(&self, code: &str) -> [u8; 16] {
        self.digest_of(&format!("discount\0{}", code.to_uppercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_needs_the_code_and_the_key() {
        let (one, other) = (AccessCodes::new(&[1; 32]), AccessCodes::new(&[2; 32]));
        assert_eq!(one.digest_of("fan"), one.digest_of("fan"));
        assert_ne!(one.digest_of("fan"), one.digest_of("Fan"));
        assert_ne!(one.digest_of("fan"), other.digest_of("fan"));
        assert_eq!(one.discount_digest_of("fäN"), one.discount_digest_of("FÄn"));
        assert_ne!(one.discount_digest_of("fan"), one.discount_digest_of("fans"));
        assert_ne!(one.discount_digest_of("FAN"), one.digest_of("FAN"));
    }
}
