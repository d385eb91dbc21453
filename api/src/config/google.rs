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
        // Keys and tokens come from there: in the clear only from this machine.
        if Url::parse(&self.issuer).is_ok_and(|url| url.scheme() == "http" && !is_here(&url)) {
            return refuse("google_issuer", "`https://`, unless it is on this machine");
        }
        Ok(())
    }
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
