//! Which pages may open a socket: browsers let every page do so, and tell where it came from.

use std::net::SocketAddr;

use http::{HeaderMap, header};

use crate::config::Http;

/// Exact, as browsers send them: scheme, host and port in lower case, without a path.
#[derive(Debug)]
pub enum Origins {
    All,
    These(Vec<String>),
}

impl Origins {
    /// Those that may call the API, and the server's own.
    pub fn new(config: &Http, addr: SocketAddr) -> Self {
        if config.cors_origins.iter().any(|origin| origin == "*") {
            return Self::All;
        }
        let mut origins: Vec<String> = config.cors_origins.iter().map(|origin| normal(origin)).collect();
        match &config.public_url {
            Some(url) => origins.push(normal(url)),
            None => {
                origins.push(format!("http://{addr}"));
                if addr.ip().is_loopback() {
                    origins.push(format!("http://localhost:{}", addr.port()));
                }
            }
        }
        Self::These(origins)
    }

    /// What is no browser sends no `Origin`, and carries nobody's cookies either.
    pub fn allow(&self, headers: &HeaderMap) -> bool {
        let mut said = headers.get_all(header::ORIGIN).iter();
        match (said.next(), said.next()) {
            (None, _) => true,
            (Some(origin), None) => match self {
                Self::All => true,
                Self::These(origins) => origins.iter().any(|known| known.as_bytes() == origin.as_bytes()),
            },
            (Some(_), Some(_)) => false,
        }
    }
}

/// `https://Example.org:443/path` is the origin `https://example.org`.
fn normal(url: &str) -> String {
    let url = url.trim().to_ascii_lowercase();
    let (scheme, rest) = url.split_once("://").unwrap_or(("", &url));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let default_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return url,
    };
    format!("{scheme}://{}", host.strip_suffix(default_port).unwrap_or(host))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::config::Config;

    fn origins(public_url: Option<&str>, cors: &[&str]) -> Origins {
        let config = Config::default().http;
        let cors_origins = cors.iter().map(|origin| (*origin).to_owned()).collect();
        let config = Http { public_url: public_url.map(str::to_owned), cors_origins, ..config };
        Origins::new(&config, SocketAddr::from(([127, 0, 0, 1], 8080)))
    }

    fn said(origins: &[&'static str]) -> HeaderMap {
        origins.iter().map(|origin| (header::ORIGIN, HeaderValue::from_static(origin))).collect()
    }

    #[test]
    fn only_listed_origins_and_the_own_one_are_allowed() {
        let named = origins(Some("https://Tickets.example.org:443/shop"), &["https://partner.example"]);
        let unnamed = origins(None, &[]);
        let all = origins(None, &["*"]);
        let table: [(&[&'static str], [bool; 3]); 10] = [
            (&[], [true, true, true]),
            (&["https://tickets.example.org"], [true, false, true]),
            (&["https://partner.example"], [true, false, true]),
            (&["http://tickets.example.org"], [false, false, true]),
            (&["https://tickets.example.org:8443"], [false, false, true]),
            (&["https://tickets.example.org.evil.example"], [false, false, true]),
            (&["http://localhost:8080"], [false, true, true]),
            (&["http://127.0.0.1:8080"], [false, true, true]),
            (&["null"], [false, false, true]),
            (&["https://tickets.example.org", "https://evil.example"], [false, false, false]),
        ];
        for (origins, expected) in table {
            let headers = said(origins);
            assert_eq!([&named, &unnamed, &all].map(|known| known.allow(&headers)), expected, "{origins:?}");
        }
    }
}
