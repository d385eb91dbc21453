//! How often somebody may have a mail sent, also across a restart. A network address has less of what an e-mail address
//! gets than the address in all: nobody keeps its owner from his mail alone.

use std::net::IpAddr;
use std::time::Duration;

use crate::attempts::{self, Attempts};
use crate::error::ApiError;
use crate::state::AppState;

const WINDOW: Duration = Duration::from_secs(30 * 60);
/// To one e-mail address, asked for from one network address.
const PER_SUBSCRIBER: u32 = 3;
/// To one e-mail address.
const IN_ALL: u32 = 6;
/// From one network address, to whomever: many people may share it.
pub const PER_NETWORK: u32 = 100;
/// The same of links that choose a new password: few people forget theirs at once.
pub const RESETS_PER_NETWORK: u32 = 3;

/// # Errors
/// 429 with the time after which the next one may be sent.
pub async fn by_address(state: &AppState, what: &'static str, email: &str, ip: IpAddr) -> Result<(), ApiError> {
    let attempts = Attempts { what, per_subscriber: PER_SUBSCRIBER, in_all: IN_ALL, window: WINDOW };
    attempts.take(state, email, ip).await.map(drop)
}

/// # Errors
/// 429 with the time after which the next one may be sent.
pub async fn by_ip(state: &AppState, what: &'static str, ip: IpAddr, mails_max: u32) -> Result<(), ApiError> {
    attempts::by_ip(state, what, ip, mails_max, WINDOW).await
}

/// Of the mail that confirms an address, whether registering or its owner asks for it.
///
/// # Errors
/// 429 with the time after which the next one may be sent.
pub async fn confirmation(state: &AppState, email: &str, ip: IpAddr) -> Result<(), ApiError> {
    by_ip(state, "confirmation", ip, PER_NETWORK).await?;
    by_address(state, "confirmation", email, ip).await
}
