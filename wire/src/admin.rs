use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{EventStatus, Money, OrderStatus, Role, UserStatus};

/// What there is on this server. Counts that are 0 are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdminSummary {
    pub users: Vec<UserCount>,
    pub events: Vec<EventCount>,
    pub orders: Vec<OrderCount>,
    /// One entry per currency in which something was paid.
    pub revenue: Vec<Revenue>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserCount {
    pub role: Role,
    pub status: UserStatus,
    pub count: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventCount {
    pub status: EventStatus,
    pub count: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderCount {
    pub status: OrderStatus,
    pub count: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Revenue {
    /// Of all orders that were paid.
    pub paid: Money,
    pub refunded: Money,
    /// What is left.
    pub net: Money,
}
