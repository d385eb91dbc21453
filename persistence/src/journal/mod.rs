//! The journal of every event on the shared dialect. Only the append path differs between the databases, see
//! `sqlite/append.rs` and `postgres/append.rs`.
//!
//! The lease row of an event says who may append (the epoch) and where the journal ends (`last_lsn`). An append moves it
//! and a takeover grows it, each in the transaction of its own effect, so they cannot pass each other. A stale owner and
//! a gap are the same refusal.

mod plan;

use engine::{Appended, Batch, Chunk, Epoch, Journal, JournalError, Opened, Owned, Snapshot};
use inventory::{EventId, Lsn};
use tokio::time::Instant;

use crate::postgres::lease;
use crate::store::{Store, on_pool, on_transaction};
use crate::{StoreError, metrics, sqlite};

pub(crate) use plan::{Plan, Round};

/// Of the newest and oldest stored batch.
const ENDS: &str = "
    SELECT last_lsn AS newest, (SELECT MIN(first_lsn) FROM journal WHERE event_id = $1) AS oldest
    FROM journal WHERE event_id = $1 ORDER BY first_lsn DESC LIMIT 1";

const NEWEST_SNAPSHOT: &str = "
    SELECT lsn, bytes FROM snapshots WHERE event_id = $1 AND lsn < $2 ORDER BY lsn DESC LIMIT 1";

/// Sizes first, so that the batches themselves are fetched only as far as they are wanted.
const CHUNK_SIZES: &str = "
    SELECT first_lsn, CAST(LENGTH(records) AS bigint) AS bytes
    FROM journal
    WHERE event_id = $1 AND last_lsn >= $2 AND first_lsn >= COALESCE(
        (SELECT MAX(first_lsn) FROM journal WHERE event_id = $1 AND first_lsn <= $2), 0)
    ORDER BY first_lsn LIMIT $3";

const CHUNKS: &str = "
    SELECT first_lsn, last_lsn, records FROM journal
    WHERE event_id = $1 AND first_lsn >= $2 AND first_lsn <= $3
    ORDER BY first_lsn";

/// Only under the current epoch, and never ahead of the journal.
const PUT_SNAPSHOT: &str = "
    INSERT INTO snapshots (event_id, lsn, bytes)
    SELECT event_id, $3, $4 FROM leases WHERE event_id = $1 AND epoch = $2 AND last_lsn >= $3
    ON CONFLICT (event_id, lsn) DO UPDATE SET bytes = excluded.bytes";

const DROP_OLD_SNAPSHOTS: &str = "
    DELETE FROM snapshots WHERE event_id = $1 AND lsn < (
        SELECT MIN(lsn) FROM (SELECT lsn FROM snapshots WHERE event_id = $1 ORDER BY lsn DESC LIMIT 2) AS newest)";

/// Remembers how far, so that a journal that lost its head by accident does not pass for a trimmed one.
const MARK_TRIMMED: &str = "
    UPDATE leases SET trimmed_lsn = (
        SELECT COALESCE(MAX(last_lsn), leases.trimmed_lsn) FROM journal WHERE event_id = $1 AND last_lsn <= $2)
    WHERE event_id = $1";

const TRIM: &str = "DELETE FROM journal WHERE event_id = $1 AND last_lsn <= $2";

pub(crate) const STATEMENTS: &[&str] =
    &[ENDS, NEWEST_SNAPSHOT, CHUNK_SIZES, CHUNKS, PUT_SNAPSHOT, DROP_OLD_SNAPSHOTS, MARK_TRIMMED, TRIM];

/// Batches looked at by one read.
const CHUNKS_PER_READ_MAX: i64 = 4_096;

impl Journal for Store {
    async fn open(&self, event: EventId) -> Result<Opened, JournalError> {
        let (take_over, node, term) = match self {
            Self::Postgres(postgres) => (lease::TAKE_OVER, Some(postgres.node.id), Some(lease::TERM)),
            Self::Sqlite(_) => (sqlite::TAKE_OVER, None, None),
        };
        let found = on_transaction!(&self.patient(), transaction => async {
            let lease: Option<(i64, i64, i64)> = sqlx::query_as(take_over)
                .bind(event.uuid())
                .bind(node)
                .bind(term.map(lease::micros))
                .fetch_optional(&mut *transaction)
                .await?;
            let ends: Option<(i64, i64)> =
                sqlx::query_as(ENDS).bind(event.uuid()).fetch_optional(&mut *transaction).await?;
            let snapshot: Option<(i64, Vec<u8>)> = sqlx::query_as(NEWEST_SNAPSHOT)
                .bind(event.uuid())
                .bind(i64::MAX)
                .fetch_optional(&mut *transaction)
                .await?;
            Ok((lease, ends, snapshot))
        });
        let (lease, ends, snapshot) = found.map_err(journal_error)?;
        let (epoch, last_lsn, trimmed_lsn) = lease.ok_or(JournalError::OwnedElsewhere(event))?;
        check_ends(event, last_lsn, trimmed_lsn, ends)?;
        Ok(Opened {
            epoch: Epoch(unsigned(event, epoch)?),
            snapshot: snapshot.map(|found| snapshot_of(event, found)).transpose()?,
            last_lsn: Lsn(unsigned(event, last_lsn)?),
            lease: term,
        })
    }

