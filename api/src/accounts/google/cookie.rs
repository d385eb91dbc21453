//! The one cookie of a sign-in with Google: what the browser has begun, afterwards what its code is tied to.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, header};

use crate::openid::Provider;
use crate::state::AppState;

const NAME: &str = "usher_google";
/// Sent back to the three calls of the sign-in and nowhere else.
const PATH: &str = "/api/v1/auth/google";

/// Where browsers send it.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Over TLS only.
    pub is_secure: bool,
    /// To all hosts of it. `None`: to the one that has set it.
    pub domain: Option<&'a str>,
}

impl<'a> Scope<'a> {
    pub fn of(state: &'a AppState, provider: &Provider) -> Self {
        Self { is_secure: provider.is_secure(), domain: state.config.google.cookie_domain.as_deref() }
    }
}

/// `Lax`: the browser must send it when the provider sends him back.
pub fn set(value: &[u8], ttl: Duration, scope: Scope<'_>) -> Option<HeaderValue> {
    let (value, ttl_s) = (URL_SAFE_NO_PAD.encode(value), ttl.as_secs());
    let secure = if scope.is_secure { "; Secure" } else { "" };
    let domain = scope.domain.map(|domain| format!("; Domain={domain}")).unwrap_or_default();
    let cookie = format!("{NAME}={value}; Path={PATH}; Max-Age={ttl_s}; HttpOnly; SameSite=Lax{secure}{domain}");
    HeaderValue::try_from(cookie).ok()
}

pub fn clear(scope: Scope<'_>) -> Option<HeaderValue> {
    set(b"", Duration::ZERO, scope)
}

/// `None` when it is missing, given twice or not ours.
pub fn read(headers: &HeaderMap) -> Option<Vec<u8>> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(name, _)| *name == NAME).map(|(_, value)| value);
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    URL_SAFE_NO_PAD.decode(value).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, HeaderValue::from_static(line))).collect()
    }

    #[test]
    fn what_is_set_comes_back() {
        let scope = Scope { is_secure: true, domain: None };
        let cookie = set(b"\xff\x00x", Duration::from_secs(60), scope).unwrap();
        let cookie = cookie.to_str().unwrap();
        let attributes = "Path=/api/v1/auth/google; Max-Age=60; HttpOnly; SameSite=Lax; Secure";
        assert_eq!(cookie, format!("usher_google=_wB4; {attributes}"));
        assert_eq!(read(&sent(&["a=b; usher_google=_wB4; c=d"])).as_deref(), Some(&b"\xff\x00x"[..]));
        let open = Scope { is_secure: false, domain: Some("example.org") };
        let wide = set(b"x", Duration::ZERO, open).unwrap();
        let wide = wide.to_str().unwrap();
        assert!(!wide.contains("Secure") && wide.ends_with("; Domain=example.org"), "{wide}");
    }

    #[test]
    fn nothing_else_is_taken_for_it() {
        let lines: [&[&str]; 6] = [
            &[],
            &["other=_wB4"],
            &["usher_google="],
            &["usher_google=!"],
            &["usher_google=_wB4; usher_google=_wB5"],
            &["usher_google=_wB4", "usher_google=_wB4"],
        ];
        for line in lines {
            assert_eq!(read(&sent(line)), None, "{line:?}");
        }
    }
}
