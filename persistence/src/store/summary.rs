//! How much there is of everything, counted when asked.

use super::{EventStatus, OrderStatus, Role, Store, UserStatus, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct UserCount {
        pub role: Role,
        pub status: UserStatus,
        pub count: u64,
    }
}

row! {
    pub struct EventCount {
        pub status: EventStatus,
        pub count: u64,
    }
}

row! {
    pub struct OrderCount {
        pub status: OrderStatus,
        pub currency: String,
        pub count: u64,
        pub total_minor: i64,
        pub refunded_minor: i64,
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    pub users: Vec<UserCount>,
    pub events: Vec<EventCount>,
    pub orders: Vec<OrderCount>,
}

const USERS: &str = "
    SELECT role, status, COUNT(*) AS count FROM users WHERE erased_at IS NULL
    GROUP BY role, status ORDER BY role, status";

const EVENTS: &str = "
    SELECT status, COUNT(*) AS count FROM events WHERE deleted_at IS NULL GROUP BY status ORDER BY status";

const ORDERS: &str = "
    SELECT status, currency, COUNT(*) AS count, CAST(SUM(total_minor) AS bigint) AS total_minor,
        CAST(SUM(refunded_minor) AS bigint) AS refunded_minor
    FROM orders GROUP BY status, currency ORDER BY status, currency";

pub(super) const STATEMENTS: &[&str] = &[USERS, EVENTS, ORDERS];

impl Store {
    /// The three are not of one moment.
    #[boxed]
    pub async fn summary(&self) -> Result<Summary, StoreError> {
        Ok(Summary {
            users: on_pool!(self, pool => sqlx::query_as(USERS).fetch_all(pool))?,
            events: on_pool!(self, pool => sqlx::query_as(EVENTS).fetch_all(pool))?,
            orders: on_pool!(self, pool => sqlx::query_as(ORDERS).fetch_all(pool))?,
        })
    }
}
