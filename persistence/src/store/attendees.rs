//! Who will come with an order. Personal data: kept out of the journal, which nobody can edit, so that it can be changed
//! and deleted.

use inventory::{OrderId, TicketId, UserId};

use super::audit_log::audited;
use super::{AuditEntry, Store, TicketState, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct Attendee {
        /// Among the units of the order, from 0.
        pub position: u32,
        pub name: String,
        pub email: Option<String>,
    }
}

row! {
    /// Whom somebody has named for a ticket that he held.
    pub struct NamedAttendee {
        pub order_id: OrderId,
        pub name: String,
        pub email: Option<String>,
    }
}

/// Whom a ticket's holder names.
#[derive(Clone, Copy, Debug)]
pub struct AttendeeOf<'a> {
    pub ticket: TicketId,
    pub holder: UserId,
    /// Of the ticket, among the units of its order.
    pub position: u32,
    pub name: &'a str,
    pub email: Option<&'a str>,
}

const COUNT: &str = "SELECT COUNT(*) FROM attendees WHERE order_id = $1";

pub(super) const INSERT: &str = "
    INSERT INTO attendees (order_id, position, name, email, name_key, email_key)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (order_id, position) DO NOTHING";

const LIST: &str = "SELECT position, name, email FROM attendees WHERE order_id = $1 ORDER BY position";

/// Of so many orders.
const LIST_OF_HOLDER: &str = "
    SELECT order_id, name, email FROM attendees WHERE holder_id = $1 AND order_id IN (
        SELECT DISTINCT order_id FROM attendees WHERE holder_id = $1 AND order_id > $2 ORDER BY order_id LIMIT $3)
    ORDER BY order_id, position";

/// Asks for the ticket as it is at this moment: nobody is renamed who has been let in.
const SET: &str = "
    INSERT INTO attendees (order_id, position, name, email, name_key, email_key, holder_id)
    SELECT order_id, $4, $5, $6, $7, $8, holder_id FROM tickets WHERE id = $1 AND holder_id = $2 AND state = $3
    ON CONFLICT (order_id, position) DO UPDATE SET name = excluded.name, email = excluded.email,
        name_key = excluded.name_key, email_key = excluded.email_key, holder_id = excluded.holder_id";

/// Of a ticket that has gone to somebody else.
pub(super) const FORGET: &str = "DELETE FROM attendees WHERE order_id = $1 AND position = $2";

pub(super) const STATEMENTS: &[&str] = &[COUNT, INSERT, LIST, LIST_OF_HOLDER, SET, FORGET];

/// The statement that adds one, to be executed in a transaction. One at its position stays.
macro_rules! insert_attendee {
    ($order:expr, $attendee:expr) => {{
        let attendee: &$crate::Attendee = $attendee;
        sqlx::query($crate::store::attendees::INSERT)
            .bind($order.uuid())
            .bind(i64::from(attendee.position))
            .bind(attendee.name.clone())
            .bind(attendee.email.clone())
            .bind($crate::store::attendees::folded(&attendee.name))
            .bind(attendee.email.as_deref().map($crate::store::attendees::folded))
    }};
}

pub(super) use insert_attendee;

impl Store {
    /// Unless the order has attendees: they may have been corrected since the order was placed. No more than the units of
    /// one hold; each position once.
    #[boxed]
    pub async fn attendees_keep(&self, order: OrderId, attendees: &[Attendee]) -> Result<(), StoreError> {
        on_transaction!(self, transaction => async {
            let (known,): (i64,) = sqlx::query_as(COUNT).bind(order.uuid()).fetch_one(&mut *transaction).await?;
            if known > 0 {
                return Ok(());
            }
            for attendee in attendees {
                insert_attendee!(order, attendee).execute(&mut *transaction).await?;
            }
            Ok(())
        })
    }

    #[boxed]
    pub async fn attendees_list(&self, order: OrderId) -> Result<Vec<Attendee>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST).bind(order.uuid()).fetch_all(pool))
    }

    /// Whom the account has named itself for tickets that it held, of at most `orders` orders behind `after`, by order.
    #[boxed]
    pub async fn attendees_list_of_holder(
        &self,
        holder: UserId,
        after: Option<OrderId>,
        orders: u32,
    ) -> Result<Vec<NamedAttendee>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_HOLDER)
            .bind(holder.uuid())
            .bind(after.map_or_else(uuid::Uuid::nil, OrderId::uuid))
            .bind(i64::from(orders))
            .fetch_all(pool))
    }

    /// Whether it could: not when the ticket is not the holder's any more, is void or has been inside.
    #[boxed]
    pub async fn attendee_set(&self, attendee: &AttendeeOf<'_>, entry: &AuditEntry) -> Result<bool, StoreError> {
        audited!(
            self,
            Some(entry),
            sqlx::query(SET)
                .bind(attendee.ticket.uuid())
                .bind(attendee.holder.uuid())
                .bind(TicketState::Issued.name())
                .bind(i64::from(attendee.position))
                .bind(attendee.name)
                .bind(attendee.email)
                .bind(folded(attendee.name))
                .bind(attendee.email.map(folded))
        )
        .map(|touched| touched == 1)
    }
}

/// Folded here: the databases fold differently, and SQLite nothing but ASCII.
pub(super) fn folded(text: &str) -> String {
    text.to_lowercase()
}
