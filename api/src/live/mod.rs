//! The live feed: what happens to an event's seats, told to everybody who watches, and to each customer what happens to
//! his holds.
//!
//! One publisher per watched event takes what has become durable from the engine, conflates it on a board, and makes one
//! frame of it for all sockets. A socket is a task that writes the frames it has not seen; when it cannot keep up it
//! skips to a snapshot. Nobody waits for a socket, and nothing about one is unbounded.
//!
//! Invariant: a snapshot, and the deltas after it, applied in order, are the event's durable state at each `seq`.

mod board;
mod bye;
mod caps;
mod feed;
mod forms;
mod frame;
mod handshake;
mod hub;
mod inbound;
mod metrics;
mod origin;
mod personal;
mod place;
mod publisher;
mod rhythm;
mod ring;
mod socket;
mod watch;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use hub::Hub;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(watch::watch))
}
