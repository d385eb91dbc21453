//! Projected rows on Postgres: one statement per table, columns as arrays.

use sqlx::PgConnection;
use uuid::Uuid;

use inventory::{OrderRow, OutboxRow, PaymentRow, Row, TicketRow};

use crate::projection::{StatusRow, Tables, items_column, lsn_column, text_column};

const ORDERS: &str = "
    INSERT INTO orders (id, event_id, customer_id, status, items, total_minor, refunded_minor, currency, placed_at,
        expires_at, lsn)
    SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
        $8::text[], $9::bigint[], $10::bigint[], $11::bigint[])
    ON CONFLICT (id) DO UPDATE SET status = excluded.status, items = excluded.items,
        total_minor = excluded.total_minor, refunded_minor = excluded.refunded_minor, expires_at = excluded.expires_at,
        lsn = excluded.lsn
    WHERE orders.lsn < excluded.lsn";

const TICKETS: &str = "
    INSERT INTO tickets (id, order_id, event_id, holder_id, place, is_area, tier_id, tier_name, price_minor, state,
        generation, issued_at, scanned_at, lsn)
    SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::boolean[], $7::uuid[],
        $8::text[], $9::bigint[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[])
    ON CONFLICT (id) DO UPDATE SET holder_id = excluded.holder_id, place = excluded.place,
        is_area = excluded.is_area, tier_id = excluded.tier_id, tier_name = excluded.tier_name,
        price_minor = excluded.price_minor, state = excluded.state, generation = excluded.generation,
        issued_at = excluded.issued_at, scanned_at = excluded.scanned_at, lsn = excluded.lsn
    WHERE tickets.lsn < excluded.lsn";

const PAYMENTS: &str = "
    INSERT INTO payments (id, order_id, event_id, status, amount_minor, currency, changed_at, lsn)
    SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::text[], $7::bigint[],
        $8::bigint[])
    ON CONFLICT (id) DO UPDATE SET status = excluded.status, amount_minor = excluded.amount_minor,
        changed_at = excluded.changed_at, lsn = excluded.lsn
    WHERE payments.lsn < excluded.lsn";

const OUTBOX: &str = "
    INSERT INTO outbox (event_id, lsn, kind, order_id, user_id, created_at)
    SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::text[], $4::uuid[], $5::uuid[], $6::bigint[])
    ON CONFLICT (event_id, lsn, kind) DO NOTHING";

const STATUSES: &str = "
    UPDATE events SET status = row.status, status_lsn = row.lsn
    FROM UNNEST($1::uuid[], $2::text[], $3::bigint[]) AS row (event_id, status, lsn)
    WHERE events.id = row.event_id AND events.status_lsn < row.lsn";

pub(super) const STATEMENTS: &[&str] = &[ORDERS, TICKETS, PAYMENTS, OUTBOX, STATUSES];

pub(super) async fn write(connection: &mut PgConnection, rows: impl Iterator<Item = &Row>) -> sqlx::Result<()> {
    let tables = Tables::sort(rows);
    if !tables.orders.is_empty() {
        write_orders(connection, &tables.orders).await?;
    }
    if !tables.tickets.is_empty() {
        write_tickets(connection, &tables.tickets).await?;
    }
    if !tables.payments.is_empty() {
        write_payments(connection, &tables.payments).await?;
    }
    if !tables.outbox.is_empty() {
        write_outbox(connection, &tables.outbox).await?;
    }
    if !tables.statuses.is_empty() {
        write_statuses(connection, &tables.statuses).await?;
    }
    Ok(())
}

fn column<R, T>(rows: &[R], value: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

async fn write_orders(connection: &mut PgConnection, rows: &[&OrderRow]) -> sqlx::Result<()> {
    sqlx::query(ORDERS)
        .bind(column(rows, |row| row.order.uuid()))
        .bind(column(rows, |row| row.event.uuid()))
        .bind(column(rows, |row| row.customer.uuid()))
        .bind(column(rows, |row| row.status))
        .bind(column(rows, |row| items_column(&row.items)))
        .bind(column(rows, |row| row.total_minor))
        .bind(column(rows, |row| row.refunded_minor))
        .bind(column(rows, |row| row.currency.code().to_owned()))
        .bind(column(rows, |row| row.placed_at.0))
        .bind(column(rows, |row| row.expires_at.0))
        .bind(column(rows, |row| lsn_column(row.lsn)))
        .execute(connection)
        .await?;
    Ok(())
}

async fn write_tickets(connection: &mut PgConnection, rows: &[&TicketRow]) -> sqlx::Result<()> {
    sqlx::query(TICKETS)
        .bind(column(rows, |row| row.ticket.uuid()))
        .bind(column(rows, |row| row.order.uuid()))
        .bind(column(rows, |row| row.event.uuid()))
        .bind(column(rows, |row| row.holder.uuid()))
        .bind(column(rows, |row| text_column(&row.place)))
        .bind(column(rows, |row| row.is_area))
        .bind(column(rows, |row| row.tier.uuid()))
        .bind(column(rows, |row| text_column(&row.tier_name)))
        .bind(column(rows, |row| row.price_minor))
        .bind(column(rows, |row| row.state))
        .bind(column(rows, |row| i64::from(row.generation)))
        .bind(column(rows, |row| row.issued_at.0))
        .bind(column(rows, |row| row.scanned_at.map(|at| at.0)))
        .bind(column(rows, |row| lsn_column(row.lsn)))
        .execute(connection)
        .await?;
    Ok(())
}

async fn write_payments(connection: &mut PgConnection, rows: &[&PaymentRow]) -> sqlx::Result<()> {
    sqlx::query(PAYMENTS)
        .bind(column(rows, |row| row.payment.uuid()))
        .bind(column(rows, |row| row.order.uuid()))
        .bind(column(rows, |row| row.event.uuid()))
        .bind(column(rows, |row| row.status.name()))
        .bind(column(rows, |row| row.amount_minor))
        .bind(column(rows, |row| row.currency.code().to_owned()))
        .bind(column(rows, |row| row.at.0))
        .bind(column(rows, |row| lsn_column(row.lsn)))
        .execute(connection)
        .await?;
    Ok(())
}

async fn write_outbox(connection: &mut PgConnection, rows: &[&OutboxRow]) -> sqlx::Result<()> {
    sqlx::query(OUTBOX)
        .bind(column(rows, |row| row.event.uuid()))
        .bind(column(rows, |row| lsn_column(row.lsn)))
        .bind(column(rows, |row| row.kind.name()))
        .bind(column(rows, |row| row.order.uuid()))
        .bind(column(rows, |row| row.user.uuid()))
        .bind(column(rows, |row| row.at.0))
        .execute(connection)
        .await?;
    Ok(())
}

async fn write_statuses(connection: &mut PgConnection, rows: &[StatusRow]) -> sqlx::Result<()> {
    sqlx::query(STATUSES)
        .bind::<Vec<Uuid>>(column(rows, |row| row.event.uuid()))
        .bind(column(rows, |row| row.status))
        .bind(column(rows, |row| lsn_column(row.lsn)))
        .execute(connection)
        .await?;
    Ok(())
}
