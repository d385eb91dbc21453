//! The actor of one event: a thin shell that feeds messages and the journal's news to a [`Turn`]. It hears the journal
//! beside its mailbox, never through it, so that a full mailbox cannot hold replies back. All I/O happens elsewhere.

use std::convert::Infallible;
use std::sync::Arc;

use inventory::{Command, EventId, Inventory};
use kameo::Actor;
use kameo::actor::{ActorRef, WeakActorRef};
use kameo::error::ActorStopReason;
use kameo::mailbox::{MailboxReceiver, Signal};
use kameo::message::{Context, Message};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::lane::{Loss, LossCause, News};
use crate::pending::ViewReply;
use crate::slot::{Slot, State};
use crate::turn::{Tapped, Turn};
use crate::waiter::Waiter;
use crate::{Clock, Epoch, Snapshot, metrics};

/// Turns per measured one: reading the time twice costs about as much as a small turn.
pub(crate) const TURNS_PER_SAMPLE: u32 = 64;

pub(crate) struct Submit {
    pub(crate) command: Command,
    pub(crate) waiter: Waiter,
}

/// Reads the state in the actor's turn and returns what hands the reading over once it is durable.
pub(crate) struct Look(pub(crate) Box<dyn FnOnce(&Inventory) -> ViewReply + Send>);

/// Begins a tap in the actor's turn and hands it over once all of its picture is durable.
pub(crate) struct Watch(pub(crate) oneshot::Sender<Tapped>);

/// Time has passed.
pub(crate) struct Tick {
    pub(crate) sent: Instant,
    /// Also measure, and leave memory when idle.
    pub(crate) is_full: bool,
}

/// A snapshot on its way to the journal.
pub(crate) struct SnapshotJob {
    pub(crate) event: EventId,
    pub(crate) epoch: Epoch,
    pub(crate) snapshot: Snapshot,
}

pub(crate) struct EventActor {
    turn: Turn,
    slot: Arc<Slot>,
    clock: Arc<dyn Clock>,
    snapshots: mpsc::Sender<SnapshotJob>,
    turns: u32,
    is_leaving: bool,
    loss: Option<Loss>,
}

/// How an actor ended.
pub(crate) enum Exit {
    /// Everything is durable; the state to keep, if no stored snapshot has it.
    Clean(Option<SnapshotJob>),
    Lost(LossCause),
}

impl EventActor {
    pub(crate) fn new(
        turn: Turn,
        slot: Arc<Slot>,
        clock: Arc<dyn Clock>,
        snapshots: mpsc::Sender<SnapshotJob>,
    ) -> Self {
        slot.publish_layout(Arc::clone(turn.inventory().layout()));
        slot.publish_line(Arc::new(turn.line(clock.now())));
        slot.set_due(turn.next_due());
        Self { turn, slot, clock, snapshots, turns: 0, is_leaving: false, loss: None }
    }

    pub(crate) fn exit(&self) -> Exit {
        match self.loss {
            Some(loss) => Exit::Lost(loss.cause),
            None => Exit::Clean(self.turn.last_snapshot().map(|snapshot| self.snapshot_job(snapshot))),
        }
    }

    fn snapshot_job(&self, snapshot: Snapshot) -> SnapshotJob {
        SnapshotJob { event: self.slot.event(), epoch: self.turn.lane().epoch(), snapshot }
    }

    fn hear(&mut self, news: News) {
        let published = self.turn.settle(news.durable);
        if let Some(layout) = published.layout {
            self.slot.publish_layout(layout);
        }
        if let Some(line) = published.line {
            self.slot.publish_line(line);
        }
        self.turn.release();
        if self.turn.is_tapped() {
            self.turn.feed(self.clock.now());
        }
        self.slot.meter().hear(self.turn.has_pending());
        if let Some(snapshot) = published.snapshot {
            let bytes = snapshot.bytes.len();
            if self.snapshots.try_send(self.snapshot_job(snapshot)).is_err() {
                metrics::observe_snapshot("skipped", bytes);
            }
        }
        if let Some(loss) = news.loss {
            self.lose(loss);
        }
    }

    /// Callers are turned away first, then those who wait are answered: whoever asks again at once hears the same.
    fn lose(&mut self, loss: Loss) {
        let state = match loss.cause {
            LossCause::Fenced | LossCause::TakenOver => State::NotOwner,
            LossCause::NothingWritten => State::JournalDown,
            LossCause::Unknown => State::Recovering,
        };
        self.slot.set_unless_stopping(state);
        self.turn.fail(loss);
        self.slot.meter().hear(false);
        self.loss = Some(loss);
    }

