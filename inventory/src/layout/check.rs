//! What makes a seat map, tier or policy unfit. Each problem says where and what, for the organizer to read.

use hashbrown::HashSet;

use super::Grid;
use crate::limits::{
    ACCESS_CODES_PER_EVENT_MAX, AREA_CAPACITY_MAX, BLOCKS_PER_EVENT_MAX, CATEGORIES_PER_EVENT_MAX, COORDINATE_CM_MAX,
    DISCOUNT_CODES_PER_EVENT_MAX, ENTRIES_PER_TICKET_MAX, HOLD_AGE_MAX_US, HOLD_TTL_MIN_US, HOLDS_PER_CUSTOMER_MAX,
    LABEL_BYTES_MAX, NAME_BYTES_MAX, PRICE_MINOR_MAX, PRICE_STEPS_PER_TIER_MAX, QUOTAS_PER_EVENT_MAX,
    REFUND_BEFORE_US_MAX, REFUND_STEPS_PER_TIER_MAX, ROWS_PER_SECTION_MAX, SEAT_NUMBER_BYTES_MAX, SEATS_PER_EVENT_MAX,
    SEATS_PER_ROW_MAX, SECTIONS_PER_EVENT_MAX, TIER_DESCRIPTION_BYTES_MAX, TIERS_PER_EVENT_MAX, UNITS_PER_HOLD_MAX,
};
use crate::{
    AccessCodeSpec, Currency, Discount, DiscountCodeSpec, Policy, RefundPolicy, RowSpec, SaleWindow, SeatMapSpec,
    SeatSpec, SectionKind, SectionSpec, TierId, TierSpec,
};

type Check = Result<(), String>;

fn label(what: &str, text: &str, bytes_max: usize) -> Check {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
    if text.is_empty() {
        return Err(format!("{what} is empty"));
    }
    if text.len() > bytes_max {
        return Err(format!("{what} `{text}` is longer than {bytes_max} bytes"));
    }
    if !text.bytes().all(allowed) {
        return Err(format!("{what} `{text}` may only hold ASCII letters, digits, `_` and `.`"));
    }
    Ok(())
}

fn name(what: &str, text: &str) -> Check {
    if text.len() > NAME_BYTES_MAX {
        return Err(format!("{what} is longer than {NAME_BYTES_MAX} bytes"));
    }
    Ok(())
}

fn coordinates(what: &str, (x, y): (i32, i32)) -> Check {
    if x.abs_diff(0) > COORDINATE_CM_MAX || y.abs_diff(0) > COORDINATE_CM_MAX {
        return Err(format!("{what} is more than {COORDINATE_CM_MAX} cm from the origin"));
    }
    Ok(())
}

/// Names and counts met so far in a seat map.
#[derive(Default)]
struct Tally<'a> {
    seats: usize,
    sections: HashSet<&'a str>,
    blocks: HashSet<&'a str>,
    categories: HashSet<&'a str>,
}

pub(crate) fn check_seat_map(spec: &SeatMapSpec) -> Check {
    if spec.sections.is_empty() {
        return Err("there is no section".to_owned());
    }
    if spec.sections.len() > SECTIONS_PER_EVENT_MAX {
        return Err(format!("more than {SECTIONS_PER_EVENT_MAX} sections and areas"));
    }
    coordinates("the focal point", spec.focal_point)?;
    let mut tally = Tally::default();
    for section in &spec.sections {
        label("section id", &section.id, LABEL_BYTES_MAX)?;
        if !tally.sections.insert(&section.id) {
            return Err(format!("section `{}` twice", section.id));
        }
        check_section(section, &mut tally).map_err(|problem| format!("section `{}`: {problem}", section.id))?;
        if tally.seats > SEATS_PER_EVENT_MAX as usize {
            return Err(format!("more than {SEATS_PER_EVENT_MAX} seats"));
        }
    }
    if tally.blocks.len() > BLOCKS_PER_EVENT_MAX {
        return Err(format!("more than {BLOCKS_PER_EVENT_MAX} blocks"));
    }
    if tally.categories.len() > CATEGORIES_PER_EVENT_MAX {
        return Err(format!("more than {CATEGORIES_PER_EVENT_MAX} categories"));
    }
    Ok(())
}

