use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderValue, header};
use persistence::{AuditVia, Device};

use super::{Action, Entry};
use crate::auth::{Caller, roles};
use crate::error::ApiError;
use crate::request;
use crate::state::AppState;

/// More of a user agent tells nobody anything.
const USER_AGENT_CHARS_MAX: usize = 256;

/// Where a request came from, as far as it is kept: in the audit log, and with a login for its owner to recognise.
#[derive(Clone, Debug)]
pub struct Source {
    pub(super) ip: IpAddr,
    pub(super) user_agent: Option<String>,
    pub(super) request_id: String,
}

impl Source {
    pub fn new(ip: IpAddr, user_agent: Option<&HeaderValue>, request_id: &str) -> Self {
        Self { ip, user_agent: user_agent.and_then(shown), request_id: request_id.to_owned() }
    }

    /// Of a login, as its owner sees it.
    pub fn device(&self) -> Device {
        Device { ip: self.ip.to_string(), user_agent: self.user_agent.clone() }
    }

    pub const fn ip(&self) -> IpAddr {
        self.ip
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
fn shown(value: &HeaderValue) -> Option<String> {
    let text = String::from_utf8_lossy(value.as_bytes());
    let text: String = text.chars().filter(|c| !c.is_control()).take(USER_AGENT_CHARS_MAX).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
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
        let of = |bytes: &[u8]| shown(&HeaderValue::from_bytes(bytes).unwrap());
        assert_eq!(of(&[b'x'; 5_000]).map(|text| text.len()), Some(USER_AGENT_CHARS_MAX));
        assert_eq!(of(b" curl\tadmin\xff ").as_deref(), Some("curladmin\u{fffd}"));
        assert_eq!((of(b""), of(b" \t ")), (None, None));
    }
}
