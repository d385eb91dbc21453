//! Queued scans that contradict what is known: written by journal commits alone, read here.

use inventory::{EventId, Lsn, TicketId, TimeUs, UserId};

use super::{Store, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::{named, row};

named! {
    pub enum GateDirection {
        Entry = "entry",
        Exit = "exit",
    }
}

row! {
    pub struct GateConflict {
        pub event_id: EventId,
        pub lsn: Lsn,
        pub ticket_id: TicketId,
        /// Who sent it.
        pub user_id: Option<UserId>,
        pub direction: GateDirection,
        /// By the device.
        pub scanned_at: TimeUs,
        pub forced: bool,
        /// Result code of the gate.
        pub reason: String,
        /// Of the scan that stood in the way.
        pub earlier_at: Option<TimeUs>,
        pub recorded_at: TimeUs,
    }
}

const LIST: &str = "
    SELECT event_id, lsn, ticket_id, user_id, direction, scanned_at, forced, reason, earlier_at, recorded_at
    FROM gate_conflicts WHERE event_id = $1 AND lsn < $2 ORDER BY lsn DESC LIMIT $3";

pub(super) const STATEMENTS: &[&str] = &[LIST];

impl GateDirection {
    pub const fn of(direction: inventory::Direction) -> Self {
        match direction {
            inventory::Direction::Entry => Self::Entry,
            inventory::Direction::Exit => Self::Exit,
        }
    }
}

impl Store {
    /// Of an event, the latest first, below `before`.
    #[boxed]
    pub async fn gate_conflict_list(
        &self,
        event: EventId,
        before: Option<Lsn>,
        limit: u32,
    ) -> Result<Vec<GateConflict>, StoreError> {
        let before = before.map_or(i64::MAX, |lsn| i64::try_from(lsn.0).unwrap_or(i64::MAX));
        on_pool!(self, pool => sqlx::query_as(LIST)
            .bind(event.uuid())
            .bind(before)
            .bind(i64::from(limit))
            .fetch_all(pool))
    }
}
