use std::path::PathBuf;

use thiserror::Error;

/// Why the store did not open. Nothing is served before it does.
#[derive(Debug, Error)]
pub enum ConnectError {
    #[error("another process uses the store in {}", data_dir.display())]
    Locked { data_dir: PathBuf },
    #[error("the data directory {} cannot be used", data_dir.display())]
    DataDir {
        data_dir: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the database URL is not valid: it must start with postgres:// or postgresql://")]
    Url(#[source] Option<sqlx::Error>),
    #[error("the database may lose acknowledged commits: {problem}")]
    UnsafeDurability { problem: String },
    #[error("the database cannot be reached")]
    Unreachable(#[source] sqlx::Error),
    #[error("the database cannot be reached in time")]
    Timeout,
    #[error("the schema cannot be brought up to date")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    #[error("events that an earlier version stored cannot be indexed")]
    Index(#[source] StoreError),
}

/// Why a relational read or write has no result.
#[derive(Debug, Error)]
pub enum StoreError {
    #[error("the e-mail address has an account already")]
    EmailTaken,
    #[error("another event of the organizer has this title at this time")]
    TitleTaken,
    /// Nothing was written. Asking again later may succeed.
    #[error("the store is not available")]
    Unavailable(#[source] sqlx::Error),
    /// The write was sent and its answer lost: it may or may not have happened.
    #[error("the outcome of the write is unknown")]
    OutcomeUnknown(#[source] sqlx::Error),
    /// A statement that the database refuses or a row that does not decode: a bug or damage.
    #[error("the store refused a statement or returned a row that cannot be right")]
    Defect(#[source] sqlx::Error),
    /// No answer before the deadline of a read.
    #[error("the store did not answer in time")]
    Timeout,
}

impl StoreError {
    /// Of a read, or of a statement whose transaction was not committed.
    pub(crate) fn read(error: sqlx::Error) -> Self {
        if is_refused_for_now(&error) || is_connection_lost(&error) {
            Self::Unavailable(error)
        } else {
            Self::Defect(error)
        }
    }

    /// Of a write that commits by itself, or of a commit.
    pub(crate) fn write(error: sqlx::Error) -> Self {
        if is_refused_for_now(&error) {
            Self::Unavailable(error)
        } else if is_connection_lost(&error) {
            Self::OutcomeUnknown(error)
        } else {
            Self::Defect(error)
        }
    }
}

/// The database answered that the transaction did not happen, for a reason that passes; or it was never asked.
pub(crate) fn is_refused_for_now(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        sqlx::Error::Database(database) => match database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
            Some(postgres) => crate::postgres::is_refused_for_now(postgres),
            None => crate::sqlite::is_refused_for_now(database.code().as_deref()),
        },
        _ => false,
    }
}

/// Neither yes nor no came back.
pub(crate) fn is_connection_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(database) => match database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
            Some(postgres) => crate::postgres::is_connection_lost(postgres),
            None => crate::sqlite::is_outcome_unknown(database.code().as_deref()),
        },
        _ => false,
    }
}
