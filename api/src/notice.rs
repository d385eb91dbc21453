//! Letters that tell an owner what was done to his account, so that he hears of it when it was not him.

use std::time::Duration;

use inventory::TimeUs;
use persistence::{NewMail, User};

use crate::attempts::{Attempts, is_within};
use crate::audit_log::Source;
use crate::error::ApiError;
use crate::mail::Letter;
use crate::state::AppState;

/// The letter, to be written with the change it tells of. `None`: nobody has shown yet that the address is his, and it may
/// be that of somebody who has nothing to do with the account; or it got as many of these as it can use.
///
/// # Errors
/// The store is not available.
pub async fn compose(
    state: &AppState,
    user: &User,
    letter: &Letter,
    source: &Source,
    now: TimeUs,
) -> Result<Option<NewMail>, ApiError> {
    if user.email_confirmed_at.is_none() {
        return Ok(None);
    }
    let limit = Attempts { what: letter.kind(), per_subscriber: 5, in_all: 10, window: Duration::from_secs(30 * 60) };
    let taken = limit.take(state, &user.email, source.ip()).await.map(drop);
    if is_within(taken)? { state.mail.compose(&user.email, letter, now).map(Some) } else { Ok(None) }
}
