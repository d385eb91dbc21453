//! A server on this machine that webhooks are sent to: it keeps what it gets, and answers as it is told.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// No webhook takes longer, whatever goes wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// Stops with its value.
pub struct HookServer {
    address: SocketAddr,
    inner: Arc<Inner>,
    _task: JoinSet<()>,
}

struct Inner {
    received: watch::Sender<Vec<Hook>>,
    /// To the next requests; then 200.
    answers: Mutex<VecDeque<Answer>>,
}

#[derive(Clone, Debug)]
pub enum Answer {
    Status(u16),
    /// 302 to this address.
    Redirect(String),
    /// 200 after so long.
    Slow(Duration),
}

/// One request.
#[derive(Clone, Debug)]
pub struct Hook {
    pub timestamp: String,
    pub signature: String,
    /// As it came.
    pub bytes: Vec<u8>,
    pub body: Value,
}

impl HookServer {
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("a bound socket has an address");
        let inner = Arc::new(Inner { received: watch::Sender::default(), answers: Mutex::default() });
        let router = Router::new().route("/hooks", post(take)).with_state(Arc::clone(&inner));
        let mut task = JoinSet::new();
        task.spawn(
            async move { axum::serve(listener, router).await.expect("the receiver serves until it is dropped") },
        );
        Self { address, inner, _task: task }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    /// The next requests are answered so, in this order.
    ///
    /// # Panics
    /// When another test thread has panicked with the lock.
    pub fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.inner.answers.lock().expect("nobody panics with it").extend(answers);
    }

    pub fn received(&self) -> Vec<Hook> {
        self.inner.received.borrow().clone()
    }

    /// Waits until so many requests have come, and returns all of them.
    ///
    /// # Panics
    /// When they do not come.
    pub async fn wait_for(&self, count: usize) -> Vec<Hook> {
        let mut received = self.inner.received.subscribe();
        let come = tokio::time::timeout(PATIENCE, received.wait_for(|all| all.len() >= count)).await;
        let Ok(Ok(all)) = come else { panic!("{count} webhooks: {:?}", self.received()) };
        all.clone()
    }
}

async fn take(State(inner): State<Arc<Inner>>, headers: HeaderMap, bytes: Bytes) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let hook = Hook {
        timestamp: text("usher-timestamp"),
        signature: text("usher-signature"),
        bytes: bytes.to_vec(),
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    };
    let answer = inner.answers.lock().expect("nobody panics with it").pop_front();
    inner.received.send_modify(|received| received.push(hook));
    match answer {
        None => StatusCode::OK.into_response(),
        Some(Answer::Status(status)) => StatusCode::from_u16(status).expect("a status").into_response(),
        Some(Answer::Redirect(to)) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Some(Answer::Slow(pause)) => {
            tokio::time::sleep(pause).await;
            StatusCode::OK.into_response()
        }
    }
}
