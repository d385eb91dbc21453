use std::sync::atomic::{AtomicU64, Ordering};

use engine::{Appended, Batch, Epoch, Journal};
use inventory::{EventId, Lsn, Row};
use persistence::{Store, StoreConfig};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, PgConnection, SqliteConnection};
use tempfile::TempDir;
use usher_tests::postgres::TemporaryDatabase;

/// A store with nothing in it. What it stands on goes with it.
pub struct Fixture {
    pub store: Store,
    pub config: StoreConfig,
    _directory: TempDir,
    pub database: Option<TemporaryDatabase>,
}

impl Fixture {
    pub async fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = StoreConfig::embedded(directory.path());
        let store = Store::connect(&config).await.unwrap();
        Self { store, config, _directory: directory, database: None }
    }

    /// `None` when there is no Postgres to test on.
    pub async fn postgres() -> Option<Self> {
        let database = TemporaryDatabase::create().await?;
        let directory = tempfile::tempdir().unwrap();
        let data_dir = directory.path().to_owned();
        let config = StoreConfig { connections_max: 4, data_dir, ..StoreConfig::postgres(database.url()) };
        let store = Store::connect(&config).await.unwrap();
        Some(Self { store, config, _directory: directory, database: Some(database) })
    }

    /// Another node on the same store; on SQLite, which has one node, the same.
    pub async fn other_node(&self) -> Store {
        match self.database {
            Some(_) => Store::connect(&self.config).await.unwrap(),
            None => self.store.clone(),
        }
    }

    /// Beside the store's own, to its file.
    pub async fn sqlite_connection(&self) -> SqliteConnection {
        let file = self.config.data_dir.join("usher.sqlite3");
        SqliteConnectOptions::new().filename(file).connect().await.unwrap()
    }

    /// Beside the store's own, to its database.
    pub async fn postgres_connection(&self) -> PgConnection {
        self.database.as_ref().unwrap().options().connect().await.unwrap()
    }

    /// As if all owners had been silent for long.
    pub async fn end_leases(&self) {
        if self.database.is_some() {
            let mut connection = self.postgres_connection().await;
            sqlx::query("UPDATE leases SET leased_until = 0").execute(&mut connection).await.unwrap();
        }
    }

    /// As after a restart.
    pub async fn reopen(&mut self) {
        let config = self.config.clone();
        self.store.close().await;
        // On SQLite the last handle holds the lock of the data directory.
        let away = StoreConfig::embedded(self._directory.path().join("away"));
        self.store = Store::connect(&away).await.unwrap();
        self.store = Store::connect(&config).await.unwrap();
    }
}

macro_rules! on_every_store {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case($crate::conformance::fixture::Fixture::sqlite().await).await;
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                if let Some(fixture) = $crate::conformance::fixture::Fixture::postgres().await {
                    super::$case(fixture).await;
                }
            })+
        }
    };
}

pub(crate) use on_every_store;

/// A number that no other call gives in this process: names of things must differ, not be random.
fn fresh() -> [u8; 16] {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut bytes = [7; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes
}

macro_rules! fresh_ids {
    ($($name:ident: $type:ty),+) => {
        $(pub fn $name() -> $type {
            <$type>::from_bytes(fresh())
        })+
    };
}

fresh_ids!(event: EventId, order: inventory::OrderId, ticket: inventory::TicketId, payment: inventory::PaymentId,
    user: inventory::UserId, tier: inventory::TierId);

/// The journal does not look into records: bytes that name their LSNs are enough to know them again.
pub fn records(first: u64, last: u64) -> Vec<u8> {
    (first..=last).flat_map(u64::to_le_bytes).collect()
}

pub fn batch(event: EventId, epoch: Epoch, first: u64, last: u64) -> Batch {
    Batch { event, epoch, first_lsn: Lsn(first), last_lsn: Lsn(last), records: records(first, last), rows: Vec::new() }
}

pub fn with_rows(batch: Batch, rows: impl Into<Vec<Row>>) -> Batch {
    Batch { rows: rows.into(), ..batch }
}

pub async fn append_one(journal: &impl Journal, batch: Batch) -> Appended {
    journal.append(vec![batch]).await.unwrap()[0]
}

/// Everything that the journal of the event holds, in one piece.
pub async fn stored(journal: &impl Journal, event: EventId) -> Vec<u8> {
    journal.read(event, Lsn(1), usize::MAX).await.unwrap().into_iter().flat_map(|chunk| chunk.records).collect()
}
