//! Whether the process lives, and whether it should be sent requests. Outside `/api/v1`, never limited.

use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::Problem;

use crate::config::Config;
use crate::error::{ApiError, Busy};
use crate::event_access::Viewer;
use crate::extract::{Body, Empty};
use crate::problems::Written;
use crate::state::AppState;

const STORE_DEADLINE: Duration = Duration::from_secs(2);
const ASK_DEADLINE: Duration = Duration::from_secs(5);

#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `live` or `ready`.
    status: &'static str,
}

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(ready)).routes(routes!(metrics))
}

pub fn ping_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(ping))
}

/// Answers as long as the process does.
#[utoipa::path(get, path = "/health/live", tag = "operation", responses(
    (status = 200, description = "The process answers", body = Health),
))]
async fn live() -> Json<Health> {
    Json(Health { status: "live" })
}

/// Answers well once events are back in memory and while the store answers.
#[utoipa::path(get, path = "/health/ready", tag = "operation", responses(
    (status = 200, description = "Send requests", body = Health),
    (status = 503, description = "NOT_READY or STORE_UNAVAILABLE", body = Problem),
))]
async fn ready(State(state): State<AppState>) -> Result<Json<Health>, ApiError> {
    if !state.ready.load(Ordering::Acquire) {
        return Err(ApiError::Busy(Busy::NotReady));
    }
    state.store.ping(STORE_DEADLINE).await.map_err(|_| ApiError::Busy(Busy::Store))?;
    Ok(Json(Health { status: "ready" }))
}

/// Metrics in the text format of Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operation", responses(
    (status = 200, description = "All metrics of the process", body = String, content_type = "text/plain"),
))]
async fn metrics(State(state): State<AppState>) -> String {
    state.prometheus.render()
}

/// Does nothing
///
/// Through every layer that a booking goes through but the booking itself: what benchmarks compare with. A token that is sent
/// must be good.
#[utoipa::path(post, path = "/ping", tag = "operation", request_body = Object, security((), ("bearer" = [])), responses(
    (status = 200, description = "An empty object", body = Object),
    Written,
))]
async fn ping(_: Viewer, Body(Empty {}): Body<Empty>) -> Json<Empty> {
    Json(Empty {})
}

/// `usher health`: asks the server of these settings. For the container's health check, which has no other client.
///
/// # Errors
/// No server, or not ready.
pub async fn ask(config: &Config) -> anyhow::Result<ExitCode> {
    let mut address = config.http.listen;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    let asked = tokio::time::timeout(ASK_DEADLINE, async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"GET /health/ready HTTP/1.1\r\nhost: usher\r\nconnection: close\r\n\r\n").await?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await?;
        std::io::Result::Ok(head)
    });
    let head = asked.await.context("no answer in time")?.with_context(|| format!("no answer from {address}"))?;
    if head.ends_with(b" 200") { Ok(ExitCode::SUCCESS) } else { bail!("not ready") }
}
