//! The counter of an event. What is held and sold there is the event's own, whoever works there today: the customer of its
//! holds and orders and the holder of its tickets has the event's id, and no account.

use inventory::{EventId, UserId};
use persistence::StoreError;

use crate::auth::Caller;
use crate::event_access::{self, Capability};
use crate::state::AppState;

pub const fn house(event: EventId) -> UserId {
    UserId::from_bytes(event.bytes())
}

/// Whether this customer of the event, or holder of its ticket, is its counter.
pub fn is_house(user: UserId, event: EventId) -> bool {
    user == house(event)
}

/// Whether the caller works at the counter of the event. An API key does not: whoever reads a code gets in.
///
/// # Errors
/// The store is not available.
pub async fn works_at(state: &AppState, caller: Caller, event: EventId) -> Result<bool, StoreError> {
    if caller.scopes.is_some() || caller.scanner.is_some() {
        return Ok(false);
    }
    match state.store.event_find_any(event).await? {
        Some(event) => event_access::may(state, caller, &event, Capability::SellAtBoxOffice).await,
        None => Ok(false),
    }
}

/// With whose eyes the caller looks at what `owner` has of the event: codes are for their holders alone, and at the counter
/// for everybody who works there.
///
/// # Errors
/// The store is not available.
pub async fn viewer(state: &AppState, caller: Caller, owner: UserId, event: EventId) -> Result<UserId, StoreError> {
    if is_house(owner, event) && works_at(state, caller, event).await? { Ok(owner) } else { Ok(caller.user) }
}
