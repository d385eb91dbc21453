//! What a refused request is told: the only file that knows failure status codes.
//!
//! Four kinds, never mixed. The rule said no: final. Not now: promises that nothing happened. Unknown: it may have
//! happened, ask again under the same key. A defect: ours, logged here, once.

mod from;
mod kinds;
mod rejections;
mod text;

use std::borrow::Cow;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use inventory::{EventId, Rejection};
use wire::{ApiScope, FieldError};

use crate::audit_log::Action;
use crate::field_errors::field_error;

pub use kinds::{Busy, Conflict, Noun, PaymentFailure};

/// Sent by hand to a connection that nobody will serve.
pub const TOO_MANY_CONNECTIONS: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Somebody else must close a socket first.
const SOCKET_RETRY: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub enum ApiError {
    /// The event's own rules.
    Rejected(Rejection, Vec<FieldError>),
    /// The request's form, before any rule was asked.
    Malformed(Malformed),
    /// Fields whose values cannot be right, all of them.
    Invalid(Vec<FieldError>),
    Unauthorized(Unauthorized),
    /// Signed in but for the second factor, which is given with this challenge.
    SecondFactorRequired {
        challenge: String,
    },
    Forbidden(Forbidden),
    NotFound(Noun),
    Conflict(Conflict),
    /// Fields that stand fast because somebody has bought by them.
    Frozen(Vec<FieldError>),
    EventEnded,
    /// The event has a waiting room, and the caller no pass that would be worth asking for.
    QueueRequired(EventId),
    Payment(PaymentFailure),
    /// The token of a link that was sent by mail.
    LinkInvalid,
    RateLimited {
        retry_after: Duration,
    },
    /// The address or the account has as many live feeds open as it may.
    SocketsTooMany,
    Busy(Busy),
    OutcomeUnknown,
    /// A defect of ours. The text is for the log.
    Defect(Cow<'static, str>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    Json,
    MediaType,
    BodyTooLarge {
        bytes_max: usize,
    },
    Path,
    Query,
    Cursor,
    /// Of a list with other filters, or in another order.
    CursorOfOtherQuery,
    IdempotencyKey,
    Method,
    /// Not the opening of a WebSocket.
    Upgrade,
    /// Of a provider's notice.
    Signature,
    Image(ImageFault),
}

/// Why a file is not taken as a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageFault {
    Type,
    Damaged,
    TooManyPixels { pixels_max: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unauthorized {
    TokenMissing,
    TokenInvalid,
    TokenExpired,
    CredentialsWrong,
    RefreshTokenInvalid,
    /// Sent by mail: another one, expired, used, or guessed at too often.
    CodeWrong,
    /// Unknown, revoked or expired.
    ApiKeyInvalid,
    /// Unknown, expired, used, or guessed at too often.
    ChallengeInvalid,
    SecondFactorWrong,
    /// A sign-in at another provider that this browser did not begin, or has ended before.
    AttemptInvalid,
    /// The other provider says no, or says it in a way that cannot be believed.
    SignInRefused,
    /// Of a payment provider's report.
    WebhookSecret,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    Role,
    Suspended,
    /// The server asks for a confirmed e-mail address.
    EmailNotConfirmed,
    /// The API key is for other calls.
    Scope(ApiScope),
    /// The call is for people, not for API keys.
    ApiKey,
    /// A page that may not open a socket.
    Origin,
    /// The other provider does not vouch for the address.
    EmailNotVerified,
    /// The call is for those who hold a ticket to the event.
    TicketRequired,
    /// No secret is configured by which a provider could be told from anybody else.
    WebhookOff,
}

/// Whether the same request may be answered otherwise next time: such an answer is not kept for the idempotency key.
pub fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS)
}

/// What the outermost layer needs to finish a problem response: it alone knows the request's id.
#[derive(Clone, Debug)]
pub struct Failure {
    pub code: Cow<'static, str>,
    pub detail: Cow<'static, str>,
    pub errors: Vec<FieldError>,
    /// What the audit log counts it as.
    pub incident: Option<Action>,
    /// A secret: an answer with it is not kept.
    pub challenge: Option<String>,
}