    async fn renew(&self, owned: Vec<Owned>) -> Result<Vec<bool>, JournalError> {
        match self {
            Self::Postgres(postgres) => postgres.append.renew(&owned).await,
            // The lock on the data directory does not run out.
            Self::Sqlite(_) => Ok(vec![true; owned.len()]),
        }
    }

    async fn release(&self, owned: Owned) -> Result<(), JournalError> {
        let Self::Postgres(postgres) = self else { return Ok(()) };
        let Ok(epoch) = i64::try_from(owned.epoch.0) else { return Ok(()) };
        let release = sqlx::query(lease::RELEASE).bind(owned.event.uuid()).bind(epoch).execute(&postgres.pool);
        release.await.map(drop).map_err(|error| JournalError::Unknown(Box::new(error)))
    }

    async fn append(&self, batches: Vec<Batch>) -> Result<Vec<Appended>, JournalError> {
        let mut plan = Plan::new(batches);
        if plan.rounds().is_empty() {
            return Ok(plan.into_answers());
        }
        let bytes = plan.bytes();
        let started = Instant::now();
        let _change = plan.changes_catalogue().then(|| self.catalogue_change());
        let committed = match self {
            Self::Postgres(postgres) => postgres.append.append(&mut plan).await,
            Self::Sqlite(sqlite) => sqlite.append(&mut plan).await,
        };
        committed.inspect_err(metrics::count_append_failed)?;
        let answers = plan.into_answers();
        let fenced = answers.iter().filter(|answer| **answer == Appended::Fenced).count();
        metrics::observe_append(started.elapsed(), bytes, fenced);
        Ok(answers)
    }

    async fn read(&self, event: EventId, from: Lsn, bytes_max: usize) -> Result<Vec<Chunk>, JournalError> {
        // No batch lies beyond what the column can hold.
        let Ok(from) = i64::try_from(from.0) else { return Ok(Vec::new()) };
        let sizes: Vec<(i64, i64)> = on_pool!(&self.patient(), pool => sqlx::query_as(CHUNK_SIZES)
            .bind(event.uuid())
            .bind(from)
            .bind(CHUNKS_PER_READ_MAX)
            .fetch_all(pool))
        .map_err(journal_error)?;
        let Some((first, last)) = within(&sizes, bytes_max) else { return Ok(Vec::new()) };
        let rows: Vec<(i64, i64, Vec<u8>)> = on_pool!(&self.patient(), pool => sqlx::query_as(CHUNKS)
            .bind(event.uuid())
            .bind(first)
            .bind(last)
            .fetch_all(pool))
        .map_err(journal_error)?;
        chunks_of(event, rows)
    }

    async fn put_snapshot(&self, event: EventId, epoch: Epoch, snapshot: Snapshot) -> Result<(), JournalError> {
        let (Ok(epoch), Ok(lsn)) = (i64::try_from(epoch.0), i64::try_from(snapshot.lsn.0)) else { return Ok(()) };
        on_transaction!(&self.patient(), transaction => async {
            sqlx::query(PUT_SNAPSHOT)
                .bind(event.uuid())
                .bind(epoch)
                .bind(lsn)
                .bind(snapshot.bytes)
                .execute(&mut *transaction)
                .await?;
            sqlx::query(DROP_OLD_SNAPSHOTS).bind(event.uuid()).execute(&mut *transaction).await?;
            Ok(())
        })
        .map_err(journal_error)
    }

    async fn snapshot_below(&self, event: EventId, below: Lsn) -> Result<Option<Snapshot>, JournalError> {
        let below = i64::try_from(below.0).unwrap_or(i64::MAX);
        let found: Option<(i64, Vec<u8>)> = on_pool!(&self.patient(), pool => sqlx::query_as(NEWEST_SNAPSHOT)
            .bind(event.uuid())
            .bind(below)
            .fetch_optional(pool))
        .map_err(journal_error)?;
        found.map(|found| snapshot_of(event, found)).transpose()
    }

