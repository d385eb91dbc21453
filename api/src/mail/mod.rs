//! Mail: written as a row with the change it tells of, sent by a task of the server, at least once, with the same
//! Message-ID each time. Who sends one knows [`Letter`] and [`Mailer`]; how a letter looks and travels is nobody else's.

mod booking;
mod letter;
mod render;
mod transport;
mod worker;

use std::sync::Arc;

use inventory::TimeUs;
use persistence::{AuditEntry, NewMail, Redacted, Store, StoreError};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::error::ApiError;
use crate::{ids, metrics, time};

pub use booking::{Purchase, Refund, Show, TicketNote, label, moment};
pub use letter::{CODE_GOOD_FOR, CONFIRM_GOOD_FOR, Letter, TRANSFER_GOOD_FOR};
pub use transport::{MailSetupError, Transport};
pub use worker::{Post, run};

/// Hands letters to the store. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    store: Store,
    /// Somebody may be waiting for a mail: the worker need not wait for its next look.
    woken: Arc<Notify>,
}

impl Mailer {
    pub fn new(store: Store) -> Self {
        Self { store, woken: Arc::default() }
    }

    /// The row of a letter, to be written in the transaction of the change it tells of. [`Self::queued`] follows.
    ///
    /// # Errors
    /// Only a defect.
    pub fn compose(&self, recipient: &str, letter: &Letter, now: TimeUs) -> Result<NewMail, ApiError> {
        row(ids::mint(now), recipient, letter, now)
            .map_err(|error| ApiError::Defect(format!("a letter cannot be written: {error}").into()))
    }

    /// What was made into a row is in the store.
    pub fn queued(&self) {
        metrics::count_mail(metrics::MailResult::Queued);
        self.woken.notify_one();
    }

    /// For a letter that tells of no change.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn queue(&self, recipient: &str, letter: &Letter, now: TimeUs) -> Result<(), ApiError> {
        let mail = self.compose(recipient, letter, now)?;
        self.store.mail_insert(&mail).await?;
        self.queued();
        Ok(())
    }

    /// Queues a failed mail once more. Whether it was one.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn retry(&self, id: Uuid, now: TimeUs, entry: &AuditEntry) -> Result<bool, StoreError> {
        let is_failed = self.store.mail_retry(id, now, entry).await?;
        if is_failed {
            self.queued();
        }
        Ok(is_failed)
    }
}

/// The row of a letter that follows from something: whoever tells of that again gives the same `id`.
///
/// # Errors
/// Only a defect.
pub fn row(id: Uuid, recipient: &str, letter: &Letter, now: TimeUs) -> Result<NewMail, serde_json::Error> {
    Ok(NewMail {
        id,
        kind: letter.kind(),
        recipient: recipient.to_owned(),
        subject: letter.subject().into_owned(),
        body: Redacted(serde_json::to_string(letter)?),
        expires_at: letter.good_for().map(|good_for| time::plus(now, good_for)),
        created_at: now,
    })
}
