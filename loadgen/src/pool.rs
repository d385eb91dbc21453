//! Keep-alive connections, never more than a fixed number. Who finds none free waits, and the wait is part of what he
//! measures.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, Request};
use tokio::sync::Semaphore;

use crate::connection::{Connection, Fault, Outgoing, Reply};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A request that can be sent again as it is.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: Method,
    /// From `/api/v1` on, with the query.
    pub path: String,
    pub key: Option<String>,
    pub body: Option<Bytes>,
}

pub struct Pool {
    authority: String,
    permits: Semaphore,
    idle: Mutex<Vec<Connection>>,
    timeout: Duration,
}

impl Pool {
    /// `timeout` is for one request, from the moment it has a connection.
    ///
    /// # Errors
    /// `url` is not `http://host:port`.
    pub fn new(url: &str, connections: usize, timeout: Duration) -> Result<Self> {
        Ok(Self {
            authority: authority(url)?,
            permits: Semaphore::new(connections),
            idle: Mutex::new(Vec::with_capacity(connections)),
            timeout,
        })
    }

    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// # Errors
    /// No answer came; the fault says whether the request may have arrived.
    pub async fn send(&self, call: &Call, token: Option<&str>) -> Result<Reply, Fault> {
        let _permit = self.permits.acquire().await.map_err(|closed| Fault::Unsent(closed.to_string()))?;
        tokio::time::timeout(self.timeout, self.exchange(call, token)).await.unwrap_or(Err(Fault::Timeout))
    }

    async fn exchange(&self, call: &Call, token: Option<&str>) -> Result<Reply, Fault> {
        // An idle connection may have been closed by the server meanwhile; a fresh one is tried once.
        while let Some(connection) = self.take_idle() {
            match self.exchange_on(connection, call, token).await {
                Err(Fault::Unsent(_)) => {}
                answered => return answered,
            }
        }
        let fresh = Connection::open(&self.authority).await.map_err(|error| Fault::Unsent(error.to_string()))?;
        self.exchange_on(fresh, call, token).await
    }

    async fn exchange_on(&self, mut connection: Connection, call: &Call, token: Option<&str>) -> Result<Reply, Fault> {
        let reply = connection.exchange(request(&self.authority, call, token)?).await?;
        self.lock().push(connection);
        Ok(reply)
    }

    fn take_idle(&self) -> Option<Connection> {
        self.lock().pop()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// # Errors
/// A path, key or token that HTTP cannot carry.
pub fn request(authority: &str, call: &Call, token: Option<&str>) -> Result<Outgoing, Fault> {
    let mut request = Request::builder()
        .method(call.method.clone())
        .uri(&call.path)
        .header(header::HOST, authority)
        .header(header::ACCEPT, JSON);
    if call.body.is_some() {
        request = request.header(header::CONTENT_TYPE, JSON);
    }
    if let Some(key) = &call.key {
        request = request.header(IDEMPOTENCY_KEY, key);
    }
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let body = Full::new(call.body.clone().unwrap_or_default());
    request.body(body).map_err(|error| Fault::Unsent(error.to_string()))
}

/// On a connection of the caller's own, which is opened when there is none and dropped when the exchange is cut short.
///
/// # Errors
/// No answer came; the fault says whether the request may have arrived.
pub async fn exchange(
    connection: &mut Option<Connection>,
    authority: &str,
    call: &Call,
    token: &str,
) -> Result<Reply, Fault> {
    let mut open = match connection.take() {
        Some(open) => open,
        None => Connection::open(authority).await.map_err(|error| Fault::Unsent(error.to_string()))?,
    };
    let reply = open.exchange(request(authority, call, Some(token))?).await?;
    *connection = Some(open);
    Ok(reply)
}

fn authority(url: &str) -> Result<String> {
    let rest = url.strip_prefix("http://").with_context(|| format!("`{url}` does not start with http://"))?;
    let authority = rest.trim_end_matches('/');
    ensure!(!authority.is_empty() && !authority.contains(['/', '?', '#', '@']), "`{url}` is not http://host:port");
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    Ok(if has_port { authority.to_owned() } else { format!("{authority}:80") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_host_and_port() {
        assert_eq!(authority("http://127.0.0.1:8080").unwrap(), "127.0.0.1:8080");
        assert_eq!(authority("http://localhost/").unwrap(), "localhost:80");
        assert_eq!(authority("http://[::1]:9000/").unwrap(), "[::1]:9000");
        for bad in ["127.0.0.1:8080", "https://localhost", "http://", "http://a/b", "http://user@host"] {
            assert!(authority(bad).is_err(), "{bad}");
        }
    }
}
