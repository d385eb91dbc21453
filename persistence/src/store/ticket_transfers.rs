//! Offers of tickets to e-mail addresses. A row says who offers what to whom and what he answered; whose the ticket is says
//! the journal alone, by the row of the ticket, which is read along: an offer of a ticket that was used, voided or given to
//! somebody else is closed whatever its own row says.
//!
//! Accepting takes two steps, because two stores change: the row is claimed (`accepting`), then the event transfers the
//! ticket, then the row is settled. Who crashes in between leaves a claim, which anybody may carry out.

use inventory::{EventId, OrderId, TicketId, TimeUs, UserId};
use uuid::Uuid;

use super::attendees::FORGET;
use super::audit_log::audit;
use super::mails::insert_mail;
use super::users::email_key;
use super::{AuditEntry, EventStatus, NewMail, Store, TicketState, changed, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::{named, row};

named! {
    pub enum TransferStatus {
        Open = "open",
        /// The recipient has accepted; the event is being asked.
        Accepting = "accepting",
        Accepted = "accepted",
        Declined = "declined",
        /// By the sender.
        Cancelled = "cancelled",
        /// The ticket cannot be had any more, or nobody answered in time.
        Closed = "closed",
    }
}

row! {
    pub struct TicketTransfer {
        pub id: Uuid,
        pub ticket_id: TicketId,
        /// Of the ticket when it was offered.
        pub generation: u32,
        pub sender_id: UserId,
        pub sender_name: String,
        /// The address, as the sender wrote it.
        pub recipient: String,
        pub status: TransferStatus,
        pub created_at: TimeUs,
        pub expires_at: TimeUs,
        pub accepted_by: Option<UserId>,
        pub event_id: EventId,
        pub event_title: String,
        pub event_status: EventStatus,
        /// IANA name.
        pub timezone: String,
        pub starts_at: TimeUs,
        pub order_id: OrderId,
        /// A seat's public id, or an area's.
        pub place: String,
        pub is_area: bool,
        pub tier_name: String,
        pub ticket_state: TicketState,
        /// As it is now.
        pub ticket_generation: u32,
        pub holder_id: UserId,
    }
}

/// An offer on its way into the store.
#[derive(Clone, Copy, Debug)]
pub struct NewTransfer<'a> {
    pub id: Uuid,
    pub ticket: TicketId,
    /// Of the ticket now.
    pub generation: u32,
    pub sender: UserId,
    pub recipient: &'a str,
    /// Of the token that the mail carries.
    pub token_hash: [u8; 32],
    pub created_at: TimeUs,
    pub expires_at: TimeUs,
}

/// Whose offers.
#[derive(Clone, Copy, Debug)]
pub enum TransferSide<'a> {
    Sender(UserId),
    /// Of an address, in any case.
    Recipient(&'a str),
}

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "
    SELECT transfer.id, transfer.ticket_id, transfer.generation, transfer.sender_id, sender.name AS sender_name,
        transfer.recipient, transfer.status, transfer.created_at, transfer.expires_at, transfer.accepted_by,
        ticket.event_id, event.title AS event_title, event.status AS event_status, event.timezone, event.starts_at,
        ticket.order_id, ticket.place, ticket.is_area, ticket.tier_name, ticket.state AS ticket_state,
        ticket.generation AS ticket_generation, ticket.holder_id
    FROM ticket_transfers AS transfer JOIN users AS sender ON sender.id = transfer.sender_id
        JOIN tickets AS ticket ON ticket.id = transfer.ticket_id JOIN events AS event ON event.id = ticket.event_id
    WHERE ",
            $condition
        )
    };
}

const FIND: &str = select!("transfer.id = $1");

const FIND_BY_TOKEN: &str = select!("transfer.token_hash = $1");

const FIND_OPEN: &str = select!("transfer.open_ticket_id = $1");

const LIST_OF_SENDER: &str = select!("transfer.sender_id = $1 AND transfer.id < $2 ORDER BY transfer.id DESC LIMIT $3");

const LIST_OF_RECIPIENT: &str =
    select!("transfer.recipient_key = $1 AND transfer.id < $2 ORDER BY transfer.id DESC LIMIT $3");

const LIST_ACCEPTING: &str =
    select!("transfer.status = 'accepting' AND transfer.changed_at < $1 ORDER BY transfer.changed_at LIMIT $2");

/// Makes room for the next one. An offer that is being accepted stays until that is settled.
const CLOSE_STALE: &str = "
    UPDATE ticket_transfers SET status = 'closed', open_ticket_id = NULL, changed_at = $3
    WHERE open_ticket_id = $1 AND status = 'open' AND (expires_at <= $3 OR generation <> $2)";

