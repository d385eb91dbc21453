//! Which event a call is about and who may do what with it: the one table of that is [`Capability::parts`]. An event that
//! the caller may not see is answered like one that never was.

use axum::extract::FromRequestParts;
use engine::{EventHandle, Submitted};
use http::request::Parts;
use inventory::{EventId, Origin, UserId};
use persistence::{Event, EventStatus, StaffRole, StoreError};
use wire::Role;

use crate::auth::{self, Caller};
use crate::error::{ApiError, Forbidden, Noun};
use crate::state::AppState;

/// What somebody is to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Admin,
    /// Its organizer, for as long as his account has that role.
    Owner,
    BoxOffice,
    Door,
    Anyone,
}

/// What can be done with an event that is not for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// See it before it is published.
    Preview,
    /// Change it, its sale, its staff and its life; refund; see what is hidden from buyers.
    Manage,
    /// Let people in and out.
    Scan,
    /// Sell at the venue.
    SellAtBoxOffice,
    /// See who comes, and with which ticket.
    SeeAttendees,
    /// See who bought what.
    SeeOrders,
    /// See what was sold and earned.
    SeeReports,
}

impl Capability {
    /// Who has it.
    const fn parts(self) -> &'static [Part] {
        match self {
            Self::Preview | Self::SeeAttendees => &[Part::Admin, Part::Owner, Part::BoxOffice, Part::Door],
            Self::Manage | Self::SeeReports => &[Part::Admin, Part::Owner],
            Self::Scan => &[Part::Admin, Part::Owner, Part::Door],
            Self::SellAtBoxOffice | Self::SeeOrders => &[Part::Admin, Part::Owner, Part::BoxOffice],
        }
    }
}

impl Part {
    pub fn may(self, capability: Capability) -> bool {
        capability.parts().contains(&self)
    }

    /// Of an account whose staff role at the organizer's event is known.
    fn of(caller: Caller, organizer: UserId, role: Option<StaffRole>) -> Self {
        if caller.is_admin() {
            Self::Admin
        } else if runs_for(caller, organizer) {
            Self::Owner
        } else {
            match role {
                Some(StaffRole::BoxOffice) => Self::BoxOffice,
                Some(StaffRole::Door) => Self::Door,
                None => Self::Anyone,
            }
        }
    }
}

/// Who looks at something public: an account, or nobody in particular. A token that is sent must be good.
pub struct Viewer(pub Option<Caller>);

