//! What is taken for a token, and what is not: 40 kinds of attack, each in a thousand variants.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::*;

const SECRET: [u8; 32] = [7; 32];
const NOW: TimeUs = TimeUs(1_800_000_000_000_000);
const NOW_S: i64 = NOW.0 / 1_000_000;

fn tokens() -> Tokens {
    Tokens::new(&SECRET, std::time::Duration::from_secs(900), Uuid::from_u128(1))
}

fn issued(tokens: &Tokens) -> String {
    let user = UserId::from_bytes([1; 16]);
    tokens.issue(user, Role::Attendee, UserStatus::Active, Uuid::from_u128(2), NOW).unwrap()
}

fn header() -> Value {
    json!({"typ": TYPE, "alg": "HS256"})
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": Uuid::from_u128(3), "sid": Uuid::from_u128(2), "role": "admin",
        "status": "active", "node": Uuid::from_u128(1), "iat": NOW_S, "nbf": NOW_S, "exp": NOW_S + 900,
    })
}

fn with(mut object: Value, key: &str, value: Value) -> Value {
    object[key] = value;
    object
}

fn without(mut object: Value, key: &str) -> Value {
    object.as_object_mut().unwrap().remove(key);
    object
}

/// Signed as whoever knows `secret` would, whatever the header says.
fn forge(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", text(header), text(claims));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
    let signature = aws_lc_rs::hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn the_forge_makes_good_tokens_so_that_what_it_breaks_is_what_is_refused() {
    let verified = tokens().verify(&forge(&header(), &claims(), &SECRET), NOW).unwrap();
    assert_eq!((verified.claims.role, verified.is_new), (Role::Admin, true));
}

/// Of what an attacker may choose, something else in each variant.
fn varied(rng: &mut SmallRng) -> Value {
    let issued_s = NOW_S - rng.random_range(0..600);
    let object = with(claims(), "sub", json!(Uuid::from_u128(rng.random())));
    let object = with(object, "sid", json!(Uuid::from_u128(rng.random())));
    let object = with(object, "role", json!(*pick(rng, &["attendee", "organizer", "admin"])));
    let object = with(object, "iat", json!(issued_s));
    with(with(object, "nbf", json!(issued_s)), "exp", json!(issued_s + 900))
}

fn pick<'a, T>(rng: &mut SmallRng, choices: &'a [T]) -> &'a T {
    &choices[rng.random_range(0..choices.len())]
}

fn good(rng: &mut SmallRng) -> String {
    forge(&header(), &varied(rng), &SECRET)
}

/// A genuine token with one of its three parts replaced.
fn patched(rng: &mut SmallRng, part: usize, replaced: &str) -> String {
    let good = good(rng);
    let mut parts: Vec<&str> = good.split('.').collect();
    parts[part] = replaced;
    parts.join(".")
}

/// Genuine, but for one member of its claims.
fn claiming(rng: &mut SmallRng, key: &str, value: Value) -> String {
    let claims = varied(rng);
    forge(&header(), &if value.is_null() { without(claims, key) } else { with(claims, key, value) }, &SECRET)
}

/// Genuine, but for one member of its header.
fn headed(rng: &mut SmallRng, key: &str, value: Value) -> String {
    forge(&if value.is_null() { without(header(), key) } else { with(header(), key, value) }, &varied(rng), &SECRET)
}

/// Signed by the attacker's `key`, which the header points at or brings along.
fn brought(rng: &mut SmallRng, member: &str, value: Value, key: &[u8]) -> String {
    forge(&with(header(), member, value), &varied(rng), key)
}

/// Under an asymmetric algorithm's name, signed by HMAC with its public key, as a confused verifier would check it.
fn confused(rng: &mut SmallRng, algorithms: &[&str]) -> String {
    let public: [u8; 32] = rng.random();
    let text = URL_SAFE_NO_PAD.encode(public);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n");
    let keys = [public.as_slice(), text.as_bytes(), pem.as_bytes(), pem.trim().as_bytes()];
    let (algorithm, key) = (*pick(rng, algorithms), *pick(rng, &keys));
    forge(&with(header(), "alg", json!(algorithm)), &varied(rng), key)
}

fn bytes<const N: usize>(rng: &mut SmallRng) -> String {
    URL_SAFE_NO_PAD.encode(rng.random::<[u8; N]>())
}