/// Not while another one is open.
const INSERT: &str = "
    INSERT INTO ticket_transfers (id, ticket_id, open_ticket_id, generation, sender_id, recipient, recipient_key,
        token_hash, status, created_at, expires_at, changed_at)
    VALUES ($1, $2, $2, $3, $4, $5, $6, $7, 'open', $8, $9, $8)
    ON CONFLICT (open_ticket_id) DO NOTHING";

/// Of several at once exactly one is heard.
const ANSWER: &str = "
    UPDATE ticket_transfers SET status = $2, open_ticket_id = NULL, changed_at = $3
    WHERE id = $1 AND status = 'open' AND expires_at > $3";

const CLAIM: &str = "
    UPDATE ticket_transfers SET status = 'accepting', accepted_by = $2, changed_at = $3
    WHERE id = $1 AND status = 'open' AND expires_at > $3";

const RELEASE: &str = "
    UPDATE ticket_transfers SET status = 'open', accepted_by = NULL, changed_at = $2
    WHERE id = $1 AND status = 'accepting'";

const SETTLE: &str = "
    UPDATE ticket_transfers SET status = $2, open_ticket_id = NULL, changed_at = $3
    WHERE id = $1 AND status = 'accepting'";

/// Nobody has answered in time, and the sender was not told.
const LIST_LAPSED: &str = select!(
    "transfer.status = 'open' AND transfer.lapse_told_at IS NULL AND transfer.expires_at <= $1
        AND transfer.expires_at > $2 ORDER BY transfer.expires_at LIMIT $3"
);

const LAPSE_TOLD: &str = "
    UPDATE ticket_transfers SET lapse_told_at = $2
    WHERE id = $1 AND status = 'open' AND lapse_told_at IS NULL AND expires_at <= $2";

const PRUNE: &str = "DELETE FROM ticket_transfers WHERE created_at < $1 AND status <> 'accepting'";

/// Of a recipient who leaves. Those that he has sent go with his account's row.
pub(super) const FORGET_RECIPIENT: &str = "DELETE FROM ticket_transfers WHERE recipient_key = $1";

pub(super) const STATEMENTS: &[&str] = &[
    FIND,
    FIND_BY_TOKEN,
    FIND_OPEN,
    LIST_OF_SENDER,
    LIST_OF_RECIPIENT,
    LIST_ACCEPTING,
    CLOSE_STALE,
    INSERT,
    ANSWER,
    CLAIM,
    RELEASE,
    SETTLE,
    LIST_LAPSED,
    LAPSE_TOLD,
    PRUNE,
    FORGET_RECIPIENT,
];

