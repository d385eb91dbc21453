use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use inventory::{EventId, Phase};
use serde::Deserialize;
use std::time::Duration;
use tokio::time::timeout;
use utoipa::IntoParams;

use super::caps::Full;
use super::handshake::Handshake;
use super::socket::{Opening, Socket};
use crate::auth::Caller;
use crate::error::{ApiError, Busy, Forbidden, Unauthorized};
use crate::event_access::{self, Capability};
use crate::extract::{PathId, Query};
use crate::problems::Read;
use crate::request;
use crate::serve::{self, ConnectionPlace};
use crate::state::AppState;

/// From the answer to the connection's being ours.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);
/// Who finds no place comes back within this time.
const SPREAD_S: u32 = 10;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LiveQuery {
    /// `seq` of the last snapshot or delta that the client has: it gets what came after, or a snapshot.
    from: Option<u64>,
    /// Also tells who is inside: `occupancy` frames, for the event's organizer, its door staff and admins.
    #[serde(default)]
    occupancy: bool,
}

/// Follows an event
///
/// A WebSocket. Frames are those of `LiveFrame`, messages of the client those of `LiveRequest`; both, and the binary form
/// of snapshots and deltas, are described in `docs/live.md`. Subprotocols: `usher.v1.json` (also when none is offered) or
/// `usher.v1.binary`; a client that cannot send `Authorization` offers `bearer.<access token>` beside one of them.
#[utoipa::path(get, path = "/events/{id}/live", tag = "events", params(("id" = Uuid, Path, description = "Event"), LiveQuery),
    security((), ("bearer" = [])),
    responses((status = 101, description = "The feed begins with a snapshot, or with what came after `from`",
            body = wire::LiveFrame),
        Read,
        (status = 403, description = "ORIGIN_NOT_ALLOWED: pages of this origin may not open it; ACCOUNT_SUSPENDED", body = wire::Problem,
            content_type = "application/problem+json"),
        (status = 426, description = "The request does not open a WebSocket of version 13", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn watch(
    State(state): State<AppState>,
    PathId(id): PathId,
    Query(query): Query<LiveQuery>,
    request: Request,
) -> Result<Response, ApiError> {
    let (mut parts, _) = request.into_parts();
    let context = request::of(&parts)?.clone();
    if !state.live.origins.allow(&parts.headers) {
        return Err(ApiError::Forbidden(Forbidden::Origin));
    }
    let handshake = Handshake::read(&mut parts)?;
    let _permit = state.live.handshakes.try_acquire().map_err(|_| too_many())?;
    let caller = handshake.caller(&parts, &state, context.received).await?;
    caller.as_ref().map(|(caller, _)| caller.active()).transpose()?;
    let event = EventId::from_uuid(id);
    visible(&state, caller.as_ref().map(|(caller, _)| *caller), event).await?;
    let at_door = match &caller {
        _ if !query.occupancy => None,
        Some((caller, _)) => {
            event_access::allow(&state, *caller, event, Capability::Scan).await?;
            Some(*caller)
        }
        None => return Err(ApiError::Unauthorized(Unauthorized::TokenMissing)),
    };
    let user = caller.as_ref().map(|(caller, _)| caller.user);
    let place = state.live.caps.enter(context.peer, user).map_err(|full| match full {
        Full::All => too_many(),
        Full::Address | Full::Account => ApiError::SocketsTooMany,
    })?;
    let watch = state.live.watch(&state, event).await?;
    let connection = parts.extensions.remove::<ConnectionPlace>();
    let claims = caller.map(|(_, claims)| claims);
    let Handshake { on_upgrade, accept, protocol, form, .. } = handshake;
    let opening = Opening { watch, form, from: query.from, claims, at_door };
    let socket = {
        let state = state.clone();
        async move {
            let _places = (place, connection);
            if let Ok(Ok(upgraded)) = timeout(UPGRADE_TIMEOUT, on_upgrade).await
                && let Some((stream, behind)) = serve::connection_of(upgraded)
            {
                Socket::run(state, stream, behind, opening).await;
            }
        }
    };
    state.live.tasks.spawn(socket);
    Ok(switching(accept, protocol))
}

fn too_many() -> ApiError {
    ApiError::Busy(Busy::Sockets { spread_s: SPREAD_S })
}

/// A followed event that is public needs no look into the store.
async fn visible(state: &AppState, caller: Option<Caller>, event: EventId) -> Result<(), ApiError> {
    let phase = state.live.find(event).and_then(|feed| feed.state()?.ok());
    match phase {
        Some(Phase::Published | Phase::Cancelled) => Ok(()),
        Some(Phase::Draft) | None => event_access::visible(state, caller, event).await.map(|_| ()),
    }
}

fn switching(accept: HeaderValue, protocol: Option<&'static str>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(protocol) = protocol {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    }
    response
}
