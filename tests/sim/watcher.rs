//! Somebody who watches an event as the live feed does: taps it, folds what comes, and taps anew when the tap closes or
//! its node dies. Writes down what it sees and when.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::{Changes, Picture, Tap};
use inventory::{Counts, EventId, HoldId, HoldKind, HoldNews, Inventory, Lsn, Phase, SeatIx, SeatState, TimeUs};
use tokio::time::{Instant, sleep, timeout_at};

use crate::bug::Bug;
use crate::rng::Rng;
use crate::world::{Node, World};

/// All that a watcher knows of an event at one LSN.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    pub phase: Phase,
    pub seats: Vec<SeatState>,
    pub areas: Vec<Counts>,
    pub holds: BTreeMap<HoldId, TimeUs>,
}

impl Board {
    pub fn of(inventory: &Inventory) -> Self {
        let layout = inventory.layout();
        Self {
            phase: inventory.phase(),
            seats: (0..layout.seat_count()).map(|seat| inventory.seat_state(SeatIx(seat))).collect(),
            areas: (0..layout.area_count()).map(|area| inventory.area_counts(inventory::AreaIx(area as u16))).collect(),
            holds: inventory.live_holds().map(|news| (news.hold, news.expires_at)).collect(),
        }
    }

    fn fold(&mut self, changes: &mut Changes) {
        // What the picture has already is told again: the news of a hold, in its order, ends where the picture does.
        let has = changes.picture.take().map(|picture| {
            let lsn = picture.lsn;
            *self = Self::from(*picture);
            lsn
        });
        changes.seats.iter().for_each(|(seat, state)| self.seats[seat.ix()] = *state);
        changes.areas.iter().for_each(|(area, counts)| self.areas[area.ix()] = *counts);
        self.phase = changes.phase.unwrap_or(self.phase);
        changes.holds.iter().filter(|news| has.is_none_or(|lsn| news.lsn > lsn)).for_each(|news| self.hear(news));
    }

    fn hear(&mut self, news: &HoldNews) {
        match news.kind {
            HoldKind::Placed | HoldKind::Extended => self.holds.insert(news.hold, news.expires_at),
            HoldKind::Released | HoldKind::Expired | HoldKind::Confirmed => self.holds.remove(&news.hold),
        };
    }
}

impl From<Picture> for Board {
    fn from(picture: Picture) -> Self {
        let Picture { phase, seats, areas, holds, .. } = picture;
        Self { phase, seats, areas, holds: holds.iter().map(|news| (news.hold, news.expires_at)).collect() }
    }
}

/// The board as it was seen.
#[derive(Clone, Debug)]
pub struct Sighting {
    pub event: EventId,
    pub at_us: i64,
    pub lsn: Lsn,
    pub board: Board,
}

pub struct Watcher {
    world: Arc<World>,
    rng: Rng,
    event: EventId,
}

impl Watcher {
    pub const fn new(world: Arc<World>, rng: Rng, event: EventId) -> Self {
        Self { world, rng, event }
    }

    /// Never returns; dropped when the buyers are done.
    pub async fn watch(mut self) {
        loop {
            let nodes = self.world.nodes();
            if let Some(node) = self.rng.pick(&nodes) {
                match node.tap(self.event).await {
                    Some(Ok((picture, tap))) => self.follow(node, picture, tap).await,
                    Some(Err(unavailable)) => self.world.note(&format!("tap_{}", unavailable.code())),
                    None => self.world.note("tap_crash"),
                }
            }
            // An event that is always watched would never leave memory.
            sleep(Duration::from_millis(self.rng.between(50, 3_000))).await;
        }
    }

    async fn follow(&mut self, node: &Node, picture: Picture, mut tap: Tap) {
        let until = Instant::now() + Duration::from_millis(self.rng.between(100, 8_000));
        let lsn = picture.lsn;
        let mut board = Board::from(picture);
        self.see(lsn, &board);
        let mut changes = Changes::default();
        loop {
            let is_open = tokio::select! {
                biased;
                () = node.crashed() => return self.world.note("watched_crash"),
                is_open = timeout_at(until, tap.changed()) => is_open,
            };
            match is_open {
                Err(_) => return self.world.note("watched_enough"),
                Ok(false) => return self.world.note("tap_closed"),
                Ok(true) => {}
            }
            if self.rng.percent(50) {
                sleep(Duration::from_millis(self.rng.between(1, 250))).await;
            }
            if !tap.take(&mut changes) {
                return;
            }
            self.world.note(if changes.picture.is_some() { "tap_picture" } else { "tap_changes" });
            if self.world.plan.bug == Bug::FeedLosesChange && self.rng.percent(2) {
                changes.seats.pop();
            }
            board.fold(&mut changes);
            self.see(changes.lsn, &board);
        }
    }

    fn see(&self, lsn: Lsn, board: &Board) {
        let sighting = Sighting { event: self.event, at_us: self.world.now_us(), lsn, board: board.clone() };
        self.world.tell(&format!("seen {} at {lsn}", self.event.bytes()[0]));
        self.world.see(sighting);
    }
}
