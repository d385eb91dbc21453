use persistence::Venue;
use uuid::Uuid;

use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::state::AppState;

/// The venue, if it is the caller's, or he an admin. A foreign one is answered like one that never was.
///
/// # Errors
/// The caller's role; no such venue of the caller.
pub async fn own(state: &AppState, caller: Caller, id: Uuid) -> Result<Venue, ApiError> {
    caller.organizer()?;
    let venue = state.store.venue_find(id).await?;
    venue.filter(|venue| caller.is_admin() || venue.owner_id == caller.user).ok_or(ApiError::NotFound(Noun::Venue))
}
