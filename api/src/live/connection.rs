//! The connection as the WebSocket library sees it: it reads there, and what it writes goes the socket's only way out, so
//! that no frame ever starts inside another.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, Interest, ReadBuf, copy, sink};
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::{Instant, timeout};

use super::inbound::{Budget, Heads};
use super::outlet::Outlet;

/// What a peer may still send after the last frame.
const LINGER_BYTES_MAX: u64 = 1 << 20;
const LINGER: Duration = Duration::from_secs(1);

pub struct Connection {
    read: OwnedReadHalf,
    outlet: Arc<Outlet>,
    heads: Heads,
    budget: Budget,
    is_flooded: bool,
}

impl Connection {
    /// `behind`: what was read before, and goes to the library by another way.
    pub fn new(read: OwnedReadHalf, outlet: Arc<Outlet>, behind: &[u8], now: Instant) -> Self {
        let mut connection =
            Self { read, outlet, heads: Heads::default(), budget: Budget::frames(now), is_flooded: false };
        connection.count(behind);
        connection
    }

    /// Too many frames have come; nothing is read any more. The library tells only of whole messages, and a message may
    /// have any number of parts without content.
    pub const fn is_flooded(&self) -> bool {
        self.is_flooded
    }

    fn count(&mut self, bytes: &[u8]) {
        let frames = self.heads.count(bytes);
        if frames > 0 {
            let now = Instant::now();
            self.is_flooded |= (0..frames).any(|_| !self.budget.spend(now));
        }
    }

    /// # Errors
    /// The connection has broken.
    pub async fn writable(&self) -> io::Result<()> {
        self.read.ready(Interest::WRITABLE).await.map(|_| ())
    }

    /// Until the peer has stopped sending: a close with bytes unread would take back the last frames.
    pub async fn linger(&mut self) {
        let rest = &mut (&mut self.read).take(LINGER_BYTES_MAX);
        // What comes is not looked at, nor how it ends.
        let _: Result<io::Result<u64>, _> = timeout(LINGER, copy(rest, &mut sink())).await;
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled = buffer.filled().len();
        ready!(Pin::new(&mut self.read).poll_read(context, buffer))?;
        self.count(&buffer.filled()[filled..]);
        if self.is_flooded {
            return Poll::Ready(Err(io::Error::other("too many frames")));
        }
        Poll::Ready(Ok(()))
    }
}

/// A pong for each ping, and the answer to a close: as bounded as what the client may say.
impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.outlet.say(Bytes::copy_from_slice(bytes));
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
