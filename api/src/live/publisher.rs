//! The task that follows one event for all its watchers: takes what has become durable, conflates it, and tells it at the
//! rhythm that the sockets can bear. It waits for no socket.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use engine::{Changes, Picture, Tap, Unavailable};
use inventory::{Availability, EventId, Layout, LineView, Phase, TimeUs};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use wire::{LiveFrame, WaitingRoom};

use super::board::Board;
use super::bye::Bye;
use super::crew::{self, CREW};
use super::door::Door;
use super::feed::{Feed, Kind};
use super::forms;
use super::personal::Personal;
use super::rhythm::Rhythm;
use super::{frame, metrics};
use crate::state::AppState;
use crate::time;

/// Upkeep between changes.
const TICK: Duration = Duration::from_millis(250);
/// Between two frames of counts, and before sockets are told of changes that changed nothing they see.
const COUNTS_PERIOD: Duration = Duration::from_secs(1);
/// After so long without any frame.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// An event without watchers is followed on for so long: they often come back.
const LINGER: Duration = Duration::from_secs(10);
/// Between two tries to follow an event whose actor has gone.
const RETRY: Duration = Duration::from_millis(200);
/// Watchers of an event that does not come back are sent away after so long.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Publisher {
    state: AppState,
    feed: Arc<Feed>,
    rhythm: Rhythm,
    /// The next delta goes out then, or at once when that has passed.
    next_at: Instant,
    told_at: Instant,
    /// When a frame of any kind last went to all.
    spoke_at: Instant,
    watched_at: Instant,
    counts: Counts,
    door: Door,
    /// The waiting room as last told.
    line: Option<(WaitingRoom, Arc<LineView>)>,
}

/// The next frame of counts: its numbers come from the event's own turn.
#[derive(Default)]
struct Counts {
    asking: Option<Pin<Box<dyn Future<Output = Option<Availability>> + Send>>>,
    asked_at: Option<Instant>,
    told_lsn: Option<u64>,
}

enum Ended {
    /// The tap was closed: another shows what was missed.
    TapClosed,
    Unwatched,
    Stopping,
}

impl Publisher {
    pub fn new(state: AppState, feed: Arc<Feed>) -> Self {
        let now = Instant::now();
        Self {
            state,
            feed,
            rhythm: Rhythm::new(Handle::current().metrics().num_workers()),
            next_at: now,
            told_at: now,
            spoke_at: now,
            watched_at: now,
            counts: Counts::default(),
            door: Door::default(),
            line: None,
        }
    }

