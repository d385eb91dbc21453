//! A provider of OpenID Connect on a port of its own: discovery, authorization, tokens signed with real keys, PKCE. It
//! can be told to lie in its tokens, which is how the attacks on a sign-in are played.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaKeyPair,
};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub const CLIENT_ID: &str = "usher-tests";
pub const CLIENT_SECRET: &str = "known to the two of us";

/// Stops with its value.
pub struct OpenIdProvider {
    inner: Arc<Inner>,
    _task: JoinSet<()>,
}

struct Inner {
    issuer: String,
    keys: Keys,
    person: Mutex<Value>,
    lie: Mutex<Option<Lie>>,
    outage: Mutex<Outage>,
    grants: Mutex<HashMap<String, Grant>>,
    number: AtomicU32,
    keys_asked: AtomicU32,
}

struct Keys {
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
    /// Of somebody else: never published.
    foreign: RsaKeyPair,
}

/// What an authorization code stands for.
struct Grant {
    nonce: Option<String>,
    challenge: Option<String>,
    redirect_uri: String,
}

/// A token before it is signed.
pub struct Draft {
    pub header: Value,
    pub claims: Value,
    pub signing: Signing,
}

#[derive(Clone, Debug)]
pub enum Signing {
    Rsa,
    RsaSha512,
    Ec,
    /// By a key that the provider does not publish.
    Foreign,
    Hmac(Vec<u8>),
    /// An empty signature.
    Nothing,
}

type Lie = Box<dyn Fn(&mut Draft) + Send>;

/// How the token endpoint fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    None,
    Error,
    /// Never ends.
    Endless,
    Silent,
}

impl OpenIdProvider {
    /// # Panics
    /// When it cannot start.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("a bound socket has an address");
        let rsa = || RsaKeyPair::generate(KeySize::Rsa2048).expect("a key can be made");
        let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key can be made");
        let inner = Arc::new(Inner {
            issuer: format!("http://{address}"),
            keys: Keys { rsa: rsa(), ec, foreign: rsa() },
            person: Mutex::default(),
            lie: Mutex::default(),
            outage: Mutex::new(Outage::None),
            grants: Mutex::default(),
            number: AtomicU32::new(0),
            keys_asked: AtomicU32::new(0),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/jwks", get(jwks))
            .with_state(Arc::clone(&inner));
        let mut task = JoinSet::new();
        task.spawn(
            async move { axum::serve(listener, router).await.expect("the provider serves until it is dropped") },
        );
        Self { inner, _task: task }
    }

    pub fn issuer(&self) -> &str {
        &self.inner.issuer
    }

    /// Who signs in next. `claims` are those of a person: `sub`, `email`, `email_verified`, `name`.
    pub fn sign_in(&self, claims: Value) {
        *self.inner.person.lock().expect("no test panics while holding it") = claims;
    }

    /// Every token is changed so before it is signed.
    pub fn lie(&self, lie: impl Fn(&mut Draft) + Send + 'static) {
        *self.inner.lie.lock().expect("no test panics while holding it") = Some(Box::new(lie));
    }

    pub fn fail(&self, outage: Outage) {
        *self.inner.outage.lock().expect("no test panics while holding it") = outage;
    }

    /// How often the keys were fetched.
    pub fn keys_asked(&self) -> u32 {
        self.inner.keys_asked.load(Ordering::Relaxed)
    }

    /// The RSA key in all the ways that it is published in.
    pub fn public_keys(&self) -> Vec<Vec<u8>> {
        let der = self.inner.keys.rsa.public_key().as_ref().to_vec();
        let modulus = modulus(&self.inner.keys.rsa);
        let pem = format!("-----BEGIN RSA PUBLIC KEY-----\n{}\n-----END RSA PUBLIC KEY-----\n", modulus);
        vec![der, modulus.into_bytes(), pem.into_bytes()]
    }
}

/// In base64url. A public key of 2048 bits in DER (PKCS #1) ends with 256 bytes of modulus and 5 of exponent.
fn modulus(key: &RsaKeyPair) -> String {
    let der = key.public_key().as_ref();
    URL_SAFE_NO_PAD.encode(&der[der.len() - 261..der.len() - 5])
}

#[expect(clippy::disallowed_methods, reason = "another house has a clock of its own")]
pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970").as_secs()
}

