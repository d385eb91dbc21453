//! Entries of the ledger that say what has gone back at a provider. Each is written with the refund's being done and has the
//! refund's id: one, however often it is said. What the ledger does not know to be owed is not said to have gone back: it is
//! money that no event has booked, or of a sale from before there was a ledger.

use inventory::{EventId, OrderId, TimeUs};
use uuid::Uuid;

use super::{Store, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    /// A refund and its entry, of which one is missing.
    pub struct RefundEntry {
        /// Of both.
        pub id: Uuid,
        pub event_id: EventId,
        pub order_id: OrderId,
        pub amount_minor: i64,
        /// When it was owed, or entered.
        pub at: TimeUs,
    }
}

macro_rules! of_done {
    ($head:literal, $tail:literal) => {
        concat!(
            $head,
            "
    WHERE refunds.status = 'done' AND refunds.reason = 'owed' AND refunds.amount_minor > 0
        AND EXISTS (SELECT 1 FROM ledger_entries AS owed WHERE owed.order_id = refunds.order_id
            AND owed.payment_id = refunds.payment_id AND owed.credit = 'refunds_due')
        AND ",
            $tail
        )
    };
}

pub(super) const ENTER: &str = of_done!(
    "
    INSERT INTO ledger_entries (id, event_id, order_id, payment_id, leg, kind, debit, credit, amount_minor, currency, at)
    SELECT refunds.id, orders.event_id, refunds.order_id, refunds.payment_id, 0, CAST($2 AS text), CAST($3 AS text),
        CAST($4 AS text), refunds.amount_minor, refunds.currency, CAST($5 AS bigint)
    FROM payment_refunds AS refunds JOIN orders ON orders.id = refunds.order_id",
    "refunds.id = $1
    ON CONFLICT (id) DO NOTHING"
);

const MISSING: &str = of_done!(
    "
    SELECT refunds.id, orders.event_id, refunds.order_id, refunds.amount_minor, refunds.created_at AS at
    FROM payment_refunds AS refunds JOIN orders ON orders.id = refunds.order_id
    LEFT JOIN ledger_entries AS entries ON entries.id = refunds.id",
    "entries.id IS NULL AND refunds.id > $1
    ORDER BY refunds.id LIMIT $2"
);

const UNFOUNDED: &str = "
    SELECT entries.id, entries.event_id, entries.order_id, entries.amount_minor, entries.at
    FROM ledger_entries AS entries
    LEFT JOIN payment_refunds AS refunds ON refunds.id = entries.id AND refunds.order_id = entries.order_id
        AND refunds.payment_id = entries.payment_id AND refunds.amount_minor = entries.amount_minor
        AND refunds.currency = entries.currency AND refunds.reason = 'owed' AND refunds.status = 'done'
    WHERE entries.kind = 'refund_paid' AND refunds.id IS NULL AND entries.id > $1
    ORDER BY entries.id LIMIT $2";

pub(super) const STATEMENTS: &[&str] = &[ENTER, MISSING, UNFOUNDED];

/// Enters the refund inside the transaction that says it is done.
macro_rules! enter_refund {
    ($connection:expr, $id:expr, $at:expr) => {{
        let (debit, credit) = inventory::EntryKind::RefundPaid.accounts();
        sqlx::query($crate::store::refund_entries::ENTER)
            .bind($id)
            .bind(inventory::EntryKind::RefundPaid.name())
            .bind(debit.name())
            .bind(credit.name())
            .bind($at.0)
            .execute(&mut *$connection)
    }};
}

pub(crate) use enter_refund;

impl Store {
    /// Refunds that were done and that the ledger does not say have gone back, by id, behind `after`.
    #[boxed]
    pub async fn refund_entries_missing(
        &self,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<RefundEntry>, StoreError> {
        let after = after.unwrap_or_else(Uuid::nil);
        on_pool!(self, pool => sqlx::query_as(MISSING).bind(after).bind(i64::from(limit)).fetch_all(pool))
    }

    /// Entries of which no refund was done, or another one than they say: by id, behind `after`.
    #[boxed]
    pub async fn refund_entries_unfounded(
        &self,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<RefundEntry>, StoreError> {
        let after = after.unwrap_or_else(Uuid::nil);
        on_pool!(self, pool => sqlx::query_as(UNFOUNDED).bind(after).bind(i64::from(limit)).fetch_all(pool))
    }

    /// Enters those that are missing, as of when they were owed. How many still were.
    #[boxed]
    pub async fn refund_entries_backfill(&self, missing: &[RefundEntry]) -> Result<u64, StoreError> {
        on_transaction!(self, transaction => async {
            let mut entered = 0;
            for refund in missing {
                entered += enter_refund!(transaction, refund.id, refund.at).await?.rows_affected();
            }
            Ok(entered)
        })
    }
}