type Attack = fn(&mut SmallRng) -> String;

const VARIANTS: usize = 1_000;

const ATTACKS: [(&str, Attack); 40] = [
    ("algorithm none", |rng| {
        let name = *pick(rng, &["none", "None", "NONE", "nOnE", "", "null"]);
        let token = headed(rng, "alg", json!(name));
        token[..=token.rfind('.').unwrap()].to_owned()
    }),
    ("algorithm none with a signature", |rng| headed(rng, "alg", json!("none"))),
    ("no algorithm", |rng| headed(rng, "alg", Value::Null)),
    ("an algorithm that is a list", |rng| headed(rng, "alg", json!(["HS256", "none"]))),
    ("an empty signature", |rng| patched(rng, 2, "")),
    ("no signature part", |rng| good(rng).rsplit_once('.').unwrap().0.to_owned()),
    ("a random signature", |rng| {
        let signature = bytes::<32>(rng);
        patched(rng, 2, &signature)
    }),
    ("a signature cut short", |rng| {
        let token = good(rng);
        token[..token.len() - rng.random_range(1..43)].to_owned()
    }),
    ("the signature of another token", |rng| {
        let other = good(rng);
        patched(rng, 2, other.rsplit('.').next().unwrap())
    }),
    ("another payload under a good signature", |rng| {
        let payload = URL_SAFE_NO_PAD.encode(with(varied(rng), "role", json!("admin")).to_string());
        patched(rng, 1, &payload)
    }),
    ("another header under a good signature", |rng| {
        let kid = rng.random::<u32>();
        let header = URL_SAFE_NO_PAD.encode(with(header(), "kid", json!(kid.to_string())).to_string());
        patched(rng, 0, &header)
    }),
    ("one character changed", |rng| {
        let mut token = good(rng).into_bytes();
        let at = rng.random_range(0..token.len());
        let other = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
        token[at] = *other.iter().filter(|byte| **byte != token[at]).nth(rng.random_range(0..64)).unwrap();
        String::from_utf8(token).unwrap()
    }),
    ("another algorithm of the family", |rng| {
        let name = *pick(rng, &["HS384", "HS512", "hs256", "HMACSHA256"]);
        headed(rng, "alg", json!(name))
    }),
    ("RS256 checked by HMAC with the public key", |rng| confused(rng, &["RS256", "RS384", "RS512", "PS256"])),
    ("ES256 checked by HMAC with the public key", |rng| confused(rng, &["ES256", "ES384"])),
    ("EdDSA checked by HMAC with the public key", |rng| confused(rng, &["EdDSA", "Ed25519"])),
    ("HS256 keyed with a public key", |rng| confused(rng, &["HS256"])),
    ("another key", |rng| {
        let key: [u8; 32] = rng.random();
        forge(&header(), &varied(rng), &key)
    }),
    ("a weak key", |rng| {
        let key = *pick(rng, &["", "secret", "changeme", "usher", "your-256-bit-secret", "null", "\0"]);
        forge(&header(), &varied(rng), key.as_bytes())
    }),
    ("a key named by a path in kid", |rng| {
        let path = *pick(rng, &["../../../dev/null", "/proc/sys/kernel/randomize_va_space", "/dev/null\0.pem"]);
        brought(rng, "kid", json!(path), b"")
    }),
    ("a key named by SQL in kid", |rng| brought(rng, "kid", json!("x' UNION SELECT 'key'--"), b"key")),
    ("a key named by a command in kid", |rng| brought(rng, "kid", json!("|/usr/bin/true"), b"")),
    ("a key brought along in jwk", |rng| {
        let key: [u8; 32] = rng.random();
        brought(rng, "jwk", json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(key)}), &key)
    }),
    ("a key to be fetched from jku", |rng| {
        let (key, host): ([u8; 32], u32) = (rng.random(), rng.random());
        brought(rng, "jku", json!(format!("https://{host}.example/jwks.json")), &key)
    }),
    ("a certificate to be fetched from x5u", |rng| {
        let key: [u8; 32] = rng.random();
        brought(rng, "x5u", json!("https://evil.example/chain.pem"), &key)
    }),
    ("a certificate brought along in x5c", |rng| {
        let key: [u8; 32] = rng.random();
        let chain = json!([base64::engine::general_purpose::STANDARD.encode(key)]);
        brought(rng, "x5c", chain, &key)
    }),
    ("an extension that must be understood", |rng| brought(rng, "crit", json!(["b64"]), b"x")),
    ("no type, or another one", |rng| {
        let kind = pick(rng, &[Value::Null, json!("JWT"), json!("refresh+jwt"), json!("id+jwt"), json!("")]).clone();
        headed(rng, "typ", kind)
    }),
    ("expired", |rng| {
        let end_s = NOW_S - rng.random_range(0..100_000);
        claiming(rng, "exp", json!(end_s))
    }),
    ("never expires, or nobody knows when", |rng| {
        let end =
            pick(rng, &[Value::Null, json!("2099-01-01"), json!("9999999999"), json!(true), json!(1e300)]).clone();
        claiming(rng, "exp", end)
    }),
    ("not yet", |rng| {
        let start_s = NOW_S + rng.random_range(6..100_000);
        claiming(rng, "nbf", json!(start_s))
    }),
    ("no nbf", |rng| claiming(rng, "nbf", Value::Null)),
    ("another issuer", |rng| {
        let issuer = pick(rng, &[Value::Null, json!("elsewhere"), json!("Usher"), json!("usher "), json!("")]).clone();
        claiming(rng, "iss", issuer)
    }),
    ("another audience", |rng| {
        let audience = pick(rng, &[Value::Null, json!("usher"), json!("usher-gate"), json!(""), json!([])]).clone();
        claiming(rng, "aud", audience)
    }),
    ("no subject, or none that is an account", |rng| {
        let subject = pick(rng, &[Value::Null, json!(""), json!("admin"), json!(0), json!("' OR 1=1")]).clone();
        claiming(rng, "sub", subject)
    }),
    ("a role that is none", |rng| {
        let role = pick(rng, &[Value::Null, json!("root"), json!("Admin"), json!(["admin"]), json!(2)]).clone();
        claiming(rng, "role", role)
    }),
    ("a refresh token", |_| crate::auth::RefreshTokens::first().text()),
    ("longer than any of ours", |rng| {
        let pad = "x".repeat(rng.random_range(1_024..4_096));
        claiming(rng, "pad", json!(pad))
    }),
    ("too many parts, too few, or none", |rng| {
        let token = good(rng);
        let shape = rng.random_range(0..5);
        [format!("{token}."), format!(".{token}"), format!("{token}.{token}"), "..".to_owned(), String::new()][shape]
            .clone()
    }),
    ("another spelling of the same bytes", |rng| {
        let token = good(rng);
        let shape = rng.random_range(0..4);
        [format!("{token}="), format!(" {token}"), format!("{token}\n"), token.replace('.', ".\u{200b}")][shape].clone()
    }),
];

