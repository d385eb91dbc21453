//! Projected rows on SQLite: prepared inserts of many rows. A statement costs a trip to the database's thread (about
//! 30 µs), a further row in it a few.

use std::sync::{Arc, LazyLock};

use inventory::{LedgerRow, OrderRow, OutboxRow, PaymentId, PaymentRow, Row, TicketId, TicketRow, UserId};
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::projection::{
    StatusRow, Tables, items_column, lsn_column, text_column, write_box_office_sales, write_conflicts, write_offers,
    write_waitlist,
};

type Statement = Query<'static, sqlx::Sqlite, SqliteArguments>;

/// `head` and `tail` around as many rows as are written at once.
struct Upsert {
    head: &'static str,
    columns: usize,
    tail: &'static str,
}

/// Rows per statement, largest first: a commit's rows are cut into these, so that few texts are prepared, and stay so.
const ROWS: [usize; 3] = [64, 8, 1];

const ORDERS: Upsert = Upsert {
    head: "INSERT INTO orders (id, event_id, customer_id, status, items, total_minor, refunded_minor, currency,
        placed_at, expires_at, lsn) VALUES ",
    columns: 11,
    tail: " ON CONFLICT (id) DO UPDATE SET status = excluded.status, items = excluded.items,
        total_minor = excluded.total_minor, refunded_minor = excluded.refunded_minor, expires_at = excluded.expires_at,
        lsn = excluded.lsn
        WHERE orders.lsn < excluded.lsn",
};

const TICKETS: Upsert = Upsert {
    head: "INSERT INTO tickets (id, order_id, event_id, holder_id, place, is_area, tier_id, tier_name, price_minor,
        state, generation, issued_at, scanned_at, lsn) VALUES ",
    columns: 14,
    tail: " ON CONFLICT (id) DO UPDATE SET holder_id = excluded.holder_id, place = excluded.place,
        is_area = excluded.is_area, tier_id = excluded.tier_id, tier_name = excluded.tier_name,
        price_minor = excluded.price_minor, state = excluded.state, generation = excluded.generation,
        issued_at = excluded.issued_at, scanned_at = excluded.scanned_at, lsn = excluded.lsn
        WHERE tickets.lsn < excluded.lsn",
};

const PAYMENTS: Upsert = Upsert {
    head: "INSERT INTO payments (id, order_id, event_id, status, amount_minor, currency, changed_at, lsn) VALUES ",
    columns: 8,
    tail: " ON CONFLICT (id) DO UPDATE SET status = excluded.status, amount_minor = excluded.amount_minor,
        changed_at = excluded.changed_at, lsn = excluded.lsn
        WHERE payments.lsn < excluded.lsn",
};

/// Who came in is kept only where a webhook wants to hear of it. The columns of a list of values are numbered.
const OUTBOX: Upsert = Upsert {
    head: "INSERT INTO outbox (event_id, lsn, kind, order_id, user_id, created_at, ticket_id, asker_id, payment_id,
        amount_minor) SELECT * FROM (VALUES ",
    columns: 10,
    tail: ") WHERE column3 <> 'ticket_checked_in' OR column1 IN (SELECT events.id FROM events
            JOIN webhooks ON webhooks.owner_id = events.organizer_id
            WHERE webhooks.is_active = 1 AND ' ' || webhooks.kinds || ' ' LIKE '% ticket.checked_in %')
        ON CONFLICT (event_id, lsn, kind) DO NOTHING",
};

const LEDGER: Upsert = Upsert {
    head: "INSERT INTO ledger_entries (id, event_id, order_id, payment_id, user_id, lsn, leg, kind, debit, credit,
        amount_minor, currency, at) VALUES ",
    columns: 13,
    tail: " ON CONFLICT (id) DO NOTHING",
};

const STATUS: &str = "
    UPDATE events SET status = $2, status_lsn = $3, changed_at = MAX(changed_at, $4) WHERE id = $1 AND status_lsn < $3";

static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts {
    orders: ORDERS.texts(),
    tickets: TICKETS.texts(),
    payments: PAYMENTS.texts(),
    outbox: OUTBOX.texts(),
    ledger: LEDGER.texts(),
});

struct Texts {
    orders: [Arc<str>; ROWS.len()],
    tickets: [Arc<str>; ROWS.len()],
    payments: [Arc<str>; ROWS.len()],
    outbox: [Arc<str>; ROWS.len()],
    ledger: [Arc<str>; ROWS.len()],
}

impl Upsert {
    fn texts(&self) -> [Arc<str>; ROWS.len()] {
        let row = format!("({})", vec!["?"; self.columns].join(", "));
        ROWS.map(|rows| format!("{}{}{}", self.head, vec![row.as_str(); rows].join(", "), self.tail).into())
    }
}

