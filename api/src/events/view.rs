//! Events as the API shows them.

use engine::EventHandle;
use inventory::{Layout, TimeUs};
use persistence::{EventStatus, Listing};
use wire::{Event, Money, Tier};

use super::{life, spec};
use crate::error::{ApiError, Noun};
use crate::state::AppState;
use crate::tier_view::{self, Sight};
use crate::{coordinates, event_access, event_status, image_view, time};

pub fn brief(event: persistence::Event, now: TimeUs) -> Event {
    Event {
        id: event.id.uuid(),
        organizer_id: event.organizer_id.uuid(),
        coordinates: coordinates::degrees(event.latitude_e6, event.longitude_e6),
        ended: life::has_ended(&event, now),
        title: event.title,
        slug: event.slug,
        description: event.description,
        organization: event.organization,
        rating: event.rating,
        location: event.location,
        address: event.address,
        city: event.city,
        country: event.country,
        category: event.category,
        tags: event.tags.0,
        series_id: event.series_id,
        timezone: event.timezone,
        starts_at: time::utc(event.starts_at),
        ends_at: event.ends_at.map(time::utc),
        currency: event.currency,
        status: event_status::stored(event.status),
        on_sale: None,
        created_at: time::utc(event.created_at),
        changed_at: time::utc(event.changed_at),
        deleted_at: event.deleted_at.map(time::utc),
        images: event.images.iter().map(image_view::image).collect(),
        price_from: None,
        available: None,
        tiers: None,
        policy: None,
        feedback: None,
    }
}

/// In a list of what can be found.
pub fn listed(listing: Listing, now: TimeUs) -> Event {
    let currency = listing.event.currency.clone();
    let price_from = listing.price_min_minor.map(|amount_minor| Money { amount_minor, currency });
    let available = listing.event.status == EventStatus::Published && !listing.is_sold_out;
    let shown = brief(listing.event, now);
    Event { price_from, available: Some(available && !shown.ended), ..shown }
}

pub fn full(event: persistence::Event, layout: &Layout, sight: &Sight, now: TimeUs) -> Event {
    let tiers: Vec<Tier> =
        layout.tiers_shown().into_iter().filter(|it| sight.shows(it)).map(|it| tier_view::render(it, layout)).collect();
    let on_sale = Some(life::is_on_sale(&event, layout, now));
    Event { tiers: Some(tiers), policy: Some(spec::render_policy(layout.policy())), on_sale, ..brief(event, now) }
}

/// After a change that its organizer made.
pub async fn changed(state: &AppState, handle: &EventHandle) -> Result<Event, ApiError> {
    let event = state.store.event_find(handle.event()).await.map_err(event_access::after_change)?;
    let event = event.ok_or(ApiError::NotFound(Noun::Event))?;
    Ok(full(event, &handle.layout(), &Sight::ALL, state.now()))
}
