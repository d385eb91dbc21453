//! Who comes to an event: its tickets, each with the account that holds it and what its order says of attendees. Read by
//! the orders of the event, whose index is there anyway.

use inventory::{EventId, OrderId, TicketId, TierId, TimeUs, UserId};
use uuid::Uuid;

use super::{OrderItem, Store, TicketState, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct Guest {
        pub id: TicketId,
        pub order_id: OrderId,
        /// A seat's public id, or an area's.
        pub place: String,
        pub is_area: bool,
        pub tier_id: TierId,
        pub tier_name: String,
        pub state: TicketState,
        pub issued_at: TimeUs,
        pub scanned_at: Option<TimeUs>,
        /// Of the account that holds the ticket.
        pub holder_name: Option<String>,
        pub holder_email: Option<String>,
        /// Of the order.
        pub items: Vec<OrderItem>,
        /// Tickets of the same order, place and tier that stand before this one.
        pub nth: u32,
    }
}

row! {
    /// An attendee that some order names.
    pub struct NamedGuest {
        pub order_id: OrderId,
        /// Among the units of the order, from 0.
        pub position: u32,
        pub name: String,
        pub email: Option<String>,
    }
}

#[derive(Clone, Debug, Default)]
pub struct GuestFilter {
    /// In lower case: part of a name or a place, and of an e-mail address if `with_email`.
    pub text: Option<String>,
    pub tier: Option<TierId>,
    pub state: Option<TicketState>,
    /// Only tickets of this order.
    pub order: Option<OrderId>,
    /// Whether addresses are looked at.
    pub with_email: bool,
}

row! {
    pub struct OrderOf {
        pub order_id: OrderId,
    }
}

row! {
    pub struct Holding {
        pub id: TicketId,
    }
}

const ORDER_OF: &str = "SELECT order_id FROM tickets WHERE id = $1 AND event_id = $2";

const LIST: &str = "
    SELECT tickets.id, tickets.order_id, tickets.place, tickets.is_area, tickets.tier_id, tickets.tier_name,
        tickets.state, tickets.issued_at, tickets.scanned_at, users.name AS holder_name, users.email AS holder_email,
        orders.items,
        (SELECT COUNT(*) FROM tickets AS earlier WHERE earlier.order_id = tickets.order_id
            AND earlier.place = tickets.place AND earlier.tier_id = tickets.tier_id AND earlier.id < tickets.id) AS nth
    FROM orders JOIN tickets ON tickets.order_id = orders.id LEFT JOIN users ON users.id = tickets.holder_id
    WHERE orders.event_id = $1 AND (orders.id, tickets.id) > ($2, $3) AND orders.id BETWEEN $10 AND $11
        AND tickets.tier_id BETWEEN $4 AND $5 AND tickets.state LIKE $6
        AND (LOWER(tickets.place) LIKE $7 ESCAPE '!' OR users.name_key LIKE $7 ESCAPE '!'
            OR ($9 AND users.email_key LIKE $7 ESCAPE '!') OR EXISTS (
                SELECT 1 FROM attendees WHERE attendees.order_id = orders.id
                    AND (attendees.name_key LIKE $7 ESCAPE '!'
                        OR ($9 AND attendees.email_key LIKE $7 ESCAPE '!'))))
    ORDER BY orders.id, tickets.id LIMIT $8";

const NAMED: &str = "
    SELECT attendees.order_id, attendees.position, attendees.name, attendees.email
    FROM orders JOIN attendees ON attendees.order_id = orders.id
    WHERE orders.event_id = $1 AND orders.id BETWEEN $2 AND $3";

const HOLDING: &str = "SELECT id FROM tickets WHERE holder_id = $1 AND event_id = $2 AND state <> $3 LIMIT 1";

pub(super) const STATEMENTS: &[&str] = &[ORDER_OF, LIST, NAMED, HOLDING];

impl Store {
    /// In the order in which they bought, behind the ticket `after`. A ticket of another event is before all.
    #[boxed]
    pub async fn guest_list(
        &self,
        event: EventId,
        filter: &GuestFilter,
        after: Option<TicketId>,
        limit: u32,
    ) -> Result<Vec<Guest>, StoreError> {
        let mut from = (Uuid::nil(), Uuid::nil());
        if let Some(ticket) = after {
            let found: Option<OrderOf> = on_pool!(self, pool => sqlx::query_as(ORDER_OF)
                .bind(ticket.uuid())
                .bind(event.uuid())
                .fetch_optional(pool))?;
            from = found.map_or(from, |found| (found.order_id.uuid(), ticket.uuid()));
        }
        let (tier_min, tier_max) = filter.tier.map_or((Uuid::nil(), Uuid::max()), |tier| (tier.uuid(), tier.uuid()));
        let (order_min, order_max) = filter.order.map_or((Uuid::nil(), Uuid::max()), |id| (id.uuid(), id.uuid()));
        on_pool!(self, pool => sqlx::query_as(LIST)
            .bind(event.uuid())
            .bind(from.0)
            .bind(from.1)
            .bind(tier_min)
            .bind(tier_max)
            .bind(filter.state.map_or("%", TicketState::name))
            .bind(filter.text.as_deref().map_or_else(|| "%".to_owned(), containing))
            .bind(i64::from(limit))
            .bind(filter.with_email)
            .bind(order_min)
            .bind(order_max)
            .fetch_all(pool))
    }

    /// What the orders from `first` to `last` say of their attendees.
    #[boxed]
    pub async fn guest_names(
        &self,
        event: EventId,
        first: OrderId,
        last: OrderId,
    ) -> Result<Vec<NamedGuest>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(NAMED)
            .bind(event.uuid())
            .bind(first.uuid())
            .bind(last.uuid())
            .fetch_all(pool))
    }

    /// Whether the account holds a ticket to the event that is good, or was.
    #[boxed]
    pub async fn guest_holds_ticket(&self, event: EventId, user: UserId) -> Result<bool, StoreError> {
        let found: Option<Holding> = on_pool!(self, pool => sqlx::query_as(HOLDING)
            .bind(user.uuid())
            .bind(event.uuid())
            .bind(TicketState::Voided.name())
            .fetch_optional(pool))?;
        Ok(found.is_some())
    }
}

/// A pattern for whatever has the text in it.
fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::containing;

    #[test]
    fn a_pattern_takes_its_text_literally() {
        assert_eq!(containing("a_b"), "%a!_b%");
        assert_eq!(containing("100%!"), "%100!%!!%");
    }
}