async fn discovery(State(inner): State<Arc<Inner>>) -> Json<Value> {
    let at = |path: &str| format!("{}/{path}", inner.issuer);
    Json(json!({
        "issuer": inner.issuer, "authorization_endpoint": at("authorize"), "token_endpoint": at("token"),
        "jwks_uri": at("jwks"), "response_types_supported": ["code"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
    }))
}

/// Whoever it is has signed in and agrees.
async fn authorize(State(inner): State<Arc<Inner>>, Query(query): Query<HashMap<String, String>>) -> Response {
    let is_asked_well = query.get("response_type").is_some_and(|kind| kind == "code")
        && query.get("client_id").is_some_and(|id| id == CLIENT_ID)
        && query.get("code_challenge_method").is_some_and(|method| method == "S256")
        && query.get("scope").is_some_and(|scope| scope.split(' ').any(|one| one == "openid"));
    let (Some(redirect_uri), Some(state), true) = (query.get("redirect_uri"), query.get("state"), is_asked_well) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let code = format!("code-{}", inner.number.fetch_add(1, Ordering::Relaxed));
    let grant = Grant {
        nonce: query.get("nonce").cloned(),
        challenge: query.get("code_challenge").cloned(),
        redirect_uri: redirect_uri.clone(),
    };
    inner.grants.lock().expect("nobody panics while holding it").insert(code.clone(), grant);
    Redirect::to(&format!("{redirect_uri}?code={code}&state={state}&scope=openid&authuser=0")).into_response()
}

async fn token(State(inner): State<Arc<Inner>>, body: String) -> Response {
    let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let outage = *inner.outage.lock().expect("nobody panics while holding it");
    match outage {
        Outage::None => {}
        Outage::Error => return StatusCode::BAD_GATEWAY.into_response(),
        Outage::Endless => return " ".repeat(1 << 20).into_response(),
        Outage::Silent => return std::future::pending().await,
    }
    let given = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let refused = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
    if given("client_id") != CLIENT_ID || given("client_secret") != CLIENT_SECRET {
        return refused("invalid_client");
    }
    // A code is good once, whatever comes of it.
    let grant = inner.grants.lock().expect("nobody panics while holding it").remove(given("code"));
    let shown = URL_SAFE_NO_PAD.encode(digest(&SHA256, given("code_verifier").as_bytes()));
    match grant {
        Some(grant)
            if given("grant_type") == "authorization_code"
                && given("redirect_uri") == grant.redirect_uri
                && grant.challenge.as_ref().is_some_and(|challenge| *challenge == shown) =>
        {
            let id_token = inner.id_token(grant.nonce);
            Json(json!({"access_token": "of no use", "token_type": "Bearer", "id_token": id_token})).into_response()
        }
        _ => refused("invalid_grant"),
    }
}

async fn jwks(State(inner): State<Arc<Inner>>) -> Json<Value> {
    inner.keys_asked.fetch_add(1, Ordering::Relaxed);
    let point = inner.keys.ec.public_key().as_ref();
    Json(json!({"keys": [
        {"kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "n": modulus(&inner.keys.rsa), "e": "AQAB"},
        {"kty": "EC", "kid": "ec", "use": "sig", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
            "y": URL_SAFE_NO_PAD.encode(&point[33..])},
        {"kty": "oct", "kid": "shared", "k": "AAAA", "alg": "HS256"},
    ]}))
}

impl Inner {
    fn id_token(&self, nonce: Option<String>) -> String {
        let now_s = now_s();
        let mut claims = self.person.lock().expect("nobody panics while holding it").clone();
        for (name, value) in [
            ("iss", json!(self.issuer)),
            ("aud", json!(CLIENT_ID)),
            ("azp", json!(CLIENT_ID)),
            ("iat", json!(now_s)),
            ("exp", json!(now_s + 3_600)),
            ("nonce", json!(nonce)),
        ] {
            claims[name] = value;
        }
        let header = json!({"alg": "RS256", "kid": "rsa", "typ": "JWT"});
        let mut draft = Draft { header, claims, signing: Signing::Rsa };
        if let Some(lie) = &*self.lie.lock().expect("nobody panics while holding it") {
            lie(&mut draft);
        }
        let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", text(&draft.header), text(&draft.claims));
        let signature = self.sign(&draft.signing, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn sign(&self, signing: &Signing, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let rsa = |key: &RsaKeyPair, padding| {
            let mut signature = vec![0; key.public_modulus_len()];
            key.sign(padding, &random, message, &mut signature).expect("the key signs");
            signature
        };
        match signing {
            Signing::Rsa => rsa(&self.keys.rsa, &RSA_PKCS1_SHA256),
            Signing::RsaSha512 => rsa(&self.keys.rsa, &RSA_PKCS1_SHA512),
            Signing::Foreign => rsa(&self.keys.foreign, &RSA_PKCS1_SHA256),
            Signing::Ec => self.keys.ec.sign(&random, message).expect("the key signs").as_ref().to_vec(),
            Signing::Hmac(key) => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec(),
            Signing::Nothing => Vec::new(),
        }
    }
}