impl ApiError {
    pub fn invalid(field: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![field_error(field, code, message)])
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::Rejected(rejection, _) => rejections::status(rejection),
            Self::Malformed(malformed) => match malformed {
                Malformed::Json
                | Malformed::Query
                | Malformed::Cursor
                | Malformed::CursorOfOtherQuery
                | Malformed::IdempotencyKey
                | Malformed::Signature => StatusCode::BAD_REQUEST,
                Malformed::MediaType | Malformed::Image(ImageFault::Type) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
                Malformed::Image(ImageFault::Damaged | ImageFault::TooManyPixels { .. }) => {
                    StatusCode::UNPROCESSABLE_ENTITY
                }
                Malformed::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
                Malformed::Path => StatusCode::NOT_FOUND,
                Malformed::Method => StatusCode::METHOD_NOT_ALLOWED,
                Malformed::Upgrade => StatusCode::UPGRADE_REQUIRED,
            },
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unauthorized(_) | Self::SecondFactorRequired { .. } => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Conflict(_) | Self::Frozen(_) => StatusCode::CONFLICT,
            Self::EventEnded => StatusCode::GONE,
            Self::QueueRequired(_) => StatusCode::TOO_EARLY,
            Self::Payment(PaymentFailure::Declined) => StatusCode::PAYMENT_REQUIRED,
            Self::Payment(PaymentFailure::TooLate) | Self::LinkInvalid => StatusCode::GONE,
            Self::Payment(PaymentFailure::Refused) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited { .. } | Self::SocketsTooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::OutcomeUnknown => StatusCode::GATEWAY_TIMEOUT,
            Self::Defect(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Logins are noted where it is known who was meant.
    const fn incident(&self) -> Option<Action> {
        match self {
            Self::Unauthorized(unauthorized) => match unauthorized {
                Unauthorized::TokenMissing
                | Unauthorized::TokenInvalid
                | Unauthorized::TokenExpired
                | Unauthorized::WebhookSecret
                | Unauthorized::ApiKeyInvalid => Some(Action::TokenRefused),
                Unauthorized::ChallengeInvalid
                | Unauthorized::SecondFactorWrong
                | Unauthorized::CodeWrong
                | Unauthorized::AttemptInvalid
                | Unauthorized::SignInRefused => Some(Action::LoginFailed),
                Unauthorized::CredentialsWrong | Unauthorized::RefreshTokenInvalid => None,
            },
            Self::Forbidden(_) => Some(Action::AccessDenied),
            Self::RateLimited { .. } | Self::SocketsTooMany => Some(Action::RateLimited),
            Self::Rejected(..)
            | Self::Malformed(_)
            | Self::Invalid(_)
            | Self::SecondFactorRequired { .. }
            | Self::NotFound(_)
            | Self::Conflict(_)
            | Self::Frozen(_)
            | Self::EventEnded
            | Self::QueueRequired(_)
            | Self::Payment(_)
            | Self::LinkInvalid
            | Self::Busy(_)
            | Self::OutcomeUnknown
            | Self::Defect(_) => None,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } => Some(*retry_after),
            Self::Busy(Busy::Sockets { spread_s }) => {
                Some(Duration::from_secs(rand::random_range(1..=u64::from(*spread_s).max(1))))
            }
            Self::SocketsTooMany => Some(SOCKET_RETRY),
            Self::Busy(_) | Self::OutcomeUnknown | Self::Conflict(Conflict::InProgress) => Some(Duration::from_secs(1)),
            Self::Rejected(..)
            | Self::Malformed(_)
            | Self::Invalid(_)
            | Self::Unauthorized(_)
            | Self::SecondFactorRequired { .. }
            | Self::Forbidden(_)
            | Self::NotFound(_)
            | Self::Conflict(_)
            | Self::Frozen(_)
            | Self::EventEnded
            | Self::QueueRequired(_)
            | Self::Payment(_)
            | Self::LinkInvalid
            | Self::Defect(_) => None,
        }
    }
}

impl IntoResponse for ApiError {
    /// Head only: the outermost layer writes the body, with the request's id.
    fn into_response(self) -> Response {
        if let Self::Defect(cause) = &self {
            tracing::error!(cause = %cause, "request failed by a defect: {cause}");
        }
        let mut response = self.status().into_response();
        if let Some(after) = self.retry_after() {
            let seconds = after.as_millis().div_ceil(1_000).max(1);
            if let Ok(value) = HeaderValue::try_from(seconds.to_string()) {
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
        }
        if matches!(self, Self::Unauthorized(_) | Self::SecondFactorRequired { .. }) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::QueueRequired(event) = self
            && let Ok(link) = HeaderValue::try_from(format!("<{}>; rel=\"related\"", text::waiting_room(event)))
        {
            response.headers_mut().insert(header::LINK, link);
        }
        if matches!(self, Self::Malformed(Malformed::Upgrade)) {
            response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        let (code, detail, incident) = (self.code().into(), self.detail(), self.incident());
        let (errors, challenge) = match self {
            Self::Rejected(_, errors) | Self::Invalid(errors) | Self::Frozen(errors) => (errors, None),
            Self::SecondFactorRequired { challenge } => (Vec::new(), Some(challenge)),
            _ => (Vec::new(), None),
        };
        response.extensions_mut().insert(Failure { code, detail, errors, incident, challenge });
        response
    }
}
