//! The outermost layer, one for all routes: names the request, limits its address, its time and its damage, finishes
//! problem responses. One function instead of a stack of layers, because each layer costs a box per request.

use std::borrow::Cow;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use inventory::TimeUs;
use tower::Service;
use wire::Problem;

use crate::audit_log::{Incident, Source};
use crate::docs::{CODES, codes};
use crate::error::{ApiError, Busy, Failure};
use crate::rate_limit::Lane;
use crate::request::RequestContext;
use crate::state::AppState;
use crate::{auth, forwarded, idempotency, metrics};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

#[derive(Clone)]
pub struct Edge {
    router: Router,
    state: AppState,
}

/// What remains of a request for logs and metrics once its parts have moved on.
struct Asked {
    method: Method,
    /// `None` unless something may be logged about it: copying a path costs an allocation.
    path: Option<String>,
    lane: Lane,
    authorization: Option<HeaderValue>,
    user_agent: Option<HeaderValue>,
}

impl Edge {
    pub const fn new(router: Router, state: AppState) -> Self {
        Self { router, state }
    }

    /// Always answers: a failed rule, a deadline or a panic inside is a problem response.
    pub async fn answer<B>(&self, request: Request<B>, peer: SocketAddr) -> Response
    where
        B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let now = engine::Clock::now(&*self.state.clock);
        let peer = self.client(request.headers(), peer);
        let context = RequestContext::new(request.headers().get(REQUEST_ID), peer, now);
        let lane = Lane::of(request.method(), request.uri().path());
        let asked = Asked {
            method: request.method().clone(),
            path: Some(request.uri().path().to_owned()),
            lane,
            authorization: request.headers().get(header::AUTHORIZATION).cloned(),
            user_agent: request.headers().get(header::USER_AGENT).cloned(),
        };
        let mut response = match self.admit(lane, &asked, peer) {
            Ok(()) => self.route(request, &context, &asked).await,
            Err(error) => error.into_response(),
        };
        self.note(&asked, &context, &response);
        finish(&mut response, &context);
        self.observe(&asked, &context, &response, now);
        response
    }

    fn client(&self, headers: &HeaderMap, peer: SocketAddr) -> IpAddr {
        forwarded::client(headers, peer.ip(), &self.state.config.http.trusted_proxies)
    }

    /// Health, metrics and documentation are not limited: they must answer when all else is refused.
    fn admit(&self, lane: Lane, asked: &Asked, peer: IpAddr) -> Result<(), ApiError> {
        match &asked.path {
            Some(path) if path.starts_with("/api/v1/") => self.state.rate_limit.check_ip(lane, peer),
            _ => Ok(()),
        }
    }

    async fn route<B>(&self, request: Request<B>, context: &RequestContext, asked: &Asked) -> Response
    where
        B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(context.clone());
        let is_keyed = idempotency::is_keyed(request.headers());
        let routed = self.router.clone().call(request);
        let deadline = self.state.config.http.request_timeout;
        if asked.method.is_safe() {
            return guarded(routed, deadline, &asked.method).await;
        }
        let (state, method) = (self.state.clone(), asked.method.clone());
        let answer = async move {
            let answer = guarded(routed, deadline, &method).await;
            // Whoever is answered may find his change in a list of any node.
            state.event_pages.announce(&state.store).await;
            answer
        };
        if !is_keyed {
            return answer.await;
        }
        self.state.finishing.run(deadline, answer).await.unwrap_or_else(IntoResponse::into_response)
    }

    /// A refusal that the audit log counts.
    fn note(&self, asked: &Asked, context: &RequestContext, response: &Response) {
        let Some(Failure { incident: Some(action), code: Cow::Borrowed(code), .. }) = response.extensions().get()
        else {
            return;
        };
        let token = asked.authorization.as_ref().and_then(|value| auth::scheme(value).ok());
        let verified = token.and_then(|token| self.state.tokens.verify(token, context.received).ok());
        let path = asked.path.as_deref().unwrap_or_default();
        let account = verified.map(|verified| verified.claims.user());
        let source = Source::new(context.peer, asked.user_agent.as_ref(), context.shown());
        self.state.security.note(Incident { action: *action, code, account, path }, source, context.received);
    }

    fn observe(&self, asked: &Asked, context: &RequestContext, response: &Response, received: TimeUs) {
        let took_us = engine::Clock::now(&*self.state.clock).since(received);
        let took = Duration::from_micros(u64::try_from(took_us).unwrap_or(0));
        metrics::observe_request(asked.lane, response.status(), took);
        let logs = &self.state.config.logs;
        if logs.access || took >= logs.slow_request {
            let (status, took_ms) = (response.status().as_u16(), took.as_secs_f64() * 1e3);
            let path = asked.path.as_deref().unwrap_or_default();
            tracing::info!(
                request_id = context.shown(), method = %asked.method, path, status, took_ms,
                "{} {path} answered {status} in {took_ms:.1} ms", asked.method,
            );
        }
    }
}

