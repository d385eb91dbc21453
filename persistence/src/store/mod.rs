//! The relational store. One file per noun; methods are named noun first.
//!
//! A body is written once and compiled for both databases: `on_pool!` for reads, `on_writer!` and `changed!` for a write of one
//! statement, `on_transaction!` for more. They differ in how a lost connection is told: a read may be repeated, a
//! write is *outcome unknown*.

mod address_proofs;
mod api_keys;
mod attempts;
mod attendee_cut_offs;
mod attendees;
mod audit_log;
mod backlogs;
mod box_office;
mod box_office_payouts;
mod calendars;
mod cancellations;
mod catalogue;
mod check_in_lists;
mod checkouts;
mod email_changes;
mod erasure;
mod event_copies;
pub(crate) mod event_index;
mod event_names;
mod event_near;
mod event_patch;
mod event_prices;
mod event_query;
mod event_search;
mod event_select;
mod events;
mod feedback;
mod gate_conflicts;
mod gate_refusals;
mod guests;
mod heads;
mod health;
mod idempotency;
mod identities;
mod images;
mod ledger;
mod link_tokens;
mod login_codes;
mod mails;
mod notices;
mod order_rows;
mod orders;
mod outbox;
mod payment_refunds;
mod payments;
mod priority_passes;
mod refresh;
mod refund_entries;
mod rsvps;
mod scanners;
mod seat_map_drawings;
mod second_factors;
mod secrets;
mod series;
mod sessions;
mod staff;
mod summary;
mod ticket_transfers;
mod tickets;
mod user_list;
mod users;
mod venues;
mod waiting_places;
mod waiting_rooms;
mod waitlist;
mod wallets;
mod webhook_streams;
mod webhooks;
mod withdrawals;

use std::pin::Pin;
use std::time::Duration;

use crate::boxed;
use crate::postgres::Postgres;
use crate::sqlite::Sqlite;
use crate::{ConnectError, StoreConfig};

pub(crate) use catalogue::Catalogue;

pub use api_keys::{ApiKey, ApiKeyStanding};
pub use attempts::AttemptLimit;
pub use attendees::{Attendee, AttendeeOf, NamedAttendee};
pub use audit_log::{AuditEntry, AuditFilter, AuditVia};
pub use backlogs::{Backlog, WorkKind};
pub use box_office::{BoxOfficeHold, BoxOfficeSale, BoxOfficeTakings, BoxOfficeWords};
pub use box_office_payouts::{BoxOfficePayout, NewPayout, PayoutRefusal};
pub use calendars::{BookedPlace, CalendarRange};
pub use cancellations::{Cancellation, CancellationProgress, CancellationStatus};
pub use check_in_lists::CheckInList;
pub use checkouts::{Checkout, CheckoutState, PaymentProvider};
pub use email_changes::{EmailChange, EmailChanged};
pub use erasure::Erasure;
pub use event_copies::EventCopies;
pub use event_near::Near;
pub use event_patch::EventPatch;
pub(crate) use event_query::tier_name;
pub use event_query::{Audience, EventCursor, EventPhase, EventQuery, EventSort, SortKey};
pub use event_search::Listing;
pub(crate) use event_select::{statements as search_statements, tag_of};
pub use events::{Event, EventFilter, EventStatus, Tags};
pub use feedback::{Feedback, FeedbackTotals, OwnFeedback};
pub use gate_conflicts::{GateConflict, GateDirection};
pub use gate_refusals::GateRefusal;
pub use guests::{Guest, GuestFilter, NamedGuest};
pub use heads::JournalHead;
pub use idempotency::IdempotentAnswer;
pub use identities::Identity;
pub use images::{Image, ImageFormat};
pub use ledger::{LedgerEntry, OrderBalances};
pub use link_tokens::{LinkPurpose, LinkToken, PasswordChange};
pub use login_codes::NewCode;
pub use mails::{Delivery, Mail, MailAttempt, MailStatus, NewMail};
pub use notices::{ClaimedNotice, Holder, KnownEvent, NewNotice, NoticeKind, NoticeStep};
pub use order_rows::order_of_rows;
pub use orders::{ItemDiscount, Order, OrderItem, OrderStatus, RefundTerms, RefundTermsStep};
pub use outbox::{Outbox, OutboxAttempt, OutboxOutcome, OutboxStatus};
pub use payment_refunds::{OwedRefund, PaymentRefund, RefundOutcome, RefundReason, RefundStatus};
pub use payments::Payment;
pub use priority_passes::PriorityPass;
pub use refresh::{Device, Refresh, Rotation};
pub use refund_entries::RefundEntry;
pub use rsvps::{OwnRsvp, Rsvp, RsvpAnswer, RsvpCount};
pub use scanners::Scanner;
pub use seat_map_drawings::SeatMapDrawing;
pub use second_factors::{GuessLimit, NewSecondFactor, SecondFactor};
pub use series::{Series, SeriesChange, SeriesChanged, SeriesFilter, SeriesRefusal, SeriesSummary};
pub use sessions::{Session, SessionStanding};
pub use staff::{StaffMember, StaffPost, StaffRole};
pub use summary::{EventCount, OrderCount, Summary, UserCount};
pub use ticket_transfers::{NewTransfer, TicketTransfer, TransferSide, TransferStatus};
pub use tickets::{Ticket, TicketState};
pub use user_list::{UserFilter, UserSort};
pub use users::{Access, AccessChange, ChangedAccess, Role, User, UserStatus};
pub use venues::{Venue, VenuePatch, VenueSeatMap};
pub(crate) use waiting_places::{Arrival, PlaceRow, PlaceRows};
pub use waiting_places::{Join, Joined, PlaceOfUser, WaitingPlace};
pub use waiting_rooms::WaitingRoom;
pub use waitlist::{WaitlistEntry, WaitlistStatus};
pub use wallets::WalletBalance;
pub use webhook_streams::{
    ClaimedWebhook, DeliveryStatus, WebhookAttempt, WebhookDelivery, WebhookNews, WebhookOutcome, WebhookStream,
};
pub use webhooks::{Webhook, WebhookPatch};
pub use withdrawals::{
    NewWithdrawal, Withdrawal, WithdrawalDecided, WithdrawalDecision, WithdrawalFilter, WithdrawalRefusal,
    WithdrawalStatus,
};

