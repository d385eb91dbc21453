//! Mails to be sent, and those that were. Sent at least once: a mail is claimed for a while, and whoever claimed it says
//! what became of it. Of who says nothing (he crashed, or the store was away), the mail comes due again.

use inventory::TimeUs;
use uuid::Uuid;

use super::audit_log::audited;
use super::users::email_key;
use super::{AuditEntry, Store, changed, on_pool, on_transaction, on_writer};
use crate::StoreError;
use crate::boxed;
use crate::row::{Redacted, named, row};

named! {
    pub enum MailStatus {
        Queued = "queued",
        Sent = "sent",
        /// Given up: an admin must look.
        Failed = "failed",
    }
}

row! {
    pub struct Mail {
        pub id: Uuid,
        pub kind: String,
        pub recipient: String,
        pub subject: String,
        /// JSON. May hold what opens an account, so it is gone once the mail is sent.
        pub body: Option<Redacted>,
        pub status: MailStatus,
        /// Begun, the present one included.
        pub attempts: u32,
        pub due_at: TimeUs,
        /// After this it is of no use to anybody.
        pub expires_at: Option<TimeUs>,
        pub last_error: Option<String>,
        pub created_at: TimeUs,
    }
}

/// Due at once.
#[derive(Clone, Debug)]
pub struct NewMail {
    pub id: Uuid,
    pub kind: &'static str,
    pub recipient: String,
    pub subject: String,
    pub body: Redacted,
    pub expires_at: Option<TimeUs>,
    pub created_at: TimeUs,
}

/// What became of one attempt.
#[derive(Clone, Debug)]
pub struct MailAttempt {
    pub id: Uuid,
    /// Its number: [`Mail::attempts`] as claimed.
    pub attempt: u32,
    pub delivery: Delivery,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    Sent,
    Again { due_at: TimeUs, error: String },
    Failed { error: String },
}

pub(super) const INSERT: &str = "
    INSERT INTO mails (id, kind, recipient, recipient_key, subject, body, status, attempts, due_at, expires_at, created_at)
    VALUES ($1, $2, $3, $8, $4, $5, 'queued', 0, $6, $7, $6)";

/// Of a mail whose id follows from what it tells of: however often that is told, it is one mail.
pub(super) const INSERT_ONCE: &str = "
    INSERT INTO mails (id, kind, recipient, recipient_key, subject, body, status, attempts, due_at, expires_at, created_at)
    VALUES ($1, $2, $3, $8, $4, $5, 'queued', 0, $6, $7, $6)
    ON CONFLICT (id) DO NOTHING";

const NEXT_DUE: &str = "SELECT due_at FROM mails WHERE status = 'queued' ORDER BY due_at LIMIT 1";

/// The outer condition is read again once the row is locked: of two that claim at once one gets it.
const CLAIM: &str = "
    UPDATE mails SET attempts = attempts + 1, due_at = $2
    WHERE status = 'queued' AND due_at <= $1
        AND id IN (SELECT id FROM mails WHERE status = 'queued' AND due_at <= $1 ORDER BY due_at LIMIT $3)
    RETURNING id, kind, recipient, subject, body, status, attempts, due_at, expires_at, last_error, created_at";

/// Whoever says so: it has happened.
const SENT: &str = "UPDATE mails SET status = 'sent', body = NULL, last_error = NULL WHERE id = $1";

const AGAIN: &str = "
    UPDATE mails SET due_at = $3, last_error = $4 WHERE id = $1 AND attempts = $2 AND status = 'queued'";

const FAILED: &str = "
    UPDATE mails SET status = 'failed', last_error = $3 WHERE id = $1 AND attempts = $2 AND status = 'queued'";

const RETRY: &str = "
    UPDATE mails SET status = 'queued', attempts = 0, due_at = $2 WHERE id = $1 AND status = 'failed'";

const FIND: &str = "
    SELECT id, kind, recipient, subject, body, status, attempts, due_at, expires_at, last_error, created_at
    FROM mails WHERE id = $1";

const LIST: &str = "
    SELECT id, kind, recipient, subject, body, status, attempts, due_at, expires_at, last_error, created_at
    FROM mails WHERE id < $1 ORDER BY id DESC LIMIT $2";

const LIST_OF_STATUS: &str = "
    SELECT id, kind, recipient, subject, body, status, attempts, due_at, expires_at, last_error, created_at
    FROM mails WHERE status = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

const LIST_TO: &str = "
    SELECT id, kind, recipient, subject, body, status, attempts, due_at, expires_at, last_error, created_at
    FROM mails WHERE recipient_key = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

