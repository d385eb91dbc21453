//! Money on its way back. A row of the outbox becomes one here; whoever gives it back has claimed it for a while, and of
//! one who says nothing more, it comes due again. The provider is asked under the row's id: it refunds once. Whoever says that it
//! is done enters it in the ledger by the same transaction.

use inventory::{EventId, Lsn, OrderId, PaymentId, TimeUs};
use uuid::Uuid;

use super::audit_log::{audit, audited};
use super::refund_entries::enter_refund;
use super::{AuditEntry, PaymentProvider, Store, changed, on_pool, on_transaction, on_writer};
use crate::StoreError;
use crate::boxed;
use crate::row::{named, row};

named! {
    pub enum RefundReason {
        /// By the event's journal: a payment that bought nothing, or an order that was refunded.
        Owed = "owed",
        /// Money for an order of ours that its event would not book at all.
        NotTaken = "not_taken",
        /// Money for an order that is not in this store.
        OrderUnknown = "order_unknown",
        /// Not by this server: somebody did it at the provider.
        Elsewhere = "elsewhere",
    }
}

named! {
    pub enum RefundStatus {
        Queued = "queued",
        Done = "done",
        /// Waits for an admin.
        Failed = "failed",
    }
}

row! {
    pub struct PaymentRefund {
        pub id: Uuid,
        pub payment_id: PaymentId,
        pub order_id: OrderId,
        pub provider: PaymentProvider,
        /// The provider's name of the money.
        pub charge_id: Option<String>,
        pub amount_minor: i64,
        /// ISO 4217.
        pub currency: String,
        pub reason: RefundReason,
        pub status: RefundStatus,
        /// The provider's name of the refund.
        pub refund_id: Option<String>,
        /// Begun, the present one included.
        pub attempts: u32,
        pub due_at: TimeUs,
        pub last_error: Option<String>,
        pub created_at: TimeUs,
    }
}

row! {
    /// A refund in the outbox that nobody has taken yet.
    pub struct OwedRefund {
        pub event_id: EventId,
        pub lsn: Lsn,
        pub order_id: OrderId,
        pub payment_id: PaymentId,
        pub amount_minor: i64,
        pub currency: String,
        /// `None`: the payment took no detour, which only the mock's do.
        pub provider: Option<PaymentProvider>,
        pub created_at: TimeUs,
    }
}

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundOutcome {
    Done { refund_id: String, at: TimeUs },
    Again { due_at: TimeUs, error: String },
    Failed { error: String },
}

/// A row of the release before says not which payment is meant: it is the one that changed with it.
const OWED: &str = "
    SELECT outbox.event_id, outbox.lsn, outbox.order_id, payments.id AS payment_id,
        COALESCE(outbox.amount_minor, payments.amount_minor) AS amount_minor, payments.currency, checkouts.provider,
        outbox.created_at
    FROM outbox
    JOIN payments ON payments.order_id = outbox.order_id AND (payments.id = outbox.payment_id
        OR (outbox.payment_id IS NULL AND payments.lsn = outbox.lsn))
    LEFT JOIN checkouts ON checkouts.payment_id = payments.id
    WHERE outbox.kind = 'payment_refund' AND outbox.status = 'queued'
    ORDER BY outbox.created_at LIMIT $1";

const TAKEN: &str = "
    UPDATE outbox SET status = 'done'
    WHERE event_id = $1 AND lsn = $2 AND kind = 'payment_refund' AND status = 'queued'";

const INSERT: &str = "
    INSERT INTO payment_refunds (id, payment_id, order_id, provider, charge_id, amount_minor, currency, reason, status,
        attempts, due_at, last_error, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12)
    ON CONFLICT (id) DO NOTHING";

const NEXT_DUE: &str = "SELECT due_at FROM payment_refunds WHERE status = 'queued' ORDER BY due_at LIMIT 1";

