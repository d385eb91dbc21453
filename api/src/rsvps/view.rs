use inventory::{EventId, Rejection, UserId};
use persistence::{Event, EventStatus, StoreError};
use wire::{Rsvp, RsvpCount, RsvpEntry};

use crate::auth::Caller;
use crate::error::{ApiError, Conflict};
use crate::state::AppState;
use crate::{event_access, rsvp_answer, time};

/// The caller's answer, as it stands.
pub async fn of(state: &AppState, event: EventId, user: UserId) -> Result<Rsvp, StoreError> {
    let found = state.store.rsvp_find(event, user).await?;
    let count = count(state, event).await?;
    Ok(match found {
        Some(found) => Rsvp {
            answer: Some(rsvp_answer::render(found.answer)),
            answered_at: Some(time::utc(found.answered_at)),
            count,
        },
        None => Rsvp { answer: None, answered_at: None, count },
    })
}

pub async fn count(state: &AppState, event: EventId) -> Result<RsvpCount, StoreError> {
    let count = state.store.rsvp_count(event).await?;
    Ok(RsvpCount { yes: count.yes, yes_max: count.yes_max })
}

pub fn entry(rsvp: persistence::Rsvp) -> RsvpEntry {
    RsvpEntry {
        user_id: rsvp.user_id.uuid(),
        name: rsvp.name,
        answer: rsvp_answer::render(rsvp.answer),
        answered_at: time::utc(rsvp.answered_at),
    }
}

/// An event that can still be answered.
///
/// # Errors
/// No such event that the caller may see; a draft; cancelled; started.
pub async fn open(state: &AppState, caller: Caller, event: EventId) -> Result<Event, ApiError> {
    let event = event_access::visible(state, Some(caller), event).await?;
    match event.status {
        EventStatus::Published if event.starts_at > state.now() => Ok(event),
        EventStatus::Published => Err(ApiError::Conflict(Conflict::EventStarted)),
        EventStatus::Draft => Err(Rejection::EventNotPublished.into()),
        EventStatus::Cancelled => Err(Rejection::EventCancelled.into()),
    }
}
