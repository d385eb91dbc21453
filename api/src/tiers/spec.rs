//! Tiers between the wire and the core.

use inventory::limits::{
    LABEL_BYTES_MAX, NAME_BYTES_MAX, PRICE_MINOR_MAX, PRICE_STEPS_PER_TIER_MAX, QUOTAS_PER_EVENT_MAX,
    REFUND_BEFORE_US_MAX, REFUND_STEPS_PER_TIER_MAX, TIER_DESCRIPTION_BYTES_MAX, UNITS_PER_HOLD_MAX,
};
use inventory::{
    Layout, PriceStep, QuotaSpec, RefundPolicy, RefundStep, SaleWindow, TierId, TierPatch, TierSpec, TierTerms,
};
use wire::{Money, TierCreate};

use crate::access_code::{self, AccessCodes};
use crate::field_errors::FieldErrors;
use crate::{refund_policy, sale_window, time};

/// # Errors
/// The fields at fault.
pub fn create(id: TierId, wanted: TierCreate, layout: &Layout, codes: &AccessCodes) -> Result<TierSpec, FieldErrors> {
    let mut errors = FieldErrors::default();
    let sections = places(&mut errors, layout, &wanted);
    let mut quotas: Vec<QuotaSpec> = wanted.quota.map(|limit| own_quota(id, limit)).into_iter().collect();
    for (at, quota) in wanted.shared_quotas.unwrap_or_default().into_iter().enumerate() {
        if at >= QUOTAS_PER_EVENT_MAX {
            errors.add("shared_quotas", "TOO_MANY", format!("at most {QUOTAS_PER_EVENT_MAX}"));
            break;
        }
        if quotas.iter().any(|known| known.id == quota.id) {
            errors.add(format!("shared_quotas[{at}].id"), "DUPLICATE", format!("`{}` twice", quota.id));
        }
        label(&mut errors, &quota.id, || format!("shared_quotas[{at}].id"));
        quotas.push(QuotaSpec { id: quota.id, limit: quota.limit });
    }
    let access_code = wanted.access_code.as_deref().map(|code| {
        if let Err(problem) = access_code::check(code) {
            errors.add("access_code", "LENGTH", problem);
        }
        codes.digest_of(code)
    });
    let terms = TierTerms {
        description: wanted.description.unwrap_or_default(),
        position: wanted.position.unwrap_or(0),
        price_steps: price_steps(&mut errors, &wanted.price_steps.unwrap_or_default(), layout),
        needs_code: wanted.needs_code.unwrap_or(false),
        refund: wanted.refund_policy.map(refund),
        deleted: false,
    };
    let tier = TierSpec {
        id,
        name: wanted.name,
        price_minor: price(&mut errors, "price", &wanted.price, layout),
        sections,
        categories: wanted.categories.unwrap_or_default(),
        quotas,
        sale: wanted.sale_window.as_ref().map_or(SaleWindow::ALWAYS, sale_window::parse),
        per_order_min: wanted.per_order_min.unwrap_or(1),
        per_order_max: wanted.per_order_max.unwrap_or_else(|| layout.policy().units_per_hold_max),
        per_customer_max: wanted.per_customer_max,
        access_code,
        open: true,
        terms,
    };
    check(&mut errors, &tier);
    errors.none()?;
    Ok(tier)
}

/// # Errors
/// The fields at fault.
pub fn patch(tier: &TierSpec, wanted: wire::TierPatch, layout: &Layout) -> Result<TierPatch, FieldErrors> {
    let mut errors = FieldErrors::default();
    let patch = TierPatch {
        name: wanted.name,
        price_minor: wanted.price.map(|money| price(&mut errors, "price", &money, layout)),
        quota: wanted.quota.flatten().map(|limit| own_quota(tier.id, limit)),
        quota_gone: (wanted.quota == Some(None)).then(|| own_quota_id(tier.id)),
        sale: wanted.sale_window.as_ref().map(|it| it.as_ref().map_or(SaleWindow::ALWAYS, sale_window::parse)),
        per_order_min: wanted.per_order_min,
        per_order_max: wanted.per_order_max,
        per_customer_max: wanted.per_customer_max,
        open: wanted.open,
        description: wanted.description,
        position: wanted.position,
        price_steps: wanted.price_steps.map(|steps| price_steps(&mut errors, &steps, layout)),
        needs_code: wanted.needs_code,
        refund: wanted.refund_policy.map(|policy| policy.map(refund)),
    };
    check(&mut errors, &patch.over(tier));
    errors.none()?;
    Ok(patch)
}

fn places(errors: &mut FieldErrors, layout: &Layout, wanted: &TierCreate) -> Vec<String> {
    let sections = wanted.sections.as_deref().unwrap_or_default();
    let areas = wanted.areas.as_deref().unwrap_or_default();
    if (wanted.sections.is_some() || wanted.areas.is_some()) && sections.is_empty() && areas.is_empty() {
        errors.add("sections", "REQUIRED", "name a section or an area, or leave both fields out to cover everything");
    }
    // Before there is a seat map, names are checked on publication.
    if layout.has_seat_map() {
        for (at, id) in sections.iter().enumerate() {
            if layout.section(id).is_none() {
                errors.add(format!("sections[{at}]"), "UNKNOWN", format!("no section `{id}`"));
            }
        }
        for (at, id) in areas.iter().enumerate() {
            if layout.area(id).is_none() {
                errors.add(format!("areas[{at}]"), "UNKNOWN", format!("no area `{id}`"));
            }
        }
    }
    sections.iter().chain(areas).cloned().collect()
}

