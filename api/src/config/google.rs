use secrecy::SecretString;
use url::{Host, Url};

use super::ConfigError;

/// Signing in with Google, or another provider of OpenID Connect in its place.
#[derive(Clone, Debug)]
pub struct Google {
    pub issuer: String,
    /// `None`: off.
    pub client_id: Option<String>,
    pub client_secret: Option<SecretString>,
    /// Where the provider sends browsers back to. `None`: the callback under the public URL.
    pub redirect_url: Option<String>,
    /// The page that browsers end up at. `None`: the public URL.
    pub return_url: Option<String>,
    /// Whose hosts are sent the cookie of a sign-in. `None`: the host that has set it alone.
    pub cookie_domain: Option<String>,
}

impl Google {
    /// # Errors
    /// Settings that do not go together, or an address that is none.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let refuse = |key, problem: &str| Err(ConfigError::Relation { key, problem: problem.to_owned() });
        if self.client_id.is_some() != self.client_secret.is_some() {
            return refuse("google_client_id", "an id and a secret come together");
        }
        let addresses = [
            ("google_issuer", Some(&self.issuer)),
            ("google_redirect_url", self.redirect_url.as_ref()),
            ("google_return_url", self.return_url.as_ref()),
        ];
        for (key, address) in addresses {
            if address.is_some_and(|address| !is_plain_url(address)) {
                return refuse(key, "an address such as `https://example.org/page`, without `#`");
            }
        }
        if self.cookie_domain.as_ref().is_some_and(|domain| !is_domain(domain)) {
            return refuse("cookie_domain", "a domain such as `example.org`, that this server is in");
        }
        // Keys and tokens come from there: in the clear only from this machine.
        if Url::parse(&self.issuer).is_ok_and(|url| url.scheme() == "http" && !is_here(&url)) {
            return refuse("google_issuer", "`https://`, unless it is on this machine");
        }
        Ok(())
    }
}

/// More than one label: browsers take no cookie for all of `org`.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        let is_plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        is_plain && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_label)
}

fn is_plain_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.fragment().is_none())
}

pub(super) fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_domain;

    #[test]
    fn a_cookie_is_for_a_domain_and_nothing_else_comes_into_its_line() {
        assert!(is_domain("example.org") && is_domain("tickets-1.example.org"));
        for text in
            ["", "org", ".example.org", "example.org.", "example.org; Secure", "-a.org", "a b.org", "https://a.org"]
        {
            assert!(!is_domain(text), "{text}");
        }
    }
}
