//! SQLite: connecting, the lock on the data directory and the append path. Everything else is shared. Single node: the
//! lock keeps a second process out.
//!
//! There is one writer. Journal commits and relational writes queue for it first come, first served, so that a busy
//! journal never starves a registration and the other way round; each waits for one commit of the other at most. A second
//! write connection would poll for the database lock with sleeps instead, and lose to a committer that never rests.

mod append;
mod connect;
mod lock;
mod log;
mod projection;
pub(crate) mod search;
mod waiting_places;
pub(crate) mod way;

use std::sync::Arc;
use std::time::Duration;

use sqlx::SqlitePool;

use crate::store::Catalogue;
use lock::DirectoryLock;

/// Takes the write lock at the start: a deferred transaction that turns into a writer fails at once instead of waiting.
pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE";

/// Nobody else can own anything, see [`lock`].
pub(crate) const TAKE_OVER: &str = "
    INSERT INTO leases (event_id, epoch, last_lsn, trimmed_lsn, owner_id, leased_until) VALUES ($1, 1, 0, 0, $2, $3)
    ON CONFLICT (event_id) DO UPDATE SET epoch = leases.epoch + 1
    RETURNING epoch, last_lsn, trimmed_lsn";

pub(crate) fn statements() -> impl Iterator<Item = &'static str> {
    [TAKE_OVER]
        .into_iter()
        .chain(append::STATEMENTS.iter().copied())
        .chain(search::STATEMENTS.iter().copied())
        .chain(projection::statements())
        .chain(waiting_places::statements())
}

#[derive(Clone)]
pub struct Sqlite {
    /// Exactly one connection.
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
    pub(crate) call_timeout: Duration,
    pub(crate) append_timeout: Duration,
    pub(crate) catalogue: Catalogue,
    pub(crate) _lock: Arc<DirectoryLock>,
}

const BUSY: i64 = 5;
const LOCKED: i64 = 6;
const IO: i64 = 10;
const FULL: i64 = 13;
const CANNOT_OPEN: i64 = 14;

/// Result codes carry details in their upper bytes.
fn primary(code: Option<&str>) -> i64 {
    code.and_then(|code| code.parse::<i64>().ok()).unwrap_or_default() & 0xff
}

/// A full disk is found while the log is written, before the frame that makes a commit.
pub(crate) fn is_refused_for_now(code: Option<&str>) -> bool {
    matches!(primary(code), BUSY | LOCKED | FULL | CANNOT_OPEN)
}

/// After a failed sync nobody knows what the disk has.
pub(crate) fn is_outcome_unknown(code: Option<&str>) -> bool {
    primary(code) == IO
}
