//! How much work waits, and for how long: of mails, the outbox, refunds and webhooks alike.

use inventory::TimeUs;

use super::{Store, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct Backlog {
        /// May be done now, and nobody is at it.
        pub due: u64,
        /// When the oldest of these was queued.
        pub oldest_at: Option<TimeUs>,
        /// Given up: an admin, or a webhook's owner, must look.
        pub given_up: u64,
    }
}

/// What may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkKind {
    Mails,
    /// Changes whose mails and news are not made yet.
    Outbox,
    /// At payment providers.
    Refunds,
    Webhooks,
}

impl WorkKind {
    pub const ALL: [Self; 4] = [Self::Mails, Self::Outbox, Self::Refunds, Self::Webhooks];
}

/// So many are counted, of either: beyond that it is enough to know that there are many.
const COUNTED_MAX: i64 = 10_000;

const MAILS: &str = "
    SELECT COUNT(*) AS due, MIN(created_at) AS oldest_at,
        (SELECT COUNT(*) FROM (SELECT 1 AS one FROM mails WHERE status = 'failed' LIMIT $2) AS parked) AS given_up
    FROM (SELECT created_at FROM mails WHERE status = 'queued' AND due_at <= $1 ORDER BY due_at LIMIT $2) AS waiting";

const OUTBOX: &str = "
    SELECT COUNT(*) AS due, MIN(created_at) AS oldest_at,
        (SELECT COUNT(*) FROM (SELECT 1 AS one FROM outbox WHERE parked_id IS NOT NULL LIMIT $2) AS parked) AS given_up
    FROM (SELECT created_at FROM outbox WHERE status = 'queued' AND due_at <= $1 AND kind <> 'payment_refund'
        ORDER BY due_at LIMIT $2) AS waiting";

const REFUNDS: &str = "
    SELECT COUNT(*) AS due, MIN(created_at) AS oldest_at,
        (SELECT COUNT(*) FROM (SELECT 1 AS one FROM payment_refunds WHERE status = 'failed' LIMIT $2) AS parked)
            AS given_up
    FROM (SELECT created_at FROM payment_refunds WHERE status = 'queued' AND due_at <= $1 ORDER BY due_at LIMIT $2)
        AS waiting";

/// Of a stream the first one counts for its age, and all of them for their number.
const WEBHOOKS: &str = "
    SELECT CAST(COALESCE(SUM(waiting.deliveries), 0) AS bigint) AS due, MIN(delivery.created_at) AS oldest_at,
        (SELECT COUNT(*) FROM (SELECT 1 AS one FROM webhook_deliveries WHERE status = 'failed' LIMIT $2) AS parked)
            AS given_up
    FROM (SELECT stream.webhook_id, stream.event_id, stream.next_sequence,
            stream.last_sequence - stream.next_sequence + 1 AS deliveries
        FROM webhook_streams AS stream JOIN webhooks AS webhook ON webhook.id = stream.webhook_id
        WHERE stream.next_sequence <= stream.last_sequence AND stream.due_at <= $1 AND webhook.is_active = $3
        ORDER BY stream.due_at LIMIT $2) AS waiting
    LEFT JOIN webhook_deliveries AS delivery ON delivery.webhook_id = waiting.webhook_id
        AND delivery.event_id = waiting.event_id AND delivery.sequence = waiting.next_sequence";

pub(super) const STATEMENTS: &[&str] = &[MAILS, OUTBOX, REFUNDS, WEBHOOKS];

impl Store {
    /// Up to 10,000 of each are counted; of webhooks, so many streams.
    #[boxed]
    pub async fn backlog(&self, kind: WorkKind, now: TimeUs) -> Result<Backlog, StoreError> {
        let text = match kind {
            WorkKind::Mails => MAILS,
            WorkKind::Outbox => OUTBOX,
            WorkKind::Refunds => REFUNDS,
            WorkKind::Webhooks => {
                return on_pool!(self, pool => sqlx::query_as(WEBHOOKS)
                    .bind(now.0)
                    .bind(COUNTED_MAX)
                    .bind(true)
                    .fetch_one(pool));
            }
        };
        on_pool!(self, pool => sqlx::query_as(text).bind(now.0).bind(COUNTED_MAX).fetch_one(pool))
    }
}
