use std::borrow::Cow;

use inventory::TimeUs;
use reqwest::{StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Semaphore;
use url::Url;
use url::form_urlencoded::Serializer;

use super::cached::Cached;
use super::id_token::{self, Expected};
use super::keys::Keys;
use super::{Attempt, OpenIdError, Person, fetch};

/// Sign-ins that wait for the provider at the same time. One more is refused.
const ASKING_MAX: usize = 32;
const SCOPE: &str = "openid email profile";

/// What this server and the provider know of each other.
pub struct Client {
    /// The provider.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: SecretString,
    /// Where it sends browsers back to.
    pub redirect_url: String,
    /// The page that they end up at, which the provider does not know of.
    pub return_url: String,
}

/// One provider that accounts may sign in at.
pub struct Provider {
    http: reqwest::Client,
    us: Client,
    document: Cached<Document>,
    keys: Cached<Keys>,
    asking: Semaphore,
}

/// What is used of the discovery document.
#[derive(Clone, Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
}

#[derive(Deserialize)]
struct Redeemed {
    id_token: String,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
}

impl Provider {
    /// # Errors
    /// No TLS roots on this machine.
    pub fn new(us: Client) -> Result<Self, reqwest::Error> {
        Ok(Self {
            http: fetch::client()?,
            us,
            document: Cached::default(),
            keys: Cached::default(),
            asking: Semaphore::new(ASKING_MAX),
        })
    }

    pub fn issuer(&self) -> &str {
        &self.us.issuer
    }

    pub fn return_url(&self) -> &str {
        &self.us.return_url
    }

    /// Whether browsers reach this server by TLS only.
    pub fn is_secure(&self) -> bool {
        self.us.redirect_url.starts_with("https://")
    }

    /// Where the browser goes to begin.
    ///
    /// # Errors
    /// The provider has not answered yet and does not now.
    pub async fn authorize_url(&self, attempt: &Attempt, now: TimeUs) -> Result<Url, OpenIdError> {
        let mut url = self.document(now).await?.authorization_endpoint;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.us.client_id)
            .append_pair("redirect_uri", &self.us.redirect_url)
            .append_pair("scope", SCOPE)
            .append_pair("state", &attempt.state())
            .append_pair("nonce", &attempt.nonce())
            .append_pair("code_challenge", &attempt.challenge())
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Who it is that came back with `code`.
    ///
    /// # Errors
    /// The provider does not answer, refuses the code, or its token does not hold.
    pub async fn person(&self, code: &str, attempt: &Attempt, now: TimeUs) -> Result<Person, OpenIdError> {
        let _place = self.asking.try_acquire().map_err(|_| OpenIdError::unavailable("too many ask it at once"))?;
        let token = self.redeem(code, attempt, now).await?;
        let header = id_token::header(&token)?;
        let id = header.kid.as_deref();
        let keys = self.keys(id, now).await?;
        let key = keys.find(id).ok_or(OpenIdError::TokenInvalid("a key that the provider does not have"))?;
        let expected = Expected { issuer: &self.us.issuer, client_id: &self.us.client_id, attempt, now };
        id_token::verify(&token, &header, key, &expected)
    }

    async fn redeem(&self, code: &str, attempt: &Attempt, now: TimeUs) -> Result<String, OpenIdError> {
        let document = self.document(now).await?;
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.us.redirect_url)
            .append_pair("client_id", &self.us.client_id)
            .append_pair("client_secret", self.us.client_secret.expose_secret())
            .append_pair("code_verifier", &attempt.verifier())
            .finish();
        let request = self.http.post(document.token_endpoint);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        let (status, body) = fetch::send(request).await?;
        if status == StatusCode::OK {
            let redeemed: Redeemed =
                serde_json::from_slice(&body).map_err(|_| OpenIdError::TokenInvalid("an answer without a token"))?;
            return Ok(redeemed.id_token);
        }
        match serde_json::from_slice::<Refused>(&body) {
            Ok(refused) if refused.error == "invalid_grant" => Err(OpenIdError::CodeRefused),
            // Our own settings, most likely: nothing that the one who signs in could do.
            _ => Err(OpenIdError::Unavailable(Cow::Owned(format!("its token endpoint answers {status}")))),
        }
    }

    async fn document(&self, now: TimeUs) -> Result<Document, OpenIdError> {
        let fetch = async {
            let url = format!("{}/.well-known/openid-configuration", self.us.issuer.trim_end_matches('/'));
            let (status, body) = fetch::send(self.http.get(url)).await?;
            let document: Document = serde_json::from_slice(&body).map_err(|_| {
                OpenIdError::Unavailable(Cow::Owned(format!("its discovery document answers {status}")))
            })?;
            self.check(&document)?;
            Ok(document)
        };
        self.document.get(now, |_| true, fetch).await
    }

    /// OpenID Connect Discovery, 4.3: a document speaks for the issuer that it was asked of and no other.
    fn check(&self, document: &Document) -> Result<(), OpenIdError> {
        let scheme = self.us.issuer.split(':').next().unwrap_or_default();
        let endpoints = [&document.authorization_endpoint, &document.token_endpoint, &document.jwks_uri];
        let is_secure = endpoints.iter().all(|url| matches!(url.scheme(), "https") || url.scheme() == scheme);
        if document.issuer == self.us.issuer && is_secure {
            Ok(())
        } else {
            Err(OpenIdError::unavailable("its discovery document is that of another issuer, or not secure"))
        }
    }

    async fn keys(&self, id: Option<&str>, now: TimeUs) -> Result<Keys, OpenIdError> {
        let document = self.document(now).await?;
        let fetch = async {
            let (_, body) = fetch::send(self.http.get(document.jwks_uri)).await?;
            Keys::read(&body).ok_or_else(|| OpenIdError::unavailable("its keys cannot be read"))
        };
        self.keys.get(now, |keys| keys.find(id).is_some(), fetch).await
    }
}