/// As a deadline that somebody else keeps.
const FOR_EVER: Duration = Duration::from_secs(24 * 60 * 60);

/// A handle; clones share connections.
#[derive(Clone)]
pub enum Store {
    Postgres(Postgres),
    Sqlite(Sqlite),
}

impl Store {
    /// Opens the store and brings its schema up to date. On SQLite nobody else may have it open; on Postgres commits must
    /// be durable, see [`StoreConfig::allow_unsafe_durability`].
    ///
    /// # Errors
    /// See [`ConnectError`]. A store that is in use is refused at once.
    #[boxed]
    pub async fn connect(config: &StoreConfig) -> Result<Self, ConnectError> {
        let store = match &config.url {
            Some(url) => Self::Postgres(Postgres::connect(url, config).await?),
            None => Self::Sqlite(Sqlite::connect(config).await?),
        };
        store.index_all_events().await.map_err(ConnectError::Index)?;
        Ok(store)
    }

    /// Waits for what is under way, then closes every connection.
    #[boxed]
    pub async fn close(&self) {
        match self {
            Self::Postgres(postgres) => {
                postgres.append.close().await;
                postgres.pool.close().await;
            }
            Self::Sqlite(sqlite) => {
                sqlite.readers.close().await;
                sqlite.writer.close().await;
            }
        }
    }

    /// The same without a deadline for its calls: the engine sets those of the journal.
    pub(crate) fn patient(&self) -> Self {
        let mut store = self.clone();
        match &mut store {
            Self::Postgres(postgres) => postgres.call_timeout = FOR_EVER,
            Self::Sqlite(sqlite) => sqlite.call_timeout = FOR_EVER,
        }
        store
    }

    pub const fn backend(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "postgres",
            Self::Sqlite(_) => "sqlite",
        }
    }
}

macro_rules! on_pool {
    ($store:expr, $pool:ident => $future:expr) => {
        match $store {
            $crate::Store::Postgres(postgres) => {
                let $pool = &postgres.pool;
                $crate::store::in_time(postgres.call_timeout, $future).await.map_err($crate::StoreError::read)
            }
            $crate::Store::Sqlite(sqlite) => {
                let $pool = &sqlite.readers;
                $crate::store::in_time(sqlite.call_timeout, $future).await.map_err($crate::StoreError::read)
            }
        }
    };
}

macro_rules! on_writer {
    ($store:expr, $pool:ident => $future:expr) => {
        match $store {
            $crate::Store::Postgres(postgres) => {
                let $pool = &postgres.pool;
                $crate::store::in_time(postgres.call_timeout, $future).await.map_err($crate::StoreError::write)
            }
            $crate::Store::Sqlite(sqlite) => {
                let $pool = &sqlite.writer;
                $crate::store::in_time(sqlite.call_timeout, $future).await.map_err($crate::StoreError::write)
            }
        }
    };
}

/// A write of one statement that answers how many rows it touched.
macro_rules! changed {
    ($store:expr, $query:expr) => {
        $crate::store::on_writer!($store, pool => $crate::store::outcome(async {
            Ok($query.execute(pool).await?.rows_affected())
        }))
    };
}

