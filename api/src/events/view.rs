//! Events as the API shows them.

use engine::EventHandle;
use inventory::Layout;
use persistence::EventStatus;
use wire::{Event, Tier};

use super::spec;
use crate::error::{ApiError, Noun};
use crate::state::AppState;
use crate::tier_view::{self, Sight};
use crate::{event_access, image_view, time};

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
        images: event.images.iter().map(image_view::image).collect(),
        tiers: None,
        policy: None,
    }
}

pub fn full(event: persistence::Event, layout: &Layout, sight: &Sight) -> Event {
    let tiers: Vec<Tier> =
        layout.tiers().iter().filter(|tier| sight.shows(tier)).map(|tier| tier_view::render(tier, layout)).collect();
    Event { tiers: Some(tiers), policy: Some(spec::render_policy(layout.policy())), ..brief(event) }
}

/// After a change that its organizer made.
pub async fn changed(state: &AppState, handle: &EventHandle) -> Result<Event, ApiError> {
    let event = state.store.event_find(handle.event()).await.map_err(event_access::after_change)?;
    let event = event.ok_or(ApiError::NotFound(Noun::Event))?;
    Ok(full(event, &handle.layout(), &Sight::new(true, None)))
}

const fn status(status: EventStatus) -> wire::EventStatus {
    match status {
        EventStatus::Draft => wire::EventStatus::Draft,
        EventStatus::Published => wire::EventStatus::Published,
        EventStatus::Cancelled => wire::EventStatus::Cancelled,
    }
}
