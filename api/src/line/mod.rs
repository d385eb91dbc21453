//! Waiting rooms: joins, calls and the tokens they hand out, for every slice that must know.
//!
//! A join never passes through the event: its keeper writes what has arrived as one transaction, and the row is the
//! place. The event decides who is called and who is inside. What everybody may know (state, who is served, the rate) is
//! read from the durable line and from [`Keepers`] without asking anybody.

mod ask;
mod keeper;
pub mod pace;
pub mod reading;
mod registry;
mod rest;
pub mod tokens;

use inventory::limits::SESSION_AGE_MAX_US;
use inventory::{EventId, UserId};

use crate::error::ApiError;
use crate::state::AppState;

pub use registry::{Keepers, Numbered};

/// Whether a pass is good enough to ask the event. Whether its session lives is for the event to say.
///
/// # Errors
/// There is none, or it is forged, expired, or of another event or account.
pub fn admit(state: &AppState, event: EventId, user: UserId, pass: Option<&str>) -> Result<(), ApiError> {
    let pass = pass.and_then(|text| state.line_tokens.read_pass(event, user, text));
    let is_young = pass.is_some_and(|pass| (0..SESSION_AGE_MAX_US).contains(&state.now().since(pass.started)));
    if is_young { Ok(()) } else { Err(ApiError::QueueRequired(event)) }
}