fn price_steps(errors: &mut FieldErrors, steps: &[wire::PriceStep], layout: &Layout) -> Vec<PriceStep> {
    if steps.len() > PRICE_STEPS_PER_TIER_MAX {
        errors.add("price_steps", "TOO_MANY", format!("at most {PRICE_STEPS_PER_TIER_MAX}"));
        return Vec::new();
    }
    let step = |(at, step): (usize, &wire::PriceStep)| {
        if step.until.is_none() && step.first.is_none() {
            errors.add(format!("price_steps[{at}]"), "REQUIRED", "`until`, `first` or both: a step ends");
        }
        PriceStep {
            price_minor: price(errors, &format!("price_steps[{at}].price"), &step.price, layout),
            until: step.until.map(time::time_us),
            first: step.first,
        }
    };
    steps.iter().enumerate().map(step).collect()
}

fn refund(policy: wire::RefundPolicy) -> RefundPolicy {
    let step = |step: &wire::RefundStep| RefundStep {
        before_us: i64::from(step.hours_before) * refund_policy::HOUR_US,
        percent: step.percent,
    };
    RefundPolicy {
        refundable: policy.refundable,
        percent: policy.percent,
        until: policy.until.map(time::time_us),
        steps: policy.steps.iter().map(step).collect(),
    }
}

fn check_refund(errors: &mut FieldErrors, refund: &RefundPolicy) {
    if refund.percent > 100 {
        errors.add("refund_policy.percent", "OUT_OF_RANGE", "0 to 100");
    }
    if refund.steps.len() > REFUND_STEPS_PER_TIER_MAX {
        errors.add("refund_policy.steps", "TOO_MANY", format!("at most {REFUND_STEPS_PER_TIER_MAX}"));
        return;
    }
    for (at, step) in refund.steps.iter().enumerate() {
        if step.percent > 100 {
            errors.add(format!("refund_policy.steps[{at}].percent"), "OUT_OF_RANGE", "0 to 100");
        }
        if step.before_us > REFUND_BEFORE_US_MAX {
            let hours_max = REFUND_BEFORE_US_MAX / refund_policy::HOUR_US;
            errors.add(format!("refund_policy.steps[{at}].hours_before"), "OUT_OF_RANGE", format!("0 to {hours_max}"));
        }
        if at > 0 && refund.steps[at - 1].before_us <= step.before_us {
            errors.add(format!("refund_policy.steps[{at}].hours_before"), "ORDER", "less than in the step before");
        }
    }
}

fn price(errors: &mut FieldErrors, field: &str, price: &Money, layout: &Layout) -> i64 {
    let currency = layout.policy().currency;
    if price.currency != currency.code() {
        errors.add(format!("{field}.currency"), "CURRENCY_MISMATCH", format!("the event sells in {}", currency.code()));
    }
    if !(0..=PRICE_MINOR_MAX).contains(&price.amount_minor) {
        errors.add(format!("{field}.amount_minor"), "OUT_OF_RANGE", format!("0 to {PRICE_MINOR_MAX}"));
    }
    price.amount_minor
}

fn check(errors: &mut FieldErrors, tier: &TierSpec) {
    if tier.name.is_empty() || tier.name.len() > NAME_BYTES_MAX {
        errors.add("name", "LENGTH", format!("1 to {NAME_BYTES_MAX} bytes"));
    }
    let terms = &tier.terms;
    if terms.description.len() > TIER_DESCRIPTION_BYTES_MAX {
        errors.add("description", "LENGTH", format!("at most {TIER_DESCRIPTION_BYTES_MAX} bytes"));
    }
    for (at, step) in terms.price_steps.iter().enumerate() {
        let mut earlier = terms.price_steps[..at].iter().map(|step| step.price_minor);
        if step.price_minor == tier.price_minor || earlier.any(|price| price == step.price_minor) {
            errors.add(format!("price_steps[{at}].price"), "DUPLICATE", "another price of the tier is the same");
        }
    }
    if let Some(refund) = &terms.refund {
        check_refund(errors, refund);
    }
    if tier.per_order_min == 0 || tier.per_order_min > tier.per_order_max {
        errors.add("per_order_min", "OUT_OF_RANGE", "1 to `per_order_max`");
    }
    if tier.per_order_max > UNITS_PER_HOLD_MAX {
        errors.add("per_order_max", "OUT_OF_RANGE", format!("at most {UNITS_PER_HOLD_MAX}"));
    }
    if tier.per_customer_max == Some(0) {
        errors.add("per_customer_max", "OUT_OF_RANGE", "at least 1");
    }
    if let (Some(from), Some(until)) = (tier.sale.from, tier.sale.until)
        && from >= until
    {
        errors.add("sale_window.ends_at", "OUT_OF_RANGE", "after `starts_at`");
    }
}

fn label(errors: &mut FieldErrors, text: &str, field: impl FnOnce() -> String) {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
    if text.is_empty() || text.len() > LABEL_BYTES_MAX || !text.bytes().all(is_allowed) {
        errors.add(field(), "LABEL", format!("1 to {LABEL_BYTES_MAX} ASCII letters, digits, `_` and `.`"));
    }
}

/// A tier's own quota is named after it, so that no other can share it by accident.
fn own_quota(tier: TierId, limit: u32) -> QuotaSpec {
    QuotaSpec { id: own_quota_id(tier), limit }
}

fn own_quota_id(tier: TierId) -> String {
    tier.uuid().simple().to_string()
}
