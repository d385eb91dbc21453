//! Sorts the rows of one commit by table. Both databases write the result; see `sqlite/projection.rs` and
//! `postgres/projection.rs`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use inventory::{
    BoxOfficeSaleRow, ConflictRow, EventId, ItemRow, LedgerRow, Lsn, OfferRow, OrderRow, OutboxRow, PaymentRow, Row,
    TicketRow, TimeUs, WaitlistRow,
};

use crate::OrderItem;

/// At most one row per key, the one with the highest LSN: Postgres refuses an upsert that meets a row twice.
#[derive(Default)]
pub(crate) struct Tables<'a> {
    pub orders: Vec<&'a OrderRow>,
    pub tickets: Vec<&'a TicketRow>,
    pub payments: Vec<&'a PaymentRow>,
    pub outbox: Vec<&'a OutboxRow>,
    pub ledger: Vec<&'a LedgerRow>,
    pub statuses: Vec<StatusRow>,
    pub offers: Vec<&'a OfferRow>,
    pub sold_out: Vec<SoldOutRow>,
    pub conflicts: Vec<&'a ConflictRow>,
    pub box_office_sales: Vec<&'a BoxOfficeSaleRow>,
    pub waitlist: Vec<&'a WaitlistRow>,
}

#[derive(Clone, Copy)]
pub(crate) struct StatusRow {
    pub event: EventId,
    pub status: &'static str,
    pub at: TimeUs,
    pub lsn: Lsn,
}

#[derive(Clone, Copy)]
pub(crate) struct SoldOutRow {
    pub event: EventId,
    pub is_sold_out: bool,
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
                Row::Ledger(row) => tables.ledger.push(row),
                &Row::EventStatus { event, status, at, lsn } => {
                    tables.statuses.push(StatusRow { event, status, at, lsn });
                }
                Row::Offer(row) => tables.offers.push(row),
                &Row::SoldOut { event, is_sold_out, lsn } => {
                    tables.sold_out.push(SoldOutRow { event, is_sold_out, lsn });
                }
                Row::Conflict(row) => tables.conflicts.push(row),
                Row::BoxOfficeSale(row) => tables.box_office_sales.push(row),
                Row::Waitlist(row) => tables.waitlist.push(row),
            }
        }
        tables.orders = newest(tables.orders, |row| row.order, |row| row.lsn);
        tables.tickets = newest(tables.tickets, |row| row.ticket, |row| row.lsn);
        tables.payments = newest(tables.payments, |row| row.payment, |row| row.lsn);
        tables.outbox = newest(tables.outbox, |row| (row.event, row.lsn, row.kind.name()), |row| row.lsn);
        tables.ledger = newest(tables.ledger, |row| row.id, |row| row.lsn);
        tables.statuses = newest(tables.statuses, |row| row.event, |row| row.lsn);
        tables.offers = newest(tables.offers, |row| row.event, |row| row.lsn);
        tables.waitlist = newest(tables.waitlist, |row| (row.event, row.number), |row| row.lsn);
        tables.sold_out = newest(tables.sold_out, |row| row.event, |row| row.lsn);
        tables
    }

    /// Of the rows that one statement writes: all but offers, conflicts, sales of the box office and waitlists.
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
            && self.tickets.is_empty()
            && self.payments.is_empty()
            && self.outbox.is_empty()
            && self.ledger.is_empty()
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

/// What an offer is found by: the cheapest and the dearest price and how long they hold, the first and the last moment of
/// its sale.
pub(crate) struct OfferColumns {
    pub price_min_minor: i64,
    pub price_max_minor: i64,
    pub price_until: i64,
    pub sale_from: i64,
    pub sale_until: i64,
}

