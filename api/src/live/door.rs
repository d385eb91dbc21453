//! Who is inside, for the sockets at the door: read when something has happened and one of them is there, at most once a
//! second. Of several readings only the latest is told.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::Instant;
use wire::{LiveFrame, Occupancy};

use super::feed::{Feed, Kind};
use super::frame;
use crate::occupancy;
use crate::state::AppState;

/// Between two readings.
const PERIOD: Duration = Duration::from_secs(1);
/// Check-in lists change without a change of the event.
const LISTS_PERIOD: Duration = Duration::from_secs(10);

#[derive(Default)]
pub struct Door {
    reading: Option<Pin<Box<dyn Future<Output = Option<Read>> + Send>>>,
    read_at: Option<Instant>,
    told: Option<Read>,
    /// Somebody has come and knows nothing.
    is_awaited: bool,
}

/// What was inside at `seq` or later.
pub struct Read {
    seq: u64,
    occupancy: Occupancy,
}

impl Door {
    /// Begins to read, when that is due.
    pub fn look(&mut self, state: &AppState, feed: &Feed, now: Instant) {
        self.is_awaited |= feed.take_door_news();
        if !feed.has_door() || self.reading.is_some() {
            return;
        }
        let Some(seq) = feed.edit(|board, _| board.lsn()) else { return };
        if !self.is_due(seq, now) {
            return;
        }
        let Some(handle) = state.directory.get(feed.event()) else { return };
        self.read_at = Some(now);
        let (state, event) = (state.clone(), feed.event());
        // Not now: read again a second later.
        let read = async move { occupancy::of(&state, &handle, event).await.ok() };
        self.reading = Some(Box::pin(async move { read.await.map(|occupancy| Read { seq, occupancy }) }));
    }

    fn is_due(&self, seq: u64, now: Instant) -> bool {
        let since_read = self.read_at.map_or(Duration::MAX, |at| now.duration_since(at));
        let is_news = self.told.as_ref().is_none_or(|told| told.seq < seq);
        since_read >= PERIOD && (is_news || self.is_awaited || since_read >= LISTS_PERIOD)
    }

    /// Never, when nothing is being read.
    pub async fn read(&mut self) -> Option<Read> {
        let Some(reading) = &mut self.reading else { return std::future::pending().await };
        let read = reading.await;
        self.reading = None;
        read
    }

    /// Whether there was anything to tell.
    pub fn tell(&mut self, feed: &Feed, read: Option<Read>) -> bool {
        let Some(read) = read else { return false };
        let is_known = self.told.as_ref().is_some_and(|told| told.occupancy == read.occupancy);
        let is_told = !is_known || self.is_awaited;
        if is_told {
            feed.notice(Kind::Door, frame::text(&LiveFrame::Occupancy(read.occupancy.clone())));
            self.is_awaited = false;
        }
        self.told = Some(read);
        is_told
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use inventory::EventId;

    use super::super::board::tests::board;
    use super::super::feed::{Next, Seen};
    use super::super::forms::Form;
    use super::super::personal::Personal;
    use super::*;

    fn read(seq: u64, inside: u32) -> Option<Read> {
        let occupancy = Occupancy { inside, left: 0, entered: inside, tiers: Vec::new(), lists: Vec::new() };
        Some(Read { seq, occupancy })
    }

    /// How many are inside, in each frame of the door that is due to the socket.
    fn told(feed: &Feed, seen: &mut Seen) -> Vec<u32> {
        let mut told = Vec::new();
        loop {
            match feed.next(seen, Form::Json) {
                Next::Notice(bytes) => {
                    let json = bytes.iter().position(|byte| *byte == b'{').unwrap();
                    if let LiveFrame::Occupancy(now) = serde_json::from_slice(&bytes[json..]).unwrap() {
                        told.push(now.inside);
                    }
                }
                Next::Snapshot(_) | Next::Delta(_) => {}
                Next::Nothing | Next::Bye(_) => return told,
            }
        }
    }

    fn feed() -> Arc<Feed> {
        let feed = Feed::new(EventId::from_bytes([1; 16]));
        feed.open(board(), Personal::default());
        feed
    }

    #[test]
    fn the_latest_is_told_once_and_at_the_door_alone() {
        let (feed, mut door) = (feed(), Door::default());
        let (mut seen, at_door) = feed.seen_at_door(None);
        let mut public = feed.seen_from(None);
        assert!(feed.has_door() && feed.take_door_news() && !feed.take_door_news());
        assert!(door.tell(&feed, read(1, 1)) && door.tell(&feed, read(2, 2)));
        assert!(!door.tell(&feed, read(3, 2)), "it is the same");
        assert_eq!((told(&feed, &mut seen), told(&feed, &mut seen)), (vec![2], vec![]));
        assert!(told(&feed, &mut public).is_empty());
        drop(at_door);
        assert!(!feed.has_door());
    }

    #[test]
    fn who_comes_later_is_told_anew_and_not_what_was_true_before() {
        let (feed, mut door) = (feed(), Door::default());
        assert!(door.tell(&feed, read(1, 7)));
        let (mut seen, _at_door) = feed.seen_at_door(None);
        assert!(told(&feed, &mut seen).is_empty(), "that may be old");
        door.is_awaited = feed.take_door_news();
        assert!(door.tell(&feed, read(1, 7)));
        assert_eq!(told(&feed, &mut seen), [7]);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_read_once_a_second_when_something_has_happened() {
        let mut door = Door { read_at: Some(Instant::now()), told: read(5, 1), ..Door::default() };
        let at = |seconds| Instant::now() + Duration::from_secs(seconds);
        assert!(!door.is_due(6, at(0)) && door.is_due(6, at(1)));
        assert!(!door.is_due(5, at(9)) && door.is_due(5, at(10)), "lists may have changed");
        door.is_awaited = true;
        assert!(!door.is_due(5, at(0)) && door.is_due(5, at(1)));
        assert!(Door::default().is_due(0, at(0)));
    }
}
