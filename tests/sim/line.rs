//! The waiting room of a run: the first show may have one. Its keeper sets it up, opens the line and calls; buyers join,
//! come in, shop with a session or without one, and leave. Numbers are given out by a desk that writes them down before it
//! tells them, and that a crash makes forget what it has not written yet, as a keeper's rows are.

use std::time::Duration;

use inventory::{Answer, CallLimit, Entry, EventId, Rejection, RoomSettings, TimeUs, UserId, Verb};
use tokio::time::sleep;

use crate::buyer::Buyer;
use crate::history::Outcome;
use crate::show::EVENTS;

/// The show with the room.
pub const EVENT: EventId = EVENTS[0];
pub const BEACON: &str = "tomorrow's numbers";

/// Who has which number of the present line.
#[derive(Default)]
pub struct Desk {
    /// The first `durable` of them are written down.
    owners: Vec<UserId>,
    durable: usize,
    /// Grows whenever what was not written down is lost.
    losses: u32,
    /// As the event counts them, the last that is known of.
    round: u32,
}

impl Desk {
    /// Numbers that are durable: the event is told of no others.
    pub fn joined(&self) -> u32 {
        self.durable as u32
    }

    /// Numbers begin anew with another line.
    pub fn see(&mut self, round: u32) {
        if self.round < round {
            *self = Self { round, losses: self.losses + 1, ..Self::default() };
        }
    }

    /// A number that is not durable yet.
    fn take(&mut self, user: UserId) -> Taken {
        self.owners.push(user);
        Taken { user, round: self.round, number: self.owners.len() as u32 - 1, losses: self.losses }
    }

    /// One commit for all that wait. Whether this one is durable; if not it is lost, and its number may be another's.
    fn commit(&mut self, taken: Taken) -> bool {
        if self.losses == taken.losses {
            self.durable = self.owners.len();
        }
        let durable = &self.owners[..self.durable];
        self.round == taken.round && durable.get(taken.number as usize) == Some(&taken.user)
    }

    /// Whatever is not durable is gone. `true`: there was something.
    pub fn crash(&mut self) -> bool {
        let had_more = self.owners.len() > self.durable;
        self.owners.truncate(self.durable);
        self.losses += u32::from(had_more);
        had_more
    }
}

#[derive(Clone, Copy)]
struct Taken {
    user: UserId,
    round: u32,
    number: u32,
    losses: u32,
}

/// What a buyer knows of his place.
#[derive(Clone, Copy, Default)]
pub struct Ticket {
    round: u32,
    number: Option<u32>,
}

impl Buyer {
    /// Keeps the line until the run has begun `ops` operations.
    pub async fn keep_line(mut self, ops: u32) {
        let mut settings = self.draw_room();
        self.switch(&settings).await;
        while self.world.ops_begun() < ops {
            sleep(Duration::from_millis(self.rng.between(50, 400))).await;
            let (round, joined) = self.count().await;
            match self.rng.below(100) {
                0..30 => self.open(round, joined).await,
                30..94 => self.call(round, joined).await,
                94..98 => {
                    settings.rate_per_min = [60, 240, 1_200][self.rng.below(3) as usize];
                    settings.paused = self.rng.percent(20);
                    self.switch(&settings).await;
                }
                _ => {
                    settings.active = !settings.active;
                    if settings.active {
                        settings = self.draw_room();
                    }
                    self.switch(&settings).await;
                }
            }
        }
    }

    /// The line that is served, and the numbers given out in it.
    async fn count(&mut self) -> (u32, u32) {
        let round = self.world.round(&mut self.rng, EVENT).await;
        let mut desk = self.world.desk();
        if let Some(round) = round {
            desk.see(round);
        }
        (desk.round, desk.joined())
    }

    fn draw_room(&mut self) -> RoomSettings {
        let opens_at =
            self.rng.percent(60).then(|| TimeUs(self.world.now_us() + self.rng.between(0, 4_000_000) as i64));
        RoomSettings {
            active: true,
            opens_at,
            rate_per_min: [60, 240, 1_200][self.rng.below(3) as usize],
            shoppers_max: self.rng.between(1, 4) as u32,
            session_us: 30_000_000,
            claim_within_us: 10_000_000,
            beacon: opens_at.filter(|_| self.rng.percent(40)).map(|_| BEACON.to_owned()),
            ..RoomSettings::default()
        }
    }

    async fn switch(&mut self, settings: &RoomSettings) {
        let mut key = [0; 32];
        key[..16].copy_from_slice(&self.rng.bytes());
        self.ask(EVENT, Verb::SetWaitingRoom { settings: Box::new(settings.clone()), key }).await;
    }

    async fn open(&mut self, round: u32, joined: u32) {
        let beacon_value = self.rng.percent(30).then(|| "4 8 15 16 23 42".to_owned());
        let verb = Verb::OpenLine { round, joined, beacon_value };
        if let Some(Answer::PreQueueClosed { .. }) = self.ask(EVENT, verb).await.map(|it| it.answer) {
            self.world.note("pre_queue_closed");
        }
    }

    async fn call(&mut self, round: u32, joined: u32) {
        let rate_per_min = if self.rng.percent(20) { 120 } else { u32::MAX };
        if self.ask(EVENT, Verb::CallPlaces { round, joined, rate_per_min }).await.is_some() {
            self.world.note("places_called");
        }
    }

    /// Joins, comes in when it may be his turn, or leaves.
    pub async fn queue(&mut self) {
        let (round, _) = self.count().await;
        // Now and then somebody comes with a ticket of the line before.
        if self.place.round != round && self.rng.percent(70) {
            self.place = Ticket { round, number: None };
        }
        if self.rng.percent(8) {
            let number = self.place.number.filter(|_| self.rng.percent(50));
            if self.ask(EVENT, Verb::LeaveLine { user: self.user, round: self.place.round, number }).await.is_some()
                && number.is_some()
            {
                self.place.number = None;
                self.world.note("place_given_up");
            }
            return;
        }
        if self.rng.percent(4) {
            let entry = Entry::Priority { pass: [7; 16], uses_max: 2, until: TimeUs::MAX };
            self.enter(entry).await;
            return;
        }
        let (round, number) = match self.place {
            Ticket { round, number: Some(number) } => (round, number),
            Ticket { number: None, .. } => {
                let taken = self.world.desk().take(self.user);
                sleep(Duration::from_millis(self.rng.between(1, 150))).await;
                if !self.world.desk().commit(taken) {
                    return;
                }
                (taken.round, taken.number)
            }
        };
        self.place = Ticket { round, number: Some(number) };
        self.enter(Entry::Place { round, number }).await;
    }

    async fn enter(&mut self, entry: Entry) {
        let op = self.ask_whatever(EVENT, Verb::StartSession { user: self.user, entry }).await;
        if op.done().is_some() {
            self.world.note("session_started");
        }
        let is_lapsed =
            |outcome: &Outcome| matches!(outcome, Outcome::Rejected(Rejection::PlaceLapsed | Rejection::LineBeganAnew));
        if op.attempts.last().is_some_and(|it| is_lapsed(&it.outcome)) {
            self.place.number = None;
        }
    }
}

/// How a refusal to call is told in the list of what a run has met.
pub const fn limit_met(limited_by: CallLimit) -> &'static str {
    match limited_by {
        CallLimit::Demand => "call_limited_by_demand",
        CallLimit::Rate => "call_limited_by_rate",
        CallLimit::Shoppers => "call_limited_by_shoppers",
        CallLimit::Paused => "call_limited_by_pause",
    }
}