fn check_section<'a>(section: &'a SectionSpec, tally: &mut Tally<'a>) -> Check {
    name("the name", &section.name)?;
    coordinates("the position", section.position)?;
    if let Some(block) = &section.block {
        label("block", block, LABEL_BYTES_MAX)?;
        tally.blocks.insert(block);
    }
    match &section.kind {
        SectionKind::Area { capacity, category } => {
            if *capacity == 0 || *capacity > AREA_CAPACITY_MAX {
                return Err(format!("the capacity must be from 1 to {AREA_CAPACITY_MAX}"));
            }
            if let Some(category) = category {
                label("category", category, LABEL_BYTES_MAX)?;
                tally.categories.insert(category);
            }
            Ok(())
        }
        SectionKind::Rows(rows) => {
            if rows.is_empty() || rows.len() > ROWS_PER_SECTION_MAX {
                return Err(format!("the number of rows must be from 1 to {ROWS_PER_SECTION_MAX}"));
            }
            let mut ids = HashSet::new();
            for row in rows {
                label("row id", &row.id, LABEL_BYTES_MAX)?;
                if !ids.insert(row.id.as_str()) {
                    return Err(format!("row `{}` twice", row.id));
                }
                check_row(row, tally).map_err(|problem| format!("row `{}`: {problem}", row.id))?;
            }
            Ok(())
        }
    }
}

fn check_row<'a>(row: &'a RowSpec, tally: &mut Tally<'a>) -> Check {
    if row.seats.len() > SEATS_PER_ROW_MAX {
        return Err(format!("more than {SEATS_PER_ROW_MAX} seats and gaps"));
    }
    let mut numbers = HashSet::new();
    for seat in row.seats.iter().flatten() {
        check_seat(seat, tally)?;
        if !numbers.insert(seat.number.as_str()) {
            return Err(format!("seat number `{}` twice", seat.number));
        }
    }
    if numbers.is_empty() {
        return Err("there is no seat".to_owned());
    }
    tally.seats += numbers.len();
    Ok(())
}

fn check_seat<'a>(seat: &'a SeatSpec, tally: &mut Tally<'a>) -> Check {
    label("seat number", &seat.number, SEAT_NUMBER_BYTES_MAX)?;
    if let Some(category) = &seat.category {
        label("category", category, LABEL_BYTES_MAX)?;
        tally.categories.insert(category);
    }
    if let Some(block) = &seat.block {
        label("block", block, LABEL_BYTES_MAX)?;
        tally.blocks.insert(block);
    }
    Ok(())
}

fn window(sale: SaleWindow) -> Check {
    match (sale.from, sale.until) {
        (Some(from), Some(until)) if from >= until => Err("the sale ends before it starts".to_owned()),
        _ => Ok(()),
    }
}

/// `grid` is not set before the seat map is: then names of sections and categories are checked on publication.
pub(crate) fn check_tier(tier: &TierSpec, grid: &Grid) -> Check {
    if tier.name.is_empty() {
        return Err("the name is empty".to_owned());
    }
    name("the name", &tier.name)?;
    if !(0..=PRICE_MINOR_MAX).contains(&tier.price_minor) {
        return Err(format!("the price must be from 0 to {PRICE_MINOR_MAX} minor units"));
    }
    if tier.per_order_min == 0 || tier.per_order_min > tier.per_order_max || tier.per_order_max > UNITS_PER_HOLD_MAX {
        return Err(format!("1 ≤ per_order_min ≤ per_order_max ≤ {UNITS_PER_HOLD_MAX} must hold"));
    }
    if tier.per_customer_max == Some(0) {
        return Err("per_customer_max must be at least 1".to_owned());
    }
    window(tier.sale)?;
    check_terms(tier)?;
    if tier.sections.len() > SECTIONS_PER_EVENT_MAX || tier.categories.len() > CATEGORIES_PER_EVENT_MAX {
        return Err("it names more sections or categories than an event may have".to_owned());
    }
    let mut ids = HashSet::new();
    for quota in &tier.quotas {
        label("quota id", &quota.id, LABEL_BYTES_MAX)?;
        if !ids.insert(quota.id.as_str()) {
            return Err(format!("quota `{}` twice", quota.id));
        }
    }
    if tier.quotas.len() > QUOTAS_PER_EVENT_MAX {
        return Err(format!("more than {QUOTAS_PER_EVENT_MAX} quotas"));
    }
    if grid.is_set() {
        if let Some(unknown) = tier.sections.iter().find(|id| !grid.knows_part(id)) {
            return Err(format!("there is no section or area `{unknown}`"));
        }
        if let Some(unknown) = tier.categories.iter().find(|it| !grid.categories.iter().any(|known| **known == ***it)) {
            return Err(format!("no seat or area is of category `{unknown}`"));
        }
    }
    Ok(())
}

