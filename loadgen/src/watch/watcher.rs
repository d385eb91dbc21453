//! One socket of the crowd, from its first connect to the end of the run. A socket that the server closes comes back, as
//! a browser's would, and asks for what it has missed.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::tally::Tally;
use super::{read_all, read_heads};
use crate::live::board::Board;
use crate::live::dial::{Dial, Dialled, Refused};
use crate::live::head::Head;

const BACK_AFTER: Duration = Duration::from_millis(500);
const BACK_AFTER_MAX: Duration = Duration::from_secs(10);
/// Of a socket that is to stop reading: what the kernel takes in for it is soon full.
const STALLING_RECEIVE_BYTES: u32 = 16 << 10;

/// What all watchers share.
pub struct Crowd {
    pub dial: Dial,
    pub tally: Tally,
    /// True while those that stall do not read.
    pub stall: watch::Receiver<bool>,
}

pub enum Role {
    /// Looks at the head of each frame.
    Plain,
    /// Reads every frame and folds it.
    Sampled(Mutex<Board>),
    /// As plain, but stops reading when told to.
    Stalling,
}

pub struct Watcher {
    pub number: u32,
    pub role: Role,
    /// The last state that came; 0: none.
    pub seq: AtomicU64,
}

/// When the sockets that a `visit` opens were meant to be there.
#[derive(Clone, Copy)]
pub enum Coming {
    First(Instant),
    /// After all had been dropped at this moment.
    Back(Instant),
}

/// Why a socket is no longer read.
pub enum Ending {
    Closed(Option<u16>),
    Bye(String),
    Fault(io::ErrorKind),
    NotAFrame,
    /// The server had closed it while it did not read.
    WhileStalled,
}

impl Ending {
    fn name(&self) -> String {
        match self {
            Self::Closed(Some(code)) => format!("close {code}"),
            Self::Closed(None) => "end of stream".to_owned(),
            Self::Bye(code) => format!("bye {code}"),
            Self::Fault(kind) => kind.to_string(),
            Self::NotAFrame => "not a frame".to_owned(),
            Self::WhileStalled => "closed while stalled".to_owned(),
        }
    }
}

impl Watcher {
    /// Stays until the task is aborted.
    pub async fn stay(self: Arc<Self>, crowd: Arc<Crowd>, mut coming: Coming) {
        if let Coming::First(due) = coming {
            tokio::time::sleep_until(due.into()).await;
        }
        loop {
            let dialled = self.dial(&crowd).await;
            let tally = &crowd.tally;
            if let Coming::First(due) = coming {
                tally.took(self.number, |shard| &mut shard.connect, due);
                tally.opened.fetch_add(1, Relaxed);
            }
            let open = Open::count(tally);
            let ending = match &self.role {
                Role::Plain | Role::Stalling => read_heads::run(&self, &crowd, dialled, coming).await,
                Role::Sampled(board) => read_all::run(&self, board, &crowd, dialled, coming).await,
            };
            drop(open);
            tally.count(self.number, |shard| &mut shard.closes, &ending.name());
            coming = Coming::Back(Instant::now());
            tokio::time::sleep(BACK_AFTER.mul_f64(0.5 + rand::random::<f64>())).await;
        }
    }

    async fn dial(&self, crowd: &Crowd) -> Dialled {
        let receive_bytes = matches!(self.role, Role::Stalling).then_some(STALLING_RECEIVE_BYTES);
        let mut wait = BACK_AFTER;
        loop {
            let from = Some(self.seq.load(Relaxed)).filter(|seq| *seq > 0);
            match crowd.dial.open(self.number, from, None, receive_bytes).await {
                Ok(dialled) => return dialled,
                Err(refused) => {
                    crowd.tally.count(self.number, |shard| &mut shard.refusals, &refused.name());
                    let after = match refused {
                        Refused::Answer { after, .. } => after.unwrap_or_default(),
                        Refused::Fault(_) => Duration::ZERO,
                    };
                    tokio::time::sleep(after.max(wait).mul_f64(0.75 + 0.5 * rand::random::<f64>())).await;
                    wait = (wait * 2).min(BACK_AFTER_MAX);
                }
            }
        }
    }

    /// A frame whose head is `head` has come whole.
    pub fn saw(&self, tally: &Tally, head: Head, bytes: u64) {
        let last = self.seq.load(Relaxed);
        let now_us = tally.now_us();
        match self.role {
            Role::Stalling => tally.frame_of_stalling(self.number, head, bytes, last, now_us),
            Role::Plain | Role::Sampled(_) => tally.frame(self.number, head, bytes, last, now_us),
        }
        if head.seq > 0 {
            self.seq.store(head.seq, Relaxed);
        }
    }

    /// The first frame after a connect.
    pub fn came(&self, tally: &Tally, coming: Coming, is_snapshot: bool) {
        match coming {
            Coming::First(due) => tally.took(self.number, |shard| &mut shard.first, due),
            Coming::Back(since) => {
                tally.took(self.number, |shard| &mut shard.back, since);
                tally.shard(self.number).resumed += u64::from(!is_snapshot);
            }
        }
    }

    pub fn difference(&self, now: &wire::Availability) -> Option<String> {
        match &self.role {
            Role::Sampled(board) => board.lock().unwrap_or_else(PoisonError::into_inner).difference(now),
            Role::Plain | Role::Stalling => None,
        }
    }
}

/// One more socket is open, until dropped: also when its task is aborted.
struct Open<'a>(&'a Tally);

impl<'a> Open<'a> {
    fn count(tally: &'a Tally) -> Self {
        tally.open.fetch_add(1, Relaxed);
        Self(tally)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}
