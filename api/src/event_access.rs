//! Which event a call is about and who may do what with it. An event that the caller may not see is answered like one
//! that never was.

use axum::extract::FromRequestParts;
use engine::EventHandle;
use http::header;
use http::request::Parts;
use inventory::{EventId, Origin, UserId};
use persistence::{Event, EventStatus, StoreError};

use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::state::AppState;

/// Who looks at something public: an account, or nobody in particular. A token that is sent must be good.
pub struct Viewer(pub Option<Caller>);

impl FromRequestParts<AppState> for Viewer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            return Ok(Self(None));
        }
        Caller::of(parts, state).await.map(|caller| Self(Some(caller)))
    }
}

/// The way to the event's actor. An event that is in memory is found without asking the store.
///
/// # Errors
/// No such event; the store or the event is not available.
pub async fn handle(state: &AppState, event: EventId) -> Result<EventHandle, ApiError> {
    if let Some(handle) = state.directory.get(event) {
        return Ok(handle);
    }
    // An unknown id would open an empty draft.
    find(state, event).await?;
    Ok(state.directory.open(event).await?)
}

/// # Errors
/// No such event; the store is not available.
pub async fn find(state: &AppState, event: EventId) -> Result<Event, ApiError> {
    state.store.event_find(event).await?.ok_or(ApiError::NotFound(Noun::Event))
}

/// The event, if the caller runs it: its organizer, or an admin.
///
/// # Errors
/// The caller's role; no such event of the caller.
pub async fn own(state: &AppState, caller: Caller, event: EventId) -> Result<Event, ApiError> {
    caller.organizer()?;
    let event = find(state, event).await?;
    if runs(caller, &event) { Ok(event) } else { Err(ApiError::NotFound(Noun::Event)) }
}

/// The event, if it is public or the viewer's own.
///
/// # Errors
/// No such event that the viewer may see.
pub async fn visible(state: &AppState, viewer: Option<Caller>, event: EventId) -> Result<Event, ApiError> {
    let event = find(state, event).await?;
    let is_public = match event.status {
        EventStatus::Published | EventStatus::Cancelled => true,
        EventStatus::Draft => false,
    };
    if is_public || viewer.is_some_and(|viewer| runs(viewer, &event)) {
        Ok(event)
    } else {
        Err(ApiError::NotFound(Noun::Event))
    }
}

pub fn runs(caller: Caller, event: &Event) -> bool {
    caller.is_admin() || caller.user == event.organizer_id
}

/// The caller as the engine journals it.
pub const fn asker(user: UserId, origin: Origin) -> engine::Caller {
    engine::Caller { user, request: origin.request, key: origin.key }
}

/// Of a read that follows a durable change: what would have been "nothing happened" is not true any more.
pub fn after_change(error: StoreError) -> ApiError {
    match ApiError::from(error) {
        ApiError::Busy(_) => ApiError::OutcomeUnknown,
        other => other,
    }
}

/// An answer that belongs to another verb: a defect of the engine or of ours.
pub fn unexpected(verb: &'static str, answer: &inventory::Answer) -> ApiError {
    ApiError::Defect(format!("{verb} was answered with {answer:?}").into())
}
