use engine::{EventHandle, Unavailable};
use inventory::{Layout, TierId, TierSpec};
use wire::{Money, PriceStep, Quota, Tier};

use crate::state::AppState;
use crate::{refund_policy, sale_window, time};

pub fn render(tier: &TierSpec, layout: &Layout) -> Tier {
    let money = |amount_minor| Money { amount_minor, currency: layout.policy().currency.code().to_owned() };
    let terms = &tier.terms;
    let (areas, sections) = tier.sections.iter().cloned().partition(|id| layout.area(id).is_some());
    Tier {
        id: tier.id.uuid(),
        name: tier.name.clone(),
        description: terms.description.clone(),
        position: terms.position,
        price: money(tier.price_minor),
        price_steps: terms
            .price_steps
            .iter()
            .map(|step| PriceStep {
                price: money(step.price_minor),
                until: step.until.map(time::utc),
                first: step.first,
            })
            .collect(),
        sections,
        areas,
        categories: tier.categories.clone(),
        quotas: tier.quotas.iter().map(|quota| Quota { id: quota.id.clone(), limit: quota.limit }).collect(),
        sale_window: sale_window::render(tier.sale),
        per_order_min: tier.per_order_min,
        per_order_max: tier.per_order_max,
        per_customer_max: tier.per_customer_max,
        hidden: tier.is_hidden(),
        needs_code: terms.needs_code,
        refund_policy: terms.refund.as_ref().map(refund_policy::render),
        open: tier.open,
    }
}

/// Hidden tiers are for those who run the event and those who know the code.
pub struct Sight {
    runs_event: bool,
    code: Option<[u8; 16]>,
    /// By a code of the event.
    opened: Vec<TierId>,
}

impl Sight {
    /// Of whoever runs the event.
    pub const ALL: Self = Self { runs_event: true, code: None, opened: Vec::new() };

    /// # Errors
    /// The event is not available: it alone knows what a code opens.
    pub async fn of(
        state: &AppState,
        handle: &EventHandle,
        runs_event: bool,
        code: Option<&str>,
    ) -> Result<Self, Unavailable> {
        let code = code.filter(|_| !runs_event).map(|code| state.access_codes.digest_of(code));
        let opened = match code {
            Some(code) if handle.layout().tiers().iter().any(|tier| tier.terms.needs_code) => {
                handle.opened_by(state.now(), code).await?
            }
            Some(_) | None => Vec::new(),
        };
        Ok(Self { runs_event, code, opened })
    }

    pub fn shows(&self, tier: &TierSpec) -> bool {
        self.runs_event
            || !tier.is_hidden()
            || tier.access_code.is_some_and(|own| Some(own) == self.code)
            || self.opened.contains(&tier.id)
    }
}
