//! Journal commits on Postgres. One connection of their own, so that no reader can ever keep a commit waiting.

use std::time::Duration;

use engine::JournalError;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{durability, is_rolled_back, projection};
use crate::journal::{Plan, Round};
use crate::projection::Tables;
use crate::{StoreConfig, metrics};

macro_rules! moved_leases {
    () => {
        "WITH batch AS (
            SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[])
                AS batch (event_id, epoch, first_lsn, last_lsn, records)
        ), moved AS (
            UPDATE leases SET last_lsn = batch.last_lsn
            FROM batch
            WHERE leases.event_id = batch.event_id AND leases.epoch = batch.epoch
                AND leases.last_lsn = batch.first_lsn - 1
            RETURNING leases.event_id
        )"
    };
}

macro_rules! stored_batches {
    () => {
        " INSERT INTO journal (event_id, epoch, first_lsn, last_lsn, records)
        SELECT batch.event_id, batch.epoch, batch.first_lsn, batch.last_lsn, batch.records
        FROM batch JOIN moved ON moved.event_id = batch.event_id
        RETURNING event_id"
    };
}

/// Moves the leases that the batches continue, then stores those batches; answers their events. The update locks the
/// lease row, so a takeover either sees the batch or refuses it: there is no moment in between.
const APPEND: &str = concat!(moved_leases!(), stored_batches!());

/// The same, and the rows that follow from the batches.
const APPEND_WITH_ROWS: &str = concat!(moved_leases!(), projection::written_rows!(), stored_batches!());

pub(super) const STATEMENTS: &[&str] = &[APPEND, APPEND_WITH_ROWS];

pub(crate) struct AppendLane {
    options: PgConnectOptions,
    allow_unsafe_durability: bool,
    connect_timeout: Duration,
    pub(super) append_timeout: Duration,
    /// Taken out for the length of a commit and put back only after a good end.
    pub(super) connection: Mutex<Option<PgConnection>>,
}

impl AppendLane {
    pub(crate) fn new(options: PgConnectOptions, config: &StoreConfig) -> Self {
        Self {
            options,
            allow_unsafe_durability: config.allow_unsafe_durability,
            connect_timeout: config.connect_timeout,
            append_timeout: config.append_timeout,
            connection: Mutex::new(None),
        }
    }

    pub(crate) async fn append(&self, plan: &mut Plan) -> Result<(), JournalError> {
        let mut slot = self.connection.lock().await;
        let mut connection = self.take(&mut slot).await?;
        match tokio::time::timeout(self.append_timeout, commit(&mut connection, plan)).await {
            Ok(Ok(())) => {
                *slot = Some(connection);
                Ok(())
            }
            Ok(Err(error)) => Err(error),
            Err(elapsed) => Err(JournalError::Unknown(Box::new(elapsed))),
        }
    }

    /// Whoever takes it puts it back after a good end.
    pub(super) async fn take(&self, slot: &mut Option<PgConnection>) -> Result<PgConnection, JournalError> {
        match slot.take() {
            Some(connection) => Ok(connection),
            None => self.connect().await,
        }
    }

    async fn connect(&self) -> Result<PgConnection, JournalError> {
        let connect = async {
            let mut connection = self.options.connect().await?;
            if !self.allow_unsafe_durability {
                durability::pin(&mut connection).await?;
            }
            Ok(connection)
        };
        match tokio::time::timeout(self.connect_timeout, connect).await {
            Ok(Ok(connection)) => {
                metrics::count_append_connected();
                Ok(connection)
            }
            Ok(Err(error)) => Err(JournalError::Unreachable(error)),
            Err(elapsed) => Err(JournalError::Unreachable(Box::new(elapsed))),
        }
    }

    pub(crate) async fn close(&self) {
        if let Some(connection) = self.connection.lock().await.take() {
            // Every commit has its answer already.
            let _ = connection.close().await;
        }
    }
}

async fn commit(connection: &mut PgConnection, plan: &mut Plan) -> Result<(), JournalError> {
    // One statement is one transaction and one round trip; it is both the last word and the commit.
    if let [round] = plan.rounds()
        && !round.has_rare_rows()
    {
        let durable = append_round(connection, round).await.map_err(at_commit)?;
        plan.settle(0, &durable);
        return Ok(());
    }
    let mut transaction = connection.begin().await.map_err(before_commit)?;
    for index in 0..plan.rounds().len() {
        let round = &plan.rounds()[index];
        let durable = append_round(&mut transaction, round).await.map_err(before_commit)?;
        write_rare_rows(&mut transaction, &Tables::sort(round.rows_of(&durable))).await.map_err(before_commit)?;
        plan.settle(index, &durable);
    }
    transaction.commit().await.map_err(at_commit)
}

async fn append_round(connection: &mut PgConnection, round: &Round) -> sqlx::Result<Vec<Uuid>> {
    let batches = round.batches();
    let events: Vec<Uuid> = batches.iter().map(|batch| batch.event.uuid()).collect();
    let epochs: Vec<i64> = batches.iter().map(|batch| batch.epoch).collect();
    let firsts: Vec<i64> = batches.iter().map(|batch| batch.first_lsn).collect();
    let lasts: Vec<i64> = batches.iter().map(|batch| batch.last_lsn).collect();
    let records: Vec<&[u8]> = batches.iter().map(|batch| batch.records.as_slice()).collect();
    let tables = Tables::sort(round.rows());
    let text = if tables.is_empty() { APPEND } else { APPEND_WITH_ROWS };
    let append = sqlx::query_scalar(text).bind(events).bind(epochs).bind(firsts).bind(lasts).bind(records);
    let append = if tables.is_empty() { append } else { projection::bind(append, &tables) };
    append.fetch_all(connection).await
}

/// Statements of their own: one statement writes a row of `events` once, and its status may change in the same commit.
async fn write_rare_rows(connection: &mut PgConnection, tables: &Tables<'_>) -> sqlx::Result<()> {
    crate::projection::write_offers!(connection, tables);
    crate::projection::write_conflicts!(connection, tables);
    crate::projection::write_box_office_sales!(connection, tables);
    crate::projection::write_waitlist!(connection, tables);
    Ok(())
}

fn before_commit(error: sqlx::Error) -> JournalError {
    JournalError::Unreachable(Box::new(error))
}

fn at_commit(error: sqlx::Error) -> JournalError {
    let rolled_back = error
        .as_database_error()
        .and_then(|database| database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>())
        .is_some_and(is_rolled_back);
    if rolled_back { JournalError::Unreachable(Box::new(error)) } else { JournalError::Unknown(Box::new(error)) }
}
