//! Tokens that lie, each in one point: none signs anybody in.

use serde_json::{Value, json};
use usher_tests::openid::{CLIENT_ID, Draft, Signing, now_s};

use super::{Browser, accounts, start};

type Lie = fn(&mut Draft);

fn claim(draft: &mut Draft, name: &str, value: Value) {
    draft.claims[name] = value;
}

/// By whoever could put a token of his own in the place of the provider's.
const LIES: [(&str, Lie); 26] = [
    ("the nonce of another attempt", |draft| claim(draft, "nonce", json!("n-0S6_WzA2Mj"))),
    ("an empty nonce", |draft| claim(draft, "nonce", json!(""))),
    ("no nonce", |draft| claim(draft, "nonce", Value::Null)),
    ("for another client", |draft| claim(draft, "aud", json!("another-client"))),
    ("for us and another", |draft| claim(draft, "aud", json!([CLIENT_ID, "another-client"]))),
    ("for nobody", |draft| claim(draft, "aud", json!([]))),
    ("made for another party", |draft| claim(draft, "azp", json!("another-client"))),
    ("from another issuer", |draft| claim(draft, "iss", json!("https://evil.example"))),
    ("from nobody", |draft| claim(draft, "iss", Value::Null)),
    ("expired", |draft| claim(draft, "exp", json!(now_s() - 61))),
    ("never expires", |draft| claim(draft, "exp", Value::Null)),
    ("not yet", |draft| claim(draft, "nbf", json!(now_s() + 120))),
    ("from the future", |draft| claim(draft, "iat", json!(now_s() + 120))),
    ("issued long ago", |draft| claim(draft, "iat", json!(now_s() - 3_600))),
    ("no subject", |draft| claim(draft, "sub", json!(""))),
    ("unsigned", |draft| {
        draft.header = json!({"alg": "none", "kid": "rsa"});
        draft.signing = Signing::Nothing;
    }),
    ("an empty signature", |draft| draft.signing = Signing::Nothing),
    ("another key under the same id", |draft| draft.signing = Signing::Foreign),
    ("a key that the provider does not have", |draft| {
        draft.header["kid"] = json!("elsewhere");
        draft.signing = Signing::Foreign;
    }),
    ("no key named", |draft| draft.header["kid"] = Value::Null),
    ("another algorithm of the family", |draft| {
        draft.header["alg"] = json!("RS512");
        draft.signing = Signing::RsaSha512;
    }),
    ("the id of a key for another algorithm", |draft| draft.header["kid"] = json!("ec")),
    ("a symmetric key that the provider published", |draft| {
        draft.header = json!({"alg": "HS256", "kid": "shared"});
        draft.signing = Signing::Hmac(vec![0; 3]);
    }),
    ("a key to be fetched from elsewhere", |draft| {
        draft.header["jku"] = json!("https://evil.example/jwks");
        draft.signing = Signing::Foreign;
    }),
    ("a key brought along", |draft| {
        draft.header["jwk"] = json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"});
        draft.signing = Signing::Foreign;
    }),
    ("longer than any", |draft| claim(draft, "pad", json!("x".repeat(20_000)))),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_does_not_hold_signs_nobody_in() {
    let (provider, server) = start().await;
    for (attack, lie) in LIES {
        provider.lie(lie);
        let mut browser = Browser::new(&server);
        let back = browser.go().await;
        let answer = browser.get(back.as_str()).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (401, &json!("SIGN_IN_REFUSED")),
            "{attack}: {}",
            answer.text
        );
    }
    // The public key as the secret of a symmetric algorithm, in every way that it is published in.
    for key in provider.public_keys() {
        provider.lie(move |draft| {
            draft.header["alg"] = json!("HS256");
            draft.signing = Signing::Hmac(key.clone());
        });
        let mut browser = Browser::new(&server);
        let back = browser.go().await;
        browser.get(back.as_str()).await.problem(401, "SIGN_IN_REFUSED");
    }
    assert_eq!(accounts(&server).await, 2, "admin and organizer");
    // Ids of keys that nobody has are looked for once, not each time.
    let asked = provider.keys_asked();
    assert_eq!(asked, 2);
    for number in 0..3 {
        provider.lie(move |draft| draft.header["kid"] = json!(format!("made-up-{number}")));
        let mut browser = Browser::new(&server);
        let back = browser.go().await;
        browser.get(back.as_str()).await.problem(401, "SIGN_IN_REFUSED");
    }
    assert_eq!(provider.keys_asked(), asked);
    // What was refused is refused for what it is: the truth is taken, under either algorithm.
    provider.lie(|_| {});
    Browser::new(&server).tokens().await;
    provider.lie(|draft| {
        draft.header = json!({"alg": "ES256", "kid": "ec"});
        draft.signing = Signing::Ec;
    });
    Browser::new(&server).tokens().await;
    server.stop().await;
}
