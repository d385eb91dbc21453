//! A client of the live feed that keeps what it was told, as a seat map in a browser does.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use wire::{LiveBinary, LiveFrame, LiveHold, LiveRequest, LiveSnapshot, SectionCounts};

use crate::server::{Session, TestServer};

/// Nothing here takes longer, whatever goes wrong.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a socket is opened.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    pub from: Option<u64>,
    pub bearer: Option<String>,
    pub origin: Option<String>,
    pub protocols: Option<String>,
    /// To be told who is inside.
    pub occupancy: bool,
    /// Of the system, for this socket: little for one that is to be slow.
    pub receive_bytes: Option<u32>,
}

impl Opening {
    pub fn signed_in(session: &Session) -> Self {
        Self { bearer: Some(session.access_token.clone()), ..Self::default() }
    }
}

/// An answer other than 101.
#[derive(Debug)]
pub struct Refused {
    pub status: u16,
    pub code: String,
    pub retry_after: Option<u64>,
}

/// Letters of each row's seats by section and row, counts of each area.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    pub rows: BTreeMap<(String, String), String>,
    pub areas: BTreeMap<String, [u32; 4]>,
}

pub struct Watcher {
    socket: WebSocketStream<TcpStream>,
    pub protocol: Option<String>,
    pub seq: u64,
    pub view: View,
    pub snapshots: usize,
    pub deltas: usize,
    /// The map: section and row of each seat, and the ids of areas, for frames that name places by position.
    seats: Vec<(String, String)>,
    areas: Vec<String>,
}

/// # Errors
/// The server refuses.
pub async fn open(address: SocketAddr, event: &str, opening: &Opening) -> Result<Watcher, Refused> {
    let from = opening.from.map(|seq| format!("&from={seq}")).unwrap_or_default();
    let url = format!("ws://{address}/api/v1/events/{event}/live?occupancy={}{from}", opening.occupancy);
    let mut request = url.into_client_request().expect("a valid request");
    let headers = [
        ("authorization", opening.bearer.as_ref().map(|token| format!("Bearer {token}"))),
        ("origin", opening.origin.clone()),
        ("sec-websocket-protocol", opening.protocols.clone()),
    ];
    for (name, value) in headers {
        if let Some(value) = value {
            request.headers_mut().insert(name, value.parse().expect("a valid header"));
        }
    }
    let socket = TcpSocket::new_v4().expect("a socket");
    if let Some(bytes) = opening.receive_bytes {
        socket.set_recv_buffer_size(bytes).expect("a size");
    }
    let stream = socket.connect(address).await.expect("the server listens");
    let opened = timeout(PATIENCE, client_async(request, stream)).await.expect("the server answers");
    match opened {
        Ok((socket, response)) => {
            let protocol = response.headers().get("sec-websocket-protocol");
            let protocol = protocol.map(|value| value.to_str().expect("ASCII").to_owned());
            Ok(Watcher::new(socket, protocol))
        }
        Err(Error::Http(response)) => {
            let body = response.body().as_deref().unwrap_or_default();
            let problem: Value = serde_json::from_slice(body).unwrap_or_default();
            let retry_after = response.headers().get("retry-after");
            Err(Refused {
                status: response.status().as_u16(),
                code: problem["code"].as_str().unwrap_or_default().to_owned(),
                retry_after: retry_after.map(|value| value.to_str().expect("ASCII").parse().expect("seconds")),
            })
        }
        Err(error) => panic!("{error}"),
    }
}

impl Watcher {
    /// # Panics
    /// When the server refuses.
    pub async fn open(server: &TestServer, event: &str, opening: Opening) -> Self {
        match open(server.address(), event, &opening).await {
            Ok(watcher) => watcher,
            Err(refused) => panic!("{refused:?}"),
        }
    }

    fn new(socket: WebSocketStream<TcpStream>, protocol: Option<String>) -> Self {
        Self {
            socket,
            protocol,
            seq: 0,
            view: View::default(),
            snapshots: 0,
            deltas: 0,
            seats: Vec::new(),
            areas: Vec::new(),
        }
    }

    /// What a client knows beforehand that begins with a delta, or gets the binary form.
    pub fn know_map(&mut self, map: &Value) {
        for section in map["sections"].as_array().expect("sections") {
            let id = section["id"].as_str().expect("an id").to_owned();
            match section["rows"].as_array() {
                None => self.areas.push(id),
                Some(rows) => {
                    for row in rows {
                        let row_id = row["id"].as_str().expect("an id");
                        let seats =
                            row["seats"].as_array().expect("seats").iter().filter(|seat| !seat.is_null()).count();
                        self.seats.extend((0..seats).map(|_| (id.clone(), row_id.to_owned())));
                    }
                }
            }
        }
    }

    pub async fn say(&mut self, request: &LiveRequest) {
        let text = serde_json::to_string(request).expect("plain data");
        self.send(Message::text(text)).await;
    }

    /// The server may have gone.
    pub async fn send(&mut self, message: Message) {
        drop(timeout(PATIENCE, self.socket.send(message)).await);
    }

    /// The raw connection, to break the protocol.
    pub fn stream(&mut self) -> &mut TcpStream {
        self.socket.get_mut()
    }

    /// The next frame, taken over into the view. `None`: the server has closed. One of the binary form is shown as a
    /// heartbeat.
    pub async fn frame(&mut self) -> Option<LiveFrame> {
        loop {
            let frame = match self.message().await? {
                Message::Text(text) => serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")),
                Message::Binary(bytes) => {
                    LiveFrame::Heartbeat { seq: self.read_binary(&bytes), at: Default::default() }
                }
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
                Message::Close(_) => return None,
            };
            self.take_over(&frame);
            return Some(frame);
        }
    }

