//! What each refusal is called and what it tells its reader.

use std::borrow::Cow;

use inventory::EventId;

use super::{ApiError, Busy, Conflict, Forbidden, ImageFault, Malformed, Noun, PaymentFailure, Unauthorized};

impl ApiError {
    /// Stable, part of the API's contract.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Rejected(rejection, _) => rejection.code(),
            Self::Malformed(malformed) => match malformed {
                Malformed::Json => "JSON_MALFORMED",
                Malformed::MediaType => "MEDIA_TYPE_UNSUPPORTED",
                Malformed::BodyTooLarge { .. } => "BODY_TOO_LARGE",
                Malformed::Path => "ROUTE_NOT_FOUND",
                Malformed::Query => "QUERY_INVALID",
                Malformed::Cursor => "CURSOR_INVALID",
                Malformed::CursorOfOtherQuery => "CURSOR_OF_OTHER_QUERY",
                Malformed::IdempotencyKey => "IDEMPOTENCY_KEY_INVALID",
                Malformed::Method => "METHOD_NOT_ALLOWED",
                Malformed::Upgrade => "UPGRADE_REQUIRED",
                Malformed::Signature => "SIGNATURE_INVALID",
                Malformed::Image(fault) => match fault {
                    ImageFault::Type => "IMAGE_TYPE_UNSUPPORTED",
                    ImageFault::Damaged => "IMAGE_DAMAGED",
                    ImageFault::TooManyPixels { .. } => "IMAGE_TOO_MANY_PIXELS",
                },
            },
            Self::Invalid(_) => "VALIDATION_FAILED",
            Self::Unauthorized(unauthorized) => match unauthorized {
                Unauthorized::TokenMissing => "TOKEN_MISSING",
                Unauthorized::TokenInvalid => "TOKEN_INVALID",
                Unauthorized::TokenExpired => "TOKEN_EXPIRED",
                Unauthorized::CredentialsWrong => "CREDENTIALS_WRONG",
                Unauthorized::RefreshTokenInvalid => "REFRESH_TOKEN_INVALID",
                Unauthorized::CodeWrong => "CODE_WRONG",
                Unauthorized::ApiKeyInvalid => "API_KEY_INVALID",
                Unauthorized::ChallengeInvalid => "CHALLENGE_INVALID",
                Unauthorized::SecondFactorWrong => "SECOND_FACTOR_WRONG",
                Unauthorized::AttemptInvalid => "SIGN_IN_ATTEMPT_INVALID",
                Unauthorized::SignInRefused => "SIGN_IN_REFUSED",
                Unauthorized::WebhookSecret => "WEBHOOK_SECRET_INVALID",
            },
            Self::SecondFactorRequired { .. } => "SECOND_FACTOR_REQUIRED",
            Self::Forbidden(Forbidden::Role) => "ROLE_REQUIRED",
            Self::Forbidden(Forbidden::Suspended) => "ACCOUNT_SUSPENDED",
            Self::Forbidden(Forbidden::Scope(_)) => "SCOPE_REQUIRED",
            Self::Forbidden(Forbidden::ApiKey) => "NOT_FOR_API_KEYS",
            Self::Forbidden(Forbidden::EmailNotConfirmed) => "EMAIL_NOT_CONFIRMED",
            Self::Forbidden(Forbidden::Origin) => "ORIGIN_NOT_ALLOWED",
            Self::Forbidden(Forbidden::EmailNotVerified) => "EMAIL_NOT_VERIFIED",
            Self::Forbidden(Forbidden::TicketRequired) => "TICKET_REQUIRED",
            Self::Forbidden(Forbidden::WebhookOff) => "WEBHOOK_OFF",
            Self::NotFound(noun) => noun.code(),
            Self::Conflict(conflict) => match conflict {
                Conflict::EmailTaken => "EMAIL_TAKEN",
                Conflict::InProgress => "IN_PROGRESS",
                Conflict::OwnAccount => "OWN_ACCOUNT",
                Conflict::ApiKeysTooMany => "API_KEYS_TOO_MANY",
                Conflict::SecondFactorOn => "SECOND_FACTOR_ON",
                Conflict::SecondFactorOff => "SECOND_FACTOR_OFF",
                Conflict::EventsLive => "EVENTS_LIVE",
                Conflict::LastAdmin => "LAST_ADMIN",
                Conflict::EventNotStarted => "EVENT_NOT_STARTED",
                Conflict::RsvpFull => "RSVP_FULL",
                Conflict::StaffMemberExists => "STAFF_MEMBER_EXISTS",
                Conflict::MailNotFailed => "MAIL_NOT_FAILED",
                Conflict::PaymentRefundNotFailed => "PAYMENT_REFUND_NOT_FAILED",
                Conflict::NothingDue => "NOTHING_DUE",
                Conflict::ImagesTooMany => "IMAGES_TOO_MANY",
                Conflict::EventTitleTaken => "EVENT_TITLE_TAKEN",
                Conflict::EventInSeries => "EVENT_IN_SERIES",
                Conflict::SeriesFull => "SERIES_FULL",
                Conflict::EventSold => "EVENT_SOLD",
                Conflict::EventStarted => "EVENT_STARTED",
                Conflict::SeatMapsTooMany => "SEAT_MAPS_TOO_MANY",
                Conflict::VenuesTooMany => "VENUES_TOO_MANY",
                Conflict::WebhooksTooMany => "WEBHOOKS_TOO_MANY",
                Conflict::WaitingRoomClosed => "WAITING_ROOM_CLOSED",
                Conflict::WalletNotEmpty => "WALLET_NOT_EMPTY",
                Conflict::FundsInsufficient => "FUNDS_INSUFFICIENT",
                Conflict::WithdrawalsTooMany => "WITHDRAWALS_TOO_MANY",
                Conflict::WithdrawalDecided => "WITHDRAWAL_DECIDED",
                Conflict::CheckInListsTooMany => "CHECK_IN_LISTS_TOO_MANY",
                Conflict::CheckInListInUse => "CHECK_IN_LIST_IN_USE",
                Conflict::ScannersTooMany => "SCANNERS_TOO_MANY",
                Conflict::TransferOpen => "TRANSFER_OPEN",
                Conflict::TransferClosed => "TRANSFER_CLOSED",
                Conflict::AttendeesFixed => "ATTENDEES_FIXED",
                Conflict::PaymentUnderWay => "PAYMENT_UNDER_WAY",
            },
            Self::Frozen(_) => "EVENT_FIELD_FROZEN",
            Self::EventEnded => "EVENT_ENDED",
            Self::QueueRequired(_) => "QUEUE_REQUIRED",
            Self::Payment(PaymentFailure::Declined) => "PAYMENT_DECLINED",
            Self::Payment(PaymentFailure::TooLate) => "PAYMENT_TOO_LATE",
            Self::Payment(PaymentFailure::Refused) => "PAYMENT_REFUSED",
            Self::LinkInvalid => "LINK_INVALID",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::SocketsTooMany => "SOCKETS_TOO_MANY",
            Self::Busy(busy) => match busy {
                Busy::Event(unavailable) => unavailable.code(),
                Busy::Store => "STORE_UNAVAILABLE",
                Busy::Passwords => "LOGIN_BUSY",
                Busy::Images => "IMAGES_BUSY",
                Busy::Objects => "OBJECTS_UNAVAILABLE",
                Busy::IdentityProvider => "IDENTITY_PROVIDER_UNAVAILABLE",
                Busy::PaymentProvider => "PAYMENT_PROVIDER_UNAVAILABLE",
                Busy::Documents => "DOCUMENTS_BUSY",
                Busy::History => "HISTORY_BUSY",
                Busy::Aside => "MAIL_BUSY",
                Busy::Line => "WAITING_ROOM_BUSY",
                Busy::NotReady => "NOT_READY",
                Busy::Deadline => "DEADLINE_EXCEEDED",
                Busy::Sockets { .. } => "SOCKETS_BUSY",
            },
            Self::OutcomeUnknown => "OUTCOME_UNKNOWN",
            Self::Defect(_) => "INTERNAL",
        }
    }

    pub fn detail(&self) -> Cow<'static, str> {
        match self {
            Self::Rejected(rejection, _) => rejection.to_string().into(),
            Self::Malformed(malformed) => malformed.detail(),
            Self::Invalid(_) => "Some fields are not valid; see errors.".into(),
            Self::Unauthorized(unauthorized) => match unauthorized {
                Unauthorized::TokenMissing => "Send an access token as `Authorization: Bearer …`.",
                Unauthorized::TokenInvalid => "The access token is not valid. Sign in again.",
                Unauthorized::TokenExpired => "The access token has expired. Refresh it.",
                Unauthorized::CredentialsWrong => "E-mail address or password is wrong.",
                Unauthorized::RefreshTokenInvalid => "The refresh token is not valid any more. Sign in again.",
                Unauthorized::CodeWrong => "The code is wrong, has expired, or was tried too often. Ask for a new one.",
                Unauthorized::ApiKeyInvalid => "The API key was never issued, was revoked, or has expired.",
                Unauthorized::ChallengeInvalid => "The challenge is not valid any more. Sign in again.",
                Unauthorized::SecondFactorWrong => "The code is wrong, or was used before.",
                Unauthorized::AttemptInvalid => {
                    "This browser has not begun this sign-in, or has ended it. Begin again."
                }
                Unauthorized::SignInRefused => "The provider did not sign you in. Begin again.",
                Unauthorized::WebhookSecret => "Send the secret that both sides know as `X-Webhook-Secret`.",
            }
            .into(),
            Self::SecondFactorRequired { .. } => {
                "Send the challenge with a code of the second factor to POST /api/v1/auth/second-factor.".into()
            }
            Self::Forbidden(Forbidden::EmailNotConfirmed) => {
                "Confirm the account's e-mail address first: by the link of the mail that was sent to it.".into()
            }
            Self::Forbidden(Forbidden::Role) => "The account's role does not allow this.".into(),
            Self::Forbidden(Forbidden::Suspended) => "The account is suspended: it may look, not change.".into(),
            Self::Forbidden(Forbidden::Scope(scope)) => {
                format!("This call needs an API key with the scope `{}`.", scope.name()).into()
            }
            Self::Forbidden(Forbidden::ApiKey) => "This call is not for API keys: sign in.".into(),
            Self::Forbidden(Forbidden::Origin) => "Pages of this origin may not open a live feed.".into(),
            Self::Forbidden(Forbidden::EmailNotVerified) => {
                "The provider does not vouch for the e-mail address. Verify it there first.".into()
            }
            Self::Forbidden(Forbidden::TicketRequired) => "This is for those who hold a ticket to the event.".into(),
            Self::Forbidden(Forbidden::WebhookOff) => "No secret is configured for this provider's reports.".into(),
            Self::NotFound(noun) => noun.detail().into(),
            Self::Conflict(conflict) => match conflict {
                Conflict::EmailTaken => "An account with this e-mail address exists.",
                Conflict::InProgress => "A request with this idempotency key is being answered. Ask again.",
                Conflict::OwnAccount => {
                    "Nobody changes the role or status of the own account, or resets its second factor."
                }
                Conflict::ApiKeysTooMany => "The account has as many API keys as it may. Revoke one.",
                Conflict::EventsLive => "The account organizes events that are not over. Cancel them first.",
                Conflict::LastAdmin => "Nobody else administers the server. Make somebody else an admin first.",
                Conflict::SecondFactorOn => "The account has a second factor. Switch it off first.",
                Conflict::SecondFactorOff => {
                    "The account has no second factor. Start with POST /api/v1/me/second-factor."
                }
                Conflict::EventNotStarted => "The event has not started, or does not take place.",
                Conflict::RsvpFull => "As many as may say yes already do.",
                Conflict::StaffMemberExists => {
                    "The account organizes the event or has a role at it already, which can be changed."
                }
                Conflict::MailNotFailed => {
                    "The mail was sent, or still will be: only one that was given up is retried."
                }
                Conflict::PaymentRefundNotFailed => {
                    "The refund was made, or still will be: only one that was given up takes an admin's word."
                }
                Conflict::NothingDue => {
                    "Nothing of the order is to be paid out: it was not refunded, or all of it was paid out."
                }
                Conflict::VenuesTooMany => "The account has as many venues as it may. Delete one.",
                Conflict::WebhooksTooMany => "The account has as many webhooks as it may. Delete one.",
                Conflict::SeatMapsTooMany => "The venue has as many seat maps as it may. Delete one.",
                Conflict::ImagesTooMany => "The event has as many pictures as it may. Delete one.",
                Conflict::EventTitleTaken => "You have an event of this title at this time.",
                Conflict::EventInSeries => "The event is a session of a series already. Take it out of that first.",
                Conflict::SeriesFull => "The series has as many sessions as it may. Make another series.",
                Conflict::EventSold => "Places of the event are held or paid for. Cancel it and refund them first.",
                Conflict::EventStarted => "The event is under way or over.",
                Conflict::WaitingRoomClosed => "The waiting room opens later; see its pre_queue_from.",
                Conflict::WalletNotEmpty => "There is money in the account's wallet. Have it paid out first.",
                Conflict::FundsInsufficient => "The wallet has less in this currency. See GET /api/v1/me/wallet.",
                Conflict::WithdrawalsTooMany => {
                    "As many withdrawals of the account as may wait to be decided do. Ask again when one is."
                }
                Conflict::WithdrawalDecided => "The withdrawal was decided otherwise, and stays so.",
                Conflict::CheckInListsTooMany => "The event has as many check-in lists as it may. Delete one.",
                Conflict::CheckInListInUse => "A scanner is bound to the list. Revoke the scanner first.",
                Conflict::ScannersTooMany => "The event has as many scanners as it may. Revoke one.",
                Conflict::TransferOpen => "The ticket is offered to somebody already. Take that back first.",
                Conflict::TransferClosed => "The offer is not open any more; look at it to see why.",
                Conflict::AttendeesFixed => "It is too late to change who comes; see editable_until.",
                Conflict::PaymentUnderWay => "Money for the order is on its way. Wait for it; nothing was charged now.",
            }
            .into(),
            Self::Frozen(_) => "Some fields stand fast once anything is sold; see errors. Nothing was changed.".into(),
            Self::EventEnded => "The event is over.".into(),
            Self::QueueRequired(event) => {
                let room = waiting_room(*event);
                format!("The event has a waiting room. Join it with POST {room} and send the pass it gives.").into()
            }
            Self::Payment(PaymentFailure::Declined) => {
                "The payment was declined. The order still waits for one.".into()
            }
            Self::Payment(PaymentFailure::TooLate) => {
                "The order had lapsed and its places are gone. The money goes back.".into()
            }
            Self::Payment(PaymentFailure::Refused) => {
                "The provider does not take this payment. The order still waits for one: try another method.".into()
            }
            Self::LinkInvalid => "The link was used, has expired, or was never sent. Ask for a new one.".into(),
            Self::RateLimited { .. } => "Too many requests. Nothing happened; wait as Retry-After says.".into(),
            Self::SocketsTooMany => "Nothing happened: too many live feeds of this address or account are open.".into(),
            Self::Busy(busy) => match busy {
                Busy::Event(unavailable) => format!("Nothing happened: {unavailable}. Ask again.").into(),
                Busy::Store => "Nothing happened: the store does not answer. Ask again.".into(),
                Busy::Passwords => "Nothing happened: too many sign-ins at once. Ask again.".into(),
                Busy::Images => "Nothing happened: too many pictures at once. Ask again.".into(),
                Busy::Objects => "Nothing happened: the storage of files does not answer. Ask again.".into(),
                Busy::IdentityProvider => "The provider of the sign-in does not answer. Begin again.".into(),
                Busy::PaymentProvider => {
                    "Nothing was paid: the provider of payments does not answer. Ask again.".into()
                }
                Busy::Documents => "Nothing happened: too many documents at once. Ask again.".into(),
                Busy::History => "The past was not rebuilt in time: too many look back at once. Ask again.".into(),
                Busy::Aside => "Nothing happened: too many mails at once. Ask again.".into(),
                Busy::Line => {
                    "Nothing happened: too many join at once, or another line has just begun. Ask again.".into()
                }
                Busy::NotReady => "The server is starting or stopping.".into(),
                Busy::Deadline => "Nothing happened: the request took too long. Ask again.".into(),
                Busy::Sockets { .. } => "Nothing happened: too many live feeds at once. Ask again.".into(),
            },
            Self::OutcomeUnknown => "It may have happened. Ask again with the same idempotency key to find out.".into(),
            Self::Defect(_) => "A defect of the server. It was logged under the request's id.".into(),
        }
    }
}

