use wire::{Money, TierCreate};

pub const CURRENCY: &str = "EUR";

pub fn tiers() -> Vec<TierCreate> {
    [
        ("Standing", "standing", 6_500),
        ("Floor seats", "floor", 12_000),
        ("Lower tier, centre", "lower_centre", 9_500),
        ("Lower tier, side", "lower_side", 7_500),
        ("Upper tier", "upper", 4_500),
    ]
    .into_iter()
    .map(|(name, category, amount_minor)| TierCreate {
        name: name.to_owned(),
        price: Money { amount_minor, currency: CURRENCY.to_owned() },
        sections: None,
        areas: None,
        categories: Some(vec![category.to_owned()]),
        quota: None,
        shared_quotas: None,
        sale_window: None,
        per_order_min: None,
        per_order_max: None,
        per_customer_max: None,
        access_code: None,
        description: None,
        position: None,
        price_steps: None,
        needs_code: None,
        refund_policy: None,
    })
    .collect()
}
