//! One open socket: writes what its feed has for it, hears what its client says, and ends in time.
//!
//! Frames of the feed are written straight to the connection, because they are ready-made and shared: a socket that does
//! not read keeps a reference, no copy. Reading, unmasking and control frames are the library's.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use inventory::UserId;
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use wire::LiveRequest;

use super::bye::Bye;
use super::feed::{Next, Seen};
use super::forms::Form;
use super::hub::Watch;
use super::inbound::{Budget, MESSAGE_BYTES_MAX};
use super::personal::{Inbox, Post};
use super::place::Followed;
use super::{frame, inbound, metrics};
use crate::auth::{Caller, Claims};
use crate::rate_limit::Lane;
use crate::state::AppState;

/// The library's defaults take 128 KiB per socket.
const READ_BUFFER_BYTES: usize = 512;
/// For the last frames, and for the peer's last ones to arrive.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// How often it is looked up whether a login has ended.
const LOGIN_CHECK: Duration = Duration::from_secs(10);

type Stream = WebSocketStream<TokioIo<Upgraded>>;

/// How the loop ended.
enum End {
    /// The server ends it, and says why.
    Bye(Bye),
    /// As the last, but a frame is half written: nothing can be said any more.
    Cut(Bye),
    Gone,
}

/// A signed-in socket's account.
pub struct Login {
    user: UserId,
    claims: Arc<Claims>,
    inbox: Arc<Inbox>,
}

pub struct Socket {
    state: AppState,
    stream: Stream,
    watch: Watch,
    editions: watch::Receiver<u64>,
    seen: Seen,
    form: Form,
    login: Option<Login>,
    place: Option<Box<Followed>>,
    budget: Budget,
    /// A pong of the library's may be waiting to be written.
    has_pong: bool,
    heard_at: Instant,
    pinged_at: Instant,
    checked_at: Instant,
}

/// What a socket starts with.
pub struct Opening {
    pub watch: Watch,
    pub form: Form,
    /// The state that the client has, as it says.
    pub from: Option<u64>,
    pub claims: Option<Arc<Claims>>,
}

impl Socket {
    pub async fn run(state: AppState, upgraded: Upgraded, opening: Opening) {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(2 * MESSAGE_BYTES_MAX)
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let stream = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        let Opening { watch, form, from, claims } = opening;
        let now = Instant::now();
        let login = claims.and_then(|claims| {
            let user = claims.user();
            watch.feed.join(user).map(|inbox| Login { user, claims, inbox })
        });
        let mut socket = Self {
            state,
            stream,
            editions: watch.feed.editions(),
            seen: watch.feed.seen_from(from),
            watch,
            form,
            login,
            place: None,
            budget: Budget::new(now),
            has_pong: false,
            heard_at: now,
            pinged_at: now,
            checked_at: now,
        };
        metrics::observe_opened();
        let end = socket.serve().await;
        let bye = match end {
            End::Bye(bye) => {
                Box::pin(socket.say(bye)).await;
                Some(bye)
            }
            End::Cut(bye) => Some(bye),
            End::Gone => None,
        };
        metrics::observe_closed(bye);
    }

    async fn serve(&mut self) -> End {
        let mut alarm = Box::pin(sleep_until(self.wake_at()));
        loop {
            match self.step(&mut alarm).await {
                Ok(()) => {}
                Err(end) => return end,
            }
        }
    }

    async fn step(&mut self, alarm: &mut std::pin::Pin<Box<Sleep>>) -> Result<(), End> {
        self.write_due().await?;
        let inbox = self.login.as_ref().map(|login| &login.inbox);
        tokio::select! {
            biased;
            changed = self.editions.changed() => changed.map_err(|_| End::Bye(Bye::Stopping)),
            () = arrived(inbox) => Ok(()),
            message = self.stream.next() => self.hear(message).await,
            () = alarm.as_mut() => {
                self.wake().await?;
                alarm.as_mut().reset(self.wake_at());
                Ok(())
            }
        }
    }
}

/// Never, on a socket that nobody has signed in on.
async fn arrived(inbox: Option<&Arc<Inbox>>) {
    match inbox {
        Some(inbox) => inbox.arrived().await,
        None => std::future::pending().await,
    }
}

/// Writing.
impl Socket {
    async fn write_due(&mut self) -> Result<(), End> {
        self.editions.mark_unchanged();
        loop {
            // What a socket knows of the house before what it knows of itself.
            if self.seen.seq.is_some()
                && let Some(frame) = self.private()
            {
                metrics::count_private();
                self.write(&frame).await?;
                continue;
            }
            let had_state = self.seen.seq.is_some();
            let next = self.watch.feed.next(&mut self.seen, self.form);
            metrics::count_frame(&next);
            match next {
                Next::Delta(frame) => {
                    if self.write(&frame).await? {
                        self.watch.feed.fanout.written(Instant::now());
                    }
                }
                Next::Snapshot(frame) => {
                    if had_state {
                        metrics::count_lagged();
                    }
                    self.write(&frame).await?;
                }
                Next::Notice(frame) => {
                    self.write(&frame).await?;
                }
                Next::Nothing => match self.place_news() {
                    None => return Ok(()),
                    Some(frame) => {
                        metrics::count_private();
                        self.write(&frame).await?;
                    }
                },
                Next::Bye(bye) => return Err(End::Bye(bye)),
            }
        }
    }

    fn private(&self) -> Option<Bytes> {
        let login = self.login.as_ref()?;
        match login.inbox.take() {
            Post::Nothing => None,
            Post::Frame(frame) => Some(frame),
            Post::Lost => self.watch.feed.holds_of(login.user),
        }
    }

