//! One open socket: writes what its feed has for it, hears what its client says, and ends in time.
//!
//! Frames of the feed go straight to the connection, because they are ready-made and shared: a socket that does not read
//! keeps a reference, no copy. Reading, unmasking and control frames are the library's.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use wire::LiveRequest;

use super::bye::Bye;
use super::connection::Connection;
use super::feed::AtDoor;
use super::feeds::Watch;
use super::forms::Form;
use super::inbound::{Budget, MESSAGE_BYTES_MAX};
use super::inbox::Inbox;
use super::login::Login;
use super::outlet::Outlet;
use super::place::Following;
use super::way::Pumped;
use super::{frame, inbound, metrics};
use crate::auth::{Caller, Claims, Standing};
use crate::error::ApiError;
use crate::event_access::{self, Capability};
use crate::rate_limit::Lane;
use crate::state::AppState;

/// The library's defaults take 128 KiB per socket.
const READ_BUFFER_BYTES: usize = 512;
/// For the last frames, and for the peer's last ones to arrive.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// How often it is looked up whether a login has ended, and may still see the event.
const LOGIN_CHECK: Duration = Duration::from_secs(10);

/// How the loop ended.
enum End {
    /// The server ends it, and says why.
    Bye(Bye),
    /// As the last, but a frame is half written: nothing can be said any more.
    Cut(Bye),
    Gone,
}

pub struct Socket {
    state: AppState,
    stream: WebSocketStream<Connection>,
    outlet: Arc<Outlet>,
    /// Of the outlet among those of the feed.
    number: u64,
    watch: Watch,
    login: Option<Login>,
    at_door: Option<(Caller, AtDoor)>,
    place: Following,
    budget: Budget,
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
    /// Who is told who is inside, and may be.
    pub at_door: Option<Caller>,
}

