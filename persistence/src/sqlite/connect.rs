use std::future::ready;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use tracing::log::LevelFilter;

use super::{Sqlite, lock::DirectoryLock, log};
use crate::store::Catalogue;
use crate::{ConnectError, StoreConfig, migrations, private};

const FILE: &str = "usher.sqlite3";
const LOG_FILE: &str = "usher.sqlite3-wal";
const SLOW_STATEMENT: Duration = Duration::from_secs(1);
/// The log is folded back into the file after this many pages of 4 KiB. The default of 1,000 would do it after every few
/// dozen busy commits, and each time costs two more syncs.
const CHECKPOINT_PAGES: &str = "4000";

impl Sqlite {
    pub(crate) async fn connect(config: &StoreConfig) -> Result<Self, ConnectError> {
        let lock = DirectoryLock::acquire(&config.data_dir)?;
        let file = config.data_dir.join(FILE);
        // The files beside it get its mode from SQLite.
        private::create_file(&file)
            .map_err(|source| ConnectError::DataDir { data_dir: config.data_dir.clone(), source })?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .busy_timeout(config.statement_timeout)
            .log_statements(LevelFilter::Off)
            .log_slow_statements(LevelFilter::Warn, SLOW_STATEMENT);

        // A full disk ends a transaction without the driver's doing, whose own rollback then fails: it would take every
        // later BEGIN for a nested one. Such a connection is closed, and the next writer gets another.
        let log_path = config.data_dir.join(LOG_FILE);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .test_before_acquire(false)
            .after_connect(move |_, _| Box::pin(trust_log(log_path.clone())))
            .before_acquire(|connection, _| Box::pin(ready(Ok(!connection.is_in_transaction()))))
            .acquire_timeout(config.acquire_timeout)
            .connect_with(
                options
                    .clone()
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
                    // A statement of many rows notes each page before it changes it, to take back itself alone. Past 64 KiB
                    // these notes would go to a file: two more writes for each page.
                    .pragma("temp_store", "MEMORY"),
            )
            .await
            .map_err(ConnectError::Unreachable)?;
        migrations::sqlite().run(&writer).await.map_err(ConnectError::Migrate)?;

        let readers = SqlitePoolOptions::new()
            .max_connections(config.connections_max)
            .test_before_acquire(false)
            .acquire_timeout(config.acquire_timeout)
            .connect_lazy_with(options.read_only(true));
        let StoreConfig { call_timeout, append_timeout, .. } = *config;
        let catalogue = Catalogue::default();
        Ok(Self { writer, readers, call_timeout, append_timeout, catalogue, _lock: Arc::new(lock) })
    }
}

async fn trust_log(path: PathBuf) -> sqlx::Result<()> {
    let done = tokio::task::spawn_blocking(move || log::make_durable(&path)).await;
    done.unwrap_or_else(|stopped| Err(std::io::Error::other(stopped))).map_err(sqlx::Error::Io)
}
