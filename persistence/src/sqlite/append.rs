//! Journal commits on SQLite, by the one writer.

use engine::JournalError;
use sqlx::pool::PoolConnection;
use sqlx::{Connection, SqliteConnection};
use uuid::Uuid;

use super::{BEGIN, Sqlite, is_refused_for_now, projection};
use crate::journal::{Plan, Round};

/// Both statements travel to the database's thread together. The second sees whether the first moved the lease, so that a
/// batch is stored exactly if it continues the journal under the current epoch.
const APPEND: &str = "
    UPDATE leases SET last_lsn = $4 WHERE event_id = $1 AND epoch = $2 AND last_lsn = $3 - 1;
    INSERT INTO journal (event_id, epoch, first_lsn, last_lsn, records) SELECT $1, $2, $3, $4, $5 WHERE changes() = 1";

pub(super) const STATEMENTS: &[&str] = &[APPEND];

/// Rows touched by [`APPEND`] when it stores a batch: the lease and the batch.
const STORED: u64 = 2;

impl Sqlite {
    pub(crate) async fn append(&self, plan: &mut Plan) -> Result<(), JournalError> {
        let mut writer = Writer(Some(self.writer.acquire().await.map_err(before_commit)?));
        match tokio::time::timeout(self.append_timeout, commit(writer.connection(), plan)).await {
            Ok(Ok(())) => {
                writer.keep();
                Ok(())
            }
            Ok(Err(error)) => Err(error),
            Err(elapsed) => Err(JournalError::Unknown(Box::new(elapsed))),
        }
    }
}

/// Closes the connection unless the commit had a good end, also when the caller gives up in the middle. The pool opens
/// another for the next writer.
struct Writer(Option<PoolConnection<sqlx::Sqlite>>);

impl Writer {
    fn connection(&mut self) -> &mut SqliteConnection {
        self.0.as_mut().expect("a writer has its connection until it is dropped")
    }

    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(pooled) = self.0.take() {
            drop(pooled.detach());
        }
    }
}

async fn commit(connection: &mut SqliteConnection, plan: &mut Plan) -> Result<(), JournalError> {
    let mut transaction = connection.begin_with(BEGIN).await.map_err(before_commit)?;
    for index in 0..plan.rounds().len() {
        let round = &plan.rounds()[index];
        let durable = append_round(&mut transaction, round).await.map_err(before_commit)?;
        projection::write(&mut transaction, round.rows_of(&durable)).await.map_err(before_commit)?;
        plan.settle(index, &durable);
    }
    transaction.commit().await.map_err(at_commit)
}

async fn append_round(connection: &mut SqliteConnection, round: &Round) -> sqlx::Result<Vec<Uuid>> {
    let mut durable = Vec::with_capacity(round.batches().len());
    for batch in round.batches() {
        let touched = sqlx::query(APPEND)
            .bind(batch.event.uuid())
            .bind(batch.epoch)
            .bind(batch.first_lsn)
            .bind(batch.last_lsn)
            .bind(batch.records.as_slice())
            .execute(&mut *connection)
            .await?
            .rows_affected();
        if touched == STORED {
            durable.push(batch.event.uuid());
        }
    }
    Ok(durable)
}

fn before_commit(error: sqlx::Error) -> JournalError {
    JournalError::Unreachable(Box::new(error))
}

fn at_commit(error: sqlx::Error) -> JournalError {
    let code = error.as_database_error().and_then(|database| database.code().map(std::borrow::Cow::into_owned));
    if code.is_some_and(|code| is_refused_for_now(Some(&code))) {
        JournalError::Unreachable(Box::new(error))
    } else {
        JournalError::Unknown(Box::new(error))
    }
}
