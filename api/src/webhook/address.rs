//! Where webhooks may go. Whoever may name an address could else have the server ask things that only it can reach, so
//! addresses of private networks are refused: literal ones at once, names when they are resolved for a connection.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, redirect};
use url::{Host, Url};

use crate::config::Jobs;

const URL_CHARS_MAX: usize = 2_000;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// # Errors
/// What is wrong with it, for whoever has written it.
pub fn check(url: &str, allow_private: bool) -> Result<Url, &'static str> {
    if url.chars().count() > URL_CHARS_MAX {
        return Err("at most 2000 characters");
    }
    let url = Url::parse(url).map_err(|_| "a URL such as `https://example.org/hooks`")?;
    let is_taken = url.scheme() == "https" || (allow_private && url.scheme() == "http");
    if !is_taken {
        return Err("a URL that begins with `https://`");
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("a URL without name, password and fragment");
    }
    let literal = match url.host() {
        Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
        Some(Host::Domain(_)) => None,
        None => return Err("a URL with a host"),
    };
    if literal.is_some_and(|ip| !allow_private && !is_public(ip)) {
        return Err("an address that the whole Internet can reach");
    }
    Ok(url)
}

/// Follows no redirect, and asks no proxy: either would decide anew where to go.
///
/// # Errors
/// No TLS roots on this machine.
pub fn client(config: &Jobs) -> reqwest::Result<Client> {
    let client = Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .timeout(config.webhook_timeout)
        .connect_timeout(CONNECT_TIMEOUT.min(config.webhook_timeout))
        .user_agent("usher-webhooks");
    if config.webhook_allow_private { client.build() } else { client.dns_resolver(PublicOnly).build() }
}

/// Looks names up and keeps what is public of the answer. What it answers is what is connected to: nobody can answer
/// otherwise in between.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(io::Error::other("the name stands for no address that the whole Internet can reach").into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// None of the special-purpose blocks of RFC 6890 and its successors.
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19));
    !is_special
}

/// Of the block that is in use for all, without what stands for an address of IPv4 or is kept for special purposes.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    let is_global = first & 0xe000 == 0x2000;
    // Teredo, benchmarks, ORCHID: 2001::/23. Documentation: 2001:db8::/32 and 3fff::/20. 6to4: 2002::/16.
    let is_special = (first == 0x2001 && (second < 0x0200 || second == 0x0db8))
        || first == 0x2002
        || (first == 0x3fff && second < 0x1000);
    is_global && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        let public =
            ["1.1.1.1", "93.184.216.34", "100.63.0.1", "172.15.0.1", "192.0.1.1", "2606:4700::1111", "2a00::1"];
        for ip in public {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
        let special = [
            "0.0.0.0",
            "10.1.2.3",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
        ];
        for ip in special {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn an_address_is_refused_for_what_it_is_however_it_is_written() {
        for url in
            ["https://example.org/hooks", "https://example.org:8443/h?a=b", "https://1.1.1.1/", "https://[2a00::1]/"]
        {
            assert!(check(url, false).is_ok(), "{url}");
        }
        let bad = [
            "",
            "example.org",
            "http://example.org/",
            "ftp://example.org/",
            "https://",
            "https://a:b@example.org/",
            "https://a@example.org/",
            "https://example.org/#f",
            "https://127.0.0.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest",
            "file:///etc/passwd",
            "data:,x",
        ];
        for url in bad {
            assert!(check(url, false).is_err(), "{url}");
        }
        assert!(check(&format!("https://example.org/{}", "a".repeat(2_000)), false).is_err());
        assert!(check("http://127.0.0.1:9000/hooks", true).is_ok());
        assert!(check("ftp://127.0.0.1/", true).is_err());
    }

    #[tokio::test]
    async fn a_name_that_stands_for_this_machine_is_not_connected_to() {
        let name = "localhost".parse().unwrap();
        assert!(PublicOnly.resolve(name).await.is_err());
    }
}
