//! The way out of one socket. Whoever holds its lock writes what is due, as far as the peer takes it without being waited
//! for: mostly the crew, which serves many sockets in one go, and the socket's own task for the rest.

use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use inventory::UserId;
use parking_lot::Mutex;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::bye::Bye;
use super::feed::{Feed, Next, Seen};
use super::forms::Form;
use super::metrics;
use super::personal::{Inbox, Post};

// Who writes, and why nobody waits for a call that does not come:
// - Everything that is written is taken from the feed and the inbox under `way`, so that frames keep their order whoever
//   writes them.
// - The crew passes over a socket only while `blocked_at` is set. The one who set it, under the same lock, was either the
//   task, which then waits for the peer and writes again until nothing is due, or the crew, which calls the task. `call` keeps
//   one permit, so that it does not matter whether the task waits for it yet.
// - News is in the feed before the crew is told of it. If the crew passes over a socket because of `blocked_at`, the task
//   has yet to take the lock to clear it, and finds the news then. If the task had cleared it, the crew writes the news itself.

/// Frames that go out with one write, if that many are due.
const GATHERED_MAX: usize = 8;

pub struct Outlet {
    form: Form,
    /// A signed-in socket's account, and what is for it alone.
    personal: Option<(UserId, Arc<Inbox>)>,
    way: Mutex<Way>,
    /// The socket's task has something to do.
    call: Notify,
}

struct Way {
    stream: OwnedWriteHalf,
    seen: Seen,
    /// Under way: what is left of the first, and those behind it.
    frames: VecDeque<Bytes>,
    /// Since when the peer has not taken the first of them.
    blocked_at: Option<Instant>,
    /// The task wants to know of every notice.
    calls_on_notice: bool,
    /// Nothing follows what was said last.
    is_closing: bool,
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

impl Outlet {
    pub fn new(stream: OwnedWriteHalf, form: Form, seen: Seen, personal: Option<(UserId, Arc<Inbox>)>) -> Self {
        let way =
            Way { stream, seen, frames: VecDeque::new(), blocked_at: None, calls_on_notice: false, is_closing: false };
        Self { form, personal, way: Mutex::new(way), call: Notify::new() }
    }

    /// By the crew: a socket whose peer is being waited for is left to its task, and one that needs its task calls it.
    /// `true`: something was written, and the peer has taken all of it.
    pub fn serve(&self, feed: &Feed) -> bool {
        let mut way = self.way.lock();
        if way.blocked_at.is_some() || way.is_closing {
            return false;
        }
        let mut done = Done::default();
        let pumped = self.pump(&mut way, feed, &mut done);
        if pumped != Pumped::Idle || (done.had_notice && way.calls_on_notice) {
            self.call.notify_one();
        }
        done.has_written && pumped == Pumped::Idle
    }

    /// By the socket's task.
    pub fn write(&self, feed: &Feed) -> Pumped {
        self.pump(&mut self.way.lock(), feed, &mut Done::default())
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
        self.way.lock().frames.push_back(frame);
    }

    /// The last that is said.
    pub fn say_last(&self, frames: Bytes) {
        let mut way = self.way.lock();
        way.frames.push_back(frames);
        way.is_closing = true;
    }

    /// No more is written after this.
    pub fn end(&self) -> bool {
        let mut way = self.way.lock();
        let context = &mut std::task::Context::from_waker(std::task::Waker::noop());
        let shut = tokio::io::AsyncWrite::poll_shutdown(std::pin::Pin::new(&mut way.stream), context);
        matches!(shut, std::task::Poll::Ready(Ok(())))
    }

    pub fn call_on_notice(&self) {
        self.way.lock().calls_on_notice = true;
    }

    /// The next frame is a snapshot.
    pub fn forget(&self) {
        self.way.lock().seen.seq = None;
    }

    fn pump(&self, way: &mut Way, feed: &Feed, done: &mut Done) -> Pumped {
        loop {
            let mut nothing_more = way.is_closing.then_some(Pumped::Idle);
            // One whose peer is waited for is told what is true when it can be.
            if way.blocked_at.is_none() {
                while nothing_more.is_none() && way.frames.len() < GATHERED_MAX {
                    match self.due(&mut way.seen, feed, done) {
                        Ok(frame) => way.frames.push_back(frame),
                        Err(pumped) => nothing_more = Some(pumped),
                    }
                }
            }
            if let Some(stopped) = way.drain(done) {
                return stopped;
            }
            if let Some(pumped) = nothing_more {
                return pumped;
            }
        }
    }

