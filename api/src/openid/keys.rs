use std::sync::Arc;

use hashbrown::HashMap;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// Of RSA: 2048 bits in base64url.
const MODULUS_CHARS_MIN: usize = 2_048 / 8 * 4 / 3;
/// More than any provider rotates through.
const KEYS_MAX: usize = 64;

/// The provider's public keys by their ids, each for the one algorithm that it is good for.
#[derive(Clone, Default)]
pub struct Keys(Arc<HashMap<String, Key>>);

pub struct Key {
    pub algorithm: Algorithm,
    pub verifying: DecodingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl Keys {
    /// `None` when it is no key set. A key that is of no use here is left out.
    pub fn read(document: &[u8]) -> Option<Self> {
        let document: Document = serde_json::from_slice(document).ok()?;
        let keys =
            document.keys.into_iter().take(KEYS_MAX).filter_map(|key| usable(&serde_json::from_value(key).ok()?));
        Some(Self(Arc::new(keys.collect())))
    }

    /// The key of this id. A token that names none is one of a provider that has one key, OpenID Connect Core, 10.1.
    pub fn find(&self, id: Option<&str>) -> Option<&Key> {
        match id {
            Some(id) => self.0.get(id),
            None if self.0.len() == 1 => self.0.values().next(),
            None => None,
        }
    }
}

/// For signatures, of a public algorithm. Never a symmetric one: what is published is no secret.
fn usable(jwk: &Jwk) -> Option<(String, Key)> {
    let id = jwk.common.key_id.clone()?;
    if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) if rsa.n.len() >= MODULUS_CHARS_MIN => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => Algorithm::ES256,
        _ => return None,
    };
    let named = match jwk.common.key_algorithm {
        None => algorithm,
        Some(KeyAlgorithm::RS256) => Algorithm::RS256,
        Some(KeyAlgorithm::ES256) => Algorithm::ES256,
        Some(_) => return None,
    };
    let verifying = DecodingKey::from_jwk(jwk).ok().filter(|_| named == algorithm)?;
    Some((id, Key { algorithm, verifying }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_public_keys_for_signatures_are_taken() {
        let rsa = |id: &str| json!({"kty": "RSA", "kid": id, "n": "A".repeat(342), "e": "AQAB"});
        let point = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
        let curve = |id: &str, name: &str| json!({"kty": "EC", "kid": id, "crv": name, "x": point, "y": point});
        let with = |mut key: Value, name: &str, value: &str| {
            key[name] = value.into();
            key
        };
        let document = json!({"keys": [
            rsa("rsa"), with(rsa("named"), "alg", "RS256"), curve("ec", "P-256"),
            with(rsa("encrypts"), "use", "enc"), with(rsa("weaker"), "n", &"A".repeat(171)),
            with(rsa("other"), "alg", "RS512"), with(rsa("mixed"), "alg", "ES256"), curve("larger", "P-384"),
            {"kty": "oct", "kid": "shared", "k": "AAAA"}, {"kty": "RSA", "n": "A".repeat(342), "e": "AQAB"},
            {"kty": "new", "kid": "unknown"}, 7,
        ]});
        let keys = Keys::read(document.to_string().as_bytes()).unwrap();
        let mut ids: Vec<&str> = keys.0.keys().map(String::as_str).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["ec", "named", "rsa"]);
        assert_eq!(keys.find(Some("ec")).unwrap().algorithm, Algorithm::ES256);
        assert!(keys.find(None).is_none(), "which of three is meant?");
        let one = Keys::read(json!({"keys": [rsa("rsa")]}).to_string().as_bytes()).unwrap();
        assert_eq!(one.find(None).unwrap().algorithm, Algorithm::RS256);
        assert!(one.find(Some("ec")).is_none());
        assert!(Keys::read(b"{}").is_none());
    }
}