#[test]
fn of_a_thousand_variants_of_each_attack_none_is_accepted() {
    let tokens = tokens();
    let mut rng = SmallRng::seed_from_u64(29);
    for (attack, forged) in ATTACKS {
        for variant in 0..VARIANTS {
            let token = forged(&mut rng);
            assert!(tokens.verify(&token, NOW).is_err(), "{attack}, variant {variant}: {token}");
        }
    }
    // What the attacks start from is good: they are refused for what they are.
    for _ in 0..VARIANTS {
        let token = good(&mut rng);
        let verified = tokens.verify(&token, NOW).unwrap();
        tokens.keep(&token, &verified.claims);
    }
}

#[test]
fn a_token_expires_whether_it_is_known_or_new() {
    let tokens = tokens();
    let token = issued(&tokens);
    let end = NOW.plus_us(900_000_000);
    tokens.keep(&token, &tokens.verify(&token, NOW).unwrap().claims);
    assert!(tokens.verify(&token, end.plus_us(-1)).is_ok());
    assert!(matches!(tokens.verify(&token, end), Err(TokenError::Expired)));
    let fresh = self::tokens();
    assert!(matches!(fresh.verify(&token, end), Err(TokenError::Expired)));
}

#[test]
fn a_token_is_new_until_it_is_kept() {
    let tokens = tokens();
    let token = issued(&tokens);
    assert!(tokens.verify(&token, NOW).unwrap().is_new);
    let verified = tokens.verify(&token, NOW).unwrap();
    assert!(verified.is_new);
    tokens.keep(&token, &verified.claims);
    assert!(!tokens.verify(&token, NOW).unwrap().is_new);
}
