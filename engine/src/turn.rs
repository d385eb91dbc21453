//! What an event's actor does with one message, without the actor: the inventory, the replies that wait and the order in
//! which records get their LSNs. Knows no task, no mailbox and no clock: the time comes in with every call.
//!
//! Invariant: a change is applied, then handed over, then its reply parked, all in one call. So the lane holds exactly the
//! records between the durable LSN and the inventory's.

use std::collections::VecDeque;
use std::sync::Arc;

use inventory::{Change, Command, Inventory, Layout, LineView, Lsn, Origin, Record, Rejection, Row, TimeUs, Verb};

use crate::feed::{Picture, Source, Tap};
use crate::lane::{Lane, Loss};
use crate::lease::Lease;
use crate::pending::{Pending, ViewReply};
use crate::serving::{OFFERS_PER_TURN_MAX, Serving};
use crate::vacancy::Vacancy;
use crate::waiter::{Submitted, Waiter};
use crate::{EngineConfig, Snapshot, Unavailable};

/// Full expiry changes in one turn. What is still due after that waits for the next.
const EXPIRIES_PER_TURN_MAX: usize = 4;
/// Room that stays between records. A seat map takes megabytes, once.
const RECORD_BYTES_KEPT: usize = 64 << 10;

pub(crate) struct Turn {
    inventory: Inventory,
    lane: Arc<Lane>,
    lease: Option<Arc<Lease>>,
    pending: Pending,
    durable: Lsn,
    /// Layouts as of LSNs that are not durable yet, in their order: whoever has changed it finds his change there.
    next_layouts: VecDeque<(Lsn, Arc<Layout>)>,
    /// As `next_layouts`.
    next_lines: VecDeque<(Lsn, Arc<LineView>)>,
    snapshots: Snapshots,
    feed: Source,
    /// When the last message came that was not a tick.
    active_at: TimeUs,
    config: Arc<EngineConfig>,
    record: Vec<u8>,
    rows: Vec<Row>,
    vacancy: Vacancy,
    serving: Serving,
}

struct Snapshots {
    last_lsn: Lsn,
    last_at: TimeUs,
    /// Taken, and kept back until its LSN is durable.
    waiting: Option<Snapshot>,
}

/// What a tap is answered with.
pub(crate) type Tapped = Result<(Picture, Tap), Unavailable>;

/// What has become public.
#[derive(Default)]
pub(crate) struct Published {
    pub(crate) layout: Option<Arc<Layout>>,
    pub(crate) line: Option<Arc<LineView>>,
    pub(crate) snapshot: Option<Snapshot>,
}

impl Turn {
    /// `snapshot` is the LSN of the newest stored snapshot that is known to be good.
    pub(crate) fn new(
        inventory: Inventory,
        snapshot: Lsn,
        lane: Arc<Lane>,
        lease: Option<Arc<Lease>>,
        now: TimeUs,
        config: Arc<EngineConfig>,
    ) -> Self {
        Self {
            durable: inventory.lsn(),
            feed: Source::new(inventory.lsn()),
            serving: Serving::new(&inventory),
            inventory,
            lane,
            lease,
            pending: Pending::default(),
            next_layouts: VecDeque::new(),
            next_lines: VecDeque::new(),
            snapshots: Snapshots { last_lsn: snapshot, last_at: now, waiting: None },
            active_at: now,
            config,
            record: Vec::new(),
            rows: Vec::new(),
            vacancy: Vacancy::default(),
        }
    }

    pub(crate) const fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    pub(crate) const fn lane(&self) -> &Arc<Lane> {
        &self.lane
    }

