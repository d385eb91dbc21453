use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::sealed::{SealError, Seals};
use crate::{hex, ids};

/// So that a secret that is found somewhere is known for what it is.
const PREFIX: &str = "whsec_";

/// What a webhook's server and this one both know.
pub struct Secret(String);

impl Secret {
    pub fn random() -> Self {
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(ids::entropy::<32>())))
    }

    /// To be shown once.
    pub fn into_text(self) -> String {
        self.0
    }

    /// As it is kept.
    ///
    /// # Errors
    /// Only when the crypto library fails.
    pub fn sealed(&self, seals: &Seals, webhook: Uuid) -> Result<Vec<u8>, SealError> {
        seals.webhook.seal(webhook.as_bytes(), self.0.as_bytes())
    }

    /// `None`: it was not sealed by this server for this webhook.
    pub fn open(seals: &Seals, webhook: Uuid, sealed: &[u8]) -> Option<Self> {
        String::from_utf8(seals.webhook.open(webhook.as_bytes(), sealed)?).ok().map(Self)
    }
}

/// `v1=` and the HMAC-SHA256 of `timestamp.body`, in hexadecimal; of two secrets, both, with a comma between.
pub fn signature(secrets: &[Secret], timestamp_s: i64, body: &[u8]) -> String {
    let one = |secret: &Secret| {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.0.as_bytes()));
        context.update(format!("{timestamp_s}.").as_bytes());
        context.update(body);
        format!("v1={}", hex::encode(context.sign().as_ref()))
    };
    secrets.iter().map(one).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf '1700000000.{"id":1}' | openssl dgst -sha256 -hmac whsec_test`.
    #[test]
    fn a_signature_is_that_of_the_recipe() {
        let secret = || Secret("whsec_test".to_owned());
        let once = signature(&[secret()], 1_700_000_000, br#"{"id":1}"#);
        assert_eq!(once, "v1=2f441ba4b3b2d50d28a9ab9d9fd8880376ecd1eb5d0435401553f5d8d0a5dcf8");
        let both = signature(&[secret(), Secret("whsec_old".to_owned())], 1_700_000_000, br#"{"id":1}"#);
        assert!(both.starts_with(&format!("{once},v1=")) && both.len() == 2 * once.len() + 1, "{both}");
    }

    #[test]
    fn a_secret_comes_back_to_its_webhook_alone() {
        let (seals, secret) = (Seals::new(&[1; 32]).unwrap(), Secret::random());
        let (own, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = secret.sealed(&seals, own).unwrap();
        assert!(Secret::open(&seals, other, &sealed).is_none());
        let opened = Secret::open(&seals, own, &sealed).unwrap().into_text();
        assert_eq!(opened, secret.into_text());
        assert!(opened.starts_with("whsec_") && opened.len() == 6 + 43);
    }
}