/// Of an address, of somebody who leaves.
pub(super) const FORGET_RECIPIENT: &str = "DELETE FROM mails WHERE recipient_key = $1";

const PRUNE: &str = "DELETE FROM mails WHERE created_at < $1 AND status <> 'queued'";

pub(super) const STATEMENTS: &[&str] = &[
    INSERT,
    INSERT_ONCE,
    NEXT_DUE,
    CLAIM,
    SENT,
    AGAIN,
    FAILED,
    RETRY,
    FIND,
    LIST,
    LIST_OF_STATUS,
    LIST_TO,
    FORGET_RECIPIENT,
    PRUNE,
];

/// The statement that queues a mail, to be executed in the transaction of the change that the mail tells of.
macro_rules! insert_mail {
    ($mail:expr) => {
        $crate::store::mails::insert_mail!($crate::store::mails::INSERT, $mail)
    };
    ($text:expr, $mail:expr) => {{
        let mail: &$crate::NewMail = $mail;
        sqlx::query($text)
            .bind(mail.id)
            .bind(mail.kind)
            .bind(&mail.recipient)
            .bind(&mail.subject)
            .bind(&mail.body.0)
            .bind(mail.created_at.0)
            .bind(mail.expires_at.map(|at| at.0))
            .bind($crate::store::users::email_key(&mail.recipient))
    }};
}

/// The same for a mail that may be there already.
macro_rules! insert_mail_once {
    ($mail:expr) => {
        $crate::store::mails::insert_mail!($crate::store::mails::INSERT_ONCE, $mail)
    };
}

pub(crate) use {insert_mail, insert_mail_once};

impl Store {
    #[boxed]
    pub async fn mail_insert(&self, mail: &NewMail) -> Result<(), StoreError> {
        changed!(self, insert_mail!(mail)).map(drop)
    }

    /// When the first of those that wait may be tried.
    #[boxed]
    pub async fn mails_next_due(&self) -> Result<Option<TimeUs>, StoreError> {
        let due: Option<i64> = on_pool!(self, pool => sqlx::query_scalar(NEXT_DUE).fetch_optional(pool))?;
        Ok(due.map(TimeUs))
    }

    /// The caller's alone until `until`.
    #[boxed]
    pub async fn mails_claim(&self, now: TimeUs, until: TimeUs, limit: u32) -> Result<Vec<Mail>, StoreError> {
        on_writer!(self, pool => sqlx::query_as(CLAIM)
            .bind(now.0)
            .bind(until.0)
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Of an attempt that lasted too long, and was begun anew meanwhile, only success counts.
    #[boxed]
    pub async fn mails_settle(&self, attempts: &[MailAttempt]) -> Result<(), StoreError> {
        on_transaction!(self, transaction => async {
            for MailAttempt { id, attempt, delivery } in attempts {
                let attempt = i64::from(*attempt);
                match delivery {
                    Delivery::Sent => sqlx::query(SENT).bind(*id).execute(&mut *transaction).await?,
                    Delivery::Again { due_at, error } => {
                        let again = sqlx::query(AGAIN).bind(*id).bind(attempt).bind(due_at.0).bind(error);
                        again.execute(&mut *transaction).await?
                    }
                    Delivery::Failed { error } => {
                        sqlx::query(FAILED).bind(*id).bind(attempt).bind(error).execute(&mut *transaction).await?
                    }
                };
            }
            Ok(())
        })
    }

    /// Queues a failed mail once more. Whether it was one.
    #[boxed]
    pub async fn mail_retry(&self, id: Uuid, now: TimeUs, entry: &AuditEntry) -> Result<bool, StoreError> {
        audited!(self, Some(entry), sqlx::query(RETRY).bind(id).bind(now.0)).map(|touched| touched == 1)
    }

    #[boxed]
    pub async fn mail_find(&self, id: Uuid) -> Result<Option<Mail>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(id).fetch_optional(pool))
    }

    /// Newest first, behind `after`.
    #[boxed]
    pub async fn mail_list(
        &self,
        status: Option<MailStatus>,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Mail>, StoreError> {
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

    /// To one address, in any case. Newest first, behind `after`.
    #[boxed]
    pub async fn mail_list_to(&self, address: &str, after: Option<Uuid>, limit: u32) -> Result<Vec<Mail>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_TO)
            .bind(email_key(address))
            .bind(after.unwrap_or_else(Uuid::max))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Forgets what was settled and written before `before`. How many.
    #[boxed]
    pub async fn mails_prune(&self, before: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(PRUNE).bind(before.0))
    }
}