impl Malformed {
    fn detail(self) -> Cow<'static, str> {
        match self {
            Self::Json => "The body is not JSON.".into(),
            Self::MediaType => "Send the body as `Content-Type: application/json`.".into(),
            Self::BodyTooLarge { bytes_max } => format!("The body is larger than {bytes_max} bytes.").into(),
            Self::Path => Noun::Route.detail().into(),
            Self::Query => "The query string is not valid.".into(),
            Self::Cursor => "The cursor is not one that this list gave.".into(),
            Self::CursorOfOtherQuery => {
                "The cursor continues a list with other filters or another order. Ask with those, or without it.".into()
            }
            Self::IdempotencyKey => "`Idempotency-Key` must be 1 to 255 visible ASCII characters.".into(),
            Self::Method => "The address exists, the method does not; see Allow.".into(),
            Self::Image(ImageFault::Type) => "Send a picture as JPEG, PNG or WebP.".into(),
            Self::Image(ImageFault::Damaged) => {
                "The picture cannot be read to its end. Save it anew and send that.".into()
            }
            Self::Image(ImageFault::TooManyPixels { pixels_max }) => {
                format!("The picture has more than {pixels_max} pixels. Send a smaller one.").into()
            }
            Self::Signature => "The signature is missing, too old, or not made with a secret of this server.".into(),
            Self::Upgrade => "This is a WebSocket of version 13: send the headers of its opening.".into(),
        }
    }
}

