use std::net::IpAddr;

use http::HeaderMap;

/// Who is asking, behind the proxies that are trusted: the last address in `X-Forwarded-For` that is none of them.
/// Whatever an untrusted peer writes there is not read.
pub fn client(headers: &HeaderMap, peer: IpAddr, trusted: &[IpAddr]) -> IpAddr {
    let peer = peer.to_canonical();
    if trusted.is_empty() || !trusted.contains(&peer) {
        return peer;
    }
    let mut client = peer;
    for value in headers.get_all("x-forwarded-for").iter().rev() {
        for hop in value.to_str().unwrap_or_default().rsplit(',') {
            let Ok(hop) = hop.trim().parse::<IpAddr>() else { return client };
            client = hop.to_canonical();
            if !trusted.contains(&client) {
                return client;
            }
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_what_trusted_proxies_say_is_believed() {
        let proxies = [ip("10.0.0.1"), ip("10.0.0.2")];
        let table = [
            ("203.0.113.9", "1.1.1.1", "203.0.113.9"),
            ("10.0.0.1", "1.1.1.1", "1.1.1.1"),
            ("10.0.0.1", "6.6.6.6, 1.1.1.1", "1.1.1.1"),
            ("10.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"),
            ("10.0.0.1", "nonsense", "10.0.0.1"),
            ("::ffff:10.0.0.1", "1.1.1.1", "1.1.1.1"),
        ];
        for (peer, said, client_is) in table {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", HeaderValue::from_static(said));
            assert_eq!(client(&headers, ip(peer), &proxies), ip(client_is), "{peer} said {said}");
        }
    }

    #[test]
    fn without_trusted_proxies_the_peer_is_the_client() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("1.1.1.1"));
        assert_eq!(client(&headers, ip("10.0.0.1"), &[]), ip("10.0.0.1"));
    }
}
