use std::time::Duration;

use reqwest::{Method, RequestBuilder, header, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use url::form_urlencoded::Serializer;

use super::objects::Refusal;
use crate::config::Payments;
use crate::gateways::GatewayError;

/// The version of Stripe's API that this server was written against.
const VERSION: &str = "2024-06-20";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Asked at once. Below what Stripe allows of a live account (100 per second), with answers of a few hundred ms.
const ASKING_MAX: usize = 32;
/// An object of Stripe's is a few KiB, a list of refunds up to a hundred of them.
const ANSWER_BYTES_MAX: usize = 512 << 10;
const RETRY_PAUSE: Duration = Duration::from_millis(200);

pub struct Client {
    http: reqwest::Client,
    base: String,
    key: SecretString,
    asking: Semaphore,
    /// For a place among those that ask.
    patience: Duration,
}

#[derive(Deserialize)]
struct Failed {
    error: Refusal,
}

impl Client {
    /// # Errors
    /// No TLS roots on this machine.
    pub fn new(config: &Payments, key: SecretString) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(config.timeout)
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent("usher")
            .build()?;
        let base = config.stripe_api_url.trim_end_matches('/').to_owned();
        Ok(Self { http, base, key, asking: Semaphore::new(ASKING_MAX), patience: config.timeout / 4 })
    }

    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        tries: u32,
    ) -> Result<T, GatewayError> {
        let query = Serializer::new(String::new()).extend_pairs(query).finish();
        let url =
            if query.is_empty() { format!("{}{path}", self.base) } else { format!("{}{path}?{query}", self.base) };
        self.ask(tries, || self.request(Method::GET, &url)).await
    }

    /// With `key` as idempotency key: asked again, Stripe does nothing more and answers the same.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &[(&str, String)],
        key: Option<&str>,
        tries: u32,
    ) -> Result<T, GatewayError> {
        let form = Serializer::new(String::new()).extend_pairs(form).finish();
        let url = format!("{}{path}", self.base);
        let request = || {
            let request = self.request(Method::POST, &url).body(form.clone());
            let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            match key {
                Some(key) => request.header("idempotency-key", key),
                None => request,
            }
        };
        self.ask(tries, request).await
    }

    fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.http.request(method, url).bearer_auth(self.key.expose_secret()).header("stripe-version", VERSION)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        tries: u32,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<T, GatewayError> {
        let place = tokio::time::timeout(self.patience, self.asking.acquire()).await;
        let Ok(Ok(_place)) = place else {
            return Err(GatewayError::Unavailable("too many ask Stripe at once".to_owned()));
        };
        let mut tried = 1;
        loop {
            match send(request()).await {
                Err(GatewayError::Unavailable(_)) if tried < tries => {
                    tried += 1;
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
                answer => return answer,
            }
        }
    }
}

async fn send<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, GatewayError> {
    let failed =
        |error: reqwest::Error| GatewayError::Unavailable(format!("Stripe does not answer: {}", error.without_url()));
    let mut response = request.send().await.map_err(failed)?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(GatewayError::Unavailable("an answer of Stripe's that is too large".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    if status.is_success() {
        let unread = |_| GatewayError::Unavailable("an answer of Stripe's that cannot be read".to_owned());
        return serde_json::from_slice(&body).map_err(unread);
    }
    let why = match serde_json::from_slice::<Failed>(&body) {
        Ok(failed) => failed.error.to_string(),
        Err(_) => "no reason given".to_owned(),
    };
    let why = format!("Stripe answers {}: {why}", status.as_u16());
    // 409: the same idempotency key is being answered. 401 and 403: the key of this server, which somebody can repair.
    let is_passing = status.is_server_error() || matches!(status.as_u16(), 401 | 403 | 409 | 429);
    Err(if is_passing { GatewayError::Unavailable(why) } else { GatewayError::Refused(why) })
}