impl OfferColumns {
    /// As the columns' defaults when nothing is offered: no price and no moment lies between the two.
    pub fn of(offer: &OfferRow) -> Self {
        let mut columns = Self {
            price_min_minor: i64::MAX,
            price_max_minor: -1,
            price_until: i64::MAX,
            sale_from: i64::MAX,
            sale_until: -i64::MAX,
        };
        for tier in &offer.tiers {
            let (from, until) = window_columns(tier.sale);
            columns.sale_from = columns.sale_from.min(from);
            columns.sale_until = columns.sale_until.max(until);
        }
        for price in offer.tiers.iter().flat_map(|tier| &tier.prices) {
            let (from, until) = price_columns(price);
            if from <= offer.at.0 && offer.at.0 < until {
                columns.price_min_minor = columns.price_min_minor.min(price.price_minor);
                columns.price_max_minor = columns.price_max_minor.max(price.price_minor);
                columns.price_until = columns.price_until.min(until);
            }
        }
        columns
    }
}

pub(crate) fn price_columns(price: &inventory::OfferedPrice) -> (i64, i64) {
    window_columns(inventory::SaleWindow { from: price.from, until: price.until })
}

pub(crate) fn window_columns(sale: inventory::SaleWindow) -> (i64, i64) {
    (sale.from.map_or(-i64::MAX, |at| at.0), sale.until.map_or(i64::MAX, |at| at.0))
}

/// The same on both databases: offers are few and change rarely.
macro_rules! write_offers {
    ($connection:expr, $tables:expr) => {
        for offer in &$tables.offers {
            let columns = $crate::projection::OfferColumns::of(offer);
            let touched = sqlx::query($crate::projection::OFFER)
                .bind(offer.event.uuid())
                .bind(columns.price_min_minor)
                .bind(columns.price_max_minor)
                .bind(columns.sale_from)
                .bind(columns.sale_until)
                .bind($crate::projection::lsn_column(offer.lsn))
                .bind(columns.price_until)
                .execute(&mut *$connection)
                .await?
                .rows_affected();
            if touched == 0 {
                continue;
            }
            for tier in &offer.tiers {
                let (from, until) = $crate::projection::window_columns(tier.sale);
                sqlx::query($crate::projection::OFFERED_TIER)
                    .bind(offer.event.uuid())
                    .bind(tier.tier.uuid())
                    .bind($crate::store::tier_name(&tier.name))
                    .bind(tier.price_minor)
                    .bind(from)
                    .bind(until)
                    .bind($crate::projection::lsn_column(offer.lsn))
                    .execute(&mut *$connection)
                    .await?;
                for (position, price) in (0_i64..).zip(&tier.prices) {
                    let (from, until) = $crate::projection::price_columns(price);
                    sqlx::query($crate::projection::OFFERED_PRICE)
                        .bind(offer.event.uuid())
                        .bind(tier.tier.uuid())
                        .bind(position)
                        .bind(price.price_minor)
                        .bind(from)
                        .bind(until)
                        .bind($crate::projection::lsn_column(offer.lsn))
                        .execute(&mut *$connection)
                        .await?;
                }
            }
        }
        for row in &$tables.sold_out {
            sqlx::query($crate::projection::SOLD_OUT)
                .bind(row.event.uuid())
                .bind(row.is_sold_out)
                .bind($crate::projection::lsn_column(row.lsn))
                .execute(&mut *$connection)
                .await?;
        }
    };
}

pub(crate) use write_offers;

/// As for offers: they are few.
macro_rules! write_conflicts {
    ($connection:expr, $tables:expr) => {
        for row in &$tables.conflicts {
            sqlx::query($crate::projection::CONFLICT)
                .bind(row.event.uuid())
                .bind($crate::projection::lsn_column(row.lsn))
                .bind(row.ticket.uuid())
                .bind(row.user.map(inventory::UserId::uuid))
                .bind($crate::GateDirection::of(row.direction).name())
                .bind(row.scanned_at.0)
                .bind(row.forced)
                .bind(row.reason.to_string())
                .bind(row.reason.earlier_at().map(|at| at.0))
                .bind(row.at.0)
                .execute(&mut *$connection)
                .await?;
        }
    };
}

pub(crate) use write_conflicts;

