//! Orders and tickets that were not read here: as they will be, once the rows are written.

use inventory::{OrderRow, OrderRows, TicketRow};

use super::{Order, OrderItem, OrderStatus, Ticket, TicketState};

/// What `order_find` and `ticket_list` read of these rows; `None` when they name a state that there is not.
pub fn order_of_rows(rows: OrderRows) -> Option<(Order, Vec<Ticket>)> {
    let order = order(rows.order)?;
    let tickets = rows.tickets.into_iter().map(|row| ticket(row, &order.currency));
    let mut tickets = tickets.collect::<Option<Vec<_>>>()?;
    tickets.sort_unstable_by_key(|ticket| ticket.id);
    Some((order, tickets))
}

fn order(row: OrderRow) -> Option<Order> {
    Some(Order {
        id: row.order,
        event_id: row.event,
        customer_id: row.customer,
        status: OrderStatus::of_name(row.status)?,
        items: row.items.iter().map(OrderItem::from_row).collect(),
        total_minor: row.total_minor,
        refunded_minor: row.refunded_minor,
        currency: row.currency.code().to_owned(),
        placed_at: row.placed_at,
        expires_at: row.expires_at,
        lsn: row.lsn,
    })
}

fn ticket(row: TicketRow, currency: &str) -> Option<Ticket> {
    Some(Ticket {
        id: row.ticket,
        order_id: row.order,
        event_id: row.event,
        holder_id: row.holder,
        place: row.place,
        is_area: row.is_area,
        tier_id: row.tier,
        tier_name: row.tier_name,
        price_minor: row.price_minor,
        currency: currency.to_owned(),
        state: TicketState::of_name(row.state)?,
        generation: row.generation,
        issued_at: row.issued_at,
        scanned_at: row.scanned_at,
        lsn: row.lsn,
    })
}
