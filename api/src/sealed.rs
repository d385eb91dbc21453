//! Small texts that leave the process, or lie in a store that others may read, and must come back unread and unchanged.
//! AES-256-GCM under a key per purpose: what was sealed for one means nothing to another.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use thiserror::Error;

const VERSION: u8 = 1;
const HEAD: usize = 1 + NONCE_LEN;

/// The library refused a key or a text.
#[derive(Debug, Error)]
#[error("nothing can be sealed")]
pub struct SealError;

/// Whether it may have been sealed here: no text begins so.
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.first() == Some(&VERSION)
}

/// Seals for one purpose.
pub struct Seal {
    key: RandomizedNonceKey,
}

/// All seals of the server, made from one secret.
pub struct Seals {
    /// Second factors at rest.
    pub second_factor: Seal,
    /// What a browser keeps while its user is at another provider.
    pub attempt: Seal,
    /// The code with which the browser gets its tokens afterwards.
    pub sign_in: Seal,
    /// Answers that are kept for their idempotency key: some hold what is shown once.
    pub answers: Seal,
    /// With which webhooks are signed, at rest.
    pub webhook: Seal,
    /// Where money of wallets is paid out to, at rest.
    pub payout: Seal,
    /// Links of mails to addresses that accounts are to have.
    pub email_change: Seal,
}

impl Seals {
    /// # Errors
    /// Only when the crypto library fails.
    pub fn new(secret: &[u8; 32]) -> Result<Self, SealError> {
        Ok(Self {
            second_factor: Seal::derive(secret, b"second factor")?,
            attempt: Seal::derive(secret, b"sign-in attempt")?,
            sign_in: Seal::derive(secret, b"sign-in code")?,
            answers: Seal::derive(secret, b"idempotent answer")?,
            webhook: Seal::derive(secret, b"webhook secret")?,
            payout: Seal::derive(secret, b"payout")?,
            email_change: Seal::derive(secret, b"e-mail change")?,
        })
    }
}

impl Seal {
    fn derive(secret: &[u8; 32], purpose: &[u8]) -> Result<Self, SealError> {
        let key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), purpose);
        let key = RandomizedNonceKey::new(&AES_256_GCM, key.as_ref()).map_err(|_| SealError)?;
        Ok(Self { key })
    }

    /// Opens only where the same `owner` is named.
    ///
    /// # Errors
    /// Only when the crypto library fails.
    pub fn seal(&self, owner: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut text = plain.to_vec();
        let nonce = self.key.seal_in_place_append_tag(Aad::from(owner), &mut text).map_err(|_| SealError)?;
        let mut sealed = Vec::with_capacity(HEAD + text.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut text);
        Ok(sealed)
    }

    /// `None`: not sealed here, for this purpose and this `owner`.
    pub fn open(&self, owner: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (head, text) = sealed.split_at_checked(HEAD)?;
        let nonce = Nonce::try_assume_unique_for_key(&head[1..]).ok().filter(|_| head[0] == VERSION)?;
        let mut text = text.to_vec();
        let plain = self.key.open_in_place(nonce, Aad::from(owner), &mut text).ok()?;
        Some(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_to_its_owner_and_to_its_purpose_only() {
        let seals = Seals::new(&[1; 32]).unwrap();
        let sealed = seals.attempt.seal(b"ada", b"state").unwrap();
        assert_eq!(seals.attempt.open(b"ada", &sealed).as_deref(), Some(&b"state"[..]));
        assert_eq!(seals.attempt.open(b"bob", &sealed), None);
        assert_eq!(seals.sign_in.open(b"ada", &sealed), None);
        assert_eq!(Seals::new(&[2; 32]).unwrap().attempt.open(b"ada", &sealed), None);
        assert_ne!(seals.attempt.seal(b"ada", b"state").unwrap(), sealed);
    }

    #[test]
    fn any_changed_bit_and_any_missing_byte_is_noticed() {
        let seals = Seals::new(&[1; 32]).unwrap();
        let sealed = seals.attempt.seal(b"", b"state").unwrap();
        for ix in 0..sealed.len() * 8 {
            let mut forged = sealed.clone();
            forged[ix / 8] ^= 1 << (ix % 8);
            assert_eq!(seals.attempt.open(b"", &forged), None, "bit {ix}");
        }
        for len in 0..sealed.len() {
            assert_eq!(seals.attempt.open(b"", &sealed[..len]), None, "{len} bytes");
        }
    }
}
