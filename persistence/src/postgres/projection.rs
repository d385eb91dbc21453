//! Projected rows on Postgres: columns as arrays, all tables in the statement of the append itself. A commit is one round
//! trip with rows as without, whatever the way to the database takes.

use sqlx::postgres::PgArguments;
use sqlx::query::QueryScalar;
use uuid::Uuid;

use inventory::{LedgerRow, OrderRow, OutboxRow, PaymentId, PaymentRow, TicketId, TicketRow, UserId};

use crate::projection::{StatusRow, Tables, items_column, lsn_column, text_column};

/// Common table expressions after `moved`, which holds the events whose batches are stored: rows of the others are left
/// out. Parameters from `$6` on, in the order of [`bind`].
macro_rules! written_rows {
    () => {
        ", orders_written AS (
            INSERT INTO orders (id, event_id, customer_id, status, items, total_minor, refunded_minor, currency,
                placed_at, expires_at, lsn)
            SELECT row.* FROM UNNEST($6::uuid[], $7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::bigint[],
                $12::bigint[], $13::text[], $14::bigint[], $15::bigint[], $16::bigint[])
                AS row (id, event_id, customer_id, status, items, total_minor, refunded_minor, currency, placed_at,
                    expires_at, lsn)
            WHERE row.event_id IN (SELECT event_id FROM moved)
            ON CONFLICT (id) DO UPDATE SET status = excluded.status, items = excluded.items,
                total_minor = excluded.total_minor, refunded_minor = excluded.refunded_minor,
                expires_at = excluded.expires_at, lsn = excluded.lsn
            WHERE orders.lsn < excluded.lsn
        ), tickets_written AS (
            INSERT INTO tickets (id, order_id, event_id, holder_id, place, is_area, tier_id, tier_name, price_minor,
                state, generation, issued_at, scanned_at, lsn)
            SELECT row.* FROM UNNEST($17::uuid[], $18::uuid[], $19::uuid[], $20::uuid[], $21::text[], $22::boolean[],
                $23::uuid[], $24::text[], $25::bigint[], $26::text[], $27::bigint[], $28::bigint[], $29::bigint[],
                $30::bigint[])
                AS row (id, order_id, event_id, holder_id, place, is_area, tier_id, tier_name, price_minor, state,
                    generation, issued_at, scanned_at, lsn)
            WHERE row.event_id IN (SELECT event_id FROM moved)
            ON CONFLICT (id) DO UPDATE SET holder_id = excluded.holder_id, place = excluded.place,
                is_area = excluded.is_area, tier_id = excluded.tier_id, tier_name = excluded.tier_name,
                price_minor = excluded.price_minor, state = excluded.state, generation = excluded.generation,
                issued_at = excluded.issued_at, scanned_at = excluded.scanned_at, lsn = excluded.lsn
            WHERE tickets.lsn < excluded.lsn
        ), payments_written AS (
            INSERT INTO payments (id, order_id, event_id, status, amount_minor, currency, changed_at, lsn)
            SELECT row.* FROM UNNEST($31::uuid[], $32::uuid[], $33::uuid[], $34::text[], $35::bigint[], $36::text[],
                $37::bigint[], $38::bigint[])
                AS row (id, order_id, event_id, status, amount_minor, currency, changed_at, lsn)
            WHERE row.event_id IN (SELECT event_id FROM moved)
            ON CONFLICT (id) DO UPDATE SET status = excluded.status, amount_minor = excluded.amount_minor,
                changed_at = excluded.changed_at, lsn = excluded.lsn
            WHERE payments.lsn < excluded.lsn
        ), outbox_written AS (
            INSERT INTO outbox (event_id, lsn, kind, order_id, user_id, created_at, ticket_id, asker_id, payment_id,
                amount_minor)
            SELECT row.* FROM UNNEST($39::uuid[], $40::bigint[], $41::text[], $42::uuid[], $43::uuid[], $44::bigint[],
                $45::uuid[], $46::uuid[], $63::uuid[], $64::bigint[])
                AS row (event_id, lsn, kind, order_id, user_id, created_at, ticket_id, asker_id, payment_id, amount_minor)
            WHERE row.event_id IN (SELECT event_id FROM moved)
                AND (row.kind <> 'ticket_checked_in' OR row.event_id IN (SELECT events.id FROM events
                    JOIN webhooks ON webhooks.owner_id = events.organizer_id
                    WHERE webhooks.is_active AND ' ' || webhooks.kinds || ' ' LIKE '% ticket.checked_in %'))
            ON CONFLICT (event_id, lsn, kind) DO NOTHING
        ), statuses_written AS (
            UPDATE events SET status = row.status, status_lsn = row.lsn, changed_at = GREATEST(changed_at, row.at)
            FROM UNNEST($47::uuid[], $48::text[], $49::bigint[], $65::bigint[]) AS row (event_id, status, lsn, at)
            WHERE events.id = row.event_id AND events.status_lsn < row.lsn
                AND row.event_id IN (SELECT event_id FROM moved)
        ), ledger_written AS (
            INSERT INTO ledger_entries (id, event_id, order_id, payment_id, user_id, lsn, leg, kind, debit, credit,
                amount_minor, currency, at)
            SELECT row.* FROM UNNEST($50::uuid[], $51::uuid[], $52::uuid[], $53::uuid[], $54::uuid[], $55::bigint[],
                $56::bigint[], $57::text[], $58::text[], $59::text[], $60::bigint[], $61::text[], $62::bigint[])
                AS row (id, event_id, order_id, payment_id, user_id, lsn, leg, kind, debit, credit, amount_minor,
                    currency, at)
            WHERE row.event_id IN (SELECT event_id FROM moved)
            ON CONFLICT (id) DO NOTHING
        )"
    };
}