    fn measured<T>(&mut self, turn: impl FnOnce(&mut Self) -> T) -> T {
        self.turns = self.turns.wrapping_add(1);
        if !self.turns.is_multiple_of(TURNS_PER_SAMPLE) {
            return turn(self);
        }
        let started = Instant::now();
        let result = turn(self);
        metrics::observe_turn(started.elapsed());
        result
    }

    /// New messages are kept out first; what came before that is still served, and may keep the event here.
    fn left(&mut self, actor: &WeakActorRef<Self>, mailbox: &MailboxReceiver<Self>) -> bool {
        if !mailbox.is_empty() {
            return false;
        }
        if self.turn.is_idle(self.clock.now()) {
            return true;
        }
        self.is_leaving = false;
        if let Some(actor) = actor.upgrade() {
            self.slot.set_unless_stopping(State::Running(actor));
        }
        false
    }
}

impl Actor for EventActor {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(actor: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(actor)
    }

    async fn next(
        &mut self,
        actor: WeakActorRef<Self>,
        mailbox: &mut MailboxReceiver<Self>,
    ) -> Result<Option<Signal<Self>>, Infallible> {
        loop {
            if let Some(news) = self.turn.lane().poll_news() {
                self.hear(news);
            }
            if self.loss.is_some() || (self.is_leaving && self.left(&actor, mailbox)) {
                return Ok(None);
            }
            if self.turn.is_saturated() {
                self.turn.lane().news().await;
                continue;
            }
            // A busy mailbox must not keep the committer from a shared thread.
            tokio::task::consume_budget().await;
            if let Ok(signal) = mailbox.try_recv() {
                return Ok(Some(signal));
            }
            tokio::select! {
                biased;
                () = self.turn.lane().news() => {}
                signal = mailbox.recv() => return Ok(signal),
            }
        }
    }

    async fn on_stop(&mut self, _: WeakActorRef<Self>, reason: ActorStopReason) -> Result<(), Infallible> {
        if !matches!(reason, ActorStopReason::Normal) {
            tracing::error!(event = %self.slot.event(), %reason, "event.actor died");
            metrics::observe_panic();
            let loss = self.turn.lane().abandon();
            self.lose(loss);
        }
        // The committer answers within its own deadline.
        while self.loss.is_none() && self.turn.has_pending() {
            match self.turn.lane().poll_news() {
                Some(news) => self.hear(news),
                None => self.turn.lane().news().await,
            }
        }
        Ok(())
    }
}

impl Message<Submit> for EventActor {
    type Reply = ();

    async fn handle(&mut self, submit: Submit, _: &mut Context<Self, ()>) {
        let now = self.clock.now();
        self.measured(|actor| actor.turn.submit(now, submit.command, submit.waiter));
        if self.turn.has_pending() {
            self.slot.meter().wait();
        }
        self.slot.set_due(self.turn.next_due());
    }
}

impl Message<Look> for EventActor {
    type Reply = ();

    async fn handle(&mut self, look: Look, _: &mut Context<Self, ()>) {
        let now = self.clock.now();
        self.measured(|actor| actor.turn.view(now, look.0));
        self.slot.set_due(self.turn.next_due());
    }
}

impl Message<Watch> for EventActor {
    type Reply = ();

    async fn handle(&mut self, watch: Watch, _: &mut Context<Self, ()>) {
        let now = self.clock.now();
        // A tap that nobody waits for any more ends as it is dropped.
        let reply = |tapped| drop(watch.0.send(tapped));
        self.measured(|actor| actor.turn.tap(now, reply));
        self.slot.set_due(self.turn.next_due());
    }
}

impl Message<Tick> for EventActor {
    type Reply = ();

    async fn handle(&mut self, tick: Tick, _: &mut Context<Self, ()>) {
        let now = self.clock.now();
        self.turn.tick(now, tick.is_full);
        self.slot.set_due(self.turn.next_due());
        metrics::observe_mailbox_delay(tick.sent.elapsed());
        if !tick.is_full {
            return;
        }
        if let Some(line) = self.turn.line_without_ended(now, &self.slot.line()) {
            self.slot.publish_line(Arc::new(line));
        }
        metrics::observe_event(self.slot.mailbox_messages(), self.turn.parked());
        if self.turn.is_idle(now) && self.slot.is_running() {
            self.is_leaving = true;
            self.slot.set_unless_stopping(State::Leaving);
        }
    }
}
