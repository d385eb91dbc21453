//! What the publisher of one event and its sockets share. Everything in it is a latest state or a bounded past: a socket
//! that falls behind costs nothing, and when it can be written to again it gets what is true then.

use std::sync::Arc;

use bytes::Bytes;
use inventory::{EventId, LineView, Phase, UserId};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use super::board::Board;
use super::bye::Bye;
use super::crew::Outlets;
use super::forms::{self, Form, Forms};
use super::inbox::Inbox;
use super::personal::Personal;
use super::rhythm::Pace;
use super::ring::{After, Ring};
use crate::line::tokens::PlaceTicket;

/// Deltas are sent to one who is behind as long as they are shorter than this, whatever the snapshot's size.
const CATCH_UP_BYTES_MIN: usize = 4 << 10;

pub struct Feed {
    event: EventId,
    /// Grows with everything that sockets should be told.
    edition: watch::Sender<u64>,
    door: Mutex<DoorSockets>,
    pub outlets: Outlets,
    pub pace: Pace,
    shared: Mutex<Shared>,
}

enum Shared {
    /// The event has not been read yet.
    Starting,
    Open(Box<Open>),
    Ended(Bye),
}

struct Open {
    board: Board,
    ring: Ring,
    /// By [`Form`], with the `seq` they were made at.
    snapshots: [Option<(u64, Bytes)>; 2],
    notices: [Notice; NOTICES],
    heartbeat: Notice,
    personal: Personal,
    line: Option<Arc<LineView>>,
}

/// Frames of which only the latest counts, in the order in which they are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sale,
    Counts,
    Line,
    /// The last: only for sockets at the door.
    Door,
}

const NOTICES: usize = 4;
const PUBLIC_NOTICES: usize = NOTICES - 1;

#[derive(Default)]
struct Notice {
    version: u32,
    frame: Bytes,
}

impl Notice {
    fn set(&mut self, frame: Bytes) {
        self.version = self.version.wrapping_add(1);
        self.frame = frame;
    }

    fn newer_than(&self, seen: &mut u32) -> Option<Bytes> {
        (std::mem::replace(seen, self.version) != self.version).then(|| self.frame.clone())
    }
}

/// What one socket has been sent.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// `None`: it knows nothing and gets a snapshot.
    pub seq: Option<u64>,
    notices: [u32; NOTICES],
    heartbeat: u32,
    is_at_door: bool,
}

/// Sockets that are told who is inside.
#[derive(Default)]
struct DoorSockets {
    count: usize,
    /// One that knows nothing yet.
    has_come: bool,
}

/// One of them.
pub struct AtDoor(Arc<Feed>);

impl Drop for AtDoor {
    fn drop(&mut self) {
        self.0.door.lock().count -= 1;
    }
}

#[derive(Debug)]
pub enum Next {
    Snapshot(Bytes),
    Delta(Bytes),
    /// Anything else that goes to all.
    Notice(Bytes),
    Nothing,
    Bye(Bye),
}

impl Feed {
    pub fn new(event: EventId) -> Arc<Self> {
        Arc::new(Self {
            event,
            edition: watch::Sender::new(0),
            door: Mutex::default(),
            outlets: Outlets::default(),
            pace: Pace::default(),
            shared: Mutex::new(Shared::Starting),
        })
    }

    pub const fn event(&self) -> EventId {
        self.event
    }

    pub fn editions(&self) -> watch::Receiver<u64> {
        self.edition.subscribe()
    }

    fn publish(&self) {
        self.edition.send_modify(|edition| *edition += 1);
    }

    /// `None` until the event has been read.
    pub fn state(&self) -> Option<Result<Phase, Bye>> {
        match &*self.shared.lock() {
            Shared::Starting => None,
            Shared::Open(open) => Some(Ok(open.board.phase())),
            Shared::Ended(bye) => Some(Err(*bye)),
        }
    }
}