fn check_terms(tier: &TierSpec) -> Check {
    let terms = &tier.terms;
    if terms.description.len() > TIER_DESCRIPTION_BYTES_MAX {
        return Err(format!("the description is longer than {TIER_DESCRIPTION_BYTES_MAX} bytes"));
    }
    terms.refund.as_ref().map_or(Ok(()), check_refund)?;
    if terms.price_steps.len() > PRICE_STEPS_PER_TIER_MAX {
        return Err(format!("more than {PRICE_STEPS_PER_TIER_MAX} price steps"));
    }
    let mut prices = vec![tier.price_minor];
    for (at, step) in (1..).zip(&terms.price_steps) {
        if !(0..=PRICE_MINOR_MAX).contains(&step.price_minor) {
            return Err(format!("price step {at}: the price must be from 0 to {PRICE_MINOR_MAX} minor units"));
        }
        if prices.contains(&step.price_minor) {
            return Err(format!("price step {at}: the tier has this price already"));
        }
        if step.until.is_none() && step.first.is_none() {
            return Err(format!("price step {at} never ends"));
        }
        prices.push(step.price_minor);
    }
    Ok(())
}

fn check_refund(refund: &RefundPolicy) -> Check {
    if refund.percent > 100 || refund.steps.iter().any(|step| step.percent > 100) {
        return Err("the refund must be from 0 to 100 percent".to_owned());
    }
    if refund.steps.len() > REFUND_STEPS_PER_TIER_MAX {
        return Err(format!("more than {REFUND_STEPS_PER_TIER_MAX} refund steps"));
    }
    if refund.steps.iter().any(|step| !(0..=REFUND_BEFORE_US_MAX).contains(&step.before_us)) {
        return Err("a refund step must end from 0 to 3650 days before the event".to_owned());
    }
    if !refund.steps.is_sorted_by(|earlier, later| earlier.before_us > later.before_us) {
        return Err("each refund step must end later than the one before it".to_owned());
    }
    Ok(())
}

/// `known`: the code as it is. It goes on naming a tier that was deleted since, else it would have to open others.
pub(crate) fn check_access_code(
    code: &AccessCodeSpec,
    known: Option<&AccessCodeSpec>,
    count: usize,
    tiers: &[TierSpec],
) -> Check {
    code_label(&code.label)?;
    window(code.window)?;
    code_tiers(&code.tiers, known.map_or(&[], |known| &known.tiers), tiers)?;
    if known.is_none() && count >= ACCESS_CODES_PER_EVENT_MAX {
        return Err(format!("more than {ACCESS_CODES_PER_EVENT_MAX} codes"));
    }
    Ok(())
}