/// Every text that is ever sent, for the test that prepares them.
pub(super) fn statements() -> impl Iterator<Item = &'static str> {
    let texts = &*TEXTS;
    [&texts.orders, &texts.tickets, &texts.payments, &texts.outbox, &texts.ledger]
        .into_iter()
        .flatten()
        .map(AsRef::as_ref)
        .chain([STATUS])
}

pub(super) async fn write(connection: &mut SqliteConnection, rows: impl Iterator<Item = &Row>) -> sqlx::Result<()> {
    let tables = Tables::sort(rows);
    upsert(connection, &TEXTS.orders, &tables.orders, |statement, row| bind_order(statement, row)).await?;
    upsert(connection, &TEXTS.tickets, &tables.tickets, |statement, row| bind_ticket(statement, row)).await?;
    upsert(connection, &TEXTS.payments, &tables.payments, |statement, row| bind_payment(statement, row)).await?;
    upsert(connection, &TEXTS.outbox, &tables.outbox, |statement, row| bind_outbox(statement, row)).await?;
    upsert(connection, &TEXTS.ledger, &tables.ledger, |statement, row| bind_entry(statement, row)).await?;
    for status in &tables.statuses {
        write_status(connection, status).await?;
    }
    write_offers!(connection, tables);
    write_conflicts!(connection, tables);
    write_box_office_sales!(connection, tables);
    write_waitlist!(connection, tables);
    Ok(())
}

async fn upsert<R>(
    connection: &mut SqliteConnection,
    texts: &[Arc<str>; ROWS.len()],
    mut rows: &[R],
    bind: impl Fn(Statement, &R) -> Statement,
) -> sqlx::Result<()> {
    for (count, text) in ROWS.into_iter().zip(texts) {
        while let Some((now, later)) = rows.split_at_checked(count).filter(|(now, _)| !now.is_empty()) {
            let statement = sqlx::query(AssertSqlSafe(Arc::clone(text)));
            now.iter().fold(statement, &bind).execute(&mut *connection).await?;
            rows = later;
        }
    }
    Ok(())
}

fn bind_order(statement: Statement, row: &OrderRow) -> Statement {
    statement
        .bind(row.order.uuid())
        .bind(row.event.uuid())
        .bind(row.customer.uuid())
        .bind(row.status)
        .bind(items_column(&row.items))
        .bind(row.total_minor)
        .bind(row.refunded_minor)
        .bind(row.currency.code().to_owned())
        .bind(row.placed_at.0)
        .bind(row.expires_at.0)
        .bind(lsn_column(row.lsn))
}

fn bind_ticket(statement: Statement, row: &TicketRow) -> Statement {
    statement
        .bind(row.ticket.uuid())
        .bind(row.order.uuid())
        .bind(row.event.uuid())
        .bind(row.holder.uuid())
        .bind(text_column(&row.place))
        .bind(row.is_area)
        .bind(row.tier.uuid())
        .bind(text_column(&row.tier_name))
        .bind(row.price_minor)
        .bind(row.state)
        .bind(i64::from(row.generation))
        .bind(row.issued_at.0)
        .bind(row.scanned_at.map(|at| at.0))
        .bind(lsn_column(row.lsn))
}

fn bind_payment(statement: Statement, row: &PaymentRow) -> Statement {
    statement
        .bind(row.payment.uuid())
        .bind(row.order.uuid())
        .bind(row.event.uuid())
        .bind(row.status.name())
        .bind(row.amount_minor)
        .bind(row.currency.code().to_owned())
        .bind(row.at.0)
        .bind(lsn_column(row.lsn))
}

fn bind_outbox(statement: Statement, row: &OutboxRow) -> Statement {
    statement
        .bind(row.event.uuid())
        .bind(lsn_column(row.lsn))
        .bind(row.kind.name())
        .bind(row.order.uuid())
        .bind(row.user.uuid())
        .bind(row.at.0)
        .bind(row.ticket.map(TicketId::uuid))
        .bind(row.asker.map(UserId::uuid))
        .bind(row.owed.map(|owed| owed.payment.uuid()))
        .bind(row.owed.map(|owed| owed.amount_minor))
}

fn bind_entry(statement: Statement, row: &LedgerRow) -> Statement {
    let (debit, credit) = row.kind.accounts();
    statement
        .bind(row.id.uuid())
        .bind(row.event.uuid())
        .bind(row.order.uuid())
        .bind(row.payment.map(PaymentId::uuid))
        .bind(row.user.map(UserId::uuid))
        .bind(lsn_column(row.lsn))
        .bind(i64::from(row.leg))
        .bind(row.kind.name())
        .bind(debit.name())
        .bind(credit.name())
        .bind(row.amount_minor)
        .bind(row.currency.code().to_owned())
        .bind(row.at.0)
}

async fn write_status(connection: &mut SqliteConnection, row: &StatusRow) -> sqlx::Result<()> {
    let status = sqlx::query(STATUS).bind(row.event.uuid()).bind(row.status).bind(lsn_column(row.lsn)).bind(row.at.0);
    status.execute(connection).await?;
    Ok(())
}