    async fn trim(&self, event: EventId, through: Lsn) -> Result<(), JournalError> {
        let through = i64::try_from(through.0).unwrap_or(i64::MAX);
        on_transaction!(&self.patient(), transaction => async {
            sqlx::query(MARK_TRIMMED).bind(event.uuid()).bind(through).execute(&mut *transaction).await?;
            sqlx::query(TRIM).bind(event.uuid()).bind(through).execute(&mut *transaction).await?;
            Ok(())
        })
        .map_err(journal_error)
    }
}

fn journal_error(error: StoreError) -> JournalError {
    match error {
        StoreError::OutcomeUnknown(_) => JournalError::Unknown(Box::new(error)),
        StoreError::EmailTaken
        | StoreError::TitleTaken
        | StoreError::Unavailable(_)
        | StoreError::Defect(_)
        | StoreError::Timeout => JournalError::Unreachable(Box::new(error)),
    }
}

/// The lease and the batches are written together: they can only disagree if rows were lost or edited.
fn check_ends(event: EventId, last_lsn: i64, trimmed_lsn: i64, ends: Option<(i64, i64)>) -> Result<(), JournalError> {
    let (newest, oldest) = ends.unwrap_or((trimmed_lsn, trimmed_lsn + 1));
    if newest != last_lsn {
        let problem = format!("it should end at LSN {last_lsn} and ends at {newest}");
        return Err(JournalError::Damaged { event, problem });
    }
    if oldest != trimmed_lsn + 1 {
        let problem = format!("it was trimmed through LSN {trimmed_lsn} and begins at {oldest}");
        return Err(JournalError::Damaged { event, problem });
    }
    Ok(())
}

/// First and last batch to fetch: at least one, then as many as fit.
fn within(sizes: &[(i64, i64)], bytes_max: usize) -> Option<(i64, i64)> {
    let &(first, first_bytes) = sizes.first()?;
    let bytes_max = i64::try_from(bytes_max).unwrap_or(i64::MAX);
    let mut last = first;
    let mut total = first_bytes;
    for &(next, bytes) in &sizes[1..] {
        total = total.saturating_add(bytes);
        if total > bytes_max {
            break;
        }
        last = next;
    }
    Some((first, last))
}

fn chunks_of(event: EventId, rows: Vec<(i64, i64, Vec<u8>)>) -> Result<Vec<Chunk>, JournalError> {
    let mut chunks: Vec<Chunk> = Vec::with_capacity(rows.len());
    for (first, last, records) in rows {
        let chunk = Chunk { first_lsn: Lsn(unsigned(event, first)?), last_lsn: Lsn(unsigned(event, last)?), records };
        if let Some(before) = chunks.last()
            && before.last_lsn.next() != chunk.first_lsn
        {
            let problem = format!("LSN {} is followed by {}", before.last_lsn, chunk.first_lsn);
            return Err(JournalError::Damaged { event, problem });
        }
        chunks.push(chunk);
    }
    Ok(chunks)
}

fn snapshot_of(event: EventId, (lsn, bytes): (i64, Vec<u8>)) -> Result<Snapshot, JournalError> {
    Ok(Snapshot { lsn: Lsn(unsigned(event, lsn)?), bytes })
}

fn unsigned(event: EventId, column: i64) -> Result<u64, JournalError> {
    u64::try_from(column)
        .map_err(|_| JournalError::Damaged { event, problem: format!("it holds the negative number {column}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_takes_one_batch_however_large_and_then_what_fits() {
        assert_eq!(within(&[], 10), None);
        assert_eq!(within(&[(1, 50), (7, 1)], 10), Some((1, 1)));
        assert_eq!(within(&[(1, 5), (7, 5), (9, 1)], 10), Some((1, 7)));
        assert_eq!(within(&[(1, 5), (7, 5), (9, 1)], usize::MAX), Some((1, 9)));
    }

    #[test]
    fn a_journal_that_lost_its_head_its_tail_or_a_batch_is_damaged() {
        let event = EventId::from_bytes([1; 16]);
        let check = |last, trimmed, ends| check_ends(event, last, trimmed, ends).is_ok();
        assert!(check(0, 0, None));
        assert!(check(9, 9, None));
        assert!(check(9, 4, Some((9, 5))));
        assert!(!check(9, 4, None));
        assert!(!check(9, 4, Some((8, 5))));
        assert!(!check(9, 4, Some((9, 6))));
        assert!(!check(9, 4, Some((9, 4))));

        let row = |first, last| (first, last, vec![0]);
        assert!(chunks_of(event, vec![row(1, 2), row(3, 3)]).is_ok());
        assert!(chunks_of(event, vec![row(1, 2), row(4, 4)]).is_err());
        assert!(chunks_of(event, vec![row(1, 2), row(2, 4)]).is_err());
    }
}
