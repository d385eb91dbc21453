//! Which unit of its order a ticket is. An order names its attendees by the position of their units, and a ticket knows its
//! place alone: units of one place and tier are alike, and counted through in the order of their tickets.

use std::collections::HashMap;

use inventory::{TicketId, TierId};
use persistence::{OrderItem, Ticket};

/// Of the ticket before which stand `nth` others of its place and tier. Among the units of the order, from 0.
pub fn position(items: &[OrderItem], place: &str, tier: TierId, mut nth: u32) -> Option<u32> {
    let mut before = 0;
    for item in items {
        if item.place == place && item.tier_id == tier.uuid() {
            if nth < item.quantity {
                return Some(before + nth);
            }
            nth -= item.quantity;
        }
        before += item.quantity;
    }
    None
}

/// Of all tickets of an order, by id.
pub fn positions(items: &[OrderItem], tickets: &[Ticket]) -> HashMap<TicketId, u32> {
    let mut counted: HashMap<(&str, [u8; 16]), u32> = HashMap::new();
    let mut positions = HashMap::with_capacity(tickets.len());
    for ticket in tickets {
        let nth = counted.entry((&ticket.place, ticket.tier_id.bytes())).or_default();
        if let Some(position) = position(items, &ticket.place, ticket.tier_id, *nth) {
            positions.insert(ticket.id, position);
        }
        *nth += 1;
    }
    positions
}

#[cfg(test)]
mod tests {
    use inventory::{EventId, Lsn, OrderId, TimeUs, UserId};
    use persistence::TicketState;
    use uuid::Uuid;

    use super::*;

    fn item(place: &str, tier: u128, quantity: u32) -> OrderItem {
        OrderItem {
            place: place.to_owned(),
            is_area: true,
            quantity,
            tier_id: Uuid::from_u128(tier),
            tier_name: String::new(),
            price_minor: 1,
            refund: None,
            discount: None,
        }
    }

    fn ticket(id: u8, place: &str, tier: u128) -> Ticket {
        Ticket {
            id: TicketId::from_bytes([id; 16]),
            order_id: OrderId::from_bytes([1; 16]),
            event_id: EventId::from_bytes([1; 16]),
            holder_id: UserId::from_bytes([1; 16]),
            place: place.to_owned(),
            is_area: true,
            tier_id: TierId::from_uuid(Uuid::from_u128(tier)),
            tier_name: String::new(),
            price_minor: 1,
            currency: "EUR".to_owned(),
            state: TicketState::Issued,
            generation: 0,
            issued_at: TimeUs(1),
            scanned_at: None,
            lsn: Lsn(1),
        }
    }

    #[test]
    fn alike_units_are_counted_through_and_others_passed_over() {
        let items = [item("F", 1, 2), item("A-1-1", 1, 1), item("F", 2, 1), item("F", 1, 1)];
        let tickets =
            [ticket(1, "F", 1), ticket(2, "F", 2), ticket(3, "A-1-1", 1), ticket(4, "F", 1), ticket(5, "F", 1)];
        let positions = positions(&items, &tickets);
        let of = |id: u8| positions.get(&TicketId::from_bytes([id; 16])).copied();
        assert_eq!([of(1), of(2), of(3), of(4), of(5)], [Some(0), Some(3), Some(2), Some(1), Some(4)]);
        assert_eq!(position(&items, "F", TierId::from_uuid(Uuid::from_u128(1)), 3), None);
    }
}
