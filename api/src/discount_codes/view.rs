use inventory::{Discount, DiscountCodeView};
use uuid::Uuid;
use wire::{DiscountCode, Money};

use crate::sale_window;

pub fn render(code: DiscountCodeView, currency: &str) -> DiscountCode {
    let DiscountCodeView { spec, uses, units } = code;
    let money = |amount_minor| Some(Money { amount_minor, currency: currency.to_owned() });
    let (percent_basis_points, amount_off, fixed_price) = match spec.discount {
        Discount::Percent { basis_points } => (Some(basis_points), None, None),
        Discount::Amount { minor } => (None, money(minor), None),
        Discount::Fixed { minor } => (None, None, money(minor)),
    };
    DiscountCode {
        id: Uuid::from_bytes(spec.digest),
        label: spec.label,
        percent_basis_points,
        amount_off,
        fixed_price,
        tiers: spec.tiers.into_iter().map(inventory::TierId::uuid).collect(),
        uses_max: spec.uses_max,
        tickets_max: spec.units_max,
        per_customer_max: spec.per_customer_max,
        uses,
        tickets: units,
        window: sale_window::render(spec.window),
        open: spec.open,
    }
}
