//! Events as the API shows them.

use inventory::Layout;
use persistence::EventStatus;
use wire::{Event, Tier};

use super::spec;
use crate::tier_view::{self, Sight};
use crate::time;

pub fn brief(event: persistence::Event) -> Event {
    Event {
        id: event.id.uuid(),
        organizer_id: event.organizer_id.uuid(),
        title: event.title,
        description: event.description,
        location: event.location,
        timezone: event.timezone,
        starts_at: time::utc(event.starts_at),
        ends_at: event.ends_at.map(time::utc),
        currency: event.currency,
        status: status(event.status),
        created_at: time::utc(event.created_at),
        tiers: None,
        policy: None,
    }
}

pub fn full(event: persistence::Event, layout: &Layout, sight: &Sight) -> Event {
    let tiers: Vec<Tier> =
        layout.tiers().iter().filter(|tier| sight.shows(tier)).map(|tier| tier_view::render(tier, layout)).collect();
    Event { tiers: Some(tiers), policy: Some(spec::render_policy(layout.policy())), ..brief(event) }
}

const fn status(status: EventStatus) -> wire::EventStatus {
    match status {
        EventStatus::Draft => wire::EventStatus::Draft,
        EventStatus::Published => wire::EventStatus::Published,
        EventStatus::Cancelled => wire::EventStatus::Cancelled,
    }
}
