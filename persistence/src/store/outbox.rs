//! Work that must follow from a change (mails, webhooks, refunds): queued by the commit of the change itself, claimed for a
//! while by whoever does it, and done in one transaction with what comes of it. Who claims and says nothing more has
//! crashed: the work comes due again.

use inventory::{EventId, Lsn, OrderId, OutboxKind, PaymentId, TicketId, TimeUs, UserId};
use uuid::Uuid;

use super::audit_log::audited;
use super::mails::insert_mail_once;
use super::notices::queue_notice;
use super::webhook_streams::{Listeners, tell_webhooks};
use super::{AuditEntry, NewMail, NewNotice, Store, WebhookNews, on_pool, on_transaction, on_writer};
use crate::StoreError;
use crate::boxed;
use crate::row::{Field, named, row};

named! {
    pub enum OutboxStatus {
        Queued = "queued",
        Done = "done",
        /// Given up after the last attempt: an admin must look.
        Failed = "failed",
    }
}

row! {
    pub struct Outbox {
        pub event_id: EventId,
        pub lsn: Lsn,
        pub kind: OutboxKind,
        /// All zeros when it is about the event itself; so is the user.
        pub order_id: OrderId,
        pub user_id: UserId,
        pub created_at: TimeUs,
        pub status: OutboxStatus,
        /// Begun, the present one included.
        pub attempts: u32,
        /// Of a refund: which payment goes back, and how much of it.
        pub payment_id: Option<PaymentId>,
        pub amount_minor: Option<i64>,
        pub ticket_id: Option<TicketId>,
        /// Who asked for the change.
        pub asker_id: Option<UserId>,
        pub last_error: Option<String>,
        /// Names it while it is given up.
        pub parked_id: Option<Uuid>,
    }
}

impl Field for OutboxKind {
    type Column = String;

    fn from_column(column: String) -> Result<Self, sqlx::error::BoxDynError> {
        let kind = Self::ALL.into_iter().find(|kind| kind.name() == column);
        kind.ok_or_else(|| format!("`{column}` is no outbox kind").into())
    }
}

/// What became of one attempt.
#[derive(Clone, Debug)]
pub struct OutboxAttempt {
    /// As claimed.
    pub work: Outbox,
    pub outcome: OutboxOutcome,
}

#[derive(Clone, Debug)]
pub enum OutboxOutcome {
    /// What comes of it, written with the word that it is done or not at all.
    Done {
        mails: Vec<NewMail>,
        news: Option<WebhookNews>,
        notice: Option<NewNotice>,
    },
    Again {
        due_at: TimeUs,
        error: String,
    },
    Failed {
        parked_id: Uuid,
        error: String,
    },
}

const LIST_OF_EVENT: &str = "
    SELECT event_id, lsn, kind, order_id, user_id, created_at, status, attempts, payment_id, amount_minor, ticket_id,
        asker_id, last_error, parked_id
    FROM outbox WHERE event_id = $1 AND lsn > $2 ORDER BY lsn, kind LIMIT $3";

/// Refunds at the provider are somebody else's work.
macro_rules! is_due {
    () => {
        "status = 'queued' AND due_at <= $1 AND kind <> 'payment_refund'"
    };
}

const IS_DUE: &str = concat!("SELECT 1 FROM outbox WHERE ", is_due!(), " LIMIT 1");

/// On SQLite, where writers queue. On Postgres: `postgres/outbox.rs`.
const CLAIM: &str = concat!(
    "UPDATE outbox SET attempts = attempts + 1, due_at = $2
    WHERE ",
    is_due!(),
    " AND (event_id, lsn, kind) IN (SELECT event_id, lsn, kind FROM outbox WHERE ",
    is_due!(),
    " ORDER BY due_at, created_at, lsn LIMIT $3)
    RETURNING event_id, lsn, kind, order_id, user_id, created_at, status, attempts, payment_id, amount_minor,
        ticket_id, asker_id, last_error, parked_id"
);

/// Only by whoever claimed it last: what comes of it is written once.
const DONE: &str = "
    UPDATE outbox SET status = 'done', last_error = NULL
    WHERE event_id = $1 AND lsn = $2 AND kind = $3 AND attempts = $4 AND status = 'queued'";

const AGAIN: &str = "
    UPDATE outbox SET due_at = $5, last_error = $6
    WHERE event_id = $1 AND lsn = $2 AND kind = $3 AND attempts = $4 AND status = 'queued'";

const FAILED: &str = "
    UPDATE outbox SET status = 'failed', parked_id = $5, last_error = $6
    WHERE event_id = $1 AND lsn = $2 AND kind = $3 AND attempts = $4 AND status = 'queued'";

const LIST_PARKED: &str = "
    SELECT event_id, lsn, kind, order_id, user_id, created_at, status, attempts, payment_id, amount_minor,
        ticket_id, asker_id, last_error, parked_id
    FROM outbox WHERE parked_id < $1 ORDER BY parked_id DESC LIMIT $2";