impl Noun {
    const fn code(self) -> &'static str {
        match self {
            Self::Route => "ROUTE_NOT_FOUND",
            Self::User => "USER_NOT_FOUND",
            Self::Event => "EVENT_NOT_FOUND",
            Self::Tier => "TIER_NOT_FOUND",
            Self::SeatMap | Self::SeatMapExample | Self::VenueSeatMap => "SEAT_MAP_NOT_FOUND",
            Self::Series => "SERIES_NOT_FOUND",
            Self::CalendarFeed => "CALENDAR_FEED_NOT_FOUND",
            Self::Venue => "VENUE_NOT_FOUND",
            Self::Image => "IMAGE_NOT_FOUND",
            Self::Session => "SESSION_NOT_FOUND",
            Self::Identity => "IDENTITY_NOT_FOUND",
            Self::GoogleSignIn => "GOOGLE_SIGN_IN_OFF",
            Self::Hold => "HOLD_NOT_FOUND",
            Self::Order => "ORDER_NOT_FOUND",
            Self::Ticket => "TICKET_NOT_FOUND",
            Self::TicketTransfer => "TRANSFER_NOT_FOUND",
            Self::Mail => "MAIL_NOT_FOUND",
            Self::PaymentRefund => "PAYMENT_REFUND_NOT_FOUND",
            Self::Outbox => "OUTBOX_NOT_FOUND",
            Self::Webhook => "WEBHOOK_NOT_FOUND",
            Self::WaitingRoom => "WAITING_ROOM_NOT_FOUND",
            Self::WaitingPlace => "WAITING_PLACE_NOT_FOUND",
            Self::StaffMember => "STAFF_MEMBER_NOT_FOUND",
            Self::ApiKey => "API_KEY_NOT_FOUND",
            Self::Cancellation => "CANCELLATION_NOT_FOUND",
            Self::Withdrawal => "WITHDRAWAL_NOT_FOUND",
            Self::CheckInList => "CHECK_IN_LIST_NOT_FOUND",
            Self::Scanner => "SCANNER_NOT_FOUND",
        }
    }

    const fn detail(self) -> &'static str {
        match self {
            Self::Route => "There is nothing at this address.",
            Self::User => "There is no such user.",
            Self::Event => "There is no such event.",
            Self::Tier => "The event has no such tier.",
            Self::SeatMap => "The event has no seat map yet.",
            Self::SeatMapExample => "There is no such example.",
            Self::Series => "There is no such series.",
            Self::CalendarFeed => "There is no such calendar feed.",
            Self::Venue => "There is no such venue.",
            Self::VenueSeatMap => "The venue has no such seat map.",
            Self::Image => "There is no such picture.",
            Self::Session => "The account has no such session.",
            Self::Identity => "The account is not linked to that.",
            Self::GoogleSignIn => "Nobody can sign in with Google here.",
            Self::Hold => "There is no such hold.",
            Self::Order => "There is no such order.",
            Self::Ticket => "There is no such ticket.",
            Self::TicketTransfer => "There is no such offer of a ticket.",
            Self::Mail => "There is no such mail, or it was too long ago.",
            Self::PaymentRefund => "There is no such refund.",
            Self::Outbox => "There is no such work, or it was tried again since.",
            Self::Webhook => "There is no such webhook.",
            Self::WaitingRoom => "The event never had a waiting room.",
            Self::WaitingPlace => "The account has no place in the waiting room. Join it.",
            Self::StaffMember => "The account has no role at the event.",
            Self::ApiKey => "The account has no such API key.",
            Self::Cancellation => "The event was not cancelled, or a moment ago.",
            Self::Withdrawal => "There is no such withdrawal.",
            Self::CheckInList => "The event has no such check-in list.",
            Self::Scanner => "The event has no such scanner.",
        }
    }
}

/// Where the event's waiting room is joined.
pub(super) fn waiting_room(event: EventId) -> String {
    format!("/api/v1/events/{event}/waiting-room")
}
