//! Reads a socket at the least cost: into one buffer per thread, and of every frame only its head.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

use super::tally::Tally;
use super::watcher::{Coming, Crowd, Ending, Role, Watcher};
use crate::live::dial::Dialled;
use crate::live::head::{self, Head, Kind};
use crate::live::scan::{NotAFrame, Scanner, Seen, pong};

const BUFFER_BYTES: usize = 64 << 10;
const PONG_DEADLINE: Duration = Duration::from_secs(5);
/// A socket that has been read empty and gets nothing for this long is taken to be open.
const SILENCE: Duration = Duration::from_secs(5);

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; BUFFER_BYTES].into_boxed_slice());
}

struct Reading<'a> {
    watcher: &'a Watcher,
    tally: &'a Tally,
    coming: Coming,
    scanner: Scanner,
    has_first: bool,
    pongs: Vec<u8>,
    bye: Option<String>,
    close: Option<Option<u16>>,
    newest_us: u64,
}

pub async fn run(watcher: &Watcher, crowd: &Crowd, dialled: Dialled, coming: Coming) -> Ending {
    let mut stream = dialled.stream;
    let mut reading = Reading {
        watcher,
        tally: &crowd.tally,
        coming,
        scanner: Scanner::default(),
        has_first: false,
        pongs: Vec::new(),
        bye: None,
        close: None,
        newest_us: 0,
    };
    if reading.take(&dialled.behind).is_err() {
        return Ending::NotAFrame;
    }
    if matches!(watcher.role, Role::Stalling) {
        let mut stall = crowd.stall.clone();
        tokio::select! {
            ending = reading.follow(&mut stream) => return ending,
            _ = stall.wait_for(|is_on| *is_on) => {}
        }
        if stall.wait_for(|is_on| !*is_on).await.is_ok() {
            let is_open = reading.is_open(&mut stream).await;
            let mut shard = crowd.tally.shard(watcher.number);
            if is_open {
                shard.stalled_open += 1;
            } else {
                shard.stalled_closed += 1;
                return Ending::WhileStalled;
            }
        }
    }
    reading.follow(&mut stream).await
}

impl Reading<'_> {
    async fn follow(&mut self, stream: &mut TcpStream) -> Ending {
        loop {
            match self.step(stream).await {
                Ok(()) => {}
                Err(ending) => return ending,
            }
        }
    }

    /// After a stall: whether what comes now was sent after it.
    async fn is_open(&mut self, stream: &mut TcpStream) -> bool {
        let resumed_us = self.tally.now_us();
        loop {
            match tokio::time::timeout(SILENCE, self.step(stream)).await {
                Ok(Ok(())) if self.newest_us > resumed_us => return true,
                Ok(Ok(())) => {}
                Ok(Err(_ending)) => return false,
                Err(_silence) => return true,
            }
        }
    }

    async fn step(&mut self, stream: &mut TcpStream) -> Result<(), Ending> {
        let read = poll_fn(|context| self.poll(stream, context)).await;
        match read {
            Ok(0) => return Err(self.ending(Ending::Closed(None))),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(Ending::NotAFrame),
            Err(error) => return Err(self.ending(Ending::Fault(error.kind()))),
        }
        if let Some(code) = self.close {
            return Err(self.ending(Ending::Closed(code)));
        }
        if !self.pongs.is_empty() {
            let sent = tokio::time::timeout(PONG_DEADLINE, stream.write_all(&self.pongs)).await;
            self.pongs.clear();
            match sent {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(self.ending(Ending::Fault(error.kind()))),
                Err(_) => return Err(self.ending(Ending::Fault(io::ErrorKind::TimedOut))),
            }
        }
        Ok(())
    }

    /// The farewell says more than how the connection ended.
    fn ending(&mut self, otherwise: Ending) -> Ending {
        self.bye.take().map_or(otherwise, Ending::Bye)
    }

    fn poll(&mut self, stream: &mut TcpStream, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        BUFFER.with_borrow_mut(|buffer| {
            let mut filled = ReadBuf::new(buffer);
            match Pin::new(stream).poll_read(context, &mut filled) {
                Poll::Ready(Ok(())) => {
                    let bytes = filled.filled();
                    let taken = self.take(bytes);
                    Poll::Ready(taken.map(|()| bytes.len()).map_err(|NotAFrame| io::ErrorKind::InvalidData.into()))
                }
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                Poll::Pending => Poll::Pending,
            }
        })
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), NotAFrame> {
        let Self { watcher, tally, coming, scanner, has_first, pongs, bye, close, newest_us } = self;
        scanner.scan(bytes, |seen| match seen {
            Seen::Message { bytes, head } => {
                let read: Head = head::read(head);
                watcher.saw(tally, read, bytes);
                *newest_us = read.at_us.max(*newest_us);
                if read.kind == Kind::Bye {
                    *bye = Some(head::code(head));
                }
                if !*has_first {
                    *has_first = true;
                    watcher.came(tally, *coming, read.kind == Kind::Snapshot);
                }
            }
            Seen::Ping(payload) => pongs.extend(pong(payload)),
            Seen::Close(code) => *close = Some(code),
        })
    }
}
