//! Codes that reveal hidden tiers. Only digests are kept: who reads the journal cannot buy with them.

use crate::digest;

const CODE_CHARS_MAX: usize = 64;

/// # Errors
/// What is wrong with the code's form.
pub fn check(code: &str) -> Result<(), &'static str> {
    if code.is_empty() || code.chars().count() > CODE_CHARS_MAX {
        return Err("1 to 64 characters");
    }
    Ok(())
}

/// As [`inventory::TierSpec::access_code`] keeps it. Case counts.
pub fn digest_of(code: &str) -> [u8; 16] {
    digest::of(&[b"access code", code.as_bytes()])
}
