//! What is due to one socket: frames of its feed, and of its account's inbox. It goes the socket's only way out.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use inventory::UserId;
use tokio::io::AsyncWrite;
use tokio::net::tcp::OwnedWriteHalf;

use super::feed::{Feed, Next, Seen};
use super::forms::Form;
use super::inbox::{Inbox, Post};
use super::metrics;
use super::way::{Due, Pumped, Stream, Way};

pub struct Outlet {
    form: Form,
    /// A signed-in socket's account, and what is for it alone.
    personal: Option<(UserId, Arc<Inbox>)>,
    way: Way<OwnedWriteHalf, Seen>,
}

impl Stream for OwnedWriteHalf {
    fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Self::try_write_vectored(self, slices)
    }
}

impl Outlet {
    pub fn new(stream: OwnedWriteHalf, form: Form, seen: Seen, personal: Option<(UserId, Arc<Inbox>)>) -> Self {
        Self { form, personal, way: Way::new(stream, seen) }
    }

    /// By the crew. `true`: something was written, and the peer has taken all of it.
    pub fn serve(&self, feed: &Feed) -> bool {
        self.way.serve(|seen| self.due(seen, feed))
    }

    /// By the socket's task.
    pub fn write(&self, feed: &Feed) -> Pumped {
        self.way.write(|seen| self.due(seen, feed))
    }

    /// Until the crew has left something to the task. May be dropped at any time.
    pub async fn called(&self) {
        self.way.called().await;
    }

    pub fn call(&self) {
        self.way.call();
    }

    /// Comes before what else is due, and is written with it.
    pub fn say(&self, frame: Bytes) {
        self.way.say(frame);
    }

    /// The last that is said.
    pub fn say_last(&self, frames: Bytes) {
        self.way.say_last(frames);
    }

    /// No more is written after this.
    pub fn end(&self) -> bool {
        let context = &mut Context::from_waker(Waker::noop());
        let shut = self.way.with_stream(|stream| AsyncWrite::poll_shutdown(Pin::new(stream), context));
        matches!(shut, Poll::Ready(Ok(())))
    }

    /// The task is called with every notice from now on.
    pub fn call_on_notice(&self) {
        self.way.call_on_notice();
    }

    /// The next frame is a snapshot.
    pub fn forget(&self) {
        self.way.move_cursor(|seen| seen.seq = None);
    }

    fn due(&self, seen: &mut Seen, feed: &Feed) -> Due {
        // What a socket knows of the house before what it knows of itself.
        if seen.seq.is_some()
            && let Some(frame) = self.private(feed)
        {
            metrics::count_private();
            return Due::Frame(frame);
        }
        let had_state = seen.seq.is_some();
        let next = feed.next(seen, self.form);
        metrics::count_frame(&next);
        match next {
            Next::Delta(frame) => Due::Frame(frame),
            Next::Snapshot(frame) => {
                if had_state {
                    metrics::count_lagged();
                }
                Due::Frame(frame)
            }
            Next::Notice(frame) => Due::Notice(frame),
            Next::Nothing => Due::Nothing,
            Next::Bye(bye) => Due::Bye(bye),
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

#[cfg(test)]
pub(super) mod tests {
    use inventory::Lsn;
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::Instant;
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
