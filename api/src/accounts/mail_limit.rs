//! How often somebody may have a mail sent, also across a restart. A network address has less of what an e-mail address
//! gets than the address in all: nobody keeps its owner from his mail alone.

use std::net::IpAddr;
use std::time::Duration;

use crate::attempts::{self, Attempts, Counted};
use crate::error::ApiError;
use crate::state::AppState;

const WINDOW: Duration = Duration::from_secs(30 * 60);
/// To one e-mail address, asked for from one network address: the first and three more.
const PER_SUBSCRIBER: u32 = 4;
/// To one e-mail address.
const IN_ALL: u32 = 6;

/// Of one kind of mail.
pub struct MailLimit {
    what: &'static str,
    /// From one network address, to whomever.
    per_network: u32,
}

/// A code to sign in with. Many people may share a network address.
pub const CODE: MailLimit = MailLimit { what: "code", per_network: 100 };
/// A link to choose a new password with. Few people forget theirs at once.
pub const RESET: MailLimit = MailLimit { what: "reset", per_network: 3 };
/// The mail that confirms an address, whether registering or its owner asks for it.
pub const CONFIRMATION: MailLimit = MailLimit { what: "confirmation", per_network: 100 };

impl MailLimit {
    /// Counts one. Who then sends none gives it back.
    ///
    /// # Errors
    /// 429 with the time after which the next one may be sent.
    pub async fn take(&self, state: &AppState, email: &str, ip: IpAddr) -> Result<Counted, ApiError> {
        let by_network = attempts::by_ip(state, self.what, ip, self.per_network, WINDOW).await?;
        let to_address = Attempts { what: self.what, per_subscriber: PER_SUBSCRIBER, in_all: IN_ALL, window: WINDOW };
        match to_address.take(state, email, ip).await {
            Ok(to_address) => Ok(by_network.and(to_address)),
            Err(refused) => {
                by_network.give_back(state).await?;
                Err(refused)
            }
        }
    }
}
