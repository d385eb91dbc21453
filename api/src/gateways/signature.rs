//! Who may tell us of payments. Stripe signs: `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=…]`, each `v1` the HMAC-SHA256 of
//! `<t>.<body>`. Others send a secret that both sides know.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use inventory::TimeUs;
use secrecy::{ExposeSecret, SecretString};

use crate::digest;

/// How far the time of signing may be from now, either way.
pub const TOLERANCE_S: i64 = 300;
/// More than Stripe sends while secrets are rotated.
const SIGNATURES_MAX: usize = 16;

/// Whether one of the secrets has signed `body` just now.
pub fn is_stripes(secrets: &[SecretString], header: &str, body: &[u8], now: TimeUs) -> bool {
    let Some(signed) = Signed::parse(header) else { return false };
    let is_recent = (now.0.div_euclid(1_000_000) - signed.at_s).abs() <= TOLERANCE_S;
    let text = [signed.time.as_bytes(), b".", body].concat();
    let is_signed = secrets.iter().any(|secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
        signed.signatures.iter().any(|signature| hmac::verify(&key, &text, signature).is_ok())
    });
    is_recent && is_signed
}

struct Signed<'a> {
    /// As it was signed.
    time: &'a str,
    at_s: i64,
    signatures: Vec<Vec<u8>>,
}

impl<'a> Signed<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let mut time = None;
        let mut signatures = Vec::new();
        for part in header.split(',') {
            let (scheme, value) = part.trim().split_once('=')?;
            match scheme {
                "t" if time.is_none() && is_seconds(value) => time = Some(value),
                "t" => return None,
                "v1" if signatures.len() == SIGNATURES_MAX => return None,
                "v1" => signatures.extend(HEXLOWER.decode(value.as_bytes()).ok()),
                // Other schemes, such as v0 of tests, prove nothing.
                _ => {}
            }
        }
        let time = time?;
        Some(Self { time, at_s: time.parse().ok()?, signatures })
    }
}

