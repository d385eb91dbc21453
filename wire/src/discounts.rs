use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Money, SaleWindow};

/// Takes something off the price of each ticket. Exactly one of `percent_basis_points`, `amount_off` and `fixed_price`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscountCodePut {
    /// Case does not count. Stored as a digest, never shown again.
    pub code: String,
    /// Shown to whoever buys with it.
    pub label: String,
    /// 1 to 10000: 1500 is 15 %. What is off one ticket is rounded to the minor unit, halves up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10_000)]
    pub percent_basis_points: Option<u16>,
    /// Off one ticket, and never more than its price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_off: Option<Money>,
    /// What one ticket costs, where it costs more without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_price: Option<Money>,
    /// Empty: all tiers.
    #[serde(default)]
    pub tiers: Vec<Uuid>,
    /// Holds and orders by it, over all customers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_max: Option<u32>,
    /// Tickets held and bought by it, over all customers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tickets_max: Option<u32>,
    /// Holds and orders of one customer by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_customer_max: Option<u32>,
    /// When it gives anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<SaleWindow>,
    /// Default `true`. A closed code is known to nobody; what was bought by it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DiscountCode {
    pub id: Uuid,
    pub label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent_basis_points: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_off: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_price: Option<Money>,
    pub tiers: Vec<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uses_max: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tickets_max: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_customer_max: Option<u32>,
    /// Holds and orders that have something by it.
    pub uses: u32,
    /// Tickets held and bought by it.
    pub tickets: u32,
    pub window: SaleWindow,
    pub open: bool,
}

/// Why an item costs less.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ItemDiscount {
    /// Of the code. Absent when the price was set at the box office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Off one unit; `price` is what is left.
    pub amount: Money,
}