/// The outer condition is read again once the row is locked: of two that claim at once one gets it.
const CLAIM: &str = "
    UPDATE payment_refunds SET attempts = attempts + 1, due_at = $2
    WHERE status = 'queued' AND due_at <= $1
        AND id IN (SELECT id FROM payment_refunds WHERE status = 'queued' AND due_at <= $1 ORDER BY due_at LIMIT $3)
    RETURNING id, payment_id, order_id, provider, charge_id, amount_minor, currency, reason, status, refund_id, attempts,
        due_at, last_error, created_at";

/// Whoever says so: it has happened.
const DONE: &str = "
    UPDATE payment_refunds SET status = 'done', refund_id = $2, last_error = NULL WHERE id = $1";

const AGAIN: &str = "
    UPDATE payment_refunds SET due_at = $3, last_error = $4 WHERE id = $1 AND attempts = $2 AND status = 'queued'";

const FAILED: &str = "
    UPDATE payment_refunds SET status = 'failed', last_error = $3
    WHERE id = $1 AND attempts = $2 AND status = 'queued'";

const RETRY: &str = "
    UPDATE payment_refunds SET status = 'queued', attempts = 0, due_at = $2 WHERE id = $1 AND status = 'failed'";

/// Somebody says so of one that was given up.
const DONE_BY_HAND: &str = "
    UPDATE payment_refunds SET status = 'done', last_error = $2 WHERE id = $1 AND status = 'failed'";

/// Those that were given up have not taken place.
const TOTAL: &str = "
    SELECT CAST(COALESCE(SUM(amount_minor), 0) AS bigint) FROM payment_refunds
    WHERE payment_id = $1 AND status <> 'failed'";

const FIND: &str = "
    SELECT id, payment_id, order_id, provider, charge_id, amount_minor, currency, reason, status, refund_id, attempts,
        due_at, last_error, created_at
    FROM payment_refunds WHERE id = $1";

const LIST: &str = "
    SELECT id, payment_id, order_id, provider, charge_id, amount_minor, currency, reason, status, refund_id, attempts,
        due_at, last_error, created_at
    FROM payment_refunds WHERE id < $1 ORDER BY id DESC LIMIT $2";

const LIST_OF_STATUS: &str = "
    SELECT id, payment_id, order_id, provider, charge_id, amount_minor, currency, reason, status, refund_id, attempts,
        due_at, last_error, created_at
    FROM payment_refunds WHERE status = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

pub(super) const STATEMENTS: &[&str] = &[
    OWED,
    TAKEN,
    INSERT,
    NEXT_DUE,
    CLAIM,
    DONE,
    AGAIN,
    FAILED,
    RETRY,
    DONE_BY_HAND,
    TOTAL,
    FIND,
    LIST,
    LIST_OF_STATUS,
];

macro_rules! insert_refund {
    ($refund:expr) => {{
        let refund: &PaymentRefund = $refund;
        sqlx::query(INSERT)
            .bind(refund.id)
            .bind(refund.payment_id.uuid())
            .bind(refund.order_id.uuid())
            .bind(refund.provider.name())
            .bind(&refund.charge_id)
            .bind(refund.amount_minor)
            .bind(&refund.currency)
            .bind(refund.reason.name())
            .bind(refund.status.name())
            .bind(refund.due_at.0)
            .bind(&refund.last_error)
            .bind(refund.created_at.0)
    }};
}