/// For sockets.
impl Feed {
    /// Of a socket that starts now and says that it knows the state at `seq`. What nobody was told yet it cannot know: it has
    /// it from a store that was restored to an earlier state, or from nowhere.
    pub fn seen_from(&self, seq: Option<u64>) -> Seen {
        let (told_seq, heartbeat) = match &*self.shared.lock() {
            Shared::Open(open) => (open.board.told_seq(), open.heartbeat.version),
            Shared::Starting | Shared::Ended(_) => (0, 0),
        };
        let seq = seq.filter(|seq| *seq <= told_seq);
        Seen { seq, notices: [0; NOTICES], heartbeat, is_at_door: false }
    }

    /// As [`Self::seen_from`], of a socket at the door. What was told there before it came may be old: it is told anew.
    pub fn seen_at_door(self: &Arc<Self>, seq: Option<u64>) -> (Seen, AtDoor) {
        let mut seen = Seen { is_at_door: true, ..self.seen_from(seq) };
        let told = self.with(|open| open.notices[Kind::Door as usize].version);
        seen.notices[Kind::Door as usize] = told.unwrap_or_default();
        let mut door = self.door.lock();
        door.count += 1;
        // After `seen`: what is read for it is a later frame.
        door.has_come = true;
        drop(door);
        (seen, AtDoor(Arc::clone(self)))
    }

    /// What is to be written next to a socket that has seen so much. `seen` is moved on.
    pub fn next(&self, seen: &mut Seen, form: Form) -> Next {
        match &mut *self.shared.lock() {
            Shared::Starting => Next::Nothing,
            Shared::Open(open) => open.next(self.event, seen, form),
            Shared::Ended(bye) => Next::Bye(*bye),
        }
    }

    /// `None` when the feed has ended.
    pub fn join(&self, user: UserId) -> Option<Arc<Inbox>> {
        match &mut *self.shared.lock() {
            Shared::Open(open) => Some(open.personal.join(user)),
            Shared::Starting | Shared::Ended(_) => None,
        }
    }

    pub fn part(&self, user: UserId, inbox: &Arc<Inbox>) {
        if let Shared::Open(open) = &mut *self.shared.lock() {
            open.personal.leave(user, inbox);
        }
    }

    /// The waiting room's line as of the last frame that told of it. `None`: there was none.
    pub fn line(&self) -> Option<Arc<LineView>> {
        self.with(|open| open.line.clone()).flatten()
    }

    /// The account's place in line from now on: its sockets follow it without being asked.
    pub fn follow(&self, ticket: PlaceTicket) {
        self.with(|open| open.personal.follow(ticket));
    }

    /// The list of a customer's holds, for an inbox that has lost frames.
    pub fn holds_of(&self, user: UserId) -> Option<Bytes> {
        match &*self.shared.lock() {
            Shared::Open(open) => Some(open.personal.list(user)),
            Shared::Starting | Shared::Ended(_) => None,
        }
    }
}

/// For the publisher.
impl Feed {
    /// The event as it is, for the first time.
    pub fn open(&self, board: Board, personal: Personal) {
        let sale = forms::sale(&board);
        let ring = Ring::new(board.told_seq());
        let mut open = Box::new(Open {
            board,
            ring,
            snapshots: [None, None],
            notices: Default::default(),
            heartbeat: Notice::default(),
            personal,
            line: None,
        });
        open.notices[Kind::Sale as usize].set(sale);
        *self.shared.lock() = Shared::Open(open);
        self.publish();
    }

    /// Nothing that sockets knew is true any more: each gets a snapshot of this board.
    pub fn start_anew(&self, board: Board) {
        self.with(|open| {
            open.ring = Ring::new(board.told_seq());
            open.snapshots = [None, None];
            open.notices[Kind::Sale as usize].set(forms::sale(&board));
            open.board = board;
        });
        self.publish();
    }

    /// Reads or changes board and holds. Nothing is told by that.
    pub fn edit<T>(&self, edit: impl FnOnce(&mut Board, &mut Personal) -> T) -> Option<T> {
        self.with(|open| edit(&mut open.board, &mut open.personal))
    }