    fn place_news(&mut self) -> Option<Bytes> {
        let followed = self.place.as_mut()?;
        followed.news(&*self.watch.feed.line()?, self.state.now())
    }

    /// `true` when the peer did not have to be waited for.
    async fn write(&mut self, frame: &[u8]) -> Result<bool, End> {
        if std::mem::take(&mut self.has_pong) {
            // A frame must not start inside another.
            self.flush().await?;
        }
        let mut writing = std::pin::pin!(self.stream.get_mut().write_all(frame));
        let written = match futures_util::poll!(writing.as_mut()) {
            std::task::Poll::Ready(written) => return written.map(|()| true).map_err(|_| End::Gone),
            std::task::Poll::Pending => timeout(self.state.config.live.write_timeout, writing).await,
        };
        match written {
            Ok(Ok(())) => Ok(false),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Cut(Bye::TooSlow)),
        }
    }

    async fn flush(&mut self) -> Result<(), End> {
        match timeout(self.state.config.live.write_timeout, self.stream.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Cut(Bye::TooSlow)),
        }
    }

    /// The last words. The connection stays until the peer has had a chance to read them.
    async fn say(&mut self, bye: Bye) {
        let frames = bye.frames();
        let last = async {
            // After a protocol error the library has nothing more to write.
            let _ = self.stream.flush().await;
            let stream = self.stream.get_mut();
            stream.write_all(&frames).await?;
            stream.shutdown().await
        };
        let _: Result<io::Result<()>, _> = timeout(CLOSE_TIMEOUT, last).await;
    }
}

/// Hearing.
impl Socket {
    async fn hear(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        let now = Instant::now();
        self.heard_at = now;
        let message = match message {
            None => return Err(End::Gone),
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(end_of(&error)),
        };
        if !self.budget.spend(now) {
            return Err(End::Bye(Bye::TooManyMessages));
        }
        match message {
            Message::Text(text) => match inbound::parse(&text) {
                Some(request) => self.asked(request).await,
                None => Err(End::Bye(Bye::MessageInvalid)),
            },
            Message::Ping(_) => {
                self.has_pong = true;
                Ok(())
            }
            Message::Pong(_) => Ok(()),
            // The library answers it; then the stream ends.
            Message::Close(_) => self.flush().await.and(Err(End::Gone)),
            Message::Binary(_) | Message::Frame(_) => Err(End::Bye(Bye::MessageInvalid)),
        }
    }

    async fn asked(&mut self, request: LiveRequest) -> Result<(), End> {
        match request {
            LiveRequest::Snapshot {} => {
                self.seen.seq = None;
                Ok(())
            }
            LiveRequest::Token { access_token } => self.renew(&access_token).await,
            LiveRequest::Place { place_ticket } => self.follow(&place_ticket),
        }
    }

    /// A ticket is known to nobody but its account; one of another account is still refused where that is known.
    fn follow(&mut self, text: &str) -> Result<(), End> {
        let ticket = self.state.line_tokens.read_place_ticket(self.watch.feed.event(), text);
        let is_own = |user| self.login.as_ref().is_none_or(|login| login.user == user);
        let ticket = ticket.filter(|ticket| is_own(ticket.user)).ok_or(End::Bye(Bye::MessageInvalid))?;
        self.place = Some(Box::new(Followed::new(ticket)));
        Ok(())
    }

    /// A later token of the same account.
    async fn renew(&mut self, token: &str) -> Result<(), End> {
        let Some(login) = &mut self.login else { return Err(End::Bye(Bye::MessageInvalid)) };
        let verified = Box::pin(Caller::verified(token, Lane::Live, &self.state, self.state.now())).await;
        match verified {
            Ok((caller, claims)) if caller.user == login.user => {
                login.claims = claims;
                Ok(())
            }
            Ok(_) | Err(_) => Err(End::Bye(Bye::TokenInvalid)),
        }
    }
}

fn end_of(error: &Error) -> End {
    match error {
        Error::Capacity(_) => End::Bye(Bye::MessageTooLarge),
        Error::Protocol(tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => {
            End::Gone
        }
        Error::Protocol(_) | Error::Utf8(_) => End::Bye(Bye::MessageInvalid),
        _ => End::Gone,
    }
}

/// Times.
impl Socket {
    /// When something is due that nothing else wakes the socket for.
    fn wake_at(&self) -> Instant {
        let live = &self.state.config.live;
        let ping_at = self.heard_at.max(self.pinged_at) + live.ping_after;
        let due = ping_at.min(self.heard_at + live.idle_timeout);
        match &self.login {
            None => due,
            Some(login) => {
                let left_us = login.claims.expires_at().since(self.state.now());
                let left = Duration::from_micros(u64::try_from(left_us).unwrap_or(0));
                due.min(self.checked_at + LOGIN_CHECK).min(Instant::now() + left)
            }
        }
    }

    async fn wake(&mut self) -> Result<(), End> {
        let now = Instant::now();
        if let Some(login) = &self.login {
            self.checked_at = now;
            if login.claims.expires_at() <= self.state.now() {
                return Err(End::Bye(Bye::TokenExpired));
            }
            if self.state.standings.of(&login.claims).is_none() {
                return Err(End::Bye(Bye::TokenInvalid));
            }
        }
        let live = &self.state.config.live;
        if now.duration_since(self.heard_at) >= live.idle_timeout {
            return Err(End::Bye(Bye::Idle));
        }
        if now.duration_since(self.heard_at.max(self.pinged_at)) >= live.ping_after {
            self.pinged_at = now;
            self.write(frame::PING).await?;
        }
        Ok(())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Some(login) = &self.login {
            self.watch.feed.part(login.user, &login.inbox);
        }
    }
}