fn is_seconds(text: &str) -> bool {
    (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Neither the time it takes nor anything else tells how much of the secret was right.
pub fn is_secret(secret: &SecretString, given: &[u8]) -> bool {
    let [ours, theirs] = [secret.expose_secret().as_bytes(), given].map(|text| digest::full(&[b"secret", text]));
    verify_slices_are_equal(&ours, &theirs).is_ok()
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    const NOW_S: i64 = 1_763_700_000;
    const BODY: &[u8] = br#"{"id":"evt_1","type":"checkout.session.completed","data":{"object":{"id":"cs_1"}}}"#;

    fn now() -> TimeUs {
        TimeUs(NOW_S * 1_000_000 + 250_000)
    }

    fn secrets(names: &[&str]) -> Vec<SecretString> {
        names.iter().map(|name| SecretString::from(*name)).collect()
    }

    fn sign(secret: &str, time: &str, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let text = [time.as_bytes(), b".", body].concat();
        HEXLOWER.encode(hmac::sign(&key, &text).as_ref())
    }

    fn header(secret: &str, at_s: i64, body: &[u8]) -> String {
        format!("t={at_s},v1={}", sign(secret, &at_s.to_string(), body))
    }

    /// Made with another implementation: `printf '1763700000.{}' | openssl dgst -sha256 -hmac whsec_test`.
    #[test]
    fn a_signature_made_elsewhere_holds() {
        let known = "t=1763700000,v1=5e25a4ef27a0327f141ab04dab088b0b591b2d707b4dbb5fc692811fc1537bee";
        assert!(is_stripes(&secrets(&["whsec_test"]), known, b"{}", now()));
        assert!(
            !is_stripes(&secrets(&["whsec_test"]), &known[..known.len() - 2], b"{}", now()),
            "a part of it does not"
        );
    }

    #[test]
    fn every_secret_signs_while_they_are_rotated_and_a_dropped_one_does_not() {
        let both = secrets(&["whsec_old", "whsec_new"]);
        for secret in ["whsec_old", "whsec_new"] {
            assert!(is_stripes(&both, &header(secret, NOW_S, BODY), BODY, now()), "{secret}");
        }
        // Stripe signs with both at once.
        let twice = format!("{},v1={}", header("whsec_old", NOW_S, BODY), sign("whsec_new", &NOW_S.to_string(), BODY));
        assert!(is_stripes(&secrets(&["whsec_new"]), &twice, BODY, now()));
        assert!(!is_stripes(&secrets(&["whsec_new"]), &header("whsec_old", NOW_S, BODY), BODY, now()));
        assert!(!is_stripes(&[], &header("whsec_new", NOW_S, BODY), BODY, now()));
    }

    #[test]
    fn a_signature_holds_for_five_minutes_either_way() {
        let secrets = secrets(&["whsec_test"]);
        for (off_s, holds) in [(0, true), (-300, true), (300, true), (-301, false), (301, false), (-86_400, false)] {
            let header = header("whsec_test", NOW_S + off_s, BODY);
            assert_eq!(is_stripes(&secrets, &header, BODY, now()), holds, "{off_s} s");
        }
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        let secrets = secrets(&["whsec_test"]);
        let good = sign("whsec_test", &NOW_S.to_string(), BODY);
        let wrong = sign("whsec_other", &NOW_S.to_string(), BODY);
        for header in [
            String::new(),
            "nonsense".to_owned(),
            format!("v1={good}"),
            format!("t={NOW_S}"),
            format!("t={NOW_S},v0={good}"),
            format!("t={NOW_S},v1="),
            format!("t={NOW_S},v1={}", good.to_uppercase()),
            format!("t={NOW_S},v1={wrong},v1={wrong}"),
            format!("t={NOW_S},t={NOW_S},v1={good}"),
            format!("t=+{NOW_S},v1={good}"),
            format!("t=-1,v1={good}"),
            format!("t=99999999999999999999,v1={good}"),
            format!("T={NOW_S},V1={good}"),
        ] {
            assert!(!is_stripes(&secrets, &header, BODY, now()), "{header}");
        }
        assert!(is_stripes(&secrets, &format!("t={NOW_S}, v1={wrong}, v1={good}"), BODY, now()));
    }

    /// RELIABILITY T23.
    #[test]
    fn of_ten_thousand_forgeries_none_is_accepted() {
        let secrets = secrets(&["whsec_one", "whsec_two"]);
        let mut rng = rand::rng();
        let flip = |text: &mut Vec<u8>, rng: &mut rand::rngs::ThreadRng| {
            let at = rng.random_range(0..text.len());
            text[at] ^= 1 << rng.random_range(0..8);
        };
        let mut accepted = Vec::new();
        for round in 0..10_000 {
            let mut body = BODY.to_vec();
            let mut at_s = NOW_S;
            let mut secret = "whsec_one".to_owned();
            let good = |at_s: i64, body: &[u8]| sign("whsec_two", &at_s.to_string(), body);
            let forged = match round % 6 {
                0 => {
                    let header = header(&secret, at_s, &body);
                    flip(&mut body, &mut rng);
                    header
                }
                1 => {
                    // Of the signature, but for the letter case that hex could have.
                    let mut tag = good(at_s, &body).into_bytes();
                    let at = rng.random_range(0..tag.len());
                    tag[at] = if tag[at] == b'0' { b'1' } else { b'0' };
                    format!("t={at_s},v1={}", String::from_utf8(tag).unwrap())
                }
                2 => {
                    let header = header(&secret, at_s, &body);
                    let moved = at_s + rng.random_range(1..=TOLERANCE_S);
                    header.replace(&at_s.to_string(), &moved.to_string())
                }
                3 => {
                    let off_s = rng.random_range(301..1_000_000);
                    at_s += if rng.random_bool(0.5) { off_s } else { -off_s };
                    header(&secret, at_s, &body)
                }
                4 => {
                    let mut bytes = secret.clone().into_bytes();
                    let at = rng.random_range(0..bytes.len());
                    bytes[at] = bytes[at].wrapping_add(1) & 0x7f;
                    secret = String::from_utf8(bytes).unwrap();
                    header(&secret, at_s, &body)
                }
                _ => format!("t={at_s},v0={},v1={}", good(at_s, &body), good(at_s + 1, &body)),
            };
            if is_stripes(&secrets, &forged, &body, now()) {
                accepted.push(forged);
            }
        }
        assert!(accepted.is_empty(), "{accepted:?}");
    }

    #[test]
    fn a_secret_is_right_as_a_whole_or_not_at_all() {
        let secret = SecretString::from("between the two of us");
        assert!(is_secret(&secret, b"between the two of us"));
        for wrong in [&b""[..], b"between the two of u", b"between the two of us ", b"Between the two of us"] {
            assert!(!is_secret(&secret, wrong));
        }
    }
}