const FIND_PARKED: &str = "
    SELECT event_id, lsn, kind, order_id, user_id, created_at, status, attempts, payment_id, amount_minor,
        ticket_id, asker_id, last_error, parked_id
    FROM outbox WHERE parked_id = $1";

const RETRY: &str = "
    UPDATE outbox SET status = 'queued', attempts = 0, due_at = $2, parked_id = NULL
    WHERE parked_id = $1 AND status = 'failed'";

pub(super) const STATEMENTS: &[&str] =
    &[LIST_OF_EVENT, IS_DUE, CLAIM, DONE, AGAIN, FAILED, LIST_PARKED, FIND_PARKED, RETRY];

/// LSNs that came from the store fit.
fn column(lsn: Lsn) -> i64 {
    i64::try_from(lsn.0).unwrap_or(i64::MAX)
}

/// The statement of one attempt's outcome, up to what only some have.
macro_rules! settle {
    ($text:expr, $attempt:expr) => {
        sqlx::query($text)
            .bind($attempt.work.event_id.uuid())
            .bind(column($attempt.work.lsn))
            .bind($attempt.work.kind.name())
            .bind(i64::from($attempt.work.attempts))
    };
}

impl Store {
    /// By LSN, behind `after`.
    #[boxed]
    pub async fn outbox_list(&self, event: EventId, after: Lsn, limit: u32) -> Result<Vec<Outbox>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_EVENT)
            .bind(event.uuid())
            .bind(column(after))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Whether a claim would get anything.
    #[boxed]
    pub async fn outbox_is_due(&self, now: TimeUs) -> Result<bool, StoreError> {
        let due: Option<i32> = on_pool!(self, pool => sqlx::query_scalar(IS_DUE).bind(now.0).fetch_optional(pool))?;
        Ok(due.is_some())
    }

    /// The caller's alone until `until`, in the order of their events' changes. Refunds at the provider are left alone.
    #[boxed]
    pub async fn outbox_claim(&self, now: TimeUs, until: TimeUs, limit: u32) -> Result<Vec<Outbox>, StoreError> {
        let text = match self {
            Self::Postgres(_) => crate::postgres::outbox::CLAIM,
            Self::Sqlite(_) => CLAIM,
        };
        let mut claimed: Vec<Outbox> = on_writer!(self, pool => sqlx::query_as(text)
            .bind(now.0)
            .bind(until.0)
            .bind(i64::from(limit))
            .fetch_all(pool))?;
        claimed.sort_by_key(|work| (work.event_id, work.lsn, work.kind.name()));
        Ok(claimed)
    }

    /// Of an attempt that lasted too long, and was begun anew meanwhile, nothing is written. What was done: its number.
    #[boxed]
    pub async fn outbox_settle(&self, attempts: &[OutboxAttempt]) -> Result<u64, StoreError> {
        on_transaction!(self, transaction => async {
            let (mut done, mut listeners) = (0, Listeners::new());
            for attempt in attempts {
                match &attempt.outcome {
                    OutboxOutcome::Done { mails, news, notice } => {
                        let touched = settle!(DONE, attempt).execute(&mut *transaction).await?.rows_affected();
                        if touched == 0 {
                            continue;
                        }
                        done += 1;
                        for mail in mails {
                            insert_mail_once!(mail).execute(&mut *transaction).await?;
                        }
                        if let Some(news) = news {
                            tell_webhooks!(transaction, &mut listeners, news);
                        }
                        if let Some(notice) = notice {
                            queue_notice!(notice).execute(&mut *transaction).await?;
                        }
                    }
                    OutboxOutcome::Again { due_at, error } => {
                        settle!(AGAIN, attempt).bind(due_at.0).bind(error).execute(&mut *transaction).await?;
                    }
                    OutboxOutcome::Failed { parked_id, error } => {
                        settle!(FAILED, attempt).bind(*parked_id).bind(error).execute(&mut *transaction).await?;
                    }
                }
            }
            Ok(done)
        })
    }

    /// What was given up, latest first, behind `after`.
    #[boxed]
    pub async fn outbox_list_parked(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<Outbox>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_PARKED)
            .bind(after.unwrap_or_else(Uuid::max))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    #[boxed]
    pub async fn outbox_find_parked(&self, parked: Uuid) -> Result<Option<Outbox>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND_PARKED).bind(parked).fetch_optional(pool))
    }

    /// Queues work once more that was given up. Whether it was.
    #[boxed]
    pub async fn outbox_retry(&self, parked: Uuid, now: TimeUs, entry: &AuditEntry) -> Result<bool, StoreError> {
        audited!(self, Some(entry), sqlx::query(RETRY).bind(parked).bind(now.0)).map(|touched| touched == 1)
    }
}