/// As for offers: one beside an order and its tickets.
macro_rules! write_box_office_sales {
    ($connection:expr, $tables:expr) => {
        for row in &$tables.box_office_sales {
            sqlx::query($crate::projection::BOX_OFFICE_SALE)
                .bind(row.order.uuid())
                .bind(row.event.uuid())
                .bind(row.user.map(inventory::UserId::uuid))
                .bind(row.at.0)
                .bind(row.tender.name())
                .execute(&mut *$connection)
                .await?;
        }
    };
}

pub(crate) use write_box_office_sales;

/// As for offers: they are few.
macro_rules! write_waitlist {
    ($connection:expr, $tables:expr) => {
        for row in &$tables.waitlist {
            sqlx::query($crate::projection::WAITLIST_ENTRY)
                .bind(row.event.uuid())
                .bind(i64::from(row.number))
                .bind(row.customer.uuid())
                .bind(row.tier.uuid())
                .bind($crate::projection::text_column(&row.tier_name))
                .bind(row.part.clone())
                .bind(row.is_area)
                .bind(i64::from(row.quantity))
                .bind(row.accessible)
                .bind(row.apart)
                .bind(row.has_priority)
                .bind(row.status)
                .bind(row.joined_at.0)
                .bind(row.hold.map(inventory::HoldId::uuid))
                .bind(row.offered_until.map(|at| at.0))
                .bind(row.changed_at.0)
                .bind($crate::projection::lsn_column(row.lsn))
                .execute(&mut *$connection)
                .await?;
        }
    };
}

pub(crate) use write_waitlist;

pub(crate) const WAITLIST_ENTRY: &str = "
    INSERT INTO waitlist_entries (event_id, number, customer_id, tier_id, tier_name, part, is_area, quantity, accessible,
        apart, has_priority, status, joined_at, hold_id, offered_until, changed_at, lsn)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
    ON CONFLICT (event_id, number) DO UPDATE SET tier_name = excluded.tier_name, has_priority = excluded.has_priority,
        status = excluded.status, hold_id = excluded.hold_id, offered_until = excluded.offered_until,
        changed_at = excluded.changed_at, lsn = excluded.lsn
    WHERE waitlist_entries.lsn < excluded.lsn";

pub(crate) const CONFLICT: &str = "
    INSERT INTO gate_conflicts (event_id, lsn, ticket_id, user_id, direction, scanned_at, forced, reason, earlier_at,
        recorded_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (event_id, lsn) DO NOTHING";

pub(crate) const BOX_OFFICE_SALE: &str = "
    INSERT INTO box_office_sales (order_id, event_id, sold_by, sold_at, tender)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (order_id) DO NOTHING";

pub(crate) const OFFER: &str = "
    UPDATE events SET price_min_minor = $2, price_max_minor = $3, sale_from = $4, sale_until = $5, offer_lsn = $6,
        price_until = $7
    WHERE id = $1 AND offer_lsn < $6";

pub(crate) const OFFERED_TIER: &str = "
    INSERT INTO event_tiers (event_id, tier_id, name_key, price_minor, sale_from, sale_until, lsn)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (event_id, tier_id) DO UPDATE SET name_key = excluded.name_key, price_minor = excluded.price_minor,
        sale_from = excluded.sale_from, sale_until = excluded.sale_until, lsn = excluded.lsn";

pub(crate) const OFFERED_PRICE: &str = "
    INSERT INTO event_tier_prices (event_id, tier_id, position, price_minor, starts_at, ends_at, lsn)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (event_id, tier_id, position) DO UPDATE SET price_minor = excluded.price_minor,
        starts_at = excluded.starts_at, ends_at = excluded.ends_at, lsn = excluded.lsn";

pub(crate) const SOLD_OUT: &str = "
    UPDATE events SET is_sold_out = $2, sold_out_lsn = $3 WHERE id = $1 AND sold_out_lsn < $3";

pub(crate) const STATEMENTS: &[&str] =
    &[OFFER, OFFERED_TIER, OFFERED_PRICE, SOLD_OUT, CONFLICT, BOX_OFFICE_SALE, WAITLIST_ENTRY];

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
        Row::EventStatus { event: EventId::from_bytes([event; 16]), status, at: TimeUs(1), lsn: Lsn(lsn) }
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