pub(super) use written_rows;

type Append<'q> = QueryScalar<'q, sqlx::Postgres, Uuid, PgArguments>;

pub(super) fn bind<'q>(append: Append<'q>, tables: &Tables<'_>) -> Append<'q> {
    let append = bind_orders(append, &tables.orders);
    let append = bind_tickets(append, &tables.tickets);
    let append = bind_payments(append, &tables.payments);
    let append = bind_outbox(append, &tables.outbox);
    let append = bind_statuses(append, &tables.statuses);
    let append = bind_ledger(append, &tables.ledger);
    let append = bind_owed(append, &tables.outbox);
    append.bind(column(&tables.statuses, |row| row.at.0))
}

fn column<R, T>(rows: &[R], value: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

fn bind_orders<'q>(append: Append<'q>, rows: &[&OrderRow]) -> Append<'q> {
    append
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
}

fn bind_tickets<'q>(append: Append<'q>, rows: &[&TicketRow]) -> Append<'q> {
    append
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
}

fn bind_payments<'q>(append: Append<'q>, rows: &[&PaymentRow]) -> Append<'q> {
    append
        .bind(column(rows, |row| row.payment.uuid()))
        .bind(column(rows, |row| row.order.uuid()))
        .bind(column(rows, |row| row.event.uuid()))
        .bind(column(rows, |row| row.status.name()))
        .bind(column(rows, |row| row.amount_minor))
        .bind(column(rows, |row| row.currency.code().to_owned()))
        .bind(column(rows, |row| row.at.0))
        .bind(column(rows, |row| lsn_column(row.lsn)))
}

fn bind_outbox<'q>(append: Append<'q>, rows: &[&OutboxRow]) -> Append<'q> {
    append
        .bind(column(rows, |row| row.event.uuid()))
        .bind(column(rows, |row| lsn_column(row.lsn)))
        .bind(column(rows, |row| row.kind.name()))
        .bind(column(rows, |row| row.order.uuid()))
        .bind(column(rows, |row| row.user.uuid()))
        .bind(column(rows, |row| row.at.0))
        .bind(column(rows, |row| row.ticket.map(TicketId::uuid)))
        .bind(column(rows, |row| row.asker.map(UserId::uuid)))
}

fn bind_owed<'q>(append: Append<'q>, rows: &[&OutboxRow]) -> Append<'q> {
    append
        .bind(column(rows, |row| row.owed.map(|owed| owed.payment.uuid())))
        .bind(column(rows, |row| row.owed.map(|owed| owed.amount_minor)))
}

fn bind_statuses<'q>(append: Append<'q>, rows: &[StatusRow]) -> Append<'q> {
    append
        .bind(column(rows, |row| row.event.uuid()))
        .bind(column(rows, |row| row.status))
        .bind(column(rows, |row| lsn_column(row.lsn)))
}

fn bind_ledger<'q>(append: Append<'q>, rows: &[&LedgerRow]) -> Append<'q> {
    append
        .bind(column(rows, |row| row.id.uuid()))
        .bind(column(rows, |row| row.event.uuid()))
        .bind(column(rows, |row| row.order.uuid()))
        .bind(column(rows, |row| row.payment.map(PaymentId::uuid)))
        .bind(column(rows, |row| row.user.map(UserId::uuid)))
        .bind(column(rows, |row| lsn_column(row.lsn)))
        .bind(column(rows, |row| i64::from(row.leg)))
        .bind(column(rows, |row| row.kind.name()))
        .bind(column(rows, |row| row.kind.accounts().0.name()))
        .bind(column(rows, |row| row.kind.accounts().1.name()))
        .bind(column(rows, |row| row.amount_minor))
        .bind(column(rows, |row| row.currency.code().to_owned()))
        .bind(column(rows, |row| row.at.0))
}
