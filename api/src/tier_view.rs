use inventory::{Layout, TierSpec};
use wire::{Money, Quota, Tier};

use crate::{access_code, sale_window};

pub fn render(tier: &TierSpec, layout: &Layout) -> Tier {
    let (areas, sections) = tier.sections.iter().cloned().partition(|id| layout.area(id).is_some());
    Tier {
        id: tier.id.uuid(),
        name: tier.name.clone(),
        price: Money { amount_minor: tier.price_minor, currency: layout.policy().currency.code().to_owned() },
        sections,
        areas,
        categories: tier.categories.clone(),
        quotas: tier.quotas.iter().map(|quota| Quota { id: quota.id.clone(), limit: quota.limit }).collect(),
        sale_window: sale_window::render(tier.sale),
        per_order_min: tier.per_order_min,
        per_order_max: tier.per_order_max,
        per_customer_max: tier.per_customer_max,
        hidden: tier.access_code.is_some(),
        open: tier.open,
    }
}

/// Hidden tiers are for those who run the event and those who know the code.
pub struct Sight {
    pub runs_event: bool,
    pub code: Option<[u8; 16]>,
}

impl Sight {
    pub fn new(runs_event: bool, code: Option<&str>) -> Self {
        Self { runs_event, code: code.map(access_code::digest_of) }
    }

    pub fn shows(&self, tier: &TierSpec) -> bool {
        self.runs_event || tier.access_code.is_none() || tier.access_code == self.code
    }
}