    pub(crate) fn parked(&self) -> usize {
        self.pending.len()
    }

    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty() || self.inventory.lsn() > self.durable
    }

    /// Too much waits for the journal to take another command.
    pub(crate) fn is_saturated(&self) -> bool {
        self.pending.len() >= self.config.parked_replies_max
            || self.lane.is_full(self.config.lane_records_max, self.config.lane_bytes_max)
    }

    pub(crate) fn submit(&mut self, now: TimeUs, command: Command, mut waiter: Waiter) {
        waiter.look_at();
        self.active_at = now;
        self.expire_due(now);
        match self.inventory.repeat(now, &command) {
            Some(Ok(answer)) => self.repeat(now, &command, answer, waiter),
            Some(Err(rejection)) => self.refuse(rejection, waiter),
            None => match self.decide(now, &command, waiter.take_required()) {
                Ok(change) => {
                    let submitted = self.record(now, command.origin, change);
                    waiter.look(&self.inventory);
                    self.pending.park_answer(submitted.lsn, waiter, submitted);
                    self.serve_waitlist(now);
                }
                Err(rejection) => self.refuse(rejection, waiter),
            },
        }
    }

    fn decide(&self, now: TimeUs, command: &Command, required: Option<Verb>) -> Result<Change, Rejection> {
        if let Some(verb) = required {
            self.inventory.decide(now, &Command { origin: command.origin, verb })?;
        }
        self.inventory.decide(now, command)
    }

    fn repeat(&mut self, now: TimeUs, command: &Command, answer: inventory::Answer, waiter: Waiter) {
        let applied = self.inventory.lsn();
        let of_key = command.origin.key.and_then(|key| self.inventory.lsn_of_key(&key.key));
        // The answer to a key is the first one for ever. Any other tells of the state, which may be somebody else's by now.
        if of_key.is_none() && !self.may_answer() {
            return waiter.answer(Err(Unavailable::JournalDown.into()));
        }
        let lsn = of_key.unwrap_or(applied);
        let submitted = Submitted { lsn, answer, at: now };
        if lsn <= self.durable {
            waiter.answer(Ok(submitted));
        } else {
            self.pending.park_answer(applied, waiter, submitted);
        }
    }

    /// Whether what is in memory is the newest there is: nobody else can have changed the event.
    fn may_answer(&self) -> bool {
        self.lease.as_ref().is_none_or(|lease| lease.is_held())
    }

    fn refuse(&mut self, rejection: inventory::Rejection, mut waiter: Waiter) {
        let applied = self.inventory.lsn();
        if rejection.is_independent_of_sales() {
            return waiter.answer(Err(rejection.into()));
        }
        waiter.look(&self.inventory);
        if !self.may_answer() {
            waiter.answer(Err(Unavailable::JournalDown.into()));
        } else if applied <= self.durable {
            waiter.answer(Err(rejection.into()));
        } else {
            self.pending.park_refusal(applied, waiter, rejection);
        }
    }

    /// Shows the state to `read` now and lets its reply go once all of it is durable.
    pub(crate) fn view(&mut self, now: TimeUs, read: impl FnOnce(&Inventory) -> ViewReply) {
        self.active_at = now;
        self.expire_due(now);
        let reply = read(&self.inventory);
        self.hand_over(reply);
    }

    fn hand_over(&mut self, reply: ViewReply) {
        let applied = self.inventory.lsn();
        if !self.may_answer() {
            reply(Err(Unavailable::JournalDown));
        } else if applied <= self.durable {
            reply(Ok(()));
        } else {
            self.pending.park_view(applied, reply);
        }
    }

    /// A tap from the state of this moment on, in `reply`'s hands once all of it is durable.
    pub(crate) fn tap(&mut self, now: TimeUs, reply: impl FnOnce(Tapped) + Send + 'static) {
        self.active_at = now;
        self.expire_due(now);
        match self.feed.tap(&self.inventory) {
            Ok(tap) => self.hand_over(Box::new(|result| reply(result.map(|()| tap)))),
            Err(unavailable) => reply(Err(unavailable)),
        }
    }

    /// The line with those who are inside now.
    pub(crate) fn line(&self, now: TimeUs) -> LineView {
        let mut line = self.inventory.line_view();
        line.shoppers = self.inventory.shoppers_inside(now);
        line
    }

    /// The line that is shown, once sessions in it have ended by time. `None`: they have not, or another line is about to
    /// be shown.
    pub(crate) fn line_without_ended(&self, now: TimeUs, shown: &LineView) -> Option<LineView> {
        let shoppers = self.inventory.shoppers_inside(now);
        let is_less = self.next_lines.is_empty() && shoppers < shown.shoppers;
        is_less.then(|| {
            let mut line = shown.clone();
            line.shoppers = shoppers;
            line
        })
    }

    pub(crate) fn tick(&mut self, now: TimeUs, is_full: bool) {
        if is_full {
            self.serving.stir(&self.inventory);
        }
        self.expire_due(now);
    }

    /// When something is due that the time brings.
    pub(crate) fn next_due(&self) -> Option<TimeUs> {
        if self.serving.is_due() { Some(TimeUs::MIN) } else { self.inventory.next_due() }
    }

    /// Before anything else in a turn, so that a place whose hold is due is free for whoever asks next.
    fn expire_due(&mut self, now: TimeUs) {
        for _ in 0..EXPIRIES_PER_TURN_MAX {
            if self.inventory.next_due().is_none_or(|due| due > now) {
                break;
            }
            let Some(verb) = self.inventory.due(now) else { break };
            let due = Command { origin: Origin::ENGINE, verb };
            let Ok(change) = self.inventory.decide(now, &due) else { break };
            self.record(now, Origin::ENGINE, change);
        }
        self.serve_waitlist(now);
    }

    /// What this turn has freed is offered before anybody else is heard.
    fn serve_waitlist(&mut self, now: TimeUs) {
        for _ in 0..OFFERS_PER_TURN_MAX {
            if !self.serving.is_due() {
                return;
            }
            let serve = Command { origin: Origin::ENGINE, verb: Verb::ServeWaitlist };
            match self.inventory.decide(now, &serve) {
                Ok(change) => {
                    self.record(now, Origin::ENGINE, change);
                }
                Err(_) => self.serving.settle(),
            }
        }
    }

    fn record(&mut self, now: TimeUs, origin: Origin, change: Change) -> Submitted {
        let record = Record { lsn: self.inventory.lsn().next(), at: now, origin, change };
        let (layout, line) = (Arc::as_ptr(self.inventory.layout()), self.inventory.line_revision());
        if self.feed.is_tapped() {
            self.feed.look(&self.inventory, &record);
        }
        let answer = self.inventory.apply(&record);
        // Encoded here, not in the lane: a panic so far leaves nothing behind that could be committed.
        self.record.clear();
        self.record.shrink_to(RECORD_BYTES_KEPT);
        record.encode(&mut self.record);
        self.inventory.rows(&record, &mut self.rows);
        let has_new_layout = !std::ptr::eq(layout, Arc::as_ptr(self.inventory.layout()));
        if has_new_layout || self.vacancy.is_unknown() {
            self.rows.push(self.inventory.offer(now));
        }
        self.vacancy.look(&self.inventory, &record.change, has_new_layout, &mut self.rows);
        self.serving.look(&self.inventory, &record.change);
        self.lane.append(record.lsn, &self.record, &mut self.rows);
        if self.feed.is_tapped() {
            self.feed.queue(&self.inventory, has_new_layout);
        }
        if has_new_layout {
            self.next_layouts.push_back((record.lsn, Arc::clone(self.inventory.layout())));
        }
        if line != self.inventory.line_revision() {
            self.next_lines.push_back((record.lsn, Arc::new(self.line(now))));
        }
        self.take_snapshot_if_due(now);
        Submitted { lsn: record.lsn, answer, at: now }
    }

    fn take_snapshot_if_due(&mut self, now: TimeUs) {
        let lsn = self.inventory.lsn();
        let interval_us = i64::try_from(self.config.snapshot_interval.as_micros()).unwrap_or(i64::MAX);
        if self.snapshots.waiting.is_none()
            && lsn.0 - self.snapshots.last_lsn.0 >= self.config.snapshot_records
            && now.since(self.snapshots.last_at) >= interval_us
        {
            self.snapshots.last_lsn = lsn;
            self.snapshots.last_at = now;
            self.snapshots.waiting = Some(Snapshot { lsn, bytes: self.inventory.snapshot() });
        }
    }

    /// Everything up to `durable` may be known. Gives what is to be shown to all; [`Turn::release`] follows, so that whoever
    /// is answered finds it shown.
    pub(crate) fn settle(&mut self, durable: Lsn) -> Published {
        self.durable = self.durable.max(durable);
        let (layout, line) = (newest(&mut self.next_layouts, durable), newest(&mut self.next_lines, durable));
        Published { layout, line, snapshot: self.snapshots.waiting.take_if(|snapshot| snapshot.lsn <= durable) }
    }

    /// Answers those who waited, in LSN order. [`Turn::feed`] follows.
    pub(crate) fn release(&mut self) {
        self.pending.release(self.durable);
    }

    pub(crate) fn is_tapped(&self) -> bool {
        self.feed.is_tapped()
    }

    /// Shows watchers what has become durable.
    pub(crate) fn feed(&mut self, now: TimeUs) {
        self.feed.deliver(self.durable, now);
    }

    /// The memory of this turn is worth nothing any more: everybody who waits is told what is true for them.
    pub(crate) fn fail(&mut self, loss: Loss) {
        self.pending.fail(loss);
        self.feed = Source::new(self.durable);
    }

    /// Nobody would miss the event from memory: nothing waits, no hold is live, no line is served, nobody watches and
    /// nobody has asked for a while.
    pub(crate) fn is_idle(&self, now: TimeUs) -> bool {
        let idle_us = i64::try_from(self.config.idle_after.as_micros()).unwrap_or(i64::MAX);
        let is_served = self.next_due().is_some() || self.inventory.has_waiting_room() || self.inventory.has_waiters();
        let is_needed = self.has_pending() || is_served || self.feed.is_watched();
        !is_needed && now.since(self.active_at) >= idle_us
    }

    /// The state to leave behind at a clean exit; `None` when a stored snapshot has it all.
    pub(crate) fn last_snapshot(&self) -> Option<Snapshot> {
        let lsn = self.inventory.lsn();
        (lsn == self.durable && lsn > self.snapshots.last_lsn)
            .then(|| Snapshot { lsn, bytes: self.inventory.snapshot() })
    }
}

/// The last that is durable.
fn newest<T>(next: &mut VecDeque<(Lsn, T)>, durable: Lsn) -> Option<T> {
    let mut newest = None;
    while let Some((_, it)) = next.pop_front_if(|(lsn, _)| *lsn <= durable) {
        newest = Some(it);
    }
    newest
}
