//! The arena that a first start puts on sale, made through the calls that an organizer makes. Each step looks at what is
//! there first, so that a start that was interrupted is finished by the next one.

mod prices;

use std::time::Duration;

use chrono::TimeDelta;
use engine::EventHandle;
use inventory::{EventId, Origin, UserId};
use persistence::{Event, EventStatus};
use wire::EventCreate;

use crate::error::ApiError;
use crate::seat_map_format::{self, Drawn, examples};
use crate::state::AppState;
use crate::{events, tiers, time};

/// From the first start to the show.
const LEAD: Duration = Duration::from_secs(120 * 24 * 60 * 60);
const TITLE: &str = "Opening Night at the Usher Arena";

/// Does nothing once the event is published.
///
/// # Errors
/// The store or the engine is not available; asking again goes on from there.
pub async fn put_on_sale(state: &AppState, event: EventId, organizer: UserId) -> Result<(), ApiError> {
    let found = match state.store.event_find(event).await? {
        Some(found) => found,
        None => draft(state, event, organizer).await?,
    };
    if found.status != EventStatus::Draft {
        return Ok(());
    }
    let handle = state.directory.open(event).await?;
    let asker = engine::Caller { user: organizer, request: None, key: None };
    if !handle.layout().has_seat_map() {
        let Drawn { spec, drawing, .. } = seat_map_format::understand(examples::arena())?;
        let drawing = drawing.map(|drawing| (seat_map_format::digest(&spec), drawing));
        handle.set_seat_map(asker, spec).await?;
        state.store.seat_map_drawing_set(event, drawing).await?;
    }
    add_tiers(state, &handle, asker).await?;
    handle.publish(asker).await?;
    Ok(())
}

async fn draft(state: &AppState, event: EventId, organizer: UserId) -> Result<Event, ApiError> {
    let starts_at = time::utc(time::plus(state.now(), LEAD));
    let wanted = EventCreate {
        title: TITLE.to_owned(),
        description: "A demonstration: 20,000 seats and 5,000 standing places. Buy as many as you like.".to_owned(),
        location: "Usher Arena, Berlin".to_owned(),
        timezone: Some("Europe/Berlin".to_owned()),
        starts_at,
        ends_at: Some(starts_at + TimeDelta::hours(4)),
        currency: prices::CURRENCY.to_owned(),
        ..EventCreate::default()
    };
    let origin = Origin { user: Some(organizer), request: None, key: None };
    events::create_draft(state, event, organizer, origin, wanted).await
}

async fn add_tiers(state: &AppState, handle: &EventHandle, asker: engine::Caller) -> Result<(), ApiError> {
    for tier in prices::tiers() {
        let is_there = handle.layout().tiers().iter().any(|known| known.name == tier.name);
        if !is_there {
            tiers::create_tier(state, handle, asker, tier).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use inventory::{SeatSpec, SectionKind};

    use super::*;

    #[test]
    fn the_arena_has_20_000_seats_and_5_000_places_in_the_categories_that_its_tiers_price() {
        let spec = seat_map_format::understand(examples::arena()).unwrap().spec;
        let (mut seats, mut places) = (Vec::<SeatSpec>::new(), 0);
        for section in spec.sections {
            match section.kind {
                SectionKind::Rows(rows) => seats.extend(rows.into_iter().flat_map(|row| row.seats).flatten()),
                SectionKind::Area { capacity, .. } => places += capacity,
            }
        }
        assert_eq!((seats.len(), places), (20_000, 5_000));
        let priced: Vec<String> = prices::tiers().into_iter().filter_map(|tier| tier.categories).flatten().collect();
        for category in ["floor", "lower_centre", "lower_side", "upper", "standing"] {
            assert!(priced.iter().any(|it| it == category), "{category}");
        }
        assert!(seats.iter().all(|seat| seat.category.as_ref().is_some_and(|category| priced.contains(category))));
        let accessible = seats.iter().filter(|seat| seat.accessible).count();
        assert_eq!((accessible, seats.iter().filter(|seat| seat.companion).count()), (32, 32));
    }
}
