//! What survives a crash: the journal of every event and the relational store, on SQLite or Postgres.
//!
//! [`Store`] is the only way in. It implements [`engine::Journal`], so a journal commit and the rows that follow from it
//! are one transaction, and it has the relational methods, named noun first (`order_find`). One SQL text serves both
//! databases; `sqlite/` and `postgres/` hold what truly differs: connecting, appending, locking.
//!
//! Knows nothing of HTTP, of actors or of rules. Reads no clock: times come from the caller.

mod config;
mod error;
mod journal;
pub mod metrics;
mod migrations;
mod postgres;
pub mod private;
mod projection;
mod row;
mod search;
mod sqlite;
mod statements;
mod store;

// The body of an `async fn` is compiled in every crate that awaits it: boxed, here and once.
use async_recursion::async_recursion as boxed;

pub use config::StoreConfig;
pub use error::{ConnectError, StoreError};
pub use migrations::migration_names;
pub use row::Redacted;
pub use search::{SEARCH_WORDS_MAX, SearchWords};
pub use statements::{search_statements, statements};
pub use store::{
    Access, AccessChange, ApiKey, ApiKeyStanding, AttemptLimit, Attendee, AttendeeOf, Audience, AuditEntry,
    AuditFilter, AuditVia, Backlog, BookedPlace, BoxOfficeHold, BoxOfficePayout, BoxOfficeSale, BoxOfficeTakings,
    BoxOfficeWords, CalendarRange, Cancellation, CancellationProgress, CancellationStatus, ChangedAccess, CheckInList,
    Checkout, CheckoutState, ClaimedNotice, ClaimedWebhook, Delivery, DeliveryStatus, Device, EmailChange,
    EmailChanged, Erasure, Event, EventCopies, EventCount, EventCursor, EventFilter, EventPatch, EventPhase,
    EventQuery, EventSort, EventStatus, Feedback, FeedbackTotals, GateConflict, GateDirection, GateRefusal, GuessLimit,
    Guest, GuestFilter, Holder, IdempotentAnswer, Identity, Image, ImageFormat, ItemDiscount, Join, Joined,
    JournalHead, KnownEvent, LedgerEntry, LinkPurpose, LinkToken, Listing, Mail, MailAttempt, MailStatus,
    NamedAttendee, NamedGuest, Near, NewCode, NewMail, NewNotice, NewPayout, NewSecondFactor, NewTransfer,
    NewWithdrawal, NoticeKind, NoticeStep, Order, OrderBalances, OrderCount, OrderItem, OrderStatus, Outbox,
    OutboxAttempt, OutboxOutcome, OutboxStatus, OwedRefund, OwnFeedback, OwnRsvp, PasswordChange, Payment,
    PaymentProvider, PaymentRefund, PayoutRefusal, PlaceOfUser, PriorityPass, Refresh, RefundEntry, RefundOutcome,
    RefundReason, RefundStatus, RefundTerms, RefundTermsStep, Role, Rotation, Rsvp, RsvpAnswer, RsvpCount, Scanner,
    SeatMapDrawing, SecondFactor, Series, SeriesChange, SeriesChanged, SeriesFilter, SeriesRefusal, SeriesSummary,
    Session, SessionStanding, SortKey, StaffMember, StaffPost, StaffRole, Store, Summary, Tags, Ticket, TicketState,
    TicketTransfer, TransferSide, TransferStatus, User, UserCount, UserFilter, UserSort, UserStatus, Venue, VenuePatch,
    VenueSeatMap, WaitingPlace, WaitingRoom, WaitlistEntry, WaitlistStatus, WalletBalance, Webhook, WebhookAttempt,
    WebhookDelivery, WebhookNews, WebhookOutcome, WebhookPatch, WebhookStream, Withdrawal, WithdrawalDecided,
    WithdrawalDecision, WithdrawalFilter, WithdrawalRefusal, WithdrawalStatus, WorkKind, order_of_rows,
};
