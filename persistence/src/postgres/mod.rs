//! Postgres: connecting, durability checks and the append path. Everything else is shared.

mod append;
mod connect;
mod durability;
pub(crate) mod lease;
mod node;
pub(crate) mod outbox;
mod projection;
pub(crate) mod search;
mod waiting_places;

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::store::Catalogue;
pub(crate) use append::AppendLane;
use node::Node;

pub(crate) fn statements() -> impl Iterator<Item = &'static str> {
    [
        append::STATEMENTS,
        durability::STATEMENTS,
        lease::STATEMENTS,
        node::STATEMENTS,
        outbox::STATEMENTS,
        search::STATEMENTS,
        waiting_places::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

#[derive(Clone)]
pub struct Postgres {
    pub(crate) pool: PgPool,
    pub(crate) call_timeout: Duration,
    pub(crate) append: Arc<AppendLane>,
    pub(crate) node: Arc<Node>,
    pub(crate) catalogue: Catalogue,
}

/// SQLSTATE classes: 08 connection, 53 resources, 57 operator, 58 system, XX internal, 40 rolled back.
///
/// An `ERROR` says that the transaction was rolled back. `FATAL` and `PANIC` end the connection, perhaps while a commit
/// waits to be replicated, so they say nothing about it.
pub(crate) fn is_refused_for_now(error: &PgDatabaseError) -> bool {
    let class = error.code().get(..2).unwrap_or_default();
    error.severity() == PgSeverity::Error && matches!(class, "40" | "53" | "55" | "57")
}

pub(crate) fn is_connection_lost(error: &PgDatabaseError) -> bool {
    !is_rolled_back(error)
}

/// Whether the transaction certainly did not happen.
pub(crate) fn is_rolled_back(error: &PgDatabaseError) -> bool {
    let class = error.code().get(..2).unwrap_or_default();
    error.severity() == PgSeverity::Error && !matches!(class, "08" | "58" | "XX")
}
