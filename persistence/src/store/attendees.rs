//! Who will come with an order. Personal data: kept out of the journal, which nobody can edit, so that it can be changed
//! and deleted.

use inventory::OrderId;

use super::{Store, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct Attendee {
        /// Among the units of the order, from 0.
        pub position: u32,
        pub name: String,
        pub email: Option<String>,
    }
}

const COUNT: &str = "SELECT COUNT(*) FROM attendees WHERE order_id = $1";

const INSERT: &str = "
    INSERT INTO attendees (order_id, position, name, email, name_key, email_key)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (order_id, position) DO NOTHING";

const LIST: &str = "SELECT position, name, email FROM attendees WHERE order_id = $1 ORDER BY position";

pub(super) const STATEMENTS: &[&str] = &[COUNT, INSERT, LIST];

impl Store {
    /// Unless the order has attendees: they may have been corrected since the order was placed. No more than the units of
    /// one hold; each position once.
    #[boxed]
    pub async fn attendees_keep(&self, order: OrderId, attendees: &[Attendee]) -> Result<(), StoreError> {
        on_transaction!(self, transaction => async {
            let (known,): (i64,) = sqlx::query_as(COUNT).bind(order.uuid()).fetch_one(&mut *transaction).await?;
            if known > 0 {
                return Ok(());
            }
            for attendee in attendees {
                sqlx::query(INSERT)
                    .bind(order.uuid())
                    .bind(i64::from(attendee.position))
                    .bind(&attendee.name)
                    .bind(&attendee.email)
                    .bind(folded(&attendee.name))
                    .bind(attendee.email.as_deref().map(folded))
                    .execute(&mut *transaction)
                    .await?;
            }
            Ok(())
        })
    }

    #[boxed]
    pub async fn attendees_list(&self, order: OrderId) -> Result<Vec<Attendee>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST).bind(order.uuid()).fetch_all(pool))
    }
}

/// Folded here: the databases fold differently, and SQLite nothing but ASCII.
fn folded(text: &str) -> String {
    text.to_lowercase()
}