    async fn message(&mut self) -> Option<Message> {
        let message = timeout(PATIENCE, self.socket.next()).await.expect("the server sends something");
        message?.ok()
    }

    /// Frames until one fits.
    ///
    /// # Panics
    /// When the server closes before.
    pub async fn until<T>(&mut self, mut fits: impl FnMut(&Self, &LiveFrame) -> Option<T>) -> T {
        loop {
            let frame = self.frame().await.expect("the server goes on");
            if let Some(found) = fits(self, &frame) {
                return found;
            }
        }
    }

    /// Until the state at `seq` is known, or a later one.
    pub async fn reach(&mut self, seq: u64) {
        if self.snapshots + self.deltas == 0 || self.seq < seq {
            self.until(|watcher, _| (watcher.seq >= seq && watcher.snapshots + watcher.deltas > 0).then_some(())).await;
        }
    }

    pub async fn hold(&mut self) -> LiveHold {
        self.until(|_, frame| match frame {
            LiveFrame::Hold(hold) => Some(hold.clone()),
            _ => None,
        })
        .await
    }

    /// The code of the last frame, and its `retry_after_s`.
    pub async fn bye(&mut self) -> (String, Option<u32>) {
        self.until(|_, frame| match frame {
            LiveFrame::Bye { code, retry_after_s } => Some((code.clone(), *retry_after_s)),
            _ => None,
        })
        .await
    }

    /// Whether the server closes, and how, whatever it says before. `None`: without a close frame.
    pub async fn closed(&mut self) -> Option<CloseFrame> {
        loop {
            match self.message().await {
                None => return None,
                Some(Message::Close(close)) => return close,
                Some(_) => {}
            }
        }
    }

    fn read_binary(&mut self, bytes: &[u8]) -> u64 {
        let letter = |state| wire::state_letter(state).expect("a state");
        match LiveBinary::decode(bytes).expect("the binary form") {
            LiveBinary::Snapshot(snapshot) => {
                assert_eq!(snapshot.seats.len(), self.seats.len(), "the map is another");
                self.view = View::default();
                for ((section, row), state) in self.seats.iter().zip(&snapshot.seats) {
                    let letters = self.view.rows.entry((section.clone(), row.clone())).or_default();
                    letters.push(letter(*state));
                }
                for (id, area) in self.areas.iter().zip(&snapshot.areas) {
                    self.view.areas.insert(id.clone(), [area.free, area.held, area.sold, area.blocked]);
                }
                self.seq = snapshot.seq;
                self.snapshots += 1;
            }
            LiveBinary::Delta(delta) => {
                assert!(delta.prev <= self.seq, "a gap: {} after {}", delta.prev, self.seq);
                delta.seats.iter().for_each(|(position, state)| self.set(*position, letter(*state)));
                for (position, area) in &delta.areas {
                    let id = self.areas[*position as usize].clone();
                    self.view.areas.insert(id, [area.free, area.held, area.sold, area.blocked]);
                }
                self.seq = delta.seq;
                self.deltas += 1;
            }
        }
        self.seq
    }

    fn set(&mut self, position: u32, letter: char) {
        let place = &self.seats[position as usize];
        let at = self.seats[..position as usize].iter().rev().take_while(|other| *other == place).count();
        let row = self.view.rows.get_mut(place).expect("a known row");
        row.replace_range(at..=at, letter.encode_utf8(&mut [0; 4]));
    }

    fn take_over(&mut self, frame: &LiveFrame) {
        match frame {
            LiveFrame::Snapshot(snapshot) => {
                self.view = View::of(snapshot);
                self.seats = snapshot.sections.iter().flat_map(places).collect();
                self.seq = snapshot.seq;
                self.snapshots += 1;
            }
            LiveFrame::Delta(delta) => {
                assert!(delta.prev <= self.seq, "a gap: {} after {}", delta.prev, self.seq);
                assert!(delta.seq > self.seq, "{} after {}", delta.seq, self.seq);
                for (first, letters) in &delta.seats {
                    letters.chars().zip(*first..).for_each(|(letter, position)| self.set(position, letter));
                }
                for area in &delta.areas {
                    self.view.areas.insert(area.id.clone(), [area.free, area.held, area.sold, area.blocked]);
                }
                self.seq = delta.seq;
                self.deltas += 1;
            }
            _ => {}
        }
    }
}

/// Section and row of each of its seats.
fn places(section: &SectionCounts) -> impl Iterator<Item = (String, String)> {
    let rows = section.rows.iter().flatten();
    rows.flat_map(|row| row.seats.chars().map(|_| (section.id.clone(), row.id.clone())))
}

impl View {
    pub fn of(snapshot: &LiveSnapshot) -> Self {
        let sections = serde_json::to_value(&snapshot.sections).expect("plain data");
        Self::of_sections(&sections)
    }

    /// As `GET …/availability?seats=true` shows them.
    pub fn of_sections(sections: &Value) -> Self {
        let mut view = Self::default();
        for section in sections.as_array().expect("sections") {
            let id = section["id"].as_str().expect("an id").to_owned();
            match section["rows"].as_array() {
                None => {
                    let count = |name: &str| u32::try_from(section[name].as_u64().expect("a count")).expect("small");
                    view.areas.insert(id, ["free", "held", "sold", "blocked"].map(count));
                }
                Some(rows) => {
                    for row in rows {
                        let text = |name: &str| row[name].as_str().expect("a text").to_owned();
                        view.rows.insert((id.clone(), text("id")), text("seats"));
                    }
                }
            }
        }
        view
    }
}
