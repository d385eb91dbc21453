//! Where callers find events. Starts an event on first use, with one start for all who ask meanwhile; everything that
//! lives longer than a call (actors, committer, snapshot writer) belongs to tasks that end with the directory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use inventory::EventId;
use parking_lot::{Mutex, RwLock};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use crate::slot::{Slot, State};
use crate::supervisor::{Request, Supervisor};
use crate::{Clock, EngineConfig, EventHandle, Journal, Unavailable};

/// After its deadline a stop kills what is left, which takes no I/O.
const STOP_GRACE: Duration = Duration::from_secs(1);

/// The slots of all events that are here or on their way. `None` once the directory is stopping.
pub(crate) type Slots = RwLock<Option<BTreeMap<EventId, Arc<Slot>>>>;

#[derive(Clone)]
pub struct Directory {
    core: Arc<Core>,
}

struct Core {
    config: Arc<EngineConfig>,
    slots: Arc<Slots>,
    requests: mpsc::Sender<Request>,
    services: Mutex<JoinSet<()>>,
}

/// How a stop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Every command that was taken is durable and answered.
    Clean,
    /// The deadline passed first; those who still waited were told that the outcome is unknown.
    Cut,
}

impl Directory {
    /// Starts the node's engine on the current tokio runtime.
    ///
    /// # Panics
    /// When the configuration contradicts itself, or outside a tokio runtime.
    pub fn new<J: Journal, C: Clock>(config: EngineConfig, journal: Arc<J>, clock: Arc<C>) -> Self {
        config.assert_consistent();
        let config = Arc::new(config);
        let slots = Arc::new(RwLock::new(Some(BTreeMap::new())));
        // Every slot asks once, to be started; one more asks to stop.
        let (requests, inbox) = mpsc::channel(config.events_max + 1);
        let (supervisor, snapshots) = Supervisor::new(journal, clock, Arc::clone(&config), Arc::clone(&slots));
        let mut services = JoinSet::new();
        services.spawn(supervisor.run(inbox, snapshots));
        Self { core: Arc::new(Core { config, slots, requests, services: Mutex::new(services) }) }
    }

    pub(crate) fn config(&self) -> &EngineConfig {
        &self.core.config
    }

    /// The event if it is running. Never waits.
    pub fn get(&self, event: EventId) -> Option<EventHandle> {
        let slots = self.core.slots.read();
        let slot = slots.as_ref()?.get(&event)?;
        slot.is_running().then(|| EventHandle::new(Arc::clone(slot), self.clone()))
    }

    /// Brings the event into memory if it is not there, and waits until it serves. Whether there is such an event is for
    /// the caller to know: an unknown id opens an empty draft.
    ///
    /// # Errors
    /// [`Unavailable`]: at once when the event is being recovered or cannot be, after `open_deadline` at the latest.
    pub async fn open(&self, event: EventId) -> Result<EventHandle, Unavailable> {
        if let Some(handle) = self.get(event) {
            return Ok(handle);
        }
        let deadline = Instant::now() + self.core.config.open_deadline;
        loop {
            let slot = self.slot(event)?;
            let mut state = slot.watch();
            let settled = state.wait_for(|state| !matches!(state, State::Starting | State::Leaving));
            let settled = match timeout_at(deadline, settled).await {
                Ok(Ok(state)) => state.clone(),
                Ok(Err(_)) | Err(_) => return Err(Unavailable::Recovering),
            };
            match (settled, slot.state().unavailable()) {
                (State::Running(_), _) => return Ok(EventHandle::new(slot, self.clone())),
                (_, Some(unavailable)) => return Err(unavailable),
                // It has just left memory: a new slot brings it back.
                (_, None) => tokio::task::yield_now().await,
            }
        }
    }

    fn slot(&self, event: EventId) -> Result<Arc<Slot>, Unavailable> {
        if let Some(slot) = self.core.slots.read().as_ref().ok_or(Unavailable::Stopping)?.get(&event) {
            return Ok(Arc::clone(slot));
        }
        let mut slots = self.core.slots.write();
        let slots = slots.as_mut().ok_or(Unavailable::Stopping)?;
        if let Some(slot) = slots.get(&event) {
            return Ok(Arc::clone(slot));
        }
        if slots.len() >= self.core.config.events_max {
            return Err(Unavailable::TooManyEvents);
        }
        let slot = Slot::new(event);
        self.core.requests.try_send(Request::Start(Arc::clone(&slot))).map_err(|_| Unavailable::Stopping)?;
        slots.insert(event, Arc::clone(&slot));
        Ok(slot)
    }

    /// Events in memory or on their way there.
    pub fn events(&self) -> usize {
        self.core.slots.read().as_ref().map_or(0, BTreeMap::len)
    }

    /// Events that died and are not back yet: while there are any, the node is not ready.
    pub fn events_recovering(&self) -> usize {
        let slots = self.core.slots.read();
        slots.iter().flat_map(BTreeMap::values).filter(|slot| slot.is_recovering()).count()
    }

    /// Takes no more commands, lets those that were taken become durable, writes last snapshots, and ends every task.
    pub async fn stop(&self, deadline: Duration) -> Stopped {
        let Some(slots) = self.core.slots.write().take() else { return Stopped::Clean };
        for slot in slots.into_values() {
            slot.set(State::Stopping);
        }
        let (done, is_done) = oneshot::channel();
        let deadline = Instant::now() + deadline;
        let stopped = match self.core.requests.try_send(Request::Stop { deadline, done }) {
            Ok(()) => timeout(deadline - Instant::now() + STOP_GRACE, is_done).await,
            Err(_) => Ok(Ok(Stopped::Cut)),
        };
        let mut services = std::mem::take(&mut *self.core.services.lock());
        services.shutdown().await;
        match stopped {
            Ok(Ok(stopped)) => stopped,
            Ok(Err(_)) | Err(_) => Stopped::Cut,
        }
    }
}
