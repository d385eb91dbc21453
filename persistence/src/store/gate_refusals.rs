//! Scans that were refused, for staff to look at. Kept for a while and no more than so many of an event.

use inventory::{EventId, TicketId, TimeUs, UserId};
use uuid::Uuid;

use super::gate_conflicts::GateDirection;
use super::{Store, changed, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct GateRefusal {
        pub id: Uuid,
        pub event_id: EventId,
        /// `None`: the code said nothing that could be believed.
        pub ticket_id: Option<TicketId>,
        /// Result code of the gate.
        pub reason: String,
        pub direction: GateDirection,
        pub list_id: Option<Uuid>,
        /// `None`: scanned by somebody who is signed in.
        pub scanner_id: Option<Uuid>,
        pub user_id: UserId,
        pub refused_at: TimeUs,
    }
}

const INSERT: &str = "
    INSERT INTO gate_refusals (id, event_id, ticket_id, reason, direction, list_id, scanner_id, user_id, refused_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (id) DO NOTHING";

/// All but the newest of the event.
const TRIM: &str = "
    DELETE FROM gate_refusals WHERE event_id = $1 AND id <= (
        SELECT id FROM gate_refusals WHERE event_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)";

const LIST: &str = "
    SELECT id, event_id, ticket_id, reason, direction, list_id, scanner_id, user_id, refused_at
    FROM gate_refusals WHERE event_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

const PRUNE: &str = "DELETE FROM gate_refusals WHERE refused_at < $1";

pub(super) const STATEMENTS: &[&str] = &[INSERT, TRIM, LIST, PRUNE];

impl Store {
    /// Writes them in one transaction, and of each of their events keeps the newest `kept_max`.
    #[boxed]
    pub async fn gate_refusals_append(&self, refusals: &[GateRefusal], kept_max: u32) -> Result<(), StoreError> {
        on_transaction!(self, transaction => async {
            let mut events: Vec<EventId> = Vec::new();
            for refusal in refusals {
                sqlx::query(INSERT)
                    .bind(refusal.id)
                    .bind(refusal.event_id.uuid())
                    .bind(refusal.ticket_id.map(TicketId::uuid))
                    .bind(&refusal.reason)
                    .bind(refusal.direction.name())
                    .bind(refusal.list_id)
                    .bind(refusal.scanner_id)
                    .bind(refusal.user_id.uuid())
                    .bind(refusal.refused_at.0)
                    .execute(&mut *transaction)
                    .await?;
                if !events.contains(&refusal.event_id) {
                    events.push(refusal.event_id);
                }
            }
            for event in events {
                sqlx::query(TRIM).bind(event.uuid()).bind(i64::from(kept_max)).execute(&mut *transaction).await?;
            }
            Ok(())
        })
    }

    /// Of an event, the latest first, behind `after`.
    #[boxed]
    pub async fn gate_refusal_list(
        &self,
        event: EventId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<GateRefusal>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST)
            .bind(event.uuid())
            .bind(after.unwrap_or_else(Uuid::max))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Forgets those before `before`. How many.
    #[boxed]
    pub async fn gate_refusals_prune(&self, before: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(PRUNE).bind(before.0))
    }
}
