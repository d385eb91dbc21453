//! The calls of the API: forms in, objects out.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{Books, Fault, SECRET_KEY, Shared, now_s};

/// Stripe's own bounds of a session's life.
const SESSION_TTL_S: std::ops::RangeInclusive<i64> = 30 * 60..=24 * 3_600;

pub(super) fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/checkout/sessions", post(create_session))
        .route("/v1/checkout/sessions/{id}", get(show_session))
        .route("/v1/checkout/sessions/{id}/expire", post(expire_session))
        .route("/v1/refunds", post(create_refund).get(list_refunds))
        .layer(middleware::from_fn_with_state(Arc::clone(shared), at_the_door))
        .with_state(Arc::clone(shared))
}

pub(super) fn error(code: &str, message: &str) -> (u16, Value) {
    (400, json!({"error": {"type": "invalid_request_error", "code": code, "message": message}}))
}

fn answered(status: u16, body: Value) -> Response {
    (StatusCode::from_u16(status).expect("a status"), Json(body)).into_response()
}

/// Who asks, and whether anything is done at all.
async fn at_the_door(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let expected = format!("Bearer {SECRET_KEY}");
    let is_known = request.headers().get("authorization").is_some_and(|value| *value == *expected);
    let is_versioned = request.headers().contains_key("stripe-version");
    let fault = {
        let mut books = shared.books();
        books.asked += 1;
        books.faults.pop_front()
    };
    if !is_known || !is_versioned {
        return answered(401, json!({"error": {"type": "invalid_request_error", "message": "Invalid API Key"}}));
    }
    let api_error = |kind: &str| json!({"error": {"type": kind, "message": "Try again."}});
    match fault {
        None | Some(Fault::Pass) => next.run(request).await,
        Some(Fault::Error) => answered(500, api_error("api_error")),
        Some(Fault::RateLimited) => answered(429, api_error("rate_limit_error")),
        Some(Fault::AnswerLost) => {
            next.run(request).await;
            answered(502, Value::Null)
        }
    }
}

fn form(text: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn nested(form: &BTreeMap<String, String>, name: &str) -> Value {
    let inside = |key: &String| key.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']').map(str::to_owned);
    let fields = form.iter().filter_map(|(key, value)| Some((inside(key)?, json!(value))));
    Value::Object(fields.collect())
}

/// Under an idempotency key the first answer is the answer.
fn once(
    shared: &Shared,
    headers: &HeaderMap,
    asked: &str,
    answer: impl FnOnce(&mut Books) -> Result<Value, (u16, Value)>,
) -> Response {
    let mut books = shared.books();
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    if let Some((before, status, body)) = key.as_ref().and_then(|key| books.answers.get(key)) {
        if before != asked {
            let message = "Keys for idempotent requests can only be used with the same parameters.";
            return answered(400, json!({"error": {"type": "idempotency_error", "message": message}}));
        }
        return answered(*status, body.clone());
    }
    let (status, body) = match answer(&mut books) {
        Ok(body) => (200, body),
        Err(refused) => refused,
    };
    if let Some(key) = key {
        books.answers.insert(key, (asked.to_owned(), status, body.clone()));
    }
    answered(status, body)
}

async fn create_session(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let asked = String::from_utf8(body.to_vec()).expect("a form is text");
    once(&shared, &headers, &asked, |books| {
        let form = form(&asked);
        let text = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let number = |name: &str| text(name).parse::<i64>().map_err(|_| error("parameter_invalid_integer", name));
        let expires_at = number("expires_at")?;
        if !SESSION_TTL_S.contains(&(expires_at - now_s())) {
            return Err(error("parameter_invalid", "expires_at must be 30 minutes to 24 hours from now"));
        }
        let amount = number("line_items[0][price_data][unit_amount]")? * number("line_items[0][quantity]")?;
        let name = text("line_items[0][price_data][product_data][name]");
        let is_complete = text("mode") == "payment"
            && !name.is_empty()
            && text("success_url").starts_with("https://")
            && text("cancel_url").starts_with("https://");
        if !is_complete {
            return Err(error("parameter_missing", "mode, name, success_url, cancel_url"));
        }
        if amount < 50 {
            return Err(error("amount_too_small", "The total amount must convert to at least 50 cents."));
        }
        let id = books.name("cs_test");
        let session = json!({
            "id": id, "object": "checkout.session", "amount_total": amount, "created": now_s(), "livemode": false,
            "currency": text("line_items[0][price_data][currency]"), "expires_at": expires_at, "mode": "payment",
            "client_reference_id": text("client_reference_id"), "metadata": nested(&form, "metadata"),
            "payment_intent": null, "payment_status": "unpaid", "status": "open",
            "success_url": text("success_url"), "cancel_url": text("cancel_url"),
            "url": format!("https://checkout.stripe.example/c/pay/{id}"),
        });
        books.sessions.insert(id, session.clone());
        Ok(session)
    })
}

async fn show_session(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    match shared.books().sessions.get(&id) {
        Some(session) => answered(200, session.clone()),
        None => answered(404, error("resource_missing", "No such checkout.session").1),
    }
}

async fn expire_session(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let mut books = shared.books();
    let Some(session) = books.sessions.get_mut(&id) else {
        return answered(404, error("resource_missing", "No such checkout.session").1);
    };
    if session["status"] != "open" {
        let (status, body) =
            error("invalid_request", "Only Checkout Sessions with a status in [\"open\"] can be expired.");
        return answered(status, body);
    }
    session["status"] = json!("expired");
    session["url"] = Value::Null;
    answered(200, session.clone())
}

async fn create_refund(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let asked = String::from_utf8(body.to_vec()).expect("a form is text");
    once(&shared, &headers, &asked, |books| {
        let form = form(&asked);
        let amount = form.get("amount").and_then(|amount| amount.parse().ok()).unwrap_or_default();
        let intent = form.get("payment_intent").cloned().unwrap_or_default();
        books.refund(&intent, amount, nested(&form, "metadata"))
    })
}

async fn list_refunds(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let query = form(&query.unwrap_or_default());
    let intent = query.get("payment_intent").cloned().unwrap_or_default();
    let books = shared.books();
    let data: Vec<&Value> = books.refunds.iter().rev().filter(|refund| refund["payment_intent"] == *intent).collect();
    answered(200, json!({"object": "list", "data": data, "has_more": false, "url": "/v1/refunds"}))
}
