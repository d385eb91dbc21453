//! The keepers of this node's active waiting rooms, and what may be asked of them.

use std::sync::Arc;
use std::time::Duration;

use engine::{Clock, Directory, SubmitError, Submitted, SystemClock, Unavailable};
use hashbrown::HashMap;
use inventory::{EventId, LineView, Origin, TimeUs, UserId};
use parking_lot::RwLock;
use persistence::{Store, StoreError};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wire::WaitingRoom;

use super::ask::Ask;
use super::keeper::Keeper;
use super::reading::{self, Known};
use crate::error::{ApiError, Busy};

/// Joins that wait to be written, per room. One more is told to come again.
const ASKS_MAX: usize = 8_192;
/// From a join to its answer.
const JOIN_DEADLINE: Duration = Duration::from_secs(5);
/// Rooms listed at a time when the server starts.
const ROOMS_PAGE: u32 = 500;
const LIST_PAUSE: Duration = Duration::from_millis(500);

/// A place that is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbered {
    pub round: u32,
    pub number: u32,
}

/// Why a join has no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The room was switched off, or began anew, before the join was written.
    Over,
    Event(Unavailable),
    Store,
    OutcomeUnknown,
    Defect,
}

impl From<&StoreError> for Failure {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Timeout => Self::Store,
            StoreError::OutcomeUnknown(_) => Self::OutcomeUnknown,
            StoreError::EmailTaken | StoreError::TitleTaken | StoreError::Defect(_) => Self::Defect,
        }
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Over => Self::Busy(Busy::Line),
            Failure::Event(unavailable) => unavailable.into(),
            Failure::Store => Self::Busy(Busy::Store),
            Failure::OutcomeUnknown => Self::OutcomeUnknown,
            Failure::Defect => Self::Defect("a place in a waiting room could not be written".into()),
        }
    }
}

/// What keepers work with.
#[derive(Clone)]
pub(super) struct World {
    pub store: Store,
    pub directory: Directory,
    pub clock: Arc<SystemClock>,
}

#[derive(Clone)]
struct Kept {
    asks: mpsc::Sender<Ask>,
    poke: Arc<Notify>,
    known: watch::Receiver<Known>,
    room: watch::Receiver<WaitingRoom>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Keepers(Arc<Inner>);

struct Inner {
    kept: RwLock<HashMap<EventId, Kept>>,
    world: World,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Keepers {
    pub fn new(store: Store, directory: Directory, clock: Arc<SystemClock>) -> Self {
        Self(Arc::new(Inner {
            kept: RwLock::default(),
            world: World { store, directory, clock },
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }))
    }

    /// Takes up every room that was active when the server ended. Until it succeeds or the server stops.
    pub async fn resume(&self) {
        let resumed = async {
            let mut after = None;
            loop {
                match self.0.world.store.waiting_room_list_active(after, ROOMS_PAGE).await {
                    Ok(events) if events.is_empty() => return,
                    Ok(events) => {
                        after = events.last().copied();
                        events.into_iter().for_each(|event| self.wake(event));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the active waiting rooms cannot be listed: {error}");
                        tokio::time::sleep(LIST_PAUSE).await;
                    }
                }
            }
        };
        self.0.stop.run_until_cancelled(resumed).await;
    }

    /// Lets the room's keeper look at once at what has changed; gives the room one if it has none. A keeper of a room
    /// that is off ends by itself.
    pub fn wake(&self, event: EventId) {
        let mut kept = self.0.kept.write();
        if let Some(kept) = kept.get(&event).filter(|kept| !kept.asks.is_closed()) {
            kept.poke.notify_one();
            return;
        }
        if self.0.stop.is_cancelled() {
            return;
        }
        let (asks, inbox) = mpsc::channel(ASKS_MAX);
        let poke = Arc::new(Notify::new());
        // As good as it is known without waiting; the keeper's first look follows at once.
        let world = &self.0.world;
        let line = world.directory.get(event).map_or_else(|| Arc::new(LineView::none()), |handle| handle.line());
        let first = Known::at_first(&line);
        let (known_sender, known) = watch::channel(first);
        let (room_sender, room) = watch::channel(reading::show(&line, first, world.clock.now()));
        kept.insert(event, Kept { asks, poke: Arc::clone(&poke), known, room });
        let keeper = Keeper::new(event, self.0.world.clone(), inbox, poke, known_sender, room_sender);
        let (keepers, stop) = (self.clone(), self.0.stop.clone());
        self.0.tasks.spawn(keeper.run(keepers, stop));
    }

    /// Whether the keeper may end: nobody can have switched the room on meanwhile without waking it.
    pub(super) fn dismiss(&self, event: EventId) -> bool {
        let mut kept = self.0.kept.write();
        let is_active = self.0.world.directory.get(event).is_some_and(|handle| handle.line().is_active);
        if !is_active {
            kept.remove(&event);
        }
        !is_active
    }

    fn kept(&self, event: EventId) -> Option<Kept> {
        self.0.kept.read().get(&event).cloned()
    }

    /// The public numbers of an active room. `None` when nobody keeps one.
    pub fn room(&self, event: EventId) -> Option<WaitingRoom> {
        self.0.kept.read().get(&event).map(|kept| kept.room.borrow().clone())
    }

    /// [`Self::room`] of this very moment. A room that is on, and that nobody keeps, gets its keeper.
    pub fn show(&self, event: EventId, line: &LineView, now: TimeUs) -> WaitingRoom {
        let known = self.kept(event).filter(|kept| !kept.asks.is_closed()).map(|kept| *kept.known.borrow());
        if known.is_none() && line.is_active {
            self.wake(event);
        }
        reading::show(line, known.unwrap_or_else(|| Known::at_first(line)), now)
    }

    /// The account's place, durable: a new one if it has none, or if it gives up the place `replaces`.
    ///
    /// # Errors
    /// Not now, or the outcome is unknown. Joining again does no harm in either case.
    pub async fn join(&self, event: EventId, user: UserId, replaces: Option<Numbered>) -> Result<Numbered, ApiError> {
        let (reply, answer) = oneshot::channel();
        self.ask(event, Ask::Join { user, replaces, reply })?;
        match timeout(JOIN_DEADLINE, answer).await {
            Ok(Ok(joined)) => Ok(joined?),
            Ok(Err(_)) | Err(_) => Err(ApiError::OutcomeUnknown),
        }
    }

    /// Opens the line between two joins, so that all who have joined are counted, and nobody twice.
    ///
    /// # Errors
    /// Those of [`engine::EventHandle::open_line`].
    pub async fn open(
        &self,
        event: EventId,
        origin: Origin,
        beacon_value: Option<String>,
    ) -> Result<Submitted, ApiError> {
        let (reply, answer) = oneshot::channel();
        self.ask(event, Ask::Open { origin, beacon_value, reply })?;
        match timeout(JOIN_DEADLINE, answer).await {
            Ok(Ok(opened)) => Ok(opened?),
            Ok(Err(_)) | Err(_) => Err(ApiError::OutcomeUnknown),
        }
    }

    fn ask(&self, event: EventId, ask: Ask) -> Result<(), ApiError> {
        let kept = match self.kept(event) {
            Some(kept) if !kept.asks.is_closed() => kept,
            Some(_) | None => {
                self.wake(event);
                self.kept(event).ok_or(ApiError::Busy(Busy::NotReady))?
            }
        };
        kept.asks.try_send(ask).map_err(|_| ApiError::Busy(Busy::Line))
    }

    /// Ends every keeper. Whoever still waits is told that nothing happened.
    pub async fn stop(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

pub(super) type Opened = Result<Submitted, SubmitError>;