    /// Until nobody watches any more, the event is lost, or `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut crew = JoinSet::new();
        (0..CREW).for_each(|member| drop(crew.spawn(crew::serve(Arc::clone(&self.feed), member))));
        let mut lost_at = None;
        loop {
            let tapped = stop.run_until_cancelled(tap(&self.state, self.feed.event())).await;
            let ended = match tapped {
                None => Ended::Stopping,
                Some(Ok((picture, tap))) => {
                    lost_at = None;
                    self.adopt(picture);
                    self.follow(tap, &stop).await
                }
                Some(Err(unavailable)) => {
                    let since: Instant = *lost_at.get_or_insert_with(Instant::now);
                    let was_open = self.feed.state().is_some();
                    if !was_open || unavailable == Unavailable::Damaged || since.elapsed() > PATIENCE {
                        self.state.live.feeds.forget(&self.feed);
                        self.feed.end(Bye::Event(unavailable));
                        return;
                    }
                    self.beat_heart();
                    sleep(RETRY).await;
                    Ended::TapClosed
                }
            };
            match ended {
                Ended::TapClosed => {}
                Ended::Stopping => {
                    self.feed.end(Bye::Stopping);
                    return;
                }
                Ended::Unwatched if self.state.live.feeds.forget_unwatched(&self.feed) => return,
                Ended::Unwatched => self.watched_at = Instant::now(),
            }
        }
    }

    async fn follow(&mut self, mut tap: Tap, stop: &CancellationToken) -> Ended {
        let mut changes = Changes::default();
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ended::Stopping,
                is_open = tap.changed() => {
                    if !is_open {
                        return Ended::TapClosed;
                    }
                    sleep_until(self.next_at).await;
                    if tap.take(&mut changes) {
                        self.apply(&mut changes);
                        self.cut(changes.oldest, self.told_at.elapsed() >= COUNTS_PERIOD);
                    }
                }
                counts = self.counts.answer() => self.tell_counts(counts),
                read = self.door.read() => {
                    if self.door.tell(&self.feed, read) {
                        self.spoke_at = Instant::now();
                    }
                }
                () = beat(&mut tick) => {
                    if self.upkeep() {
                        return Ended::Unwatched;
                    }
                }
            }
        }
    }

    /// The whole state, at the start and whenever changes alone do not lead there.
    fn adopt(&mut self, picture: Picture) {
        let Picture { lsn, phase, layout, seats, areas, holds, shoppers } = picture;
        let now = self.state.now();
        let is_same_map = self.feed.edit(|board, _| board.phase() != Phase::Draft || board.lsn() == lsn.0);
        match is_same_map {
            None => {
                let mut personal = Personal::default();
                personal.replace(holds);
                personal.replace_sessions(&shoppers, now);
                self.feed.open(Board::new(layout, phase, lsn, seats, areas), personal);
            }
            Some(false) => {
                self.feed.start_anew(Board::new(layout, phase, lsn, seats, areas));
                self.feed.edit(|_, personal| {
                    personal.replace(holds);
                    personal.replace_sessions(&shoppers, now);
                });
            }
            Some(true) => {
                self.feed.edit(|board, personal| {
                    board.replace(layout, lsn, &seats, &areas);
                    personal.replace(holds);
                    personal.replace_sessions(&shoppers, now);
                });
                self.set_phase(phase, true);
                self.cut(None, false);
            }
        }
        self.spoke_at = Instant::now();
    }

    fn apply(&mut self, changes: &mut Changes) {
        let mut since = None;
        if let Some(picture) = changes.picture.take() {
            since = Some(picture.lsn);
            self.adopt(*picture);
        }
        // What a place's owner looks up when he is told must not be older than the news.
        if !changes.shoppers.is_empty()
            && let Some(handle) = self.state.directory.get(self.feed.event())
        {
            self.feed.line_is(handle.line());
        }
        let now = self.state.now();
        self.feed.edit(|board, personal| {
            for (seat, state) in changes.seats.drain(..) {
                board.set_seat(seat, state);
            }
            for (area, counts) in changes.areas.drain(..) {
                board.set_area(area, counts);
            }
            board.reach(changes.lsn);
            // The picture's list of holds contains what is older.
            for news in changes.holds.drain(..).filter(|news| since.is_none_or(|since| news.lsn > since)) {
                personal.tell(news);
            }
            for news in changes.shoppers.drain(..).filter(|news| since.is_none_or(|since| news.lsn > since)) {
                personal.tell_shopper(&news, now);
            }
        });
        if let Some(phase) = changes.phase {
            self.set_phase(phase, false);
        }
    }

    /// The sale's frame shows phase and sale window; `or_window`: the window may have changed.
    fn set_phase(&mut self, phase: Phase, or_window: bool) {
        let sale = self.feed.edit(|board, _| {
            let has_changed = board.phase() != phase;
            board.set_phase(phase);
            (has_changed || or_window).then(|| forms::sale(board))
        });
        if let Some(frame) = sale.flatten() {
            self.feed.notice(Kind::Sale, frame);
            self.spoke_at = Instant::now();
        }
    }

    fn cut(&mut self, oldest: Option<TimeUs>, even_if_empty: bool) {
        let cut = self.feed.edit(|board, _| board.cut(even_if_empty).map(|cut| (cut, Arc::clone(board.layout()))));
        let Some((cut, layout)) = cut.flatten() else { return };
        let now = self.state.now();
        let at = oldest.unwrap_or(now);
        let forms = forms::delta(&cut, &layout, at.0);
        self.told_at = Instant::now();
        self.spoke_at = self.told_at;
        let (busy, writes) = self.feed.pace.take_work();
        self.rhythm.measured(busy, writes, self.state.live.feeds.watchers(&self.feed));
        self.feed.pace.set_spread(self.rhythm.spread());
        self.feed.tell(cut.seq, forms, self.told_at);
        self.next_at = self.told_at + self.rhythm.cut_period();
        metrics::observe_delta(now.since(at), busy, self.rhythm.period());
    }

    /// `true`: nobody has watched for a while.
    fn upkeep(&mut self) -> bool {
        let now = Instant::now();
        self.feed.prune(now);
        if self.told_at.elapsed() >= COUNTS_PERIOD {
            self.cut(None, true);
        }
        self.ask_counts(now);
        self.door.look(&self.state, &self.feed, now);
        let today = self.state.now();
        self.feed.edit(|_, personal| personal.end_sessions(today));
        self.tell_line();
        self.beat_heart();
        if self.state.live.feeds.watchers(&self.feed) > 0 {
            self.watched_at = now;
        }
        now.duration_since(self.watched_at) >= LINGER
    }

    /// If nothing else was said for a while.
    fn beat_heart(&mut self) {
        if self.spoke_at.elapsed() < HEARTBEAT {
            return;
        }
        let Some(seq) = self.feed.edit(|board, _| board.told_seq()) else { return };
        let frame = frame::text(&LiveFrame::Heartbeat { seq, at: time::utc(self.state.now()) });
        self.feed.heartbeat(frame);
        self.spoke_at = Instant::now();
    }

    fn tell_line(&mut self) {
        let Some(handle) = self.state.directory.get(self.feed.event()) else { return };
        let line = handle.line();
        if self.line.is_none() && !line.is_active {
            return;
        }
        let room = self.state.keepers.show(self.feed.event(), &line, self.state.now());
        // The numbers may be the same, and somebody's place another.
        let is_told = self.line.as_ref().is_some_and(|(told, of)| *told == room && Arc::ptr_eq(of, &line));
        if !is_told {
            self.feed.line_moved(Arc::clone(&line), frame::text(&LiveFrame::Line(room.clone())));
            self.line = Some((room, line));
            self.spoke_at = Instant::now();
        }
    }

    fn ask_counts(&mut self, now: Instant) {
        let Some(lsn) = self.feed.edit(|board, _| board.lsn()) else { return };
        let counts = &mut self.counts;
        let is_early = counts.asked_at.is_some_and(|at| now.duration_since(at) < COUNTS_PERIOD);
        if counts.asking.is_some() || is_early || counts.told_lsn.is_some_and(|told| told >= lsn) {
            return;
        }
        let Some(handle) = self.state.directory.get(self.feed.event()) else { return };
        counts.asked_at = Some(now);
        // Not now: asked again a second later.
        counts.asking = Some(Box::pin(async move { handle.availability().await.ok() }));
    }

    fn tell_counts(&mut self, counts: Option<Availability>) {
        let Some(counts) = counts else { return };
        let layout = self.feed.edit(|board, _| Arc::clone(board.layout()));
        let Some(layout): Option<Arc<Layout>> = layout else { return };
        self.counts.told_lsn = Some(counts.lsn.0);
        self.feed.notice(Kind::Counts, forms::counts(&counts, &layout));
        self.spoke_at = Instant::now();
    }
}

impl Counts {
    /// Never, when nothing was asked.
    async fn answer(&mut self) -> Option<Availability> {
        let Some(asking) = &mut self.asking else { return std::future::pending().await };
        let answer = asking.await;
        self.asking = None;
        answer
    }
}

async fn tap(state: &AppState, event: EventId) -> Result<(Picture, Tap), Unavailable> {
    state.directory.open(event).await?.tap().await
}

async fn beat(tick: &mut Interval) {
    tick.tick().await;
}