    /// The next frame, or why there is none.
    fn due(&self, seen: &mut Seen, feed: &Feed, done: &mut Done) -> Result<Bytes, Pumped> {
        // What a socket knows of the house before what it knows of itself.
        if seen.seq.is_some()
            && let Some(frame) = self.private(feed)
        {
            metrics::count_private();
            return Ok(frame);
        }
        let had_state = seen.seq.is_some();
        let next = feed.next(seen, self.form);
        metrics::count_frame(&next);
        match next {
            Next::Delta(frame) => Ok(frame),
            Next::Snapshot(frame) => {
                if had_state {
                    metrics::count_lagged();
                }
                Ok(frame)
            }
            Next::Notice(frame) => {
                done.had_notice = true;
                Ok(frame)
            }
            Next::Nothing => Err(Pumped::Idle),
            Next::Bye(bye) => Err(Pumped::Bye(bye)),
        }
    }

    fn private(&self, feed: &Feed) -> Option<Bytes> {
        let (user, inbox) = self.personal.as_ref()?;
        match inbox.take() {
            Post::Nothing => None,
            Post::Frame(frame) => Some(frame),
            Post::Lost => feed.holds_of(*user),
        }
    }
}

impl Way {
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

#[cfg(test)]
pub(super) mod tests {
    use inventory::Lsn;
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};
    use tokio_tungstenite::tungstenite::protocol::Role;
    use tokio_tungstenite::tungstenite::{Message, WebSocket};

    use super::super::board::tests::board;
    use super::super::forms::Forms;
    use super::super::frame;
    use super::super::personal::Personal;
    use super::*;

    const LONG: usize = 300_000;
    const DELTAS_MAX: u64 = 200;

    pub async fn open() -> (Arc<Feed>, Outlet, TcpStream) {
        let feed = Feed::new(inventory::EventId::from_bytes([1; 16]));
        feed.open(board(), Personal::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let outlet = Outlet::new(stream.into_split().1, Form::Binary, feed.seen_from(None), None);
        (feed, outlet, peer)
    }

    /// A delta from the one before to `seq`, marked by its number.
    fn tell(feed: &Feed, seq: u64, bytes: usize) {
        let payload = vec![seq as u8; bytes];
        feed.edit(|board, _| {
            board.reach(Lsn(seq));
            board.cut(true)
        });
        feed.tell(seq, Forms { json: Bytes::new(), binary: frame::binary(&payload) }, Instant::now());
    }

    /// What a client's library makes of it.
    fn read(bytes: Vec<u8>) -> Vec<Message> {
        let mut socket = WebSocket::from_raw_socket(std::io::Cursor::new(bytes), Role::Client, None);
        std::iter::from_fn(|| socket.read().ok()).collect()
    }

    #[tokio::test]
    async fn one_that_is_waited_for_is_left_alone_by_the_crew_and_every_frame_stays_whole() {
        let (feed, outlet, mut peer) = open().await;
        assert!(outlet.serve(&feed));
        tell(&feed, 2, 10);
        assert!(outlet.serve(&feed));
        assert!(!outlet.serve(&feed), "there is nothing more");
        let mut seq = 2;
        let since = loop {
            seq += 1;
            assert!(seq < DELTAS_MAX, "the system takes everything");
            tell(&feed, seq, LONG);
            outlet.serve(&feed);
            match outlet.write(&feed) {
                Pumped::Blocked(since) => break since,
                pumped => assert_eq!(pumped, Pumped::Idle),
            }
        };
        outlet.called().await;
        tell(&feed, seq + 1, LONG);
        assert!(!outlet.serve(&feed));
        outlet.say(frame::text(&"said"));
        assert_eq!(outlet.write(&feed), Pumped::Blocked(since), "the same frame is waited for");
        let reading = async {
            let mut all = Vec::new();
            peer.read_to_end(&mut all).await.unwrap();
            all
        };
        let writing = async {
            while outlet.write(&feed) != Pumped::Idle {
                tokio::task::yield_now().await;
            }
            tell(&feed, seq + 2, LONG);
            outlet.say_last(frame::text(&"said"));
            while outlet.write(&feed) != Pumped::Idle {
                tokio::task::yield_now().await;
            }
            assert!(outlet.end());
        };
        let (all, ()) = tokio::join!(reading, writing);
        let told = read(all).into_iter().map(|message| match message {
            Message::Binary(bytes) if bytes.iter().all(|byte| *byte == bytes[0]) => format!("delta {}", bytes[0]),
            Message::Binary(bytes) if bytes[0] == 1 => "snapshot".to_owned(),
            Message::Text(text) if text.contains("\"sale\"") => "sale".to_owned(),
            Message::Text(text) if text.contains("said") => "said".to_owned(),
            other => panic!("{other:?}"),
        });
        let deltas = |range: std::ops::RangeInclusive<u64>| range.map(|seq| format!("delta {seq}"));
        let expected = ["snapshot", "sale"].map(str::to_owned).into_iter().chain(deltas(2..=seq));
        let expected = expected.chain(["said".to_owned()]).chain(deltas(seq + 1..=seq + 1)).chain(["said".to_owned()]);
        assert_eq!(told.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "and nothing after the last word");
    }
}
