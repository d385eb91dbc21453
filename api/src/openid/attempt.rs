use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inventory::TimeUs;

use crate::{digest, ids};

const SECRET_BYTES: usize = 32;
const BYTES: usize = 3 * SECRET_BYTES + 8;

/// What a browser has begun, and must bring back to end it.
pub struct Attempt {
    state: [u8; SECRET_BYTES],
    nonce: [u8; SECRET_BYTES],
    verifier: [u8; SECRET_BYTES],
    pub expires_at: TimeUs,
}

impl Attempt {
    pub fn begin(expires_at: TimeUs) -> Self {
        Self { state: ids::entropy(), nonce: ids::entropy(), verifier: ids::entropy(), expires_at }
    }

    /// Ties the provider's answer to this browser.
    pub fn state(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.state)
    }

    /// Ties the provider's token to this attempt.
    pub fn nonce(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.nonce)
    }

    /// Shown to the provider when the code is redeemed: whoever has only seen the code cannot (RFC 7636).
    pub fn verifier(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.verifier)
    }

    /// S256 of the verifier.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.verifier().as_bytes()))
    }

    pub fn has_state(&self, given: &str) -> bool {
        verify_slices_are_equal(self.state().as_bytes(), given.as_bytes()).is_ok()
    }

    pub fn has_nonce(&self, given: &str) -> bool {
        verify_slices_are_equal(self.nonce().as_bytes(), given.as_bytes()).is_ok()
    }

    /// By which it is remembered that it was used.
    pub fn digest(&self) -> [u8; 32] {
        digest::full(&[b"sign-in attempt", &self.state])
    }

    pub fn bytes(&self) -> Vec<u8> {
        [&self.state[..], &self.nonce, &self.verifier, &self.expires_at.0.to_be_bytes()].concat()
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; BYTES] = bytes.try_into().ok()?;
        let secret = |ix: usize| bytes[ix * SECRET_BYTES..(ix + 1) * SECRET_BYTES].try_into().ok();
        let expires_at = bytes[3 * SECRET_BYTES..].try_into().ok().map(i64::from_be_bytes)?;
        Some(Self { state: secret(0)?, nonce: secret(1)?, verifier: secret(2)?, expires_at: TimeUs(expires_at) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_survives_the_round_trip_and_knows_its_own() {
        let attempt = Attempt::begin(TimeUs(7));
        let read = Attempt::from_bytes(&attempt.bytes()).unwrap();
        assert_eq!((read.bytes(), read.expires_at), (attempt.bytes(), TimeUs(7)));
        assert!(read.has_state(&attempt.state()) && read.has_nonce(&attempt.nonce()));
        let other = Attempt::begin(TimeUs(7));
        for wrong in [other.state(), attempt.nonce(), String::new(), format!("{}=", attempt.state())] {
            assert!(!attempt.has_state(&wrong), "{wrong}");
        }
        assert!(Attempt::from_bytes(&attempt.bytes()[1..]).is_none());
    }

    /// RFC 7636, appendix B.
    #[test]
    fn the_challenge_is_that_of_rfc_7636() {
        let verifier = URL_SAFE_NO_PAD.decode("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        let attempt = Attempt { verifier: verifier.try_into().unwrap(), ..Attempt::begin(TimeUs(0)) };
        assert_eq!(attempt.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
