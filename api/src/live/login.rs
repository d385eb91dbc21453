//! Who has opened a socket, and whether he may still watch.

use std::sync::Arc;

use inventory::{Phase, UserId};
use wire::UserStatus;

use super::bye::Bye;
use super::feed::Feed;
use super::inbox::Inbox;
use crate::auth::{Caller, Claims};
use crate::error::ApiError;
use crate::event_access;
use crate::state::AppState;

/// A signed-in socket's account.
pub struct Login {
    pub user: UserId,
    pub claims: Arc<Claims>,
    pub inbox: Arc<Inbox>,
}

impl Login {
    /// # Errors
    /// Why the socket is to end.
    pub async fn check(&self, state: &AppState, feed: &Feed) -> Result<(), Bye> {
        if self.claims.expires_at() <= state.now() {
            return Err(Bye::TokenExpired);
        }
        let standing = state.standings.of(&self.claims).ok_or(Bye::TokenInvalid)?;
        if standing.status == UserStatus::Suspended {
            return Err(Bye::Suspended);
        }
        if feed.state() != Some(Ok(Phase::Draft)) {
            return Ok(());
        }
        // A role may have been taken away since: of the account, or at the event.
        let viewer = Caller {
            user: self.user,
            role: standing.role,
            status: standing.status,
            session: self.claims.sid,
            scopes: None,
            scanner: None,
        };
        match event_access::visible(state, Some(viewer), feed.event()).await {
            Err(ApiError::NotFound(_)) => Err(Bye::Hidden),
            // A store that cannot be asked now is asked again.
            Ok(_) | Err(_) => Ok(()),
        }
    }
}
