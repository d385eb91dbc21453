//! What the box office says of its holds and sales. The holds and orders themselves are the journal's; how a sale was paid is
//! written with its order.

use inventory::{EventId, HoldId, OrderId, Tender, TimeUs, UserId};
use uuid::Uuid;

use super::attendees::insert_attendee;
use super::mails::insert_mail_once;
use super::{Attendee, NewMail, Store, changed, on_pool, on_transaction};
use crate::row::{Field, row};
use crate::{StoreError, boxed};

row! {
    /// Of a hold without a time limit, for as long as it lives.
    pub struct BoxOfficeHold {
        pub hold_id: Uuid,
        pub event_id: EventId,
        pub placed_by: UserId,
        pub placed_at: TimeUs,
        pub reason: String,
        pub label: Option<String>,
    }
}

row! {
    pub struct BoxOfficeSale {
        pub order_id: OrderId,
        pub event_id: EventId,
        pub sold_by: Option<UserId>,
        pub sold_at: TimeUs,
        pub tender: Tender,
        /// Of the payment, where it was taken.
        pub reference: Option<String>,
        /// Why it was not sold at its tiers' prices.
        pub reason: Option<String>,
        pub total_minor: i64,
        pub refunded_minor: i64,
        /// Owed back, and not paid out yet.
        pub due_minor: i64,
        /// ISO 4217.
        pub currency: String,
    }
}

/// What staff says of a sale, and to whom its tickets go.
#[derive(Clone, Debug)]
pub struct BoxOfficeWords {
    pub order: OrderId,
    pub reference: Option<String>,
    pub reason: Option<String>,
    pub buyer: Option<Attendee>,
    /// The same id each time.
    pub mail: Option<NewMail>,
}

row! {
    /// What one account took in or paid out in one way.
    pub struct BoxOfficeTakings {
        pub user_id: Option<UserId>,
        pub tender: Tender,
        pub count: u64,
        pub amount_minor: i64,
    }
}

impl Field for Tender {
    type Column = String;

    fn from_column(column: String) -> Result<Self, sqlx::error::BoxDynError> {
        let found = Self::ALL.into_iter().find(|tender| tender.name() == column);
        found.ok_or_else(|| format!("`{column}` is no tender").into())
    }
}

const KEEP_HOLD: &str = "
    INSERT INTO box_office_holds (hold_id, event_id, placed_by, placed_at, reason, label)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (hold_id) DO NOTHING";

const HOLDS: &str = "
    SELECT hold_id, event_id, placed_by, placed_at, reason, label
    FROM box_office_holds WHERE event_id = $1 AND hold_id BETWEEN $2 AND $3 ORDER BY hold_id LIMIT $4";

const FORGET_HOLD: &str = "DELETE FROM box_office_holds WHERE hold_id = $1";

const SAY: &str = "
    UPDATE box_office_sales SET reference = $2, reason = $3
    WHERE order_id = $1 AND reference IS NULL AND reason IS NULL";

/// What is due is the box office's alone: money that a provider sent for such an order goes back by the provider.
macro_rules! sales {
    ($rest:literal) => {
        concat!(
            "
    SELECT sale.order_id, sale.event_id, sale.sold_by, sale.sold_at, sale.tender, sale.reference, sale.reason,
        orders.total_minor, orders.refunded_minor, orders.currency,
        CAST(COALESCE((SELECT SUM(CASE WHEN entry.kind = 'refunded' THEN entry.amount_minor
                WHEN entry.kind = 'paid_out_at_box_office' THEN -entry.amount_minor ELSE 0 END)
            FROM ledger_entries AS entry WHERE entry.order_id = sale.order_id), 0) AS bigint) AS due_minor
    FROM box_office_sales AS sale JOIN orders ON orders.id = sale.order_id WHERE ",
            $rest
        )
    };
}

const SALES: &str = sales!("sale.event_id = $1 AND sale.order_id < $2 ORDER BY sale.order_id DESC LIMIT $3");

