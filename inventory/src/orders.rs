//! Orders in the order in which they were placed, and the table of what an order may become.

use std::sync::Arc;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::holds::OrderAt;
use crate::{OrderId, PaymentId, PlacedHold, RefundPolicy, TierIx, TimeUs};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderStatus {
    /// Before it is placed: no order is ever seen in it.
    Draft,
    PendingPayment,
    Paid,
    PartiallyRefunded,
    Refunded,
    Cancelled,
    Expired,
}

/// All that an order may become. Nothing else is ever done.
pub const EDGES: [(OrderStatus, OrderStatus); 9] = {
    use OrderStatus::{Cancelled, Draft, Expired, Paid, PartiallyRefunded, PendingPayment, Refunded};
    [
        (Draft, PendingPayment),
        (PendingPayment, Paid),
        (PendingPayment, Cancelled),
        (PendingPayment, Expired),
        // Money that arrives late, when the places can still be had.
        (Expired, Paid),
        (Paid, PartiallyRefunded),
        (Paid, Refunded),
        (PartiallyRefunded, PartiallyRefunded),
        (PartiallyRefunded, Refunded),
    ]
};

impl OrderStatus {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::PendingPayment => "pending_payment",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    pub fn may_become(self, next: Self) -> bool {
        EDGES.contains(&(self, next))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub id: OrderId,
    /// Customer, hold and items. A late payment may have put other items in.
    pub placed: Arc<PlacedHold>,
    pub status: OrderStatus,
    pub accept_other_seats: bool,
    pub placed_at: TimeUs,
    pub expires_at: TimeUs,
    pub refunded_minor: i64,
    pub paid_by: Option<PaymentId>,
    /// The places differ from those of the hold.
    pub reseated: bool,
    /// First ticket; they follow one another.
    pub tickets: std::ops::Range<u32>,
    /// Payments that were turned away, so that a repeated notice is not a second refund.
    pub refused: Vec<PaymentId>,
    /// What the buyer was promised by the tiers that promise something. Snapshots keep it apart.
    #[serde(skip)]
    pub refund: RefundTerms,
}

pub(crate) type RefundTerms = Option<Box<Vec<(TierIx, RefundPolicy)>>>;

impl Order {
    pub fn refund_of(&self, tier: TierIx) -> Option<&RefundPolicy> {
        self.refund.as_ref()?.iter().find(|(it, _)| *it == tier).map(|(_, refund)| refund)
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Orders {
    all: Vec<Order>,
    by_id: HashMap<OrderId, OrderAt>,
}

impl Orders {
    pub fn find(&self, id: OrderId) -> Option<(OrderAt, &Order)> {
        let at = *self.by_id.get(&id)?;
        Some((at, &self.all[at as usize]))
    }

    pub fn get(&self, at: OrderAt) -> &Order {
        &self.all[at as usize]
    }

    pub fn insert(&mut self, order: Order) -> OrderAt {
        let at = self.all.len() as OrderAt;
        let known = self.by_id.insert(order.id, at);
        assert!(known.is_none(), "an order id is used once");
        self.all.push(order);
        at
    }

    pub fn get_mut(&mut self, at: OrderAt) -> &mut Order {
        &mut self.all[at as usize]
    }

    /// # Panics
    /// When the order is not known: only decided changes are applied.
    pub fn at(&self, id: OrderId) -> OrderAt {
        self.by_id[&id]
    }

    /// Moves the order along an edge of the table.
    pub fn become_status(&mut self, at: OrderAt, next: OrderStatus) -> &mut Order {
        let order = &mut self.all[at as usize];
        assert!(order.status.may_become(next), "{} may not become {}", order.status.name(), next.name());
        order.status = next;
        order
    }

    /// In the order of placement.
    pub fn all(&self) -> &[Order] {
        &self.all
    }
}
