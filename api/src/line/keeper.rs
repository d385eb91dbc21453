//! Keeps one waiting room: writes joins down in batches, opens the line when its time has come, calls places at the rate
//! that the sale can bear.
//!
//! Joins and calls go side by side; the opening stands between two batches, so that the order of admission is over
//! exactly the places that were given out before it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use engine::{Clock, EventHandle, SubmitError};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use inventory::{CallLimit, EventId, LineView, Origin, Rejection, TimeUs};
use persistence::Join;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use wire::{AdmissionLimit, WaitingRoom};

use super::ask::Ask;
use super::pace::{Felt, STEP_US, Throttle};
use super::reading::{self, Known, Observed};
use super::registry::{Failure, Keepers, Numbered, Opened, World};
use super::rest;
use crate::metrics;

/// Joins in one transaction.
const BATCH_MAX: usize = 1_000;
/// Between two counts of the joins while all who are known of were called: another node's last batch may have come
/// after the first count.
const COUNT_EVERY: Duration = Duration::from_secs(5);
/// Between two calls while somebody waits.
const CALL_EVERY: Duration = Duration::from_millis(100);
/// Between two looks at a room in which nothing happens.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Rows of former rounds deleted at a time, while nobody joins.
const PRUNE: u32 = 500;
/// It counts as full inside for so long after the last call that found it so.
const FULL_US: i64 = 1_000_000;

pub(super) struct Keeper {
    event: EventId,
    world: World,
    inbox: mpsc::Receiver<Ask>,
    poke: Arc<Notify>,
    known: watch::Sender<Known>,
    room: watch::Sender<WaitingRoom>,
    /// Taken from the inbox, not yet answered.
    asked: Vec<Ask>,
    /// The round that is being kept and the numbers given out in it. `None`: the store must be asked.
    round: Option<Numbered>,
    calling: Option<BoxFuture<'static, Opened>>,
    throttle: Throttle,
    stepped_at: TimeUs,
    observed: Observed,
    full_at: Option<TimeUs>,
    may_prune: bool,
    next_write: Instant,
    next_call: Instant,
    next_count: Instant,
    next_look: Instant,
}

impl Keeper {
    pub(super) fn new(
        event: EventId,
        world: World,
        inbox: mpsc::Receiver<Ask>,
        poke: Arc<Notify>,
        known: watch::Sender<Known>,
        room: watch::Sender<WaitingRoom>,
    ) -> Self {
        let now = Instant::now();
        Self {
            event,
            world,
            inbox,
            poke,
            known,
            room,
            asked: Vec::new(),
            round: None,
            calling: None,
            throttle: Throttle::default(),
            stepped_at: TimeUs::MIN,
            observed: Observed::default(),
            full_at: None,
            may_prune: true,
            next_write: now,
            next_call: now,
            next_count: now + COUNT_EVERY,
            next_look: now,
        }
    }

