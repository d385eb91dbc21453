//! Waiters with a socket of their own: the feed tells each where he stands and when it is his turn. Halfway all sockets
//! drop and come back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use hdrhistogram::Histogram;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use wire::{LiveFrame, LiveRequest, LiveSessionState};

use super::crowd::Crowd;
use super::waiter::{Waiter, Way};
use crate::client::Outcome;
use crate::live::dial::{Dial, Refused};
use crate::live::head::{self, HEAD_BYTES, Kind};
use crate::measure::{Step, histogram};

const AGAIN_AFTER: Duration = Duration::from_millis(300);
/// After the numbers that are pushed to all have passed his: a frame may still be on its way.
const TOLD_WITHIN: Duration = Duration::from_secs(3);

pub struct Sockets {
    pub dial: Dial,
    /// Grows when all drop.
    pub storms: watch::Sender<u32>,
    seen: Mutex<SeenBySockets>,
}

pub struct SeenBySockets {
    /// From the drop of all sockets to a socket's first frame.
    pub back: Histogram<u64>,
    /// Turns that were told by a frame.
    pub turns: u64,
    /// Turns that were not, though all knew by the pushed numbers.
    pub untold: u64,
    pub refusals: BTreeMap<String, u64>,
}

impl Sockets {
    pub fn new(dial: Dial) -> Self {
        let seen = SeenBySockets { back: histogram(), turns: 0, untold: 0, refusals: BTreeMap::new() };
        Self { dial, storms: watch::Sender::new(0), seen: Mutex::new(seen) }
    }

    pub fn seen(&self) -> std::sync::MutexGuard<'_, SeenBySockets> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All waiters with a socket, until each has ended or the run is over.
    pub async fn run(self: Arc<Self>, crowd: Arc<Crowd>) {
        let mut tasks = JoinSet::new();
        for waiter in crowd.waiters.iter().filter(|waiter| waiter.way == Way::Socket) {
            let (sockets, crowd, waiter) = (Arc::clone(&self), Arc::clone(&crowd), Arc::clone(waiter));
            tasks.spawn(async move {
                let is_turn = tokio::select! {
                    () = sockets.wait(&crowd, &waiter) => true,
                    () = late(&crowd, &waiter) => {
                        sockets.seen().untold += 1;
                        true
                    }
                    () = crowd.until_over() => false,
                };
                if is_turn {
                    crowd.claim(&waiter).await;
                }
            });
        }
        while tasks.join_next().await.is_some() {}
    }

    /// Until it is this waiter's turn.
    async fn wait(&self, crowd: &Crowd, waiter: &Arc<Waiter>) {
        // Late ones join; the place is known before the socket is opened.
        let step = if waiter.is_early { Step::Look } else { Step::Join };
        if !matches!(crowd.ask(waiter, step, Instant::now()).await.outcome, Outcome::Done(_)) {
            return;
        }
        let mut storms = self.storms.subscribe();
        let (mut from, mut dropped): (Option<u64>, Option<Instant>) = (None, None);
        loop {
            let token = waiter.account.token();
            match self.dial.open(waiter.index, from, Some(&token), None).await {
                Err(refused) => {
                    *self.seen().refusals.entry(refused.name()).or_default() += 1;
                    let after = match refused {
                        Refused::Answer { after, .. } => after.unwrap_or_default(),
                        Refused::Fault(_) => Duration::ZERO,
                    };
                    tokio::time::sleep(after.max(AGAIN_AFTER)).await;
                }
                Ok(dialled) => {
                    let config = Some(WebSocketConfig::default().read_buffer_size(4 << 10).write_buffer_size(0));
                    let (stream, behind) = (dialled.stream, dialled.behind.to_vec());
                    let socket = WebSocketStream::from_partially_read(stream, behind, Role::Client, config).await;
                    tokio::select! {
                        is_turn = self.listen(crowd, waiter, socket, dropped, &mut from) => if is_turn { return },
                        _ = storms.changed() => dropped = Some(Instant::now()),
                    }
                }
            }
        }
    }

    /// Whether the turn was told before the socket closed.
    async fn listen(
        &self,
        crowd: &Crowd,
        waiter: &Waiter,
        mut socket: WebSocketStream<tokio::net::TcpStream>,
        dropped: Option<Instant>,
        from: &mut Option<u64>,
    ) -> bool {
        let place_ticket = waiter.seen().ticket.clone().unwrap_or_default();
        let follow = serde_json::to_string(&LiveRequest::Place { place_ticket });
        let follow = follow.unwrap_or_else(|_| unreachable!("the frames of wire can be written"));
        if socket.send(Message::text(follow)).await.is_err() {
            return false;
        }
        let mut is_first = true;
        while let Some(Ok(message)) = socket.next().await {
            let Message::Text(text) = message else { continue };
            if let (true, Some(dropped)) = (is_first, dropped) {
                self.seen().back.saturating_record(dropped.elapsed().as_micros() as u64);
            }
            is_first = false;
            let head = head::read(&text.as_bytes()[..text.len().min(HEAD_BYTES)]);
            if head.seq > 0 {
                *from = Some(head.seq);
            }
            if head.kind != Kind::Other {
                continue;
            }
            let place = match serde_json::from_str::<LiveFrame>(&text) {
                Ok(LiveFrame::Place(place)) => place,
                // Who has come in by polling before his socket spoke hears this instead.
                Ok(LiveFrame::Session(session)) if session.state == LiveSessionState::Admitted => {
                    self.seen().turns += 1;
                    return true;
                }
                _ => continue,
            };
            let known = waiter.seen().rank;
            if place.rank.is_some() && known.is_some() && place.rank != known {
                let what = format!("waiter {}: rank {known:?} is {:?} on the socket", waiter.index, place.rank);
                crowd.client().measured.violation(what);
            }
            if place.claim_by.is_some() {
                self.seen().turns += 1;
                return true;
            }
        }
        tokio::time::sleep(AGAIN_AFTER).await;
        false
    }
}

/// Until the waiter must know that it is his turn, whatever his socket says.
async fn late(crowd: &Crowd, waiter: &Waiter) {
    let called = crowd.line.called();
    while waiter.seen().rank.is_none_or(|rank| rank >= *called.borrow()) {
        tokio::time::sleep(AGAIN_AFTER).await;
    }
    tokio::time::sleep(TOLD_WITHIN).await;
}
