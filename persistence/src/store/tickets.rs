//! Tickets as the journal projects them: read here, written by journal commits alone.

use inventory::{EventId, Lsn, OrderId, TicketId, TierId, TimeUs, UserId};

use super::{Store, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::{named, row};

named! {
    pub enum TicketState {
        Issued = "issued",
        CheckedIn = "checked_in",
        CheckedOut = "checked_out",
        Voided = "voided",
    }
}

row! {
    pub struct Ticket {
        pub id: TicketId,
        pub order_id: OrderId,
        pub event_id: EventId,
        pub holder_id: UserId,
        /// A seat's public id, or an area's.
        pub place: String,
        pub is_area: bool,
        pub tier_id: TierId,
        pub tier_name: String,
        pub price_minor: i64,
        /// ISO 4217, of the order.
        pub currency: String,
        pub state: TicketState,
        /// Grows with every transfer: codes of an older generation are dead.
        pub generation: u32,
        pub issued_at: TimeUs,
        pub scanned_at: Option<TimeUs>,
        /// The last change of the ticket.
        pub lsn: Lsn,
    }
}

const FIND: &str = "
    SELECT ticket.id, order_id, ticket.event_id, holder_id, place, is_area, tier_id, tier_name, price_minor, currency,
        state, generation, issued_at, scanned_at, ticket.lsn
    FROM tickets AS ticket JOIN orders ON orders.id = ticket.order_id
    WHERE ticket.id = $1";

const LIST_OF_ORDER: &str = "
    SELECT ticket.id, order_id, ticket.event_id, holder_id, place, is_area, tier_id, tier_name, price_minor, currency,
        state, generation, issued_at, scanned_at, ticket.lsn
    FROM tickets AS ticket JOIN orders ON orders.id = ticket.order_id
    WHERE ticket.order_id = $1 ORDER BY ticket.id";

const LIST_OF_HOLDER: &str = "
    SELECT ticket.id, order_id, ticket.event_id, holder_id, place, is_area, tier_id, tier_name, price_minor, currency,
        state, generation, issued_at, scanned_at, ticket.lsn
    FROM tickets AS ticket JOIN orders ON orders.id = ticket.order_id
    WHERE ticket.holder_id = $1 AND ticket.id < $2 ORDER BY ticket.id DESC LIMIT $3";

const LIST_OF_CHANGES: &str = "
    SELECT ticket.id, order_id, ticket.event_id, holder_id, place, is_area, tier_id, tier_name, price_minor, currency,
        state, generation, issued_at, scanned_at, ticket.lsn
    FROM tickets AS ticket JOIN orders ON orders.id = ticket.order_id
    WHERE ticket.event_id = $1 AND (ticket.lsn, ticket.id) > ($2, $3) ORDER BY ticket.lsn, ticket.id LIMIT $4";

pub(super) const STATEMENTS: &[&str] = &[FIND, LIST_OF_ORDER, LIST_OF_HOLDER, LIST_OF_CHANGES];

impl Store {
    #[boxed]
    pub async fn ticket_find(&self, id: TicketId) -> Result<Option<Ticket>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(id.uuid()).fetch_optional(pool))
    }

    /// All tickets of an order: no more than the units of one hold.
    #[boxed]
    pub async fn ticket_list(&self, order: OrderId) -> Result<Vec<Ticket>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_ORDER).bind(order.uuid()).fetch_all(pool))
    }

    /// Of an event, as they are now, in the order of their last changes, behind the ticket `after` at `from`.
    #[boxed]
    pub async fn ticket_list_of_changes(
        &self,
        event: EventId,
        from: Lsn,
        after: TicketId,
        limit: u32,
    ) -> Result<Vec<Ticket>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_CHANGES)
            .bind(event.uuid())
            .bind(i64::try_from(from.0).unwrap_or(i64::MAX))
            .bind(after.uuid())
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// By id, falling, behind `after`.
    #[boxed]
    pub async fn ticket_list_of_holder(
        &self,
        holder: UserId,
        after: Option<TicketId>,
        limit: u32,
    ) -> Result<Vec<Ticket>, StoreError> {
        let after = after.map_or_else(uuid::Uuid::max, TicketId::uuid);
        on_pool!(self, pool => sqlx::query_as(LIST_OF_HOLDER)
            .bind(holder.uuid())
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(pool))
    }
}