async fn guarded(
    routed: impl Future<Output = Result<Response, Infallible>>,
    deadline: Duration,
    method: &Method,
) -> Response {
    match tokio::time::timeout(deadline, AssertUnwindSafe(routed).catch_unwind()).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Ok(Err(never))) => match never {},
        Ok(Err(panic)) => ApiError::Defect(panic_text(&*panic).into()).into_response(),
        // A write may have been handed on already.
        Err(_) if !method.is_safe() => ApiError::OutcomeUnknown.into_response(),
        Err(_) => ApiError::Busy(Busy::Deadline).into_response(),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a handler panicked: {}", text.unwrap_or("no message"))
}

fn finish(response: &mut Response, context: &RequestContext) {
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        write_problem(response, failure, context);
    }
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, context.shown.clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

fn write_problem(response: &mut Response, failure: Failure, context: &RequestContext) {
    let status = response.status();
    if status.is_server_error() {
        tracing::debug!(request_id = context.shown(), code = %failure.code, "refused: {}", failure.code);
    }
    debug_assert!(
        codes::has_status(&failure.code, status.as_u16()),
        "docs/codes.txt does not have {} with status {status}",
        failure.code
    );
    let problem = Problem {
        kind: format!("{CODES}#{}", failure.code),
        title: status.canonical_reason().unwrap_or_default().to_owned(),
        status: status.as_u16(),
        code: failure.code.into_owned(),
        detail: failure.detail.into_owned(),
        request_id: context.shown().to_owned(),
        errors: failure.errors,
        challenge: failure.challenge,
    };
    // Strings and numbers only: there is nothing that could fail to be written.
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().insert(header::CONTENT_TYPE, PROBLEM_JSON);
    *response.body_mut() = Body::from(body);
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    /// As a client sees it.
    async fn finished(routed: impl Future<Output = Result<Response, Infallible>>, method: Method) -> (u16, Problem) {
        let mut response = guarded(routed, Duration::from_secs(1), &method).await;
        let context = RequestContext::new(None, IpAddr::from([127, 0, 0, 1]), TimeUs(1));
        finish(&mut response, &context);
        assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_JSON);
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let problem: Problem = serde_json::from_slice(&body).unwrap();
        assert_eq!((problem.status, problem.request_id.as_str()), (status, context.shown()));
        (status, problem)
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_that_tells_nothing_of_its_cause() {
        let (status, problem) = finished(async { panic!("the secret is 42") }, Method::POST).await;
        assert_eq!((status, problem.code.as_str()), (500, "INTERNAL"));
        assert!(!problem.detail.contains("42"), "{}", problem.detail);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_past_its_deadline_is_unknown_if_it_may_have_written() {
        for (method, status, code) in [(Method::GET, 503, "DEADLINE_EXCEEDED"), (Method::POST, 504, "OUTCOME_UNKNOWN")]
        {
            let answer = finished(std::future::pending(), method).await;
            assert_eq!((answer.0, answer.1.code.as_str()), (status, code));
        }
    }
}
