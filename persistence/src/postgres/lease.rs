//! Leases of events, by the database's clock: the one clock that all nodes share. A jump of it costs stale refusals at
//! worst; who may append is decided by epochs alone.

use std::collections::HashSet;
use std::time::Duration;

use engine::{JournalError, Owned};
use sqlx::PgConnection;
use uuid::Uuid;

use super::AppendLane;

/// How long a dead node's events stay with it. Long enough for a database that is slow for a moment.
pub(crate) const TERM: Duration = Duration::from_secs(3);

macro_rules! now_us {
    () => {
        "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint"
    };
}

/// No row while another node's lease runs. The condition is looked at again once the row is locked.
pub(crate) const TAKE_OVER: &str = concat!(
    "INSERT INTO leases (event_id, epoch, last_lsn, trimmed_lsn, owner_id, leased_until)
        VALUES ($1, 1, 0, 0, $2, ",
    now_us!(),
    " + $3)
    ON CONFLICT (event_id) DO UPDATE
        SET epoch = leases.epoch + 1, owner_id = excluded.owner_id, leased_until = excluded.leased_until
        WHERE leases.owner_id IS NULL OR leases.owner_id = excluded.owner_id OR leases.leased_until <= ",
    now_us!(),
    "
    RETURNING epoch, last_lsn, trimmed_lsn"
);

const RENEW: &str = concat!(
    "UPDATE leases SET leased_until = ",
    now_us!(),
    " + $3
    FROM UNNEST($1::uuid[], $2::bigint[]) AS owned (event_id, epoch)
    WHERE leases.event_id = owned.event_id AND leases.epoch = owned.epoch
    RETURNING leases.event_id, leases.epoch"
);

pub(crate) const RELEASE: &str = "
    UPDATE leases SET owner_id = NULL, leased_until = NULL WHERE event_id = $1 AND epoch = $2";

pub(super) const STATEMENTS: &[&str] = &[TAKE_OVER, RENEW, RELEASE];

pub(crate) fn micros(term: Duration) -> i64 {
    i64::try_from(term.as_micros()).unwrap_or(i64::MAX)
}

impl AppendLane {
    /// On the connection of appends, between two of them: both lock many lease rows, and two such statements at once could
    /// wait for each other.
    pub(crate) async fn renew(&self, owned: &[Owned]) -> Result<Vec<bool>, JournalError> {
        let mut slot = self.connection.lock().await;
        let mut connection = self.take(&mut slot).await?;
        let kept = match tokio::time::timeout(self.append_timeout, renew(&mut connection, owned)).await {
            Ok(Ok(kept)) => kept,
            Ok(Err(error)) => return Err(JournalError::Unreachable(Box::new(error))),
            Err(elapsed) => return Err(JournalError::Unreachable(Box::new(elapsed))),
        };
        *slot = Some(connection);
        Ok(rows_of(owned).map(|row| kept.contains(&row)).collect())
    }
}

/// An epoch beyond the column is nobody's.
fn rows_of(owned: &[Owned]) -> impl Iterator<Item = (Uuid, i64)> {
    owned.iter().map(|owned| (owned.event.uuid(), i64::try_from(owned.epoch.0).unwrap_or(-1)))
}

async fn renew(connection: &mut PgConnection, owned: &[Owned]) -> sqlx::Result<HashSet<(Uuid, i64)>> {
    let (events, epochs): (Vec<Uuid>, Vec<i64>) = rows_of(owned).unzip();
    let kept: Vec<(Uuid, i64)> =
        sqlx::query_as(RENEW).bind(events).bind(epochs).bind(micros(TERM)).fetch_all(connection).await?;
    Ok(kept.into_iter().collect())
}
