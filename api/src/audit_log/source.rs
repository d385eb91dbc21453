use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderValue, header};
use persistence::AuditVia;

use super::{Action, Entry};
use crate::auth::{Caller, roles};
use crate::error::ApiError;
use crate::request;
use crate::state::AppState;

const USER_AGENT_CHARS_MAX: usize = 256;

/// Where a request came from, as far as the audit log keeps it.
#[derive(Clone, Debug)]
pub struct Source {
    pub(super) ip: IpAddr,
    pub(super) user_agent: Option<String>,
    pub(super) request_id: String,
}

impl Source {
    pub fn new(ip: IpAddr, user_agent: Option<&HeaderValue>, request_id: &str) -> Self {
        Self { ip, user_agent: user_agent.map(bounded), request_id: request_id.to_owned() }
    }

    /// Of something that `caller` has done.
    pub fn entry(&self, caller: &Caller, action: Action) -> Entry {
        let via = if caller.scopes.is_some() { AuditVia::ApiKey } else { AuditVia::Session };
        Entry::new(action, via).by(Some(caller.user), Some(roles::stored_role(caller.role))).at_source(self)
    }

    /// Of something that whoever holds a secret may do, such as the link of a mail.
    pub fn anonymous_entry(&self, action: Action) -> Entry {
        Entry::new(action, AuditVia::Anonymous).at_source(self)
    }
}

/// Nothing in it ends a line or commands a terminal.
fn bounded(value: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    text.chars().take(USER_AGENT_CHARS_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

impl FromRequestParts<AppState> for Source {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        let context = request::of(parts)?;
        Ok(Self::new(context.peer, parts.headers.get(header::USER_AGENT), context.shown()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_cut_and_cannot_forge_a_line() {
        let long = HeaderValue::from_str(&"x".repeat(5_000)).unwrap();
        assert_eq!(bounded(&long).len(), USER_AGENT_CHARS_MAX);
        let tabbed = HeaderValue::from_bytes(b"curl\tadmin\xff").unwrap();
        assert_eq!(bounded(&tabbed), "curl\u{fffd}admin\u{fffd}");
    }
}
