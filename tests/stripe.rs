//! Stripe's API on a port of its own, as far as Checkout and refunds go: forms in, JSON objects out, idempotency keys,
//! error objects, signed events. It keeps the books by which tests judge: what was captured and what went back. It can be
//! told to fail.

mod routes;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use http::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use usher::config::Config;

use self::routes::error;
use crate::server::{Answer, TestServer, send};

pub const SECRET_KEY: &str = "sk_test_known_to_the_two_of_us";
pub const WEBHOOK_SECRET: &str = "whsec_known_to_the_two_of_us";

/// Stops with its value.
pub struct StripeApi {
    base: String,
    shared: Arc<Shared>,
    _task: JoinSet<()>,
}

#[derive(Default)]
struct Shared(Mutex<Books>);

#[derive(Default)]
struct Books {
    number: u64,
    sessions: BTreeMap<String, Value>,
    /// By payment intent.
    charges: BTreeMap<String, Value>,
    refunds: Vec<Value>,
    /// By idempotency key: what was asked and what was answered.
    answers: HashMap<String, (String, u16, Value)>,
    faults: VecDeque<Fault>,
    asked: u64,
}

/// How the next request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not at all.
    Pass,
    /// 500, and nothing is done.
    Error,
    /// It is done, and nobody hears of it.
    AnswerLost,
    RateLimited,
}

impl Shared {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().expect("no test panics with the books open")
    }
}

fn now_s() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "Stripe has a clock of its own")]
    let now = SystemTime::now();
    i64::try_from(now.duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs()).expect("seconds fit")
}

impl StripeApi {
    /// # Panics
    /// When it cannot start.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::<Shared>::default();
        let router = routes::router(&shared);
        let mut task = JoinSet::new();
        task.spawn(async move { axum::serve(listener, router).await.expect("Stripe serves until it is dropped") });
        Self { base: format!("http://{address}"), shared, _task: task }
    }

    /// Settings of a server that is paid here, and looks after its payments often.
    pub fn settings(&self) -> impl FnOnce(&mut Config) + use<> {
        let base = self.base.clone();
        move |config| {
            config.payments.stripe_secret_key = Some(SECRET_KEY.into());
            config.payments.stripe_webhook_secrets = vec![WEBHOOK_SECRET.into()];
            config.payments.stripe_api_url = base;
            config.payments.mock = Some(true);
            config.payments.retry_after = Duration::from_millis(20);
            config.http.public_url = Some("https://tickets.example".to_owned());
        }
    }

    /// The next requests fail so, one each.
    pub fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.books().faults.extend(faults);
    }

    /// Requests answered so far, in whatever way.
    pub fn asked(&self) -> u64 {
        self.shared.books().asked
    }

    /// # Panics
    /// When there is none of this id.
    pub fn session(&self, id: &str) -> Value {
        self.shared.books().sessions[id].clone()
    }

    pub fn sessions(&self) -> usize {
        self.shared.books().sessions.len()
    }

    /// The payer pays on the session's page. The event that tells of it.
    ///
    /// # Panics
    /// When the page is closed: nobody can pay there.
    pub fn pay(&self, id: &str) -> Value {
        self.complete(id);
        self.arrive(id, "checkout.session.completed")
    }

    /// The payer is done, the money is on its way.
    ///
    /// # Panics
    /// When the page is closed.
    pub fn complete(&self, id: &str) -> Value {
        let mut books = self.shared.books();
        let session = books.sessions.get_mut(id).expect("a session");
        assert_eq!(session["status"], "open", "nobody can pay where it is closed");
        session["status"] = json!("complete");
        let session = session.clone();
        books.event("checkout.session.completed", session)
    }

    /// The money of a session has arrived.
    ///
    /// # Panics
    /// When there is no such session.
    pub fn arrive(&self, id: &str, kind: &str) -> Value {
        let mut books = self.shared.books();
        let intent = books.name("pi");
        let session = books.sessions.get_mut(id).expect("a session");
        session["payment_status"] = json!("paid");
        session["payment_intent"] = json!(intent);
        let session = session.clone();
        let charge = books.name("ch");
        let charge = json!({
            "id": charge, "object": "charge", "payment_intent": intent, "amount": session["amount_total"],
            "amount_refunded": 0, "currency": session["currency"], "refunded": false,
            "metadata": session["metadata"],
        });
        books.charges.insert(intent, charge);
        books.event(kind, session)
    }

    /// The page's own time is over: nobody can pay there any more. Nobody is told.
    ///
    /// # Panics
    /// When it is not open.
    pub fn lapse(&self, id: &str) {
        let mut books = self.shared.books();
        let session = books.sessions.get_mut(id).expect("a session");
        assert_eq!(session["status"], "open", "only an open page lapses");
        session["status"] = json!("expired");
        session["url"] = Value::Null;
    }

    /// An event about the session as it is.
    pub fn tell(&self, id: &str, kind: &str) -> Value {
        let mut books = self.shared.books();
        let session = books.sessions[id].clone();
        books.event(kind, session)
    }

    /// A session that another application made with the same account, paid.
    pub fn foreign_session(&self, metadata: Value) -> String {
        let mut books = self.shared.books();
        let id = books.name("cs_test");
        let session = json!({
            "id": id, "object": "checkout.session", "status": "open", "payment_status": "unpaid", "payment_intent": null,
            "amount_total": 4_500, "currency": "eur", "metadata": metadata, "url": "https://checkout.stripe.example/x",
        });
        books.sessions.insert(id.clone(), session);
        id
    }

    /// Somebody refunds on Stripe's own pages. The event that tells of it.
    ///
    /// # Panics
    /// When the session was not paid.
    pub fn refund_by_hand(&self, session: &str, amount: i64) -> Value {
        let mut books = self.shared.books();
        let intent = books.sessions[session]["payment_intent"].as_str().expect("paid").to_owned();
        books.refund(&intent, amount, json!({})).expect("so much is left");
        let charge = books.charges[&intent].clone();
        books.event("charge.refunded", charge)
    }

    /// An event about the charge of a paid session, as it is.
    ///
    /// # Panics
    /// When the session was not paid.
    pub fn tell_of_charge(&self, session: &str) -> Value {
        let mut books = self.shared.books();
        let intent = books.sessions[session]["payment_intent"].as_str().expect("paid").to_owned();
        let charge = books.charges[&intent].clone();
        books.event("charge.refunded", charge)
    }

    /// Captured and given back, of all sessions.
    pub fn totals(&self) -> (i64, i64) {
        let books = self.shared.books();
        let sum = |field: &str| books.charges.values().map(|charge| charge[field].as_i64().unwrap_or_default()).sum();
        (sum("amount"), sum("amount_refunded"))
    }

    pub fn refunds(&self) -> Vec<Value> {
        self.shared.books().refunds.clone()
    }
}

