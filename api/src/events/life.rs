//! What time makes of an event, beside its status: whether it is on sale, under way or over. Computed when asked; no timer
//! could be late.

use inventory::{Layout, TimeUs};
use persistence::{Event, EventStatus};

pub fn has_started(event: &Event, now: TimeUs) -> bool {
    event.starts_at <= now
}

pub fn has_ended(event: &Event, now: TimeUs) -> bool {
    event.over_at() <= now
}

/// A draft whose date has passed would be published for nobody. What is no draft has another answer.
pub fn can_be_published(event: &Event, now: TimeUs) -> bool {
    event.status != EventStatus::Draft || !has_ended(event, now)
}

/// Whether somebody without an access code may buy now, if there is something left.
pub fn is_on_sale(event: &Event, layout: &Layout, now: TimeUs) -> bool {
    let is_sold_now = |tier: &inventory::TierSpec| tier.open && !tier.is_hidden() && tier.sale.contains(now);
    event.status == EventStatus::Published
        && !has_ended(event, now)
        && layout.policy().sale.contains(now)
        && layout.tiers().iter().any(is_sold_now)
}
