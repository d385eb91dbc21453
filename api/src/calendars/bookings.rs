use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use inventory::EventId;
use persistence::BookedPlace;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::auth::OneTimeToken;
use crate::error::{ApiError, Noun};
use crate::extract::Query;
use crate::ics::Calendar;
use crate::ics::{Audience, answer};
use crate::problems::Read;
use crate::state::AppState;

/// In one calendar.
const EVENTS_MAX: u32 = 500;
/// Places named in one calendar; tickets beyond are not.
const PLACES_MAX: u32 = 2_000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FeedQuery {
    /// Of the address that `POST /me/calendar-feed` has answered.
    token: String,
}

/// Gives an account's bookings as iCalendar
///
/// The events to which it holds tickets, the 500 that begin last, with the places. For whoever knows the address: calendar
/// programs sign in nowhere.
#[utoipa::path(get, path = "/calendar-feed.ics", tag = "calendars", params(FeedQuery), security(()),
    responses((status = 200, description = "The calendar", body = String, content_type = "text/calendar"),
        (status = 304, description = "The client has it already: If-None-Match"), Read))]
pub async fn bookings(
    State(state): State<AppState>,
    Query(query): Query<FeedQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let unknown = ApiError::NotFound(Noun::CalendarFeed);
    let Some(token) = OneTimeToken::parse(&query.token) else { return Err(unknown) };
    let Some(user) = state.store.calendar_feed_owner(token.hash()).await? else { return Err(unknown) };
    let events = state.store.event_list_of_holder(user, EVENTS_MAX).await?;
    let places = state.store.ticket_places_of_holder(user, PLACES_MAX).await?;
    let mut by_event: HashMap<EventId, Vec<String>> = HashMap::new();
    for BookedPlace { event_id, place } in places {
        by_event.entry(event_id).or_default().push(place);
    }
    let mut calendar = Calendar::feed("Tickets");
    for event in &events {
        let note = by_event.get_mut(&event.id).map(|places| note(places));
        calendar.event(event, note.as_deref());
    }
    Ok(answer::calendar(&headers, Audience::Asker, "tickets", calendar.finish()))
}

/// `2 × F, A-1-1`.
fn note(places: &mut [String]) -> String {
    places.sort_unstable();
    let groups = places.chunk_by(|one, next| one == next);
    let named = groups.map(|group| match group {
        [place] => place.clone(),
        [place, ..] => format!("{} × {place}", group.len()),
        [] => String::new(),
    });
    format!("Tickets: {}", named.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named_once() {
        let mut places = ["F", "A-1-2", "A-1-1", "F"].map(str::to_owned);
        assert_eq!(note(&mut places), "Tickets: A-1-1, A-1-2, 2 × F");
    }
}
