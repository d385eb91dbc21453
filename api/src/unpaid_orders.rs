//! Orders that were placed through this node and wait for their payment, so that paying costs no query. Kept is what stays
//! as it is until then, or is of no account: the event decides on each payment by what it knows itself.

use std::time::Duration;

use inventory::{OrderId, UserId};
use moka::future::Cache;
use persistence::Order;

/// Most orders are paid within minutes. What has been forgotten is read from the store.
const KEPT: Duration = Duration::from_secs(30 * 60);
/// Some 20 MB.
const ORDERS_MAX: u64 = 50_000;

#[derive(Clone)]
pub struct Unpaid {
    /// Without its items.
    pub order: Order,
    /// None are named before the tickets are there, unless the order was placed with them.
    pub has_attendees: bool,
}

pub struct UnpaidOrders(Cache<OrderId, Unpaid>);

impl Default for UnpaidOrders {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(ORDERS_MAX).time_to_live(KEPT).build())
    }
}

impl UnpaidOrders {
    pub async fn keep(&self, order: &Order, has_attendees: bool) {
        let order = Order { items: Vec::new(), currency: order.currency.clone(), ..*order };
        self.0.insert(order.id, Unpaid { order, has_attendees }).await;
    }

    /// The customer's own.
    pub async fn find(&self, order: OrderId, customer: UserId) -> Option<Unpaid> {
        self.0.get(&order).await.filter(|kept| kept.order.customer_id == customer)
    }

    /// Once it is paid. What becomes of it then is for the store to say.
    pub async fn forget(&self, order: OrderId) {
        self.0.invalidate(&order).await;
    }
}
