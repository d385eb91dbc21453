//! The relational store. One file per noun; methods are named noun first.
//!
//! A body is written once and compiled for both databases: `on_pool!` for reads, `on_writer!` and `changed!` for a write of one
//! statement, `on_transaction!` for more. They differ in how a lost connection is told: a read may be repeated, a
//! write is *outcome unknown*.

mod attendees;
mod events;
mod heads;
mod health;
mod idempotency;
mod orders;
mod outbox;
mod payments;
mod priority_passes;
mod refresh;
mod secrets;
mod tickets;
mod users;
mod waiting_places;
mod waiting_rooms;

use crate::postgres::Postgres;
use crate::sqlite::Sqlite;
use crate::{ConnectError, StoreConfig};

pub use attendees::Attendee;
pub use events::{Event, EventFilter, EventPatch, EventStatus};
pub use heads::JournalHead;
pub use idempotency::IdempotentAnswer;
pub use orders::{Order, OrderItem, OrderStatus};
pub use outbox::{Outbox, OutboxStatus};
pub use payments::Payment;
pub use priority_passes::PriorityPass;
pub use refresh::{Refresh, Rotation};
pub use tickets::{Ticket, TicketState};
pub use users::{Role, User, UserStatus};
pub use waiting_places::{Join, Joined, WaitingPlace};
pub use waiting_rooms::WaitingRoom;

/// A handle; clones share connections.
#[derive(Clone)]
pub enum Store {
    Postgres(Postgres),
    Sqlite(Sqlite),
}

impl Store {
    /// Opens the store and brings its schema up to date. On SQLite nobody else may have it open; on Postgres commits must
    /// be durable, see [`StoreConfig::allow_unsafe_durability`].
    ///
    /// # Errors
    /// See [`ConnectError`]. A store that is in use is refused at once.
    pub async fn connect(config: &StoreConfig) -> Result<Self, ConnectError> {
        match &config.url {
            Some(url) => Postgres::connect(url, config).await.map(Self::Postgres),
            None => Sqlite::connect(config).await.map(Self::Sqlite),
        }
    }

    /// Waits for what is under way, then closes every connection.
    pub async fn close(&self) {
        match self {
            Self::Postgres(postgres) => {
                postgres.append.close().await;
                postgres.pool.close().await;
            }
            Self::Sqlite(sqlite) => {
                sqlite.readers.close().await;
                sqlite.writer.close().await;
            }
        }
    }

    pub const fn backend(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "postgres",
            Self::Sqlite(_) => "sqlite",
        }
    }
}

macro_rules! on_pool {
    ($store:expr, $pool:ident => $future:expr) => {
        match $store {
            $crate::Store::Postgres(postgres) => {
                let $pool = &postgres.pool;
                $future.await.map_err($crate::StoreError::read)
            }
            $crate::Store::Sqlite(sqlite) => {
                let $pool = &sqlite.readers;
                $future.await.map_err($crate::StoreError::read)
            }
        }
    };
}

macro_rules! on_writer {
    ($store:expr, $pool:ident => $future:expr) => {
        match $store {
            $crate::Store::Postgres(postgres) => {
                let $pool = &postgres.pool;
                $future.await.map_err($crate::StoreError::write)
            }
            $crate::Store::Sqlite(sqlite) => {
                let $pool = &sqlite.writer;
                $future.await.map_err($crate::StoreError::write)
            }
        }
    };
}

/// A write of one statement that answers how many rows it touched.
macro_rules! changed {
    ($store:expr, $query:expr) => {
        $crate::store::on_writer!($store, pool => $crate::store::outcome(async {
            Ok($query.execute(pool).await?.rows_affected())
        }))
    };
}

/// The body gets `&mut Connection`, is committed if it succeeds and rolled back if not.
macro_rules! on_transaction {
    ($store:expr, $connection:ident => $future:expr) => {
        match $store {
            $crate::Store::Postgres(postgres) => {
                $crate::store::transaction_body!(postgres.pool.begin(), sqlx::PgConnection, $connection => $future)
            }
            $crate::Store::Sqlite(sqlite) => {
                let begin = sqlite.writer.begin_with($crate::sqlite::BEGIN);
                $crate::store::transaction_body!(begin, sqlx::SqliteConnection, $connection => $future)
            }
        }
    };
}

macro_rules! transaction_body {
    ($begin:expr, $type:ty, $connection:ident => $future:expr) => {
        async {
            let mut transaction = $begin.await.map_err($crate::StoreError::read)?;
            let $connection: &mut $type = &mut transaction;
            let value = $crate::store::outcome($future).await.map_err($crate::StoreError::read)?;
            transaction.commit().await.map_err($crate::StoreError::write)?;
            Ok::<_, $crate::StoreError>(value)
        }
        .await
    };
}

pub(crate) use {changed, on_pool, on_transaction, on_writer, transaction_body};

/// Fixes the error type of an async block.
pub(crate) async fn outcome<T>(body: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    body.await
}

pub(crate) fn statements() -> impl Iterator<Item = &'static str> {
    [
        attendees::STATEMENTS,
        events::STATEMENTS,
        heads::STATEMENTS,
        health::STATEMENTS,
        idempotency::STATEMENTS,
        orders::STATEMENTS,
        outbox::STATEMENTS,
        payments::STATEMENTS,
        priority_passes::STATEMENTS,
        refresh::STATEMENTS,
        secrets::STATEMENTS,
        tickets::STATEMENTS,
        users::STATEMENTS,
        waiting_places::STATEMENTS,
        waiting_rooms::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .chain(waiting_places::statements())
}