impl FromRequestParts<AppState> for Viewer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        if !auth::is_signed(&parts.headers) {
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

/// What the caller is to the event. Staff is looked up in the store, each time: who is sent home scans no more.
///
/// # Errors
/// The store is not available.
pub async fn part(state: &AppState, caller: Caller, event: &Event) -> Result<Part, StoreError> {
    part_of(state, caller, event.id, event.organizer_id).await
}

async fn part_of(state: &AppState, caller: Caller, event: EventId, organizer: UserId) -> Result<Part, StoreError> {
    match Part::of(caller, organizer, None) {
        Part::Anyone => Ok(Part::of(caller, organizer, state.store.staff_role(event, caller.user).await?)),
        part => Ok(part),
    }
}

/// Whether the caller may do this with an event that was found on the way to something else. Suspended: no.
///
/// # Errors
/// The store is not available.
pub async fn may(state: &AppState, caller: Caller, event: &Event, capability: Capability) -> Result<bool, StoreError> {
    Ok(caller.active().is_ok() && part(state, caller, event).await?.may(capability))
}

/// The event, if the caller may do this with it.
///
/// # Errors
/// Suspended; the caller's role, for attendees without the right one at the event, whether there is such an event or not,
/// and for its staff; to all others there is no such event.
pub async fn allow(
    state: &AppState,
    caller: Caller,
    event: EventId,
    capability: Capability,
) -> Result<Event, ApiError> {
    let caller = caller.active()?;
    let found = state.store.event_find(event).await?;
    let organizer = found.as_ref().map(|event| event.organizer_id);
    must_be_allowed(state, caller, event, organizer, capability).await?;
    found.ok_or(ApiError::NotFound(Noun::Event))
}

/// [`allow`] for what comes by the thousand: whose the event is may have been read a moment before.
///
/// # Errors
/// Those of [`allow`].
pub async fn allow_often(
    state: &AppState,
    caller: Caller,
    event: EventId,
    capability: Capability,
) -> Result<(), ApiError> {
    let caller = caller.active()?;
    let organizer = state.event_facts.find(&state.store, event).await?.map(|facts| facts.organizer);
    must_be_allowed(state, caller, event, organizer, capability).await
}

/// `organizer`: `None` of an event that there is not.
async fn must_be_allowed(
    state: &AppState,
    caller: Caller,
    event: EventId,
    organizer: Option<UserId>,
    capability: Capability,
) -> Result<(), ApiError> {
    let part = match organizer {
        Some(organizer) => part_of(state, caller, event, organizer).await?,
        None => Part::Anyone,
    };
    match part {
        part if part.may(capability) => Ok(()),
        part if part != Part::Anyone || caller.role < Role::Organizer => Err(ApiError::Forbidden(Forbidden::Role)),
        _ => Err(ApiError::NotFound(Noun::Event)),
    }
}

/// The event, if the caller runs it: its organizer, or an admin.
///
/// # Errors
/// Those of [`allow`].
pub async fn own(state: &AppState, caller: Caller, event: EventId) -> Result<Event, ApiError> {
    allow(state, caller, event, Capability::Manage).await
}

/// The event, if it is public or the viewer may see it before.
///
/// # Errors
/// No such event that the viewer may see.
pub async fn visible(state: &AppState, viewer: Option<Caller>, event: EventId) -> Result<Event, ApiError> {
    let event = find(state, event).await?;
    let is_visible = match (event.status, viewer) {
        (EventStatus::Published | EventStatus::Cancelled, _) => true,
        (EventStatus::Draft, Some(viewer)) => part(state, viewer, &event).await?.may(Capability::Preview),
        (EventStatus::Draft, None) => false,
    };
    if is_visible { Ok(event) } else { Err(ApiError::NotFound(Noun::Event)) }
}

/// # Errors
/// The event is over; the store is not available.
pub async fn must_not_be_over(state: &AppState, event: EventId) -> Result<(), ApiError> {
    if state.event_facts.is_over(&state.store, event, state.now()).await? { Err(ApiError::EventEnded) } else { Ok(()) }
}

/// What the caller is told of an event that has refused him: of one that he may not see, that there is none.
pub async fn unless_hidden(state: &AppState, caller: Caller, event: EventId, refused: ApiError) -> ApiError {
    visible(state, Some(caller), event).await.err().unwrap_or(refused)
}

/// Whether the caller has [`Capability::Manage`], which asks no store.
pub fn runs(caller: Caller, event: &Event) -> bool {
    caller.is_admin() || runs_for(caller, event.organizer_id)
}

fn runs_for(caller: Caller, organizer: UserId) -> bool {
    caller.role >= Role::Organizer && caller.user == organizer
}

/// The caller as the engine journals it.
pub const fn asker(user: UserId, origin: Origin) -> engine::Caller {
    engine::Caller { user, request: origin.request, key: origin.key }
}

/// The answer that the key got before, for a request that is not fit to be asked any more: what it names may have been
/// changed or deleted since, a waiting room switched on.
///
/// # Errors
/// The refusal, when the key is new or there is none; the event is not available.
pub async fn recalled(
    state: &AppState,
    handle: &EventHandle,
    asker: engine::Caller,
    refusal: ApiError,
) -> Result<Submitted, ApiError> {
    if asker.key.is_none() {
        return Err(refusal);
    }
    handle.recall(state.now(), asker).await?.ok_or(refusal)
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

#[cfg(test)]
mod tests {
    use super::*;

    const CAPABILITIES: [Capability; 7] = [
        Capability::Preview,
        Capability::Manage,
        Capability::Scan,
        Capability::SellAtBoxOffice,
        Capability::SeeAttendees,
        Capability::SeeOrders,
        Capability::SeeReports,
    ];

    fn of(part: Part) -> Vec<Capability> {
        CAPABILITIES.into_iter().filter(|capability| part.may(*capability)).collect()
    }

    #[test]
    fn those_who_run_it_may_do_everything_and_strangers_nothing() {
        assert_eq!(of(Part::Admin), CAPABILITIES);
        assert_eq!(of(Part::Owner), CAPABILITIES);
        assert_eq!(of(Part::Anyone), []);
    }

    #[test]
    fn staff_may_do_its_work_and_no_more() {
        assert_eq!(of(Part::Door), [Capability::Preview, Capability::Scan, Capability::SeeAttendees]);
        let sells = [Capability::Preview, Capability::SellAtBoxOffice, Capability::SeeAttendees, Capability::SeeOrders];
        assert_eq!(of(Part::BoxOffice), sells);
    }
}
