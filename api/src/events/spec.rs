//! What an organizer says about an event: the words and dates of its row, and the rules of its policy.

use chrono::{DateTime, Utc};
use inventory::limits::{
    ENTRIES_PER_TICKET_MAX, HOLD_AGE_MAX_US, HOLDS_PER_CUSTOMER_MAX, PAYMENT_EXTENSION_US, UNITS_PER_HOLD_MAX,
};
use inventory::{Currency, Policy, PolicyPatch, SaleWindow, TimeUs};
use wire::{EventClone, EventCreate, EventPatch, EventPolicy};

use super::copying::Date;
use super::currencies;
use super::words::{self, Words};
use crate::field_errors::FieldErrors;
use crate::{sale_window, time};

pub const TIMEZONE_DEFAULT: &str = "UTC";
const SECOND_US: i64 = 1_000_000;
/// A hold that was never extended still has room for its payment.
const HOLD_TTL_MAX_S: u32 = ((HOLD_AGE_MAX_US - PAYMENT_EXTENSION_US) / SECOND_US) as u32;

/// # Errors
/// The fields at fault.
pub fn created(now: TimeUs, wanted: &EventCreate) -> Result<(Words, Policy), FieldErrors> {
    let mut errors = FieldErrors::default();
    let currency = Currency::new(&wanted.currency).filter(|currency| currencies::is_known(currency.code()));
    if currency.is_none() {
        errors.add("currency", "CURRENCY", "an ISO 4217 code such as `EUR`");
    }
    let words = words::created(&mut errors, wanted);
    date(&mut errors, now, "", wanted.starts_at, wanted.ends_at);
    let rules = Rules {
        sale_window: wanted.sale_window.as_ref().map(Some),
        hold_ttl_s: wanted.hold_ttl_s,
        holds_per_customer_max: wanted.holds_per_customer_max,
        units_per_hold_max: wanted.units_per_hold_max,
        units_per_customer_max: wanted.units_per_customer_max.map(Some),
        doors_from: wanted.doors_from.map(Some),
        reentry: wanted.reentry,
        entries_max: wanted.entries_max.map(Some),
    };
    let rules = rules.check(&mut errors);
    errors.none()?;
    Ok((words, rules.over(&Policy::new(currency.unwrap_or(CURRENCY_STAND_IN)))))
}

/// The title, where it is another, and the time of a copy.
///
/// # Errors
/// The fields at fault.
pub fn cloned(now: TimeUs, wanted: &EventClone) -> Result<(Option<String>, Date), FieldErrors> {
    let mut errors = FieldErrors::default();
    let title = EventPatch { title: wanted.title.clone(), ..EventPatch::default() };
    let title = words::patched(&mut errors, &title).title;
    let date = date(&mut errors, now, "", wanted.starts_at, wanted.ends_at);
    errors.none()?;
    Ok((title, date))
}

/// `path` leads to the fields, with a dot at its end.
pub fn date(
    errors: &mut FieldErrors,
    now: TimeUs,
    path: &str,
    starts_at: DateTime<Utc>,
    ends_at: Option<DateTime<Utc>>,
) -> Date {
    if time::checked(starts_at).is_none_or(|at| at <= now) {
        errors.add(format!("{path}starts_at"), "OUT_OF_RANGE", "in the future");
    }
    if ends_at.is_some_and(|ends_at| ends_at <= starts_at || time::checked(ends_at).is_none()) {
        errors.add(format!("{path}ends_at"), "OUT_OF_RANGE", "after `starts_at`");
    }
    Date { starts_at: time::time_us(starts_at), ends_at: ends_at.map(time::time_us) }
}

/// Only where the event's own code is at fault, and nothing comes of it.
const CURRENCY_STAND_IN: Currency = match Currency::new("XXX") {
    Some(currency) => currency,
    None => panic!("three upper-case letters"),
};