/// The body gets `&mut Connection`, is committed if it succeeds and rolled back if not.
macro_rules! on_transaction {
    ($store:expr, $connection:ident => $future:expr) => {
        match $store {
            $crate::Store::Postgres(postgres) => {
                let (begin, deadline) = (postgres.pool.begin(), postgres.call_timeout);
                $crate::store::transaction_body!(begin, deadline, sqlx::PgConnection, $connection => $future)
            }
            $crate::Store::Sqlite(sqlite) => {
                let (begin, deadline) = (sqlite.writer.begin_with($crate::sqlite::BEGIN), sqlite.call_timeout);
                $crate::store::transaction_body!(begin, deadline, sqlx::SqliteConnection, $connection => $future)
            }
        }
    };
}

macro_rules! transaction_body {
    ($begin:expr, $deadline:expr, $type:ty, $connection:ident => $future:expr) => {
        async {
            let ends_at = tokio::time::Instant::now() + $deadline;
            let before_commit = async {
                let mut transaction = $begin.await?;
                let $connection: &mut $type = &mut transaction;
                let value = $crate::store::outcome($future).await?;
                Ok((transaction, value))
            };
            let (transaction, value) =
                $crate::store::in_time($deadline, before_commit).await.map_err($crate::StoreError::read)?;
            let left = ends_at.saturating_duration_since(tokio::time::Instant::now());
            $crate::store::in_time(left, transaction.commit()).await.map_err($crate::StoreError::write)?;
            Ok::<_, $crate::StoreError>(value)
        }
        .await
    };
}

pub(crate) use {changed, on_pool, on_transaction, on_writer, transaction_body};

/// Of one type for all calls that answer alike: there are hundreds, and each would be compiled with a timeout of its own.
type Call<'a, T> = Pin<Box<dyn Future<Output = sqlx::Result<T>> + Send + 'a>>;

/// Past the deadline the call counts as one whose connection was lost: a read may be repeated, a write is unknown.
pub(crate) fn in_time<'a, T>(
    deadline: Duration,
    call: impl Future<Output = sqlx::Result<T>> + Send + 'a,
) -> impl Future<Output = sqlx::Result<T>> + Send + 'a
where
    T: 'a,
{
    boxed_in_time(deadline, Box::pin(call))
}

async fn boxed_in_time<T>(deadline: Duration, call: Call<'_, T>) -> sqlx::Result<T> {
    match tokio::time::timeout(deadline, call).await {
        Ok(answered) => answered,
        Err(elapsed) => Err(sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, elapsed))),
    }
}

/// Fixes the error type of an async block.
pub(crate) async fn outcome<T>(body: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    body.await
}

pub(crate) fn statements() -> impl Iterator<Item = &'static str> {
    [
        address_proofs::STATEMENTS,
        api_keys::STATEMENTS,
        attempts::STATEMENTS,
        attendee_cut_offs::STATEMENTS,
        attendees::STATEMENTS,
        audit_log::STATEMENTS,
        backlogs::STATEMENTS,
        event_index::STATEMENTS,
        box_office::STATEMENTS,
        box_office_payouts::STATEMENTS,
        calendars::STATEMENTS,
        cancellations::STATEMENTS,
        check_in_lists::STATEMENTS,
        checkouts::STATEMENTS,
        event_copies::STATEMENTS,
        event_names::STATEMENTS,
        email_changes::STATEMENTS,
        erasure::STATEMENTS,
        events::STATEMENTS,
        feedback::STATEMENTS,
        gate_conflicts::STATEMENTS,
        event_prices::STATEMENTS,
        gate_refusals::STATEMENTS,
        guests::STATEMENTS,
        heads::STATEMENTS,
        health::STATEMENTS,
        idempotency::STATEMENTS,
        identities::STATEMENTS,
        ledger::STATEMENTS,
        link_tokens::STATEMENTS,
        login_codes::STATEMENTS,
        mails::STATEMENTS,
        notices::STATEMENTS,
        images::STATEMENTS,
        orders::STATEMENTS,
        outbox::STATEMENTS,
        payment_refunds::STATEMENTS,
        payments::STATEMENTS,
        priority_passes::STATEMENTS,
        refresh::STATEMENTS,
        refund_entries::STATEMENTS,
        rsvps::STATEMENTS,
        scanners::STATEMENTS,
        second_factors::STATEMENTS,
        seat_map_drawings::STATEMENTS,
        secrets::STATEMENTS,
        series::STATEMENTS,
        sessions::STATEMENTS,
        staff::STATEMENTS,
        summary::STATEMENTS,
        ticket_transfers::STATEMENTS,
        tickets::STATEMENTS,
        user_list::STATEMENTS,
        users::STATEMENTS,
        venues::STATEMENTS,
        waiting_places::STATEMENTS,
        waiting_rooms::STATEMENTS,
        waitlist::STATEMENTS,
        wallets::STATEMENTS,
        withdrawals::STATEMENTS,
        webhook_streams::STATEMENTS,
        webhooks::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
}
