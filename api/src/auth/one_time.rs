use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{digest, ids};

const TOKEN_BYTES: usize = 32;
const CODE_DIGITS: usize = 6;

/// What a link in a mail carries: 256 random bits. The store sees the digest only.
pub struct OneTimeToken([u8; TOKEN_BYTES]);

impl OneTimeToken {
    pub fn draw() -> Self {
        Self(ids::entropy())
    }

    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    pub fn hash(&self) -> [u8; 32] {
        digest::full(&[b"one-time token", &self.0])
    }
}

/// Six digits to type from a mail.
pub struct OneTimeCode(String);

impl OneTimeCode {
    pub fn draw() -> Self {
        Self(format!("{:0CODE_DIGITS$}", rand::random_range(0..1_000_000_u32)))
    }

    pub fn parse(text: &str) -> Option<Self> {
        let is_code = text.len() == CODE_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then(|| Self(text.to_owned()))
    }

    pub fn text(&self) -> &str {
        &self.0
    }
}

/// Keyed digests: whoever reads a table of them can neither try a million codes nor find out which addresses asked for one.
/// Not so whoever has the whole store: the key is in it.
pub struct OneTimeKeys {
    key: hmac::Key,
}

impl OneTimeKeys {
    pub fn new(key: &[u8; 32]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    /// Of an e-mail address, whatever its case.
    pub fn address(&self, email: &str) -> [u8; 32] {
        self.keyed("address", email.trim().to_lowercase().as_bytes(), b"")
    }

    /// The same code of two addresses has two digests.
    pub fn code(&self, address: &[u8; 32], code: &OneTimeCode) -> [u8; 32] {
        self.keyed("code", address, code.0.as_bytes())
    }

    /// Takes as long for a wrong code as for a right one.
    pub fn is_code(&self, address: &[u8; 32], code: &OneTimeCode, stored: &[u8]) -> bool {
        verify_slices_are_equal(&self.code(address, code), stored).is_ok()
    }

    /// Of somebody who has a mail sent, for the limit named `limit`.
    pub fn limit(&self, limit: &'static str, subject: &[u8]) -> [u8; 32] {
        self.keyed("limit", limit.as_bytes(), subject)
    }

    fn keyed(&self, purpose: &'static str, first: &[u8], second: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        let digest = digest::full(&[purpose.as_bytes(), first, second]);
        out.copy_from_slice(hmac::sign(&self.key, &digest).as_ref());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_nothing_else_does() {
        let token = OneTimeToken::draw();
        assert_eq!(OneTimeToken::parse(&token.text()).map(|read| read.hash()), Some(token.hash()));
        assert_ne!(OneTimeToken::draw().hash(), token.hash());
        for text in ["", "abc", &"A".repeat(44), "ä"] {
            assert!(OneTimeToken::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_code_is_six_digits() {
        for _ in 0..200 {
            assert!(OneTimeCode::parse(OneTimeCode::draw().text()).is_some());
        }
        for text in ["", "12345", "1234567", "12345a", "-12345", "１２３４５６", " 12345"] {
            assert!(OneTimeCode::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_code_is_right_for_its_address_under_its_key_only() {
        let keys = OneTimeKeys::new(&[1; 32]);
        let (ada, bob) = (keys.address(" Ada@Example.org"), keys.address("bob@example.org"));
        assert_eq!(ada, keys.address("ada@example.org"));
        let code = |text: &str| OneTimeCode::parse(text).unwrap();
        let stored = keys.code(&ada, &code("012345"));
        assert!(keys.is_code(&ada, &code("012345"), &stored));
        assert!(!keys.is_code(&ada, &code("012346"), &stored));
        assert!(!keys.is_code(&bob, &code("012345"), &stored));
        assert!(!OneTimeKeys::new(&[2; 32]).is_code(&ada, &code("012345"), &stored));
        assert_ne!(keys.limit("a", b"x"), keys.limit("b", b"x"));
    }
}