    /// Until the room is off, or the server stops.
    pub(super) async fn run(mut self, keepers: Keepers, stop: CancellationToken) {
        loop {
            let may_write = Instant::now() >= self.next_write;
            let wake_at = if may_write { self.next_look } else { self.next_look.min(self.next_write) };
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                outcome = called(&mut self.calling) => self.has_called(outcome),
                () = self.poke.notified() => {}
                () = sleep_until(wake_at) => {}
                _ = self.inbox.recv_many(&mut self.asked, BATCH_MAX), if may_write => {}
            }
            if self.turn(&keepers).await.is_break() {
                break;
            }
        }
        self.inbox.close();
        while let Ok(ask) = self.inbox.try_recv() {
            self.asked.push(ask);
        }
        let failure = if stop.is_cancelled() { Failure::Event(engine::Unavailable::Stopping) } else { Failure::Over };
        self.refuse(failure);
        metrics::forget_admission(self.event);
    }

    async fn turn(&mut self, keepers: &Keepers) -> ControlFlow<()> {
        self.next_look = Instant::now() + LOOK_EVERY;
        let handle = match self.world.directory.open(self.event).await {
            Ok(handle) => handle,
            Err(unavailable) => {
                self.refuse(Failure::Event(unavailable));
                return ControlFlow::Continue(());
            }
        };
        let line = handle.line();
        if !line.is_active {
            self.refuse(Failure::Over);
            self.publish(&line);
            if let Err(error) = self.world.store.waiting_room_put_away(self.event, line.round).await {
                tracing::warn!(event = %self.event, %error, "a waiting room could not be put away yet: {error}");
                return ControlFlow::Continue(());
            }
            return if keepers.dismiss(self.event) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        }
        if let Err(failure) = self.find_round(line.round).await {
            self.refuse(failure);
            return ControlFlow::Continue(());
        }
        let opens = self.write_joins(line.opened.is_some()).await;
        self.count_again(&handle.line()).await;
        self.open_if_due(&handle).await;
        for ask in opens {
            self.open(&handle, ask).await;
        }
        self.call(&handle);
        self.publish(&handle.line());
        self.prune().await;
        ControlFlow::Continue(())
    }

    fn refuse(&mut self, failure: Failure) {
        self.asked.drain(..).for_each(|ask| ask.refuse(failure));
    }

    async fn find_round(&mut self, round: u32) -> Result<(), Failure> {
        if self.round.is_some_and(|kept| kept.round == round) {
            return Ok(());
        }
        self.round = None;
        let room = self.world.store.waiting_room_begin(self.event, round).await.map_err(|error| {
            tracing::warn!(event = %self.event, %error, "a waiting room cannot be read: {error}");
            // Nothing was written that anybody waits for.
            if Failure::from(&error) == Failure::Defect { Failure::Defect } else { Failure::Store }
        })?;
        if room.round != round {
            return Err(Failure::Over);
        }
        self.round = Some(Numbered { round, number: room.joined });
        (self.observed, self.full_at, self.may_prune) = (Observed::default(), None, true);
        Ok(())
    }

    /// Numbers given out.
    fn joined(&self) -> u32 {
        self.round.map_or(0, |round| round.number)
    }

    /// Answers every join that was asked for. What is left to be done.
    async fn write_joins(&mut self, is_open: bool) -> Vec<Ask> {
        let Some(Numbered { round, .. }) = self.round.filter(|_| !self.asked.is_empty()) else { return Vec::new() };
        let (mut joins, mut replies, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for ask in self.asked.drain(..) {
            match ask {
                // Nobody waits for the answer any more: he will ask again.
                Ask::Join { ref reply, .. } if reply.is_closed() => {}
                Ask::Join { user, replaces, reply } => {
                    let replaces = replaces.filter(|given_up| given_up.round == round);
                    joins.push(Join { user, replaces: replaces.map(|given_up| given_up.number) });
                    replies.push(reply);
                }
                Ask::Open { .. } => others.push(ask),
            }
        }
        if joins.is_empty() {
            return others;
        }
        let began = Instant::now();
        let written = self.world.store.waiting_places_join(self.event, round, &joins, self.world.clock.now()).await;
        let took = began.elapsed();
        self.next_write = Instant::now() + rest::after(took, is_open);
        match written {
            Ok(Some(joined)) => {
                let new = joined.total.saturating_sub(self.joined());
                metrics::observe_joins(joins.len(), new, took);
                self.round = Some(Numbered { round, number: joined.total });
                for (reply, number) in replies.into_iter().zip(joined.numbers) {
                    let _ = reply.send(Ok(Numbered { round, number }));
                }
            }
            Ok(None) => self.fail(replies, Failure::Over),
            Err(error) => {
                tracing::warn!(event = %self.event, %error, "joins cannot be written: {error}");
                self.fail(replies, Failure::from(&error));
            }
        }
        others
    }

    /// Of those that this keeper knows of, nobody waits.
    async fn count_again(&mut self, line: &LineView) {
        let Some(Numbered { round, number: joined }) = self.round else { return };
        if line.opened.is_none() || joined > line.called || Instant::now() < self.next_count {
            return;
        }
        self.next_count = Instant::now() + COUNT_EVERY;
        match self.world.store.waiting_room_find(self.event).await {
            Ok(Some(room)) if room.round == round => {
                self.round = Some(Numbered { round, number: joined.max(room.joined) });
            }
            Ok(_) => self.round = None,
            Err(error) => tracing::debug!(event = %self.event, %error, "joins could not be counted: {error}"),
        }
    }

    fn fail(&mut self, replies: Vec<oneshot::Sender<Result<Numbered, Failure>>>, failure: Failure) {
        // How many numbers are given out is not known any more.
        self.round = None;
        for reply in replies {
            let _ = reply.send(Err(failure));
        }
    }

    /// A line with a beacon only closes its pre-queue.
    async fn open_if_due(&mut self, handle: &EventHandle) {
        let line = handle.line();
        let opens_from = line.settings.opens_at.or(line.settings.pre_queue_from);
        let is_waiting = line.is_active && line.closed.is_none() && line.opened.is_none();
        let now = self.world.clock.now();
        // Without the count nobody is left out: the next turn knows it.
        let Some(Numbered { round, number: joined }) = self.round.filter(|_| is_waiting) else { return };
        if let Some(opens_at) = opens_from.filter(|at| *at > now) {
            let wait = Duration::from_micros(u64::try_from(opens_at.since(now)).unwrap_or(0));
            self.next_look = self.next_look.min(Instant::now() + wait);
            return;
        }
        match handle.open_line(Origin::ENGINE, round, joined, None).await {
            Ok(_) => {}
            // Somebody was faster, has put it off, or has begun another line.
            Err(SubmitError::Rejected(_)) => {}
            Err(error) => {
                tracing::warn!(event = %self.event, %error, "the line could not be opened yet: {error}");
                self.next_look = Instant::now() + CALL_EVERY;
            }
        }
    }

    async fn open(&mut self, handle: &EventHandle, ask: Ask) {
        let Ask::Open { origin, beacon_value, reply } = ask else { return };
        let (line, now) = (handle.line(), self.world.clock.now());
        let is_due = line.settings.beacon.is_some() && line.settings.opens_at.is_some_and(|at| at <= now);
        // The closing could not be written just now. Under this key it would be the answer for ever.
        let must_close_first = is_due && line.closed.is_none() && line.opened.is_none();
        let opened = match self.round.filter(|_| !must_close_first) {
            Some(Numbered { round, number: joined }) => handle.open_line(origin, round, joined, beacon_value).await,
            None => Err(engine::Unavailable::JournalDown.into()),
        };
        drop(reply.send(opened));
    }

    /// Lets more in, if anybody waits and the last call is answered.
    fn call(&mut self, handle: &EventHandle) {
        let (line, now) = (handle.line(), self.world.clock.now());
        if line.opened.is_none() {
            return;
        }
        self.step(handle, &line, now);
        self.observed.see(now, line.called);
        let Some(Numbered { round, number: joined }) = self.round else { return };
        if line.settings.paused || joined <= line.called || self.calling.is_some() {
            return;
        }
        if Instant::now() >= self.next_call {
            let rate = self.throttle.rate_per_min(line.settings.rate_per_min);
            let handle = handle.clone();
            self.calling = Some(async move { handle.call_places(round, joined, rate).await }.boxed());
            self.next_call = Instant::now() + CALL_EVERY;
        }
        self.next_look = self.next_look.min(self.next_call);
    }

    fn step(&mut self, handle: &EventHandle, line: &LineView, now: TimeUs) {
        if now.since(self.stepped_at) < STEP_US {
            return;
        }
        self.stepped_at = now;
        let pace = handle.pace();
        let felt = Felt { p99_us: pace.p99_us, samples: pace.samples };
        let target_us = u64::try_from(line.settings.latency_target_us).unwrap_or(u64::MAX);
        self.throttle.step(felt, target_us);
        metrics::observe_steering(self.event, felt.p99_us, target_us, self.throttle.share());
    }

    fn has_called(&mut self, outcome: Opened) {
        self.calling = None;
        match outcome {
            Ok(_) => {}
            Err(SubmitError::Rejected(Rejection::NobodyToCall { limited_by: CallLimit::Shoppers })) => {
                self.full_at = Some(self.world.clock.now());
            }
            // Switched off or paused a moment ago, or not yet enough time for one more.
            Err(SubmitError::Rejected(_)) => {}
            Err(error) => tracing::debug!(event = %self.event, %error, "nobody could be called: {error}"),
        }
    }

    fn publish(&mut self, line: &LineView) {
        let now = self.world.clock.now();
        let is_full = self.full_at.is_some_and(|at| now.since(at) < FULL_US);
        let allowed = self.throttle.rate_per_min(line.settings.rate_per_min);
        let limited_by = if line.opened.is_none() {
            AdmissionLimit::Closed
        } else if self.joined() <= line.called {
            AdmissionLimit::Demand
        } else if is_full {
            AdmissionLimit::Shoppers
        } else if self.throttle.is_slowing() {
            AdmissionLimit::Latency
        } else {
            AdmissionLimit::Rate
        };
        let observed = self.observed.rate_per_min().filter(|_| is_full);
        let rate_per_min = observed.map_or(allowed, |observed| observed.min(allowed));
        let known = Known { joined: self.joined(), rate_per_min, limited_by };
        let room = reading::show(line, known, now);
        self.known.send_if_modified(|last| std::mem::replace(last, known) != known);
        let is_new = self.room.send_if_modified(|last| {
            let is_new = *last != room;
            if is_new {
                last.clone_from(&room);
            }
            is_new
        });
        if is_new {
            metrics::observe_admission(self.event, room.rate_per_minute, room.limited_by);
        }
    }

    async fn prune(&mut self) {
        let Some(Numbered { round, .. }) = self.round.filter(|_| self.may_prune && self.inbox.is_empty()) else {
            return;
        };
        match self.world.store.waiting_places_prune(self.event, round, PRUNE).await {
            Ok(gone) => self.may_prune = gone > 0,
            Err(error) => {
                tracing::warn!(event = %self.event, %error, "old places could not be deleted: {error}");
                self.may_prune = false;
            }
        }
    }
}

/// The outcome of the call that is under way. Never, when none is.
async fn called(calling: &mut Option<BoxFuture<'static, Opened>>) -> Opened {
    match calling {
        Some(calling) => calling.await,
        None => std::future::pending().await,
    }
}