/// Nothing is due of what was not refunded.
const SALES_DUE: &str = concat!(
    "
    SELECT * FROM (",
    sales!("sale.event_id = $1 AND sale.order_id < $2 AND orders.refunded_minor > 0"),
    ") AS sales WHERE due_minor > 0 ORDER BY order_id DESC LIMIT $3"
);

pub(super) const SALE: &str = sales!("sale.order_id = $1");

const TAKEN: &str = "
    SELECT sale.sold_by AS user_id, sale.tender, COUNT(*) AS count,
        CAST(SUM(orders.total_minor) AS bigint) AS amount_minor
    FROM box_office_sales AS sale JOIN orders ON orders.id = sale.order_id
    WHERE sale.event_id = $1 AND sale.sold_at >= $2 AND sale.sold_at < $3
    GROUP BY sale.sold_by, sale.tender ORDER BY sale.sold_by, sale.tender LIMIT $4";

const PAID_OUT: &str = "
    SELECT paid_by AS user_id, tender, COUNT(*) AS count, CAST(SUM(amount_minor) AS bigint) AS amount_minor
    FROM box_office_payouts WHERE event_id = $1 AND paid_at >= $2 AND paid_at < $3
    GROUP BY paid_by, tender ORDER BY paid_by, tender LIMIT $4";

pub(super) const STATEMENTS: &[&str] = &[KEEP_HOLD, HOLDS, FORGET_HOLD, SAY, SALES, SALES_DUE, SALE, TAKEN, PAID_OUT];

impl Store {
    /// The first word of a hold stays.
    #[boxed]
    pub async fn box_office_hold_keep(&self, hold: &BoxOfficeHold) -> Result<(), StoreError> {
        changed!(
            self,
            sqlx::query(KEEP_HOLD)
                .bind(hold.hold_id)
                .bind(hold.event_id.uuid())
                .bind(hold.placed_by.uuid())
                .bind(hold.placed_at.0)
                .bind(&hold.reason)
                .bind(&hold.label)
        )
        .map(drop)
    }

    /// Of the event's holds from `first` to `last`, by ascending id.
    #[boxed]
    pub async fn box_office_holds(
        &self,
        event: EventId,
        first: HoldId,
        last: HoldId,
        limit: u32,
    ) -> Result<Vec<BoxOfficeHold>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(HOLDS)
            .bind(event.uuid())
            .bind(first.uuid())
            .bind(last.uuid())
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    #[boxed]
    pub async fn box_office_hold_forget(&self, hold: HoldId) -> Result<(), StoreError> {
        changed!(self, sqlx::query(FORGET_HOLD).bind(hold.uuid())).map(drop)
    }

    /// The first words of a sale stay. Whether its mail was new.
    #[boxed]
    pub async fn box_office_sale_say(&self, words: &BoxOfficeWords) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            let say = sqlx::query(SAY).bind(words.order.uuid()).bind(&words.reference).bind(&words.reason);
            say.execute(&mut *transaction).await?;
            if let Some(buyer) = &words.buyer {
                insert_attendee!(words.order, buyer).execute(&mut *transaction).await?;
            }
            let Some(mail) = &words.mail else { return Ok(false) };
            Ok(insert_mail_once!(mail).execute(&mut *transaction).await?.rows_affected() > 0)
        })
    }

    /// Newest first, behind `after`. `due`: those of which something is owed back.
    #[boxed]
    pub async fn box_office_sales(
        &self,
        event: EventId,
        due: bool,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<BoxOfficeSale>, StoreError> {
        let text = if due { SALES_DUE } else { SALES };
        on_pool!(self, pool => sqlx::query_as(text)
            .bind(event.uuid())
            .bind(after.map_or_else(Uuid::max, OrderId::uuid))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// What each account took in and paid out from `from` to before `until`, by tender; at most `limit` of each.
    #[boxed]
    pub async fn box_office_takings(
        &self,
        event: EventId,
        from: TimeUs,
        until: TimeUs,
        limit: u32,
    ) -> Result<(Vec<BoxOfficeTakings>, Vec<BoxOfficeTakings>), StoreError> {
        let taken = on_pool!(self, pool => sqlx::query_as(TAKEN)
            .bind(event.uuid())
            .bind(from.0)
            .bind(until.0)
            .bind(i64::from(limit))
            .fetch_all(pool))?;
        let paid_out = on_pool!(self, pool => sqlx::query_as(PAID_OUT)
            .bind(event.uuid())
            .bind(from.0)
            .bind(until.0)
            .bind(i64::from(limit))
            .fetch_all(pool))?;
        Ok((taken, paid_out))
    }
}
