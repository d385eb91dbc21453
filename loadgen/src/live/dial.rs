//! Opens a WebSocket and hands out the bare stream: what reads it then is the caller's choice.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper::header::{self, HeaderValue};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use uuid::Uuid;
use wire::Problem;

/// Of the 28,000 source ports that one address commonly has towards one destination.
const SOCKETS_PER_SOURCE: u32 = 25_000;
const PROBLEM_BYTES_MAX: usize = 16 << 10;
const BACKLOG_DEADLINE: Duration = Duration::from_secs(20);

/// Where all sockets of a crowd go.
#[derive(Clone, Debug)]
pub struct Dial {
    authority: String,
    server: SocketAddr,
    path: String,
    /// Loopback addresses that sockets leave from in turn. None: the system chooses.
    sources: u32,
    /// Of the feed: [`wire::LIVE_JSON`] or [`wire::LIVE_BINARY`].
    protocol: &'static str,
}

/// An open socket, and what the server sent right behind its handshake.
pub struct Dialled {
    pub stream: TcpStream,
    pub behind: Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// An answer other than 101: status, code, and when to come again.
    Answer { status: u16, code: String, after: Option<Duration> },
    /// No answer, or not one of HTTP.
    Fault(String),
}

impl Refused {
    pub fn name(&self) -> String {
        match self {
            Self::Answer { status, code, .. } => format!("{status} {code}"),
            Self::Fault(what) => what.clone(),
        }
    }
}

impl Dial {
    /// `sockets` are to be open at once, from `sources` addresses; 0: as few as hold them.
    ///
    /// # Errors
    /// The server's name does not resolve, or several sources are needed and it is not on this machine.
    pub async fn new(authority: &str, event: Uuid, sockets: u32, sources: u32, protocol: &'static str) -> Result<Self> {
        let server =
            tokio::net::lookup_host(authority).await?.next().with_context(|| format!("no address of {authority}"))?;
        let needed = sockets.div_ceil(SOCKETS_PER_SOURCE);
        let sources = if sources == 0 && needed == 1 { 0 } else { sources.max(needed) };
        ensure!(
            sources == 0 || server.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST),
            "{sockets} sockets need {sources} source addresses, and only a server at 127.0.0.1 can be reached from so many"
        );
        ensure!(sources < 250 * 250, "at most 62,500 source addresses");
        let path = format!("/api/v1/events/{event}/live");
        Ok(Self { authority: authority.to_owned(), server, path, sources, protocol })
    }

    /// Socket number `number`, resuming after `from`, with a receive buffer of `receive_bytes` if not the system's.
    ///
    /// # Errors
    /// The server refuses, or does not answer in time.
    pub async fn open(
        &self,
        number: u32,
        from: Option<u64>,
        token: Option<&str>,
        receive_bytes: Option<u32>,
    ) -> Result<Dialled, Refused> {
        let opening = self.handshake(number, from, token, receive_bytes);
        tokio::time::timeout(BACKLOG_DEADLINE, opening)
            .await
            .unwrap_or_else(|_| Err(Refused::Fault("handshake timed out".to_owned())))
    }

    async fn handshake(
        &self,
        number: u32,
        from: Option<u64>,
        token: Option<&str>,
        receive_bytes: Option<u32>,
    ) -> Result<Dialled, Refused> {
        let stream =
            self.connect(number, receive_bytes).await.map_err(|error| Refused::Fault(error.kind().to_string()))?;
        let key = generate_key();
        let request = self.request(&key, from, token)?;
        let (mut sender, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(fault)?;
        let driver = driver.with_upgrades();
        tokio::pin!(driver);
        let mut is_driven = true;
        let sending = sender.send_request(request);
        tokio::pin!(sending);
        let response = tokio::select! {
            biased;
            response = &mut sending => response,
            ended = &mut driver => {
                is_driven = false;
                ended.map_err(fault)?;
                sending.await
            }
        }
        .map_err(fault)?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let reading = refusal(response);
            tokio::pin!(reading);
            return Err(tokio::select! {
                biased;
                refused = &mut reading => refused,
                _ = &mut driver, if is_driven => reading.await,
            });
        }
        let accept = response.headers().get(header::SEC_WEBSOCKET_ACCEPT).map(HeaderValue::as_bytes);
        if accept != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
            return Err(Refused::Fault("the handshake's key is not ours".to_owned()));
        }
        let upgrading = hyper::upgrade::on(response);
        let upgraded = if is_driven { tokio::join!(upgrading, driver).0 } else { upgrading.await };
        let parts = upgraded.map_err(fault)?.downcast::<TokioIo<TcpStream>>();
        let parts = parts.map_err(|_| Refused::Fault("not a TCP stream".to_owned()))?;
        Ok(Dialled { stream: parts.io.into_inner(), behind: parts.read_buf })
    }

    async fn connect(&self, number: u32, receive_bytes: Option<u32>) -> std::io::Result<TcpStream> {
        let socket = if self.server.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(bytes) = receive_bytes {
            socket.set_recv_buffer_size(bytes)?;
        }
        if self.sources > 0 {
            socket.bind(SocketAddr::new(source(number % self.sources).into(), 0))?;
        }
        let stream = socket.connect(self.server).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn request(&self, key: &str, from: Option<u64>, token: Option<&str>) -> Result<Request<Empty<Bytes>>, Refused> {
        let from = from.map(|seq| format!("?from={seq}")).unwrap_or_default();
        let mut request = Request::builder()
            .uri(format!("{}{from}", self.path))
            .header(header::HOST, &self.authority)
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, key)
            .header(header::SEC_WEBSOCKET_PROTOCOL, self.protocol);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        request.body(Empty::new()).map_err(|error| Refused::Fault(error.to_string()))
    }
}

