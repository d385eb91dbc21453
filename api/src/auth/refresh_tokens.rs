use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{digest, ids};

const BYTES: usize = 32;

/// Makes refresh tokens. The store sees their digests only.
pub struct RefreshTokens {
    key: hmac::Key,
}

/// What the client keeps: 256 bits, random at the login, derived from there on.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken([u8; BYTES]);

impl RefreshTokens {
    pub fn new(key: [u8; 32]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, &key) }
    }

    /// Of a new login.
    pub fn first() -> RefreshToken {
        RefreshToken(ids::entropy())
    }

    /// The one that takes `parent`'s place. Always the same, so that a client whose answer was lost gets it again.
    pub fn child(&self, parent: &RefreshToken) -> RefreshToken {
        let mut child = [0; BYTES];
        child.copy_from_slice(hmac::sign(&self.key, &parent.0).as_ref());
        RefreshToken(child)
    }
}

impl RefreshToken {
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    pub fn hash(&self) -> [u8; 32] {
        digest::full(&[&self.0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_the_same_each_time_and_cannot_be_made_without_the_key() {
        let parent = RefreshTokens::first();
        let tokens = RefreshTokens::new([1; 32]);
        assert!(tokens.child(&parent) == tokens.child(&parent));
        assert!(tokens.child(&parent) != parent);
        assert!(tokens.child(&parent) != RefreshTokens::new([2; 32]).child(&parent));
        assert!(tokens.child(&parent) != tokens.child(&RefreshTokens::first()));
    }

    #[test]
    fn the_text_reads_back_and_nothing_else_does() {
        let token = RefreshTokens::first();
        assert!(RefreshToken::parse(&token.text()) == Some(token));
        for text in ["", "abc", &"A".repeat(44), "ä"] {
            assert!(RefreshToken::parse(text).is_none(), "{text}");
        }
    }
}