/// As [`check_access_code`].
pub(crate) fn check_discount_code(
    code: &DiscountCodeSpec,
    known: Option<&DiscountCodeSpec>,
    count: usize,
    tiers: &[TierSpec],
) -> Check {
    code_label(&code.label)?;
    window(code.window)?;
    code_tiers(&code.tiers, known.map_or(&[], |known| &known.tiers), tiers)?;
    match code.discount {
        Discount::Percent { basis_points } if !(1..=Discount::BASIS_POINTS_MAX).contains(&basis_points) => {
            return Err(format!("the percentage must be from 1 to {} basis points", Discount::BASIS_POINTS_MAX));
        }
        Discount::Amount { minor } if !(1..=PRICE_MINOR_MAX).contains(&minor) => {
            return Err(format!("the amount must be from 1 to {PRICE_MINOR_MAX} minor units"));
        }
        Discount::Fixed { minor } if !(0..=PRICE_MINOR_MAX).contains(&minor) => {
            return Err(format!("the price must be from 0 to {PRICE_MINOR_MAX} minor units"));
        }
        Discount::Percent { .. } | Discount::Amount { .. } | Discount::Fixed { .. } => {}
    }
    if code.per_customer_max == Some(0) {
        return Err("per_customer_max must be at least 1".to_owned());
    }
    if known.is_none() && count >= DISCOUNT_CODES_PER_EVENT_MAX {
        return Err(format!("more than {DISCOUNT_CODES_PER_EVENT_MAX} codes"));
    }
    Ok(())
}

fn code_label(label: &str) -> Check {
    if label.is_empty() {
        return Err("the label is empty".to_owned());
    }
    name("the label", label)
}

fn code_tiers(named: &[TierId], known: &[TierId], tiers: &[TierSpec]) -> Check {
    if named.len() > TIERS_PER_EVENT_MAX {
        return Err(format!("more than {TIERS_PER_EVENT_MAX} tiers"));
    }
    let is_there = |id: &TierId| tiers.iter().any(|tier| tier.id == *id && !tier.terms.deleted);
    if !named.iter().all(|id| is_there(id) || known.contains(id)) {
        return Err("it names a tier that is not there".to_owned());
    }
    Ok(())
}

/// Limits over all tiers of an event.
pub(crate) fn check_tiers(tiers: &[TierSpec]) -> Check {
    if tiers.len() > TIERS_PER_EVENT_MAX {
        return Err(format!("more than {TIERS_PER_EVENT_MAX} tiers"));
    }
    let quotas: HashSet<&str> = tiers.iter().flat_map(|tier| &tier.quotas).map(|quota| quota.id.as_str()).collect();
    if quotas.len() > QUOTAS_PER_EVENT_MAX {
        return Err(format!("more than {QUOTAS_PER_EVENT_MAX} quotas"));
    }
    Ok(())
}

/// What a new policy is held against.
pub(crate) struct PolicyFacts {
    pub is_draft: bool,
    pub currency: Currency,
}

pub(crate) fn check_policy(policy: &Policy, facts: &PolicyFacts) -> Check {
    window(policy.sale)?;
    if !facts.is_draft && policy.currency != facts.currency {
        return Err("the currency cannot change once the event is published".to_owned());
    }
    if !(HOLD_TTL_MIN_US..=HOLD_AGE_MAX_US).contains(&policy.hold_ttl_us) {
        return Err(format!("hold_ttl must be from {HOLD_TTL_MIN_US} to {HOLD_AGE_MAX_US} µs"));
    }
    if policy.holds_per_customer_max == 0 || policy.holds_per_customer_max > HOLDS_PER_CUSTOMER_MAX {
        return Err(format!("holds_per_customer_max must be from 1 to {HOLDS_PER_CUSTOMER_MAX}"));
    }
    if policy.units_per_hold_max == 0 || policy.units_per_hold_max > UNITS_PER_HOLD_MAX {
        return Err(format!("units_per_hold_max must be from 1 to {UNITS_PER_HOLD_MAX}"));
    }
    if policy.units_per_customer_max == Some(0) {
        return Err("units_per_customer_max must be at least 1".to_owned());
    }
    if policy.entries_max.is_some_and(|max| !(1..=ENTRIES_PER_TICKET_MAX).contains(&max)) {
        return Err(format!("entries_max must be from 1 to {ENTRIES_PER_TICKET_MAX}"));
    }
    Ok(())
}