impl Store {
    /// With the mail that tells of it. `false`: another offer of the ticket is open, and nothing changed.
    #[boxed]
    pub async fn transfer_offer(
        &self,
        offer: &NewTransfer<'_>,
        mail: &NewMail,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            sqlx::query(CLOSE_STALE)
                .bind(offer.ticket.uuid())
                .bind(i64::from(offer.generation))
                .bind(offer.created_at.0)
                .execute(&mut *transaction)
                .await?;
            let made = sqlx::query(INSERT)
                .bind(offer.id)
                .bind(offer.ticket.uuid())
                .bind(i64::from(offer.generation))
                .bind(offer.sender.uuid())
                .bind(offer.recipient)
                .bind(email_key(offer.recipient))
                .bind(offer.token_hash.to_vec())
                .bind(offer.created_at.0)
                .bind(offer.expires_at.0)
                .execute(&mut *transaction)
                .await?;
            if made.rows_affected() == 0 {
                return Ok(false);
            }
            insert_mail!(mail).execute(&mut *transaction).await?;
            audit!(&mut *transaction, entry).await?;
            Ok(true)
        })
    }

    #[boxed]
    pub async fn transfer_find(&self, id: Uuid) -> Result<Option<TicketTransfer>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(id).fetch_optional(pool))
    }

    #[boxed]
    pub async fn transfer_find_by_token(&self, hash: [u8; 32]) -> Result<Option<TicketTransfer>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND_BY_TOKEN).bind(hash.to_vec()).fetch_optional(pool))
    }

    /// The offer of the ticket that nobody has settled yet, though it may be too old by now.
    #[boxed]
    pub async fn transfer_find_open(&self, ticket: TicketId) -> Result<Option<TicketTransfer>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND_OPEN).bind(ticket.uuid()).fetch_optional(pool))
    }

    /// Newest first, behind `after`.
    pub async fn transfer_list(
        &self,
        side: TransferSide<'_>,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<TicketTransfer>, StoreError> {
        let (after, limit) = (after.unwrap_or_else(Uuid::max), i64::from(limit));
        match side {
            TransferSide::Sender(user) => on_pool!(self, pool => sqlx::query_as(LIST_OF_SENDER)
                .bind(user.uuid())
                .bind(after)
                .bind(limit)
                .fetch_all(pool)),
            TransferSide::Recipient(email) => on_pool!(self, pool => sqlx::query_as(LIST_OF_RECIPIENT)
                .bind(email_key(email))
                .bind(after)
                .bind(limit)
                .fetch_all(pool)),
        }
    }

    /// Accepted before `before` and not settled since: whoever was at it is gone.
    #[boxed]
    pub async fn transfer_list_accepting(&self, before: TimeUs, limit: u32) -> Result<Vec<TicketTransfer>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_ACCEPTING).bind(before.0).bind(i64::from(limit)).fetch_all(pool))
    }

    /// Ends an offer that nobody has accepted, with the mail that tells of it. `false`: it is not open any more, and
    /// nothing changed.
    #[boxed]
    pub async fn transfer_answer(
        &self,
        id: Uuid,
        status: TransferStatus,
        now: TimeUs,
        mail: Option<&NewMail>,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            let answer = sqlx::query(ANSWER).bind(id).bind(status.name()).bind(now.0);
            if answer.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(false);
            }
            if let Some(mail) = mail {
                insert_mail!(mail).execute(&mut *transaction).await?;
            }
            audit!(&mut *transaction, entry).await?;
            Ok(true)
        })
    }

    /// Offers that ended between `since` and `now` unanswered, of which the sender was not told. The oldest end first.
    #[boxed]
    pub async fn transfer_list_lapsed(
        &self,
        now: TimeUs,
        since: TimeUs,
        limit: u32,
    ) -> Result<Vec<TicketTransfer>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_LAPSED)
            .bind(now.0)
            .bind(since.0)
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Notes that the sender is told, with the mail that does so; `None` when there is nothing to tell any more. `false`:
    /// somebody else has told him, or the offer was answered or made anew, and nothing changed.
    #[boxed]
    pub async fn transfer_tell_lapse(&self, id: Uuid, now: TimeUs, mail: Option<&NewMail>) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            let told = sqlx::query(LAPSE_TOLD).bind(id).bind(now.0).execute(&mut *transaction).await?;
            if told.rows_affected() == 0 {
                return Ok(false);
            }
            if let Some(mail) = mail {
                insert_mail!(mail).execute(&mut *transaction).await?;
            }
            Ok(true)
        })
    }

    /// From now on nobody but `by` gets it, and the sender cannot take it back. `false`: it is not open any more.
    #[boxed]
    pub async fn transfer_claim(&self, id: Uuid, by: UserId, now: TimeUs) -> Result<bool, StoreError> {
        changed!(self, sqlx::query(CLAIM).bind(id).bind(by.uuid()).bind(now.0)).map(|touched| touched == 1)
    }

    /// Undoes a claim of which nothing has come.
    #[boxed]
    pub async fn transfer_release(&self, id: Uuid, now: TimeUs) -> Result<(), StoreError> {
        changed!(self, sqlx::query(RELEASE).bind(id).bind(now.0)).map(drop)
    }

    /// The ticket is the recipient's. Whoever was named at `position` of its order comes no more, as far as is known.
    #[boxed]
    pub async fn transfer_complete(
        &self,
        transfer: &TicketTransfer,
        position: Option<u32>,
        now: TimeUs,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        on_transaction!(self, transaction => async {
            let settle = sqlx::query(SETTLE).bind(transfer.id).bind(TransferStatus::Accepted.name()).bind(now.0);
            if settle.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(());
            }
            if let Some(position) = position {
                let forget = sqlx::query(FORGET).bind(transfer.order_id.uuid()).bind(i64::from(position));
                forget.execute(&mut *transaction).await?;
            }
            audit!(&mut *transaction, entry).await?;
            Ok(())
        })
    }

    /// The event has refused: the claimed offer is worth nothing.
    #[boxed]
    pub async fn transfer_close(&self, id: Uuid, now: TimeUs) -> Result<(), StoreError> {
        changed!(self, sqlx::query(SETTLE).bind(id).bind(TransferStatus::Closed.name()).bind(now.0)).map(drop)
    }

    /// Forgets offers made before `before`. How many.
    #[boxed]
    pub async fn transfers_prune(&self, before: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(PRUNE).bind(before.0))
    }
}