/// What the patch says in words, and the rules that it changes. `None`: words only.
///
/// # Errors
/// The fields at fault.
pub fn patched(
    now: TimeUs,
    event: &persistence::Event,
    patch: &EventPatch,
) -> Result<(Words, Option<PolicyPatch>), FieldErrors> {
    let mut errors = FieldErrors::default();
    let words = words::patched(&mut errors, patch);
    if patch.ends_at.flatten().is_some_and(|ends_at| time::checked(ends_at).is_none()) {
        errors.add("ends_at", "OUT_OF_RANGE", "between 1970 and 2970");
    }
    let starts_at = patch.starts_at.map_or(event.starts_at, time::time_us);
    let is_later = patch.starts_at.is_none_or(|at| time::checked(at).is_some_and(|at| at > now));
    if starts_at != event.starts_at && !is_later {
        errors.add("starts_at", "OUT_OF_RANGE", "in the future");
    }
    let ends_at = patch.ends_at.map_or(event.ends_at, |at| at.map(time::time_us));
    if ends_at.is_some_and(|ends_at| ends_at <= starts_at) {
        errors.add("ends_at", "OUT_OF_RANGE", "after `starts_at`");
    }
    let rules = Rules {
        sale_window: patch.sale_window.as_ref().map(Option::as_ref),
        hold_ttl_s: patch.hold_ttl_s,
        holds_per_customer_max: patch.holds_per_customer_max,
        units_per_hold_max: patch.units_per_hold_max,
        units_per_customer_max: patch.units_per_customer_max,
        doors_from: patch.doors_from,
        reentry: patch.reentry,
        entries_max: patch.entries_max,
    };
    let rules = rules.check(&mut errors);
    errors.none()?;
    Ok((words, (rules != PolicyPatch::default()).then_some(rules)))
}

/// The fields that creation and patch share. `None`: not said; `Some(None)`: no such rule.
struct Rules<'a> {
    sale_window: Option<Option<&'a wire::SaleWindow>>,
    hold_ttl_s: Option<u32>,
    holds_per_customer_max: Option<u32>,
    units_per_hold_max: Option<u32>,
    units_per_customer_max: Option<Option<u32>>,
    doors_from: Option<Option<DateTime<Utc>>>,
    reentry: Option<bool>,
    entries_max: Option<Option<u32>>,
}

impl Rules<'_> {
    fn check(self, errors: &mut FieldErrors) -> PolicyPatch {
        if let Some(Some(window)) = self.sale_window
            && let (Some(from), Some(until)) = (window.starts_at, window.ends_at)
            && from >= until
        {
            errors.add("sale_window.ends_at", "OUT_OF_RANGE", "after `starts_at`");
        }
        let limits = [
            ("hold_ttl_s", self.hold_ttl_s, HOLD_TTL_MAX_S),
            ("holds_per_customer_max", self.holds_per_customer_max, HOLDS_PER_CUSTOMER_MAX),
            ("units_per_hold_max", self.units_per_hold_max, UNITS_PER_HOLD_MAX),
            ("units_per_customer_max", self.units_per_customer_max.flatten(), u32::MAX),
            ("entries_max", self.entries_max.flatten(), ENTRIES_PER_TICKET_MAX),
        ];
        for (field, value, max) in limits {
            if value.is_some_and(|value| !(1..=max).contains(&value)) {
                errors.add(field, "OUT_OF_RANGE", format!("1 to {max}"));
            }
        }
        PolicyPatch {
            sale: self.sale_window.map(|window| window.map_or(SaleWindow::ALWAYS, sale_window::parse)),
            hold_ttl_us: self.hold_ttl_s.map(|ttl_s| i64::from(ttl_s) * SECOND_US),
            holds_per_customer_max: self.holds_per_customer_max,
            units_per_hold_max: self.units_per_hold_max,
            units_per_customer_max: self.units_per_customer_max,
            doors_from: self.doors_from.map(|at| at.map(time::time_us)),
            reentry: self.reentry,
            entries_max: self.entries_max,
        }
    }
}

pub fn render_policy(policy: &Policy) -> EventPolicy {
    EventPolicy {
        sale_window: sale_window::render(policy.sale),
        hold_ttl_s: u32::try_from(policy.hold_ttl_us / SECOND_US).unwrap_or(u32::MAX),
        holds_per_customer_max: policy.holds_per_customer_max,
        units_per_hold_max: policy.units_per_hold_max,
        units_per_customer_max: policy.units_per_customer_max,
        doors_from: policy.doors_from.map(time::utc),
        reentry: policy.reentry,
        entries_max: policy.entries_max,
    }
}
