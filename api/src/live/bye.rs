//! Why the server ends a socket.

use bytes::{Bytes, BytesMut};
use engine::Unavailable;
use wire::LiveFrame;

use super::frame;

/// Sockets that are sent away together come back over so many seconds.
const SPREAD_S: u32 = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bye {
    TokenExpired,
    /// Its login has ended.
    TokenInvalid,
    /// The account was suspended.
    Suspended,
    /// The event is not public, and the account may not see it any more.
    Hidden,
    Stopping,
    /// A frame could not be written in time. Nobody reads this one.
    TooSlow,
    TooManyMessages,
    /// Not what the protocol or [`wire::LiveRequest`] allows.
    MessageInvalid,
    MessageTooLarge,
    Idle,
    /// Who watched the door does not work there any more.
    RoleRequired,
    /// The event cannot be followed any more.
    Event(Unavailable),
}

impl Bye {
    /// Stable, part of the feed's contract.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TokenExpired => "TOKEN_EXPIRED",
            Self::TokenInvalid => "TOKEN_INVALID",
            Self::Suspended => "ACCOUNT_SUSPENDED",
            Self::Hidden => "EVENT_NOT_FOUND",
            Self::Stopping => "STOPPING",
            Self::TooSlow => "TOO_SLOW",
            Self::TooManyMessages => "TOO_MANY_MESSAGES",
            Self::MessageInvalid => "MESSAGE_INVALID",
            Self::MessageTooLarge => "MESSAGE_TOO_LARGE",
            Self::Idle => "IDLE",
            Self::RoleRequired => "ROLE_REQUIRED",
            Self::Event(unavailable) => unavailable.code(),
        }
    }

    /// RFC 6455, 7.4.1.
    const fn close_code(self) -> u16 {
        match self {
            Self::Stopping => 1012,
            Self::Event(_) => 1013,
            Self::MessageTooLarge => 1009,
            Self::MessageInvalid => 1007,
            Self::TokenExpired
            | Self::TokenInvalid
            | Self::Suspended
            | Self::Hidden
            | Self::TooSlow
            | Self::TooManyMessages
            | Self::Idle
            | Self::RoleRequired => 1008,
        }
    }

    /// Coming back makes sense; not all at once.
    fn retry_after_s(self) -> Option<u32> {
        match self {
            Self::Stopping | Self::Event(_) | Self::TooSlow | Self::Idle => Some(rand::random_range(1..=SPREAD_S)),
            Self::TokenExpired
            | Self::TokenInvalid
            | Self::Suspended
            | Self::Hidden
            | Self::TooManyMessages
            | Self::MessageInvalid
            | Self::MessageTooLarge
            | Self::RoleRequired => None,
        }
    }

    /// The `bye` frame and the end of the WebSocket.
    pub fn frames(self) -> Bytes {
        let bye = LiveFrame::Bye { code: self.code().to_owned(), retry_after_s: self.retry_after_s() };
        let mut frames = BytesMut::from(&*frame::text(&bye));
        frames.extend_from_slice(&frame::close(self.close_code(), self.code()));
        frames.freeze()
    }
}
