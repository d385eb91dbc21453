//! Sorts the rows of one commit by table. Both databases write the result; see `sqlite/projection.rs` and
//! `postgres/projection.rs`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use inventory::{EventId, ItemRow, Lsn, OrderRow, OutboxRow, PaymentRow, Row, TicketRow};

use crate::OrderItem;

/// At most one row per key, the one with the highest LSN: Postgres refuses an upsert that meets a row twice.
#[derive(Default)]
pub(crate) struct Tables<'a> {
    pub orders: Vec<&'a OrderRow>,
    pub tickets: Vec<&'a TicketRow>,
    pub payments: Vec<&'a PaymentRow>,
    pub outbox: Vec<&'a OutboxRow>,
    pub statuses: Vec<StatusRow>,
}

#[derive(Clone, Copy)]
pub(crate) struct StatusRow {
    pub event: EventId,
    pub status: &'static str,
    pub lsn: Lsn,
}

impl<'a> Tables<'a> {
    pub fn sort(rows: impl Iterator<Item = &'a Row>) -> Self {
        let mut tables = Self::default();
        for row in rows {
            match row {
                Row::Order(row) => tables.orders.push(row),
                Row::Ticket(row) => tables.tickets.push(row),
                Row::Payment(row) => tables.payments.push(row),
                Row::Outbox(row) => tables.outbox.push(row),
                &Row::EventStatus { event, status, lsn } => tables.statuses.push(StatusRow { event, status, lsn }),
            }
        }
        tables.orders = newest(tables.orders, |row| row.order, |row| row.lsn);
        tables.tickets = newest(tables.tickets, |row| row.ticket, |row| row.lsn);
        tables.payments = newest(tables.payments, |row| row.payment, |row| row.lsn);
        tables.outbox = newest(tables.outbox, |row| (row.event, row.lsn, row.kind.name()), |row| row.lsn);
        tables.statuses = newest(tables.statuses, |row| row.event, |row| row.lsn);
        tables
    }

    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
            && self.tickets.is_empty()
            && self.payments.is_empty()
            && self.outbox.is_empty()
            && self.statuses.is_empty()
    }
}

fn newest<R: Copy, K: Eq + Hash>(rows: Vec<R>, key: impl Fn(&R) -> K, lsn: impl Fn(&R) -> Lsn) -> Vec<R> {
    let mut kept: Vec<R> = Vec::with_capacity(rows.len());
    let mut places = HashMap::with_capacity(rows.len());
    for row in rows {
        match places.entry(key(&row)) {
            Entry::Vacant(place) => {
                place.insert(kept.len());
                kept.push(row);
            }
            Entry::Occupied(place) => {
                let earlier = &mut kept[*place.get()];
                if lsn(&row) >= lsn(earlier) {
                    *earlier = row;
                }
            }
        }
    }
    kept
}

/// LSNs of stored batches fit: the plan has refused all others.
pub(crate) fn lsn_column(lsn: Lsn) -> i64 {
    i64::try_from(lsn.0).unwrap_or(i64::MAX)
}

/// Postgres cannot store the NUL character, and a row that cannot be stored would refuse its commit for ever.
pub(crate) fn text_column(text: &str) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text.to_owned() }
}

/// JSON escapes NUL.
pub(crate) fn items_column(items: &[ItemRow]) -> String {
    let items: Vec<OrderItem> = items.iter().map(OrderItem::from_row).collect();
    serde_json::to_string(&items).expect("a list of plain structs has a JSON form")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(event: u8, status: &'static str, lsn: u64) -> Row {
        Row::EventStatus { event: EventId::from_bytes([event; 16]), status, lsn: Lsn(lsn) }
    }

    #[test]
    fn of_rows_with_one_key_the_newest_is_kept_whatever_their_order() {
        let rows = [status(1, "published", 2), status(2, "draft", 1), status(1, "cancelled", 9), status(1, "draft", 1)];
        let tables = Tables::sort(rows.iter());
        let kept: Vec<_> = tables.statuses.iter().map(|row| (row.event.bytes()[0], row.status, row.lsn.0)).collect();
        assert_eq!(kept, [(1, "cancelled", 9), (2, "draft", 1)]);
    }

    #[test]
    fn text_never_carries_what_postgres_cannot_store() {
        assert_eq!(text_column("a\0b"), "a\u{fffd}b");
        assert_eq!(text_column("plain"), "plain");
    }
}