    /// The cut that `forms` show ended at `seq`.
    pub fn tell(&self, seq: u64, forms: Forms, now: Instant) {
        self.with(|open| open.ring.push(seq, forms, now));
        self.publish();
    }

    pub fn notice(&self, kind: Kind, frame: Bytes) {
        self.with(|open| {
            open.notices[kind as usize].set(frame);
            if kind == Kind::Sale {
                // They show the event's status.
                open.snapshots = [None, None];
            }
        });
        self.publish();
    }

    /// `frame` shows the public numbers of `line`.
    pub fn line_moved(&self, line: Arc<LineView>, frame: Bytes) {
        self.with(|open| open.line = Some(line));
        self.notice(Kind::Line, frame);
    }

    /// Whether anybody is at the door.
    pub fn has_door(&self) -> bool {
        self.door.lock().count > 0
    }

    /// Whether somebody has come there since this was asked last.
    pub fn take_door_news(&self) -> bool {
        std::mem::take(&mut self.door.lock().has_come)
    }

    /// As [`Self::line_moved`], before what it means for some is told to them alone.
    pub fn line_is(&self, line: Arc<LineView>) {
        self.with(|open| open.line = Some(line));
    }

    pub fn heartbeat(&self, frame: Bytes) {
        self.with(|open| open.heartbeat.set(frame));
        self.publish();
    }

    pub fn prune(&self, now: Instant) {
        self.with(|open| open.ring.prune(now));
    }

    /// Every socket is sent away.
    pub fn end(&self, bye: Bye) {
        *self.shared.lock() = Shared::Ended(bye);
        self.publish();
        self.outlets.call_all();
    }

    fn with<T>(&self, change: impl FnOnce(&mut Open) -> T) -> Option<T> {
        match &mut *self.shared.lock() {
            Shared::Open(open) => Some(change(open)),
            Shared::Starting | Shared::Ended(_) => None,
        }
    }
}

impl Open {
    fn next(&mut self, event: EventId, seen: &mut Seen, form: Form) -> Next {
        // A cut may be made and not told yet; a snapshot of it is newer than the ring then.
        if seen.seq.is_none_or(|seq| seq != self.board.told_seq()) {
            let bytes_max = CATCH_UP_BYTES_MIN.max(self.snapshot_bytes(form));
            match seen.seq.map(|seq| self.ring.after(seq, form, bytes_max)) {
                Some(After::Nothing) => {}
                Some(After::Delta { seq, frame }) => {
                    seen.seq = Some(seq);
                    // It says more than a heartbeat, which may be from before it.
                    seen.heartbeat = self.heartbeat.version;
                    return Next::Delta(frame.clone());
                }
                Some(After::Unknown) | None => {
                    seen.seq = Some(self.board.told_seq());
                    seen.heartbeat = self.heartbeat.version;
                    return Next::Snapshot(self.snapshot(event, form));
                }
            }
        }
        let shown = if seen.is_at_door { NOTICES } else { PUBLIC_NOTICES };
        for (notice, seen) in self.notices.iter().zip(&mut seen.notices).take(shown) {
            if let Some(frame) = notice.newer_than(seen) {
                return Next::Notice(frame);
            }
        }
        self.heartbeat.newer_than(&mut seen.heartbeat).map_or(Next::Nothing, Next::Notice)
    }

    /// A guess from the last one of the form.
    fn snapshot_bytes(&self, form: Form) -> usize {
        self.snapshots[form as usize]
            .as_ref()
            .map_or_else(|| self.board.told_seats().len(), |(_, snapshot)| snapshot.len())
    }

    /// Made once for all who need it at this `seq`.
    fn snapshot(&mut self, event: EventId, form: Form) -> Bytes {
        let seq = self.board.told_seq();
        match &mut self.snapshots[form as usize] {
            Some((made_at, snapshot)) if *made_at == seq => snapshot.clone(),
            made => made.insert((seq, forms::snapshot(&self.board, event.uuid(), form))).1.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
