//! The public numbers of the line as one socket is told them, with the moment of each. All waiters with a socket are told
//! the same frame, so one socket stands for all of them; what is here is also the record that promises are held against.
//! Until the feed tells anything, a lookout with a place of his own asks.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use wire::{AdmissionLimit, LiveFrame, Place, WaitingRoom, WaitingRoomState};

use crate::account::Account;
use crate::client::{Client, Outcome};
use crate::live::dial::Dial;
use crate::live::head::{self, HEAD_BYTES, Kind};
use crate::measure::Step;
use crate::pool::Call;

const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// What may be called at once after a pause, as time at the rate.
const SAVED_UP: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(250);

#[derive(Clone, Debug)]
pub struct Pushed {
    pub at: Instant,
    pub room: WaitingRoom,
}

#[derive(Clone)]
pub struct Line {
    called: Arc<watch::Sender<u32>>,
    pushed: Arc<Mutex<Vec<Pushed>>>,
    /// By the feed.
    is_told: Arc<AtomicBool>,
}

/// Asks for the numbers.
pub struct Lookout {
    pub client: Client,
    pub account: Arc<Account>,
    /// Of the room.
    pub path: String,
}

impl Default for Line {
    fn default() -> Self {
        Self { called: Arc::new(watch::Sender::new(0)), pushed: Arc::default(), is_told: Arc::default() }
    }
}

impl Line {
    /// Follows until the task is aborted.
    pub async fn follow(self, dial: Dial, lookout: Lookout) {
        tokio::join!(self.listen(dial), self.look(lookout));
    }

