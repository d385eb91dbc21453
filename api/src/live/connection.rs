//! The connection as the WebSocket library sees it: it reads there, and what it writes goes the socket's only way out, so
//! that no frame ever starts inside another.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, Interest, ReadBuf, copy, sink};
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::timeout;

use super::outlet::Outlet;

/// What a peer may still send after the last frame.
const LINGER_BYTES_MAX: u64 = 1 << 20;
const LINGER: Duration = Duration::from_secs(1);

pub struct Connection {
    read: OwnedReadHalf,
    outlet: Arc<Outlet>,
}

impl Connection {
    pub const fn new(read: OwnedReadHalf, outlet: Arc<Outlet>) -> Self {
        Self { read, outlet }
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
        Pin::new(&mut self.read).poll_read(context, buffer)
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