/// Signed as Stripe signs, `off_s` seconds from now.
pub fn sign(body: &str, secret: &str, off_s: i64) -> String {
    let at = now_s() + off_s;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{at}.{body}").as_bytes());
    format!("t={at},v1={}", HEXLOWER.encode(tag.as_ref()))
}

/// As Stripe delivers it.
pub async fn deliver(server: &TestServer, event: &Value) -> Answer {
    let body = event.to_string();
    let signature = sign(&body, WEBHOOK_SECRET, 0);
    deliver_as(server, body, &signature).await
}

pub async fn deliver_as(server: &TestServer, body: String, signature: &str) -> Answer {
    let request = server.request(Method::POST, "/payments/stripe/webhook").header("stripe-signature", signature);
    send(request.header("content-type", "application/json; charset=utf-8").body(body)).await
}

impl Books {
    fn name(&mut self, prefix: &str) -> String {
        self.number += 1;
        format!("{prefix}_{:012}", self.number)
    }

    fn event(&mut self, kind: &str, object: Value) -> Value {
        json!({
            "id": self.name("evt"), "object": "event", "api_version": "2024-06-20", "created": now_s(), "livemode": false,
            "pending_webhooks": 1, "request": {"id": null, "idempotency_key": null}, "type": kind,
            "data": {"object": object},
        })
    }

    fn refund(&mut self, intent: &str, amount: i64, metadata: Value) -> Result<Value, (u16, Value)> {
        let id = self.name("re");
        let charge = self.charges.get_mut(intent).ok_or_else(|| error("resource_missing", "No such payment_intent"))?;
        let left = charge["amount"].as_i64().expect("an amount") - charge["amount_refunded"].as_i64().expect("one");
        if left == 0 {
            return Err(error("charge_already_refunded", "Charge has already been refunded."));
        }
        if amount > left || amount <= 0 {
            return Err(error("amount_too_large", "Refund amount is greater than unrefunded amount on charge"));
        }
        charge["amount_refunded"] = json!(charge["amount_refunded"].as_i64().expect("one") + amount);
        charge["refunded"] = json!(left == amount);
        let refund = json!({
            "id": id, "object": "refund", "amount": amount, "payment_intent": intent, "charge": charge["id"],
            "currency": charge["currency"], "status": "succeeded", "metadata": metadata,
        });
        self.refunds.push(refund.clone());
        Ok(refund)
    }
}
