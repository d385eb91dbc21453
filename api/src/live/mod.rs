//! The live feed: what happens to an event's seats, told to everybody who watches, and to each customer what happens to
//! his holds.
//!
//! One publisher per watched event takes what has become durable from the engine, conflates it on a board, and makes one
//! frame of it for all sockets. A crew writes it to those that take it at once. A socket that does not is left to its own
//! task, which goes on when it can, and skips to a snapshot when it has fallen behind. Nobody else waits for a socket, and
//! nothing about one is unbounded.
//!
//! Invariant: a snapshot, and the deltas after it, applied in order, are the event's durable state at each `seq`.

mod board;
mod bye;
mod caps;
mod connection;
mod crew;
mod door;
mod feed;
mod feeds;
mod forms;
mod frame;
mod handshake;
mod hub;
mod inbound;
mod inbox;
mod login;
mod metrics;
mod origin;
mod outlet;
mod personal;
mod place;
mod publisher;
mod rhythm;
mod ring;
mod socket;
mod watch;
mod way;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use hub::Hub;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(watch::watch))
}
