//! One event's place on this node, from the first request until it leaves memory: what callers find there, whichever
//! actor is behind it at the moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::ArcSwap;
use inventory::{EventId, Inventory, Layout, LineView, TimeUs};
use kameo::actor::ActorRef;
use kameo::error::SendError;
use kameo::message::Message;
use tokio::sync::watch;

use crate::actor::EventActor;
use crate::pace::Meter;
use crate::{Unavailable, metrics};

#[derive(Clone)]
pub(crate) enum State {
    /// Asked for, not yet read from the journal.
    Starting,
    Running(ActorRef<EventActor>),
    /// The actor died; another is being built from the journal.
    Recovering,
    /// As `Recovering`, and the journal does not answer.
    JournalDown,
    /// Idle and on its way out of memory.
    Leaving,
    /// Left memory. This slot stays so; the directory makes a new one.
    Asleep,
    /// Another node owns the event. This slot stays so.
    NotOwner,
    Damaged,
    Stopping,
}

impl State {
    /// Why a command cannot be taken now. `None` when it can, or can after a wait.
    pub(crate) const fn unavailable(&self) -> Option<Unavailable> {
        match self {
            Self::Starting | Self::Running(_) | Self::Leaving | Self::Asleep => None,
            Self::Recovering => Some(Unavailable::Recovering),
            Self::JournalDown => Some(Unavailable::JournalDown),
            Self::NotOwner => Some(Unavailable::NotOwner),
            Self::Damaged => Some(Unavailable::Damaged),
            Self::Stopping => Some(Unavailable::Stopping),
        }
    }
}

/// A message that was not sent.
pub(crate) enum Unsent<M> {
    No(Unavailable),
    /// The event must be opened (again) first.
    NotRunning(M),
}

/// `layout`, `line` and `due_us` are written by one actor at a time and read by anybody. Each is complete by itself and
/// nobody may read two of them as one moment: a reader that is late by a write decides nothing, because the actor decides
/// again. That is why they need no lock between them, and no model.
pub(crate) struct Slot {
    event: EventId,
    state: watch::Sender<State>,
    layout: ArcSwap<Layout>,
    line: ArcSwap<LineView>,
    meter: Arc<Meter>,
    /// When the next hold expires, as the actor last knew. `i64::MAX`: none.
    due_us: AtomicI64,
}

impl Slot {
    pub(crate) fn new(event: EventId) -> Arc<Self> {
        let layout = ArcSwap::new(Arc::clone(Inventory::new(event).layout()));
        Arc::new(Self {
            event,
            state: watch::Sender::new(State::Starting),
            layout,
            line: ArcSwap::from_pointee(LineView::none()),
            meter: Meter::new(),
            due_us: AtomicI64::new(i64::MAX),
        })
    }

    pub(crate) const fn event(&self) -> EventId {
        self.event
    }

    pub(crate) const fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    pub(crate) fn state(&self) -> State {
        self.state.borrow().clone()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// A message is sent under the lock that this takes: once the state is no longer `Running`, none comes any more.
    pub(crate) fn set(&self, state: State) {
        self.state.send_replace(state);
    }

    /// A server that stops stays so, whatever becomes of its actors.
    pub(crate) fn set_unless_stopping(&self, state: State) {
        self.state.send_if_modified(|current| {
            let may_change = !matches!(current, State::Stopping);
            if may_change {
                *current = state;
            }
            may_change
        });
    }

    pub(crate) fn is_running(&self) -> bool {
        matches!(*self.state.borrow(), State::Running(_))
    }

    pub(crate) fn is_recovering(&self) -> bool {
        matches!(*self.state.borrow(), State::Recovering | State::JournalDown)
    }

    pub(crate) fn tell<M: Send + 'static>(&self, message: M) -> Result<(), Unsent<M>>
    where
        EventActor: Message<M>,
    {
        let state = self.state.borrow();
        if let State::Running(actor) = &*state {
            return match actor.tell(message).try_send() {
                Ok(()) => Ok(()),
                Err(SendError::MailboxFull(_)) => {
                    metrics::observe_mailbox_full();
                    Err(Unsent::No(Unavailable::MailboxFull))
                }
                Err(_) => Err(Unsent::No(Unavailable::Recovering)),
            };
        }
        Err(state.unavailable().map_or_else(|| Unsent::NotRunning(message), Unsent::No))
    }

    /// Messages that wait; 0 when nothing runs.
    pub(crate) fn mailbox_messages(&self) -> usize {
        let State::Running(actor) = &*self.state.borrow() else { return 0 };
        let mailbox = actor.mailbox_sender();
        mailbox.max_capacity().unwrap_or(0).saturating_sub(mailbox.capacity().unwrap_or(0))
    }

    pub(crate) fn layout(&self) -> Arc<Layout> {
        self.layout.load_full()
    }

    pub(crate) fn publish_layout(&self, layout: Arc<Layout>) {
        self.layout.store(layout);
    }

    pub(crate) fn line(&self) -> Arc<LineView> {
        self.line.load_full()
    }

    pub(crate) fn publish_line(&self, line: Arc<LineView>) {
        self.line.store(line);
    }

    pub(crate) fn set_due(&self, due: Option<TimeUs>) {
        self.due_us.store(due.map_or(i64::MAX, |due| due.0), Ordering::Relaxed);
    }

    pub(crate) fn is_due(&self, now: TimeUs) -> bool {
        self.due_us.load(Ordering::Relaxed) <= now.0
    }
}
