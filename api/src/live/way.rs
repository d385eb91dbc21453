//! The way out of one socket, to which two write: mostly the crew, which serves many sockets in one go and waits for
//! nobody, and the socket's own task for the rest. Whoever holds its lock writes what is due, as far as the peer takes it.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};

use bytes::{Buf, Bytes};
use tokio::time::Instant;

use super::bye::Bye;
use crate::sync::{Mutex, Notify};

// Why nobody waits for a call that does not come:
// - Everything that is written is found due under `writing`, so that frames keep their order whoever writes them.
// - The crew passes over a socket only while `blocked_at` is set. The one who set it, under the same lock, was either the
//   task, which then waits for the peer and writes again until nothing is due, or the crew, which calls the task. `call` keeps
//   one permit, so that it does not matter whether the task waits for it yet.
// - News is due before the crew is told of it. If the crew passes over a socket because of `blocked_at`, the task has yet to
//   take the lock to clear it, and finds the news then. If the task had cleared it, the crew writes the news itself.

/// Frames that go out with one write, if that many are due.
const GATHERED_MAX: usize = 8;

pub struct Way<S, C> {
    writing: Mutex<Writing<S, C>>,
    /// The socket's task has something to do.
    call: Notify,
}

struct Writing<S, C> {
    stream: S,
    /// What has been found due so far.
    cursor: C,
    /// Under way: what is left of the first, and those behind it.
    frames: VecDeque<Bytes>,
    /// Since when the peer has not taken the first of them.
    blocked_at: Option<Instant>,
    /// The task wants to know of every notice.
    calls_on_notice: bool,
    /// Nothing follows what was said last.
    is_closing: bool,
}

/// Where frames go.
pub trait Stream {
    /// # Errors
    /// `WouldBlock`: the peer does not take more now.
    fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;
}

/// What is to be written next.
pub enum Due {
    Frame(Bytes),
    /// One of which the task may want to know.
    Notice(Bytes),
    Nothing,
    /// There will be nothing more.
    Bye(Bye),
}

/// Where writing has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pumped {
    /// Everything is written.
    Idle,
    /// The peer does not take more, since then.
    Blocked(Instant),
    /// The feed has ended.
    Bye(Bye),
    Gone,
}

/// What has been done on the way there.
#[derive(Default)]
struct Done {
    has_written: bool,
    had_notice: bool,
}

impl<S: Stream, C> Way<S, C> {
    pub fn new(stream: S, cursor: C) -> Self {
        let writing = Writing {
            stream,
            cursor,
            frames: VecDeque::new(),
            blocked_at: None,
            calls_on_notice: false,
            is_closing: false,
        };
        Self { writing: Mutex::new(writing), call: Notify::new() }
    }

    /// By the crew: a socket whose peer is being waited for is left to its task, and one that needs its task calls it.
    /// `true`: something was written, and the peer has taken all of it.
    pub fn serve(&self, due: impl FnMut(&mut C) -> Due) -> bool {
        let mut writing = self.writing.lock();
        if writing.blocked_at.is_some() || writing.is_closing {
            return false;
        }
        let mut done = Done::default();
        let pumped = writing.pump(due, &mut done);
        if pumped != Pumped::Idle || (done.had_notice && writing.calls_on_notice) {
            self.call.notify_one();
        }
        done.has_written && pumped == Pumped::Idle
    }

    /// By the socket's task.
    pub fn write(&self, due: impl FnMut(&mut C) -> Due) -> Pumped {
        self.writing.lock().pump(due, &mut Done::default())
    }

    /// Until the crew has left something to the task. May be dropped at any time.
    pub async fn called(&self) {
        self.call.notified().await;
    }

    pub fn call(&self) {
        self.call.notify_one();
    }

    /// Comes before what else is due, and is written with it.
    pub fn say(&self, frame: Bytes) {
        self.writing.lock().frames.push_back(frame);
    }

    /// The last that is said.
    pub fn say_last(&self, frames: Bytes) {
        let mut writing = self.writing.lock();
        writing.frames.push_back(frames);
        writing.is_closing = true;
    }

    pub fn call_on_notice(&self) {
        self.writing.lock().calls_on_notice = true;
    }

    pub fn move_cursor(&self, to: impl FnOnce(&mut C)) {
        to(&mut self.writing.lock().cursor);
    }

    pub fn with_stream<T>(&self, act: impl FnOnce(&mut S) -> T) -> T {
        act(&mut self.writing.lock().stream)
    }
}

impl<S: Stream, C> Writing<S, C> {
    fn pump(&mut self, mut due: impl FnMut(&mut C) -> Due, done: &mut Done) -> Pumped {
        loop {
            let mut nothing_more = self.is_closing.then_some(Pumped::Idle);
            // One whose peer is waited for is told what is true when it can be.
            if self.blocked_at.is_none() {
                while nothing_more.is_none() && self.frames.len() < GATHERED_MAX {
                    match due(&mut self.cursor) {
                        Due::Frame(frame) => self.frames.push_back(frame),
                        Due::Notice(frame) => {
                            done.had_notice = true;
                            self.frames.push_back(frame);
                        }
                        Due::Nothing => nothing_more = Some(Pumped::Idle),
                        Due::Bye(bye) => nothing_more = Some(Pumped::Bye(bye)),
                    }
                }
            }
            if let Some(stopped) = self.drain(done) {
                return stopped;
            }
            if let Some(pumped) = nothing_more {
                return pumped;
            }
        }
    }

    /// Writes what is under way. `None`: all of it.
    fn drain(&mut self, done: &mut Done) -> Option<Pumped> {
        while !self.frames.is_empty() {
            let mut slices = [IoSlice::new(&[]); GATHERED_MAX];
            slices.iter_mut().zip(&self.frames).for_each(|(slice, frame)| *slice = IoSlice::new(frame));
            match self.stream.try_write_vectored(&slices[..GATHERED_MAX.min(self.frames.len())]) {
                Ok(0) => return Some(Pumped::Gone),
                Ok(taken) => {
                    done.has_written = true;
                    self.took(taken);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Some(Pumped::Blocked(*self.blocked_at.get_or_insert_with(Instant::now)));
                }
                Err(_) => return Some(Pumped::Gone),
            }
        }
        self.blocked_at = None;
        None
    }

    /// What has been written.
    fn took(&mut self, mut taken: usize) {
        while let Some(first) = self.frames.front_mut() {
            if first.len() > taken {
                first.advance(taken);
                return;
            }
            taken -= first.len();
            self.frames.pop_front();
            self.blocked_at = None;
        }
    }
}