    async fn look(&self, lookout: Lookout) {
        let Lookout { client, account, path } = lookout;
        while !self.is_told.load(Relaxed) {
            let call = Call::get(path.clone());
            // What he is refused everybody is: it is counted where it matters.
            if let Outcome::Done(place) =
                client.settle(Step::Setup, Some(&account), &call, Instant::now()).await.read::<Place>().outcome
            {
                self.push(place.room, Instant::now());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn listen(&self, dial: Dial) {
        loop {
            if let Ok(dialled) = dial.open(0, None, None, None).await {
                let config = Some(WebSocketConfig::default().read_buffer_size(16 << 10).write_buffer_size(0));
                let behind = dialled.behind.to_vec();
                let mut socket =
                    WebSocketStream::from_partially_read(dialled.stream, behind, Role::Client, config).await;
                while let Some(Ok(message)) = socket.next().await {
                    let Message::Text(text) = message else { continue };
                    let bytes = text.as_bytes();
                    if head::read(&bytes[..bytes.len().min(HEAD_BYTES)]).kind == Kind::Line
                        && let Ok(LiveFrame::Line(room)) = serde_json::from_str(&text)
                    {
                        self.is_told.store(true, Relaxed);
                        self.push(room, Instant::now());
                    }
                }
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }

    fn push(&self, room: WaitingRoom, at: Instant) {
        self.called.send_if_modified(|called| std::mem::replace(called, (*called).max(room.called)) < *called);
        self.pushed.lock().unwrap_or_else(PoisonError::into_inner).push(Pushed { at, room });
    }

    pub fn called(&self) -> watch::Receiver<u32> {
        self.called.subscribe()
    }

    pub fn is_open(&self) -> bool {
        let pushed = self.pushed.lock().unwrap_or_else(PoisonError::into_inner);
        pushed.last().is_some_and(|last| last.room.state == WaitingRoomState::Open)
    }

    pub fn history(&self) -> History {
        History(self.pushed.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// In the order they were told.
#[derive(Clone, Debug, Default)]
pub struct History(pub Vec<Pushed>);

/// A stretch in which only the rate limited admission, at one rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    pub seconds: f64,
    pub rate_per_minute: u32,
    pub called: u32,
    /// Places called per second, by the line that fits all that was told after the first second best: neither a frame
    /// that came late nor what a pause had saved up makes it steeper. 0 when less was told.
    pub slope_per_s: f64,
}

impl Stretch {
    /// How far it was from its rate, as a share of that.
    pub fn error(&self) -> f64 {
        (self.slope_per_s * 60.0 / f64::from(self.rate_per_minute.max(1)) - 1.0).abs()
    }
}

fn slope_per_s(run: &[Pushed]) -> f64 {
    let start = run[0].at + SAVED_UP;
    let told: Vec<(f64, f64)> = run
        .iter()
        .filter(|pushed| pushed.at >= start)
        .map(|pushed| ((pushed.at - start).as_secs_f64(), f64::from(pushed.room.called)))
        .collect();
    let count = told.len().max(1) as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| told.iter().map(of).sum::<f64>() / count;
    let (mean_at, mean_called) = (mean(|one| one.0), mean(|one| one.1));
    let along: f64 = told.iter().map(|(at, called)| (at - mean_at) * (called - mean_called)).sum();
    let spread: f64 = told.iter().map(|(at, _)| (at - mean_at).powi(2)).sum();
    if spread > 0.0 { along / spread } else { 0.0 }
}

impl History {
    /// When it was first told that `rank` has been called.
    pub fn called_at(&self, rank: u32) -> Option<Instant> {
        let at = self.0.partition_point(|pushed| pushed.room.called <= rank);
        self.0.get(at).map(|pushed| pushed.at)
    }

    /// Whether the line went at this rate, and nothing else limited it, all the time from `from` to `to`.
    pub fn is_steady(&self, from: Instant, to: Instant, rate_per_minute: u32) -> bool {
        let first = self.0.partition_point(|pushed| pushed.at <= from).saturating_sub(1);
        let of = self.0[first..].iter().take_while(|pushed| pushed.at < to);
        of.map(|pushed| &pushed.room)
            .all(|room| room.limited_by == AdmissionLimit::Rate && room.rate_per_minute == rate_per_minute)
    }

    pub fn stretches(&self) -> Vec<Stretch> {
        let is_alike = |one: &Pushed, two: &Pushed| {
            let both = (one.room.limited_by, two.room.limited_by);
            both == (AdmissionLimit::Rate, AdmissionLimit::Rate) && one.room.rate_per_minute == two.room.rate_per_minute
        };
        let of = |run: &[Pushed]| {
            let (first, last) = (&run[0], &run[run.len() - 1]);
            Stretch {
                seconds: (last.at - first.at).as_secs_f64(),
                rate_per_minute: first.room.rate_per_minute,
                called: last.room.called.saturating_sub(first.room.called),
                slope_per_s: slope_per_s(run),
            }
        };
        self.0.chunk_by(is_alike).filter(|run| run.len() > 1).map(of).collect()
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn pushed(start: Instant, ms: u64, called: u32, rate: u32, limited_by: AdmissionLimit) -> Pushed {
        let room = WaitingRoom {
            state: WaitingRoomState::Open,
            joined: 1_000,
            called,
            rate_per_minute: rate,
            limited_by,
            shoppers: 0,
            pre_queue_from: None,
            opens_at: None,
        };
        Pushed { at: start + Duration::from_millis(ms), room }
    }

    #[test]
    fn the_record_says_when_a_rank_was_called_and_how_steadily_the_line_went() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let history = History(vec![
            pushed(start, 0, 0, 600, AdmissionLimit::Rate),
            pushed(start, 250, 2, 600, AdmissionLimit::Rate),
            pushed(start, 500, 5, 600, AdmissionLimit::Rate),
            pushed(start, 750, 7, 600, AdmissionLimit::Shoppers),
            pushed(start, 1_000, 8, 600, AdmissionLimit::Rate),
            pushed(start, 1_250, 10, 300, AdmissionLimit::Rate),
        ]);
        assert_eq!(
            [0, 1, 2, 4, 5, 9, 10].map(|rank| history.called_at(rank)),
            [Some(at(250)), Some(at(250)), Some(at(500)), Some(at(500)), Some(at(750)), Some(at(1_250)), None]
        );
        let stretch = Stretch { seconds: 0.5, rate_per_minute: 600, called: 5, slope_per_s: 0.0 };
        assert_eq!(history.stretches(), [stretch]);
        assert!(history.is_steady(at(100), at(600), 600) && !history.is_steady(at(100), at(600), 300));
        assert!(!history.is_steady(at(100), at(800), 600) && !history.is_steady(at(800), at(900), 600));
    }

    #[test]
    fn a_late_frame_and_a_burst_do_not_change_the_rate_that_is_seen() {
        let start = Instant::now();
        // Ten a second after ten at once; every fifth frame is late.
        let told = |quarter: u64| {
            let called = 10 + (quarter * 10 / 4) as u32;
            let late = if quarter % 5 == 4 { 200 } else { 0 };
            pushed(start, quarter * 250 + late, if quarter == 0 { 0 } else { called }, 600, AdmissionLimit::Rate)
        };
        let stretches = History((0..=80).map(told).collect()).stretches();
        assert_eq!(stretches.len(), 1);
        assert!(stretches[0].error() < 0.01, "{:?}", stretches[0]);
        let slower = |quarter| {
            let Pushed { at, room } = told(quarter);
            Pushed { at, room: WaitingRoom { called: room.called * 97 / 100, ..room } }
        };
        let stretches = History((0..=80).map(slower).collect()).stretches();
        assert!(stretches[0].error() > 0.02, "{:?}", stretches[0]);
    }

    #[test]
    fn what_was_called_stays_called() {
        let line = Line::default();
        let called = line.called();
        let start = Instant::now();
        for (ms, number) in [(0, 5), (1, 3), (2, 9)] {
            let Pushed { at, room } = pushed(start, ms, number, 600, AdmissionLimit::Rate);
            line.push(room, at);
        }
        assert_eq!((*called.borrow(), line.history().0.len()), (9, 3));
    }
}