impl Socket {
    /// `behind`: what the client has sent right after its handshake.
    pub async fn run(state: AppState, stream: TcpStream, behind: Vec<u8>, opening: Opening) {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(2 * MESSAGE_BYTES_MAX)
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let Opening { watch, form, from, claims, at_door } = opening;
        let now = Instant::now();
        let login = claims.and_then(|claims| {
            let user = claims.user();
            watch.feed.join(user).map(|inbox| Login { user, claims, inbox })
        });
        let personal = login.as_ref().map(|login| (login.user, Arc::clone(&login.inbox)));
        let (read, write) = stream.into_split();
        let (seen, at_door) = match at_door {
            Some(caller) => {
                let (seen, at_door) = watch.feed.seen_at_door(from);
                (seen, Some((caller, at_door)))
            }
            None => (watch.feed.seen_from(from), None),
        };
        let outlet = Arc::new(Outlet::new(write, form, seen, personal));
        let connection = Connection::new(read, Arc::clone(&outlet), &behind, now);
        let mut socket = Self {
            state,
            stream: WebSocketStream::from_partially_read(connection, behind, Role::Server, Some(config)).await,
            number: watch.feed.outlets.enter(Arc::clone(&outlet)),
            outlet,
            watch,
            login,
            at_door,
            place: Following::default(),
            budget: Budget::messages(now),
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
        // Asking the store takes kilobytes, which an open socket is not to carry all the time: therefore on the heap.
        if let Some(login) = &self.login {
            Box::pin(self.place.find(&self.state, &self.watch.feed, &self.outlet, login.user)).await;
        }
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
        if self.tell_place() {
            return Ok(());
        }
        let inbox = self.login.as_ref().map(|login| &login.inbox);
        tokio::select! {
            // First of all, so that no flood keeps what is due from being done.
            biased;
            () = alarm.as_mut() => {
                self.wake().await?;
                self.must_work_at_door().await?;
                alarm.as_mut().reset(self.wake_at());
                Ok(())
            }
            () = self.outlet.called() => Ok(()),
            () = arrived(inbox) => Ok(()),
            message = self.stream.next() => self.hear(message).await,
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
    /// Until everything that is due has been written. While a peer is waited for it is not heard either, but its login
    /// ends when it ends: a peer that takes a little of what comes all the time is waited for all the time.
    async fn write_due(&mut self) -> Result<(), End> {
        loop {
            match self.outlet.write(&self.watch.feed) {
                Pumped::Idle => return Ok(()),
                Pumped::Blocked(since) => {
                    let wake_at = self.wake_at();
                    if wake_at <= Instant::now() {
                        self.wake().await?;
                    }
                    tokio::select! {
                        taken = self.taken(since) => taken?,
                        () = sleep_until(wake_at) => {}
                    }
                    self.tell_place();
                }
                Pumped::Bye(bye) => return Err(End::Bye(bye)),
                Pumped::Gone => return Err(End::Gone),
            }
        }
    }

    /// Until the peer, waited for since then, has taken something: a sign of life.
    async fn taken(&mut self, since: Instant) -> Result<(), End> {
        let until = since + self.state.config.live.write_timeout;
        match timeout_at(until, self.stream.get_ref().writable()).await {
            Ok(Ok(())) => {
                self.heard_at = Instant::now();
                Ok(())
            }
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Cut(Bye::TooSlow)),
        }
    }

    /// Whether there is something to tell.
    fn tell_place(&mut self) -> bool {
        if let Some(ticket) = self.login.as_ref().and_then(|login| login.inbox.take_ticket()) {
            self.place.stand_at(ticket, &self.outlet);
        }
        let Some(frame) = self.place.news(&self.watch.feed, self.state.now()) else { return false };
        match &self.login {
            Some(login) => login.inbox.put_place(frame),
            None => {
                metrics::count_private();
                self.outlet.say(frame);
            }
        }
        true
    }

    /// What the library has to say joins what is due.
    async fn flush(&mut self) -> Result<(), End> {
        self.stream.flush().await.map_err(|_| End::Gone)
    }

    /// As [`Self::write_due`], of a socket whose time is over.
    async fn write_last(&mut self) -> Result<(), End> {
        loop {
            match self.outlet.write(&self.watch.feed) {
                Pumped::Idle => return Ok(()),
                Pumped::Blocked(since) => self.taken(since).await?,
                Pumped::Bye(_) | Pumped::Gone => return Err(End::Gone),
            }
        }
    }

    /// The last words. The connection stays until the peer has had a chance to read them.
    async fn say(&mut self, bye: Bye) {
        // After a protocol error the library has nothing more to say.
        let _: Result<(), End> = self.flush().await;
        self.outlet.say_last(bye.frames());
        let last = async {
            if self.write_last().await.is_ok() && self.outlet.end() {
                self.stream.get_mut().linger().await;
            }
        };
        let _: Result<(), _> = timeout(CLOSE_TIMEOUT, last).await;
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
            Some(Err(_)) if self.stream.get_ref().is_flooded() => return Err(End::Bye(Bye::TooManyMessages)),
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
            // The library answers it.
            Message::Ping(_) => self.flush().await,
            Message::Pong(_) => Ok(()),
            // That, too; then the stream ends.
            Message::Close(_) => {
                self.flush().await?;
                self.write_due().await.and(Err(End::Gone))
            }
            Message::Binary(_) | Message::Frame(_) => Err(End::Bye(Bye::MessageInvalid)),
        }
    }

    async fn asked(&mut self, request: LiveRequest) -> Result<(), End> {
        match request {
            LiveRequest::Snapshot {} => {
                self.outlet.forget();
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
        self.place.stand_at(ticket, &self.outlet);
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
            Box::pin(login.check(&self.state, &self.watch.feed)).await.map_err(End::Bye)?;
            Box::pin(self.place.find(&self.state, &self.watch.feed, &self.outlet, login.user)).await;
            self.checked_at = now;
        }
        let live = &self.state.config.live;
        if now.duration_since(self.heard_at) >= live.idle_timeout {
            return Err(End::Bye(Bye::Idle));
        }
        if now.duration_since(self.heard_at.max(self.pinged_at)) >= live.ping_after {
            self.pinged_at = now;
            self.outlet.say(Bytes::from_static(frame::PING));
        }
        Ok(())
    }
}

/// The door.
impl Socket {
    /// Who is sent home is not told any more who is inside. Asked as often as his login is looked up; a store that is away
    /// ends nothing.
    async fn must_work_at_door(&mut self) -> Result<(), End> {
        let (Some((caller, _)), Some(login)) = (&self.at_door, &self.login) else { return Ok(()) };
        let Some(Standing { role, status }) = self.state.standings.of(&login.claims) else { return Ok(()) };
        let (caller, event) = (Caller { role, status, ..*caller }, self.watch.feed.event());
        match Box::pin(event_access::allow(&self.state, caller, event, Capability::Scan)).await {
            Err(ApiError::Forbidden(_) | ApiError::NotFound(_)) => Err(End::Bye(Bye::RoleRequired)),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.watch.feed.outlets.leave(self.number);
        if let Some(login) = &self.login {
            self.watch.feed.part(login.user, &login.inbox);
        }
    }
}
