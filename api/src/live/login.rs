//! Who has opened a socket, and whether he may still watch.

use std::sync::Arc;

use inventory::UserId;

use super::bye::Bye;
use super::personal::Inbox;
use crate::auth::Claims;
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
    pub fn check(&self, state: &AppState) -> Result<(), Bye> {
        if self.claims.expires_at() <= state.now() {
            return Err(Bye::TokenExpired);
        }
        state.standings.of(&self.claims).map(|_| ()).ok_or(Bye::TokenInvalid)
    }
}
