//! What buyers are promised, as the API shows it.

use inventory::TimeUs;
use persistence::RefundTerms;
use wire::{RefundPolicy, RefundStep};

use crate::time;

pub const HOUR_US: i64 = 3_600 * 1_000_000;

/// Of a tier, as it is.
pub fn render(refund: &inventory::RefundPolicy) -> RefundPolicy {
    RefundPolicy {
        refundable: refund.refundable,
        percent: refund.percent,
        until: refund.until.map(time::utc),
        steps: refund.steps.iter().map(|it| step(it.before_us, it.percent)).collect(),
    }
}

/// Of an order, as it was when it was placed.
pub fn promised(terms: RefundTerms) -> RefundPolicy {
    RefundPolicy {
        refundable: terms.refundable,
        percent: terms.percent,
        until: terms.until_us.map(|until| time::utc(TimeUs(until))),
        steps: terms.steps.iter().map(|it| step(it.before_us, it.percent)).collect(),
    }
}

/// Rounded up: nobody is shown more time than he has.
fn step(before_us: i64, percent: u8) -> RefundStep {
    let hours = before_us / HOUR_US + i64::from(before_us % HOUR_US > 0);
    RefundStep { hours_before: u32::try_from(hours).unwrap_or(u32::MAX), percent }
}