impl Store {
    /// Refunds that the journal owes and nobody has taken, oldest first.
    #[boxed]
    pub async fn refunds_owed(&self, limit: u32) -> Result<Vec<OwedRefund>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(OWED).bind(i64::from(limit)).fetch_all(pool))
    }

    /// The outbox' row becomes `refund`, once.
    #[boxed]
    pub async fn refund_take(&self, owed: &OwedRefund, refund: &PaymentRefund) -> Result<(), StoreError> {
        let lsn = i64::try_from(owed.lsn.0).unwrap_or(i64::MAX);
        on_transaction!(self, transaction => async {
            insert_refund!(refund).execute(&mut *transaction).await?;
            sqlx::query(TAKEN).bind(owed.event_id.uuid()).bind(lsn).execute(&mut *transaction).await?;
            Ok(())
        })
    }

    /// Whether it was new: one of this id stays as it is.
    #[boxed]
    pub async fn refund_insert(&self, refund: &PaymentRefund) -> Result<bool, StoreError> {
        changed!(self, insert_refund!(refund)).map(|touched| touched == 1)
    }

    /// When the first of those that wait may be tried.
    #[boxed]
    pub async fn refunds_next_due(&self) -> Result<Option<TimeUs>, StoreError> {
        let due: Option<i64> = on_pool!(self, pool => sqlx::query_scalar(NEXT_DUE).fetch_optional(pool))?;
        Ok(due.map(TimeUs))
    }

    /// The caller's alone until `until`.
    #[boxed]
    pub async fn refunds_claim(
        &self,
        now: TimeUs,
        until: TimeUs,
        limit: u32,
    ) -> Result<Vec<PaymentRefund>, StoreError> {
        on_writer!(self, pool => sqlx::query_as(CLAIM)
            .bind(now.0)
            .bind(until.0)
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Of an attempt that lasted too long, and was begun anew meanwhile, only success counts.
    #[boxed]
    pub async fn refund_settle(&self, id: Uuid, attempt: u32, outcome: &RefundOutcome) -> Result<(), StoreError> {
        let attempt = i64::from(attempt);
        let settled = match outcome {
            RefundOutcome::Done { refund_id, at } => on_transaction!(self, transaction => async {
                let done = sqlx::query(DONE).bind(id).bind(refund_id).execute(&mut *transaction).await?;
                enter_refund!(transaction, id, at).await?;
                Ok(done.rows_affected())
            }),
            RefundOutcome::Again { due_at, error } => {
                changed!(self, sqlx::query(AGAIN).bind(id).bind(attempt).bind(due_at.0).bind(error))
            }
            RefundOutcome::Failed { error } => {
                changed!(self, sqlx::query(FAILED).bind(id).bind(attempt).bind(error))
            }
        };
        settled.map(drop)
    }

    /// Queues a failed refund once more. Whether it was one.
    #[boxed]
    pub async fn refund_retry(&self, id: Uuid, now: TimeUs, entry: &AuditEntry) -> Result<bool, StoreError> {
        audited!(self, Some(entry), sqlx::query(RETRY).bind(id).bind(now.0)).map(|touched| touched == 1)
    }

    /// A failed refund was made in another way. Whether it was one.
    #[boxed]
    pub async fn refund_done_by_hand(&self, id: Uuid, how: &str, entry: &AuditEntry) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            let done = sqlx::query(DONE_BY_HAND).bind(id).bind(how).execute(&mut *transaction).await?;
            let is_done = done.rows_affected() == 1;
            if is_done {
                enter_refund!(transaction, id, entry.at).await?;
                audit!(&mut *transaction, entry).await?;
            }
            Ok(is_done)
        })
    }

    /// What goes back or went back of a payment.
    #[boxed]
    pub async fn refunds_total(&self, payment: PaymentId) -> Result<i64, StoreError> {
        on_pool!(self, pool => sqlx::query_scalar(TOTAL).bind(payment.uuid()).fetch_one(pool))
    }

    #[boxed]
    pub async fn refund_find(&self, id: Uuid) -> Result<Option<PaymentRefund>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(id).fetch_optional(pool))
    }

    /// Newest first, behind `after`.
    #[boxed]
    pub async fn refund_list(
        &self,
        status: Option<RefundStatus>,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<PaymentRefund>, StoreError> {
        let after = after.unwrap_or_else(Uuid::max);
        let limit = i64::from(limit);
        match status {
            None => on_pool!(self, pool => sqlx::query_as(LIST).bind(after).bind(limit).fetch_all(pool)),
            Some(status) => on_pool!(self, pool => sqlx::query_as(LIST_OF_STATUS)
                .bind(status.name())
                .bind(after)
                .bind(limit)
                .fetch_all(pool)),
        }
    }
}