/// 127.0.0.2 and up: the addresses of a /16 of the loopback net, without 0 and 255 at their ends.
fn source(index: u32) -> Ipv4Addr {
    let at = index + 1;
    Ipv4Addr::new(127, 0, (at / 250) as u8, (at % 250 + 1) as u8)
}

fn fault(error: hyper::Error) -> Refused {
    Refused::Fault(error.to_string())
}

async fn refusal(response: Response<hyper::body::Incoming>) -> Refused {
    let (head, body) = response.into_parts();
    let seconds = head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let code = match Limited::new(body, PROBLEM_BYTES_MAX).collect().await {
        Ok(body) => serde_json::from_slice::<Problem>(&body.to_bytes()).map_or(String::new(), |problem| problem.code),
        Err(_cut_short) => String::new(),
    };
    Refused::Answer { status: head.status.as_u16(), code, after: seconds.map(Duration::from_secs) }
}

#[cfg(test)]
mod tests {
    use wire::LIVE_JSON;

    use super::*;

    #[test]
    fn sources_are_all_different_and_never_the_address_of_the_network() {
        let all: std::collections::BTreeSet<Ipv4Addr> = (0..62_000).map(source).collect();
        assert_eq!(all.len(), 62_000);
        assert!(all.iter().all(|one| one.octets()[0] == 127 && !matches!(one.octets()[3], 0 | 255)));
        assert_eq!(source(0), Ipv4Addr::new(127, 0, 0, 2));
    }

    #[tokio::test]
    async fn a_crowd_takes_as_few_sources_as_hold_it() {
        let event = Uuid::from_u128(1);
        let dial = async |server, sockets, asked| Dial::new(server, event, sockets, asked, LIVE_JSON).await;
        let sources = async |sockets, asked| dial("127.0.0.1:1", sockets, asked).await.unwrap().sources;
        assert_eq!(sources(20_000, 0).await, 0);
        assert_eq!(sources(60_000, 0).await, 3);
        assert_eq!(sources(10, 100).await, 100);
        assert!(dial("192.0.2.1:1", 60_000, 0).await.is_err());
    }
}
