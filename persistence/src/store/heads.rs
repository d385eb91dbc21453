//! Where every event's journal stands: for the audit, and to find events whose actors should be warm.

use inventory::{EventId, Lsn};

use super::{Store, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct JournalHead {
        pub event_id: EventId,
        pub epoch: u64,
        /// The last durable change.
        pub last_lsn: Lsn,
        /// Changes up to here were trimmed away.
        pub trimmed_lsn: Lsn,
    }
}

const LIST: &str = "
    SELECT event_id, epoch, last_lsn, trimmed_lsn FROM leases WHERE event_id > $1 ORDER BY event_id LIMIT $2";

pub(super) const STATEMENTS: &[&str] = &[LIST];

impl Store {
    /// By event id, behind `after`.
    #[boxed]
    pub async fn journal_events(&self, after: Option<EventId>, limit: u32) -> Result<Vec<JournalHead>, StoreError> {
        let after = after.map_or_else(uuid::Uuid::nil, EventId::uuid);
        on_pool!(self, pool => sqlx::query_as(LIST).bind(after).bind(i64::from(limit)).fetch_all(pool))
    }
}
