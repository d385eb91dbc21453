//! Mails to everybody who holds a ticket of an event: a row per event and kind, worked off order by order in steps. A step
//! writes its mails and how far it came in one transaction, so that it may be taken up anywhere, by anybody.

use inventory::{EventId, OrderId, TimeUs, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::audit_log::audited;
use super::mails::insert_mail_once;
use super::{AuditEntry, Event, NewMail, Store, changed, on_pool, on_transaction, on_writer};
use crate::StoreError;
use crate::boxed;
use crate::row::{named, row};

named! {
    pub enum NoticeKind {
        Reminder = "reminder",
        Changed = "changed",
        Cancelled = "cancelled",
    }
}

/// What holders know of an event by a mail or by having bought it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownEvent {
    pub title: String,
    /// µs since the epoch.
    pub starts_at_us: i64,
    pub timezone: String,
    pub location: String,
    pub address: String,
    pub city: String,
}

impl KnownEvent {
    pub fn of(event: &Event) -> Self {
        Self {
            title: event.title.clone(),
            starts_at_us: event.starts_at.0,
            timezone: event.timezone.clone(),
            location: event.location.clone(),
            address: event.address.clone(),
            city: event.city.clone(),
        }
    }
}

/// Once per event and kind: only a change may be told of again.
#[derive(Clone, Debug)]
pub struct NewNotice {
    pub event: EventId,
    pub kind: NoticeKind,
    pub due_at: TimeUs,
    /// Of a change: JSON of a [`KnownEvent`].
    pub before: Option<String>,
    pub now: TimeUs,
}

row! {
    /// The caller's alone until its lease ends.
    pub struct ClaimedNotice {
        pub event_id: EventId,
        pub kind: NoticeKind,
        /// Of the change.
        pub number: i64,
        pub claim: i64,
        /// The last order whose holders were written to.
        pub after_id: Option<Uuid>,
        pub before: Option<String>,
        pub created_at: TimeUs,
    }
}

row! {
    /// Somebody with a ticket.
    pub struct Holder {
        /// Of the account; of a buyer at the box office, the order's.
        pub id: UserId,
        pub email: String,
    }
}

/// What one step comes to.
#[derive(Clone, Debug)]
pub struct NoticeStep {
    pub mails: Vec<NewMail>,
    /// How far it came. `None`: there was nothing left, and the notice is done.
    pub after: Option<OrderId>,
    /// When the next step may begin.
    pub due_at: TimeUs,
}

/// Changes within so long are one mail.
const CHANGES_APART_US: i64 = 5 * 60 * 1_000_000;

/// A change meets one that nobody was told of yet: then what holders know is still what they knew before that one.
pub(super) const QUEUE: &str = "
    INSERT INTO notices (event_id, kind, number, status, claim, due_at, before, created_at)
    VALUES ($1, $2, 1, 'queued', 0, $3, $4, $5)
    ON CONFLICT (event_id, kind) DO UPDATE SET
        before = CASE WHEN notices.status = 'queued' AND notices.after_id IS NULL THEN notices.before
            ELSE excluded.before END,
        number = CASE WHEN notices.status = 'queued' AND notices.after_id IS NULL THEN notices.number
            ELSE notices.number + 1 END,
        due_at = CASE WHEN notices.status = 'queued' AND notices.after_id IS NULL THEN notices.due_at
            ELSE excluded.due_at END,
        status = 'queued', after_id = NULL, claim = notices.claim + 1
    WHERE notices.kind = 'changed'";

const STARTING: &str = "
    SELECT id FROM events WHERE status = 'published' AND starts_at > $1 AND starts_at <= $2 AND deleted_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM notices WHERE notices.event_id = events.id AND notices.kind = 'reminder')
    ORDER BY starts_at LIMIT $3";

const IS_DUE: &str = "SELECT 1 FROM notices WHERE status = 'queued' AND due_at <= $1 LIMIT 1";

/// The outer condition is read again once the row is locked: of two that claim at once one gets it.
const CLAIM: &str = "
    UPDATE notices SET claim = claim + 1, due_at = $2
    WHERE status = 'queued' AND due_at <= $1 AND (event_id, kind) IN (
        SELECT event_id, kind FROM notices WHERE status = 'queued' AND due_at <= $1 ORDER BY due_at LIMIT 1)
    RETURNING event_id, kind, number, claim, after_id, before, created_at";

/// One step.
const ORDERS: &str = "SELECT id FROM orders WHERE event_id = $1 AND id > $2 ORDER BY id LIMIT $3";

/// A cancelled event is told to those, too, whose tickets were voided because of it. The box office's orders are the event's
/// own: whoever left an address there has no account, and cannot switch reminders off.
const HOLDERS: &str = "
    SELECT DISTINCT users.id, users.email FROM orders
    JOIN tickets ON tickets.order_id = orders.id JOIN users ON users.id = tickets.holder_id
    WHERE orders.event_id = $1 AND orders.id > $2 AND orders.id <= $3 AND users.erased_at IS NULL
        AND (tickets.state <> 'voided'
            OR ($4 = 'cancelled' AND tickets.lsn > (SELECT status_lsn FROM events WHERE events.id = $1)))
        AND ($4 <> 'reminder' OR users.reminders = $5)
    UNION
    SELECT orders.id, attendees.email FROM orders
    JOIN attendees ON attendees.order_id = orders.id AND attendees.position = 0
    WHERE orders.event_id = $1 AND orders.id > $2 AND orders.id <= $3 AND orders.customer_id = orders.event_id
        AND attendees.email IS NOT NULL AND $4 <> 'reminder' AND EXISTS (
            SELECT 1 FROM tickets WHERE tickets.order_id = orders.id AND (tickets.state <> 'voided'
                OR ($4 = 'cancelled' AND tickets.lsn > (SELECT status_lsn FROM events WHERE events.id = $1))))";

const ADVANCE: &str = "
    UPDATE notices SET after_id = $4, due_at = $5 WHERE event_id = $1 AND kind = $2 AND claim = $3 AND status = 'queued'";

const DONE: &str = "
    UPDATE notices SET status = 'done' WHERE event_id = $1 AND kind = $2 AND claim = $3 AND status = 'queued'";

const DROP: &str = "DELETE FROM notices WHERE event_id = $1 AND kind = $2 AND claim = $3";

const REMINDERS: &str = "SELECT reminders FROM users WHERE id = $1 AND erased_at IS NULL";

const SET_REMINDERS: &str = "
    UPDATE users SET reminders = $2 WHERE id = $1 AND reminders <> $2 AND erased_at IS NULL";

pub(super) const STATEMENTS: &[&str] =
    &[QUEUE, STARTING, IS_DUE, CLAIM, ORDERS, HOLDERS, ADVANCE, DONE, DROP, REMINDERS, SET_REMINDERS];

/// The statement that queues a notice, to be executed in the transaction of what it tells of.
macro_rules! queue_notice {
    ($notice:expr) => {{
        let notice: &$crate::NewNotice = $notice;
        sqlx::query($crate::store::notices::QUEUE)
            .bind(notice.event.uuid())
            .bind(notice.kind.name())
            .bind(notice.due_at.0)
            .bind(notice.before.clone())
            .bind(notice.now.0)
    }};
}

pub(super) use queue_notice;

/// What is to be told of a change to those who have tickets, if it is one that concerns them.
pub(super) fn of_change(before: &Event, after: &Event, now: TimeUs) -> Option<NewNotice> {
    let (known, new) = (KnownEvent::of(before), KnownEvent::of(after));
    if before.status != super::EventStatus::Published || known == new {
        return None;
    }
    let before = serde_json::to_string(&known).expect("a plain struct has a JSON form");
    let due_at = now.plus_us(CHANGES_APART_US);
    Some(NewNotice { event: after.id, kind: NoticeKind::Changed, due_at, before: Some(before), now })
}

impl Store {
    /// Queues a reminder for each published event that starts within the time and has none. How many.
    #[boxed]
    pub async fn reminders_queue(&self, now: TimeUs, until: TimeUs, limit: u32) -> Result<usize, StoreError> {
        let starting: Vec<Uuid> = on_pool!(self, pool => sqlx::query_scalar(STARTING)
            .bind(now.0)
            .bind(until.0)
            .bind(i64::from(limit))
            .fetch_all(pool))?;
        if starting.is_empty() {
            return Ok(0);
        }
        on_transaction!(self, transaction => async {
            for event in &starting {
                let event = EventId::from_uuid(*event);
                let notice = NewNotice { event, kind: NoticeKind::Reminder, due_at: now, before: None, now };
                queue_notice!(&notice).execute(&mut *transaction).await?;
            }
            Ok(())
        })?;
        Ok(starting.len())
    }

    /// The next notice that is due, the caller's alone until `until`.
    #[boxed]
    pub async fn notice_claim(&self, now: TimeUs, until: TimeUs) -> Result<Option<ClaimedNotice>, StoreError> {
        let due: Option<i32> = on_pool!(self, pool => sqlx::query_scalar(IS_DUE).bind(now.0).fetch_optional(pool))?;
        if due.is_none() {
            return Ok(None);
        }
        on_writer!(self, pool => sqlx::query_as(CLAIM).bind(now.0).bind(until.0).fetch_optional(pool))
    }

    /// Who is to be told next, each once: the holders of the next `orders_max` orders, and the last of these. `None`: there
    /// are no more.
    #[boxed]
    pub async fn notice_holders(
        &self,
        notice: &ClaimedNotice,
        orders_max: u32,
    ) -> Result<Option<(OrderId, Vec<Holder>)>, StoreError> {
        let (event, after) = (notice.event_id.uuid(), notice.after_id.unwrap_or_else(Uuid::nil));
        let orders: Vec<Uuid> = on_pool!(self, pool => sqlx::query_scalar(ORDERS)
            .bind(event)
            .bind(after)
            .bind(i64::from(orders_max))
            .fetch_all(pool))?;
        let Some(last) = orders.last().copied() else { return Ok(None) };
        let holders = on_pool!(self, pool => sqlx::query_as(HOLDERS)
            .bind(event)
            .bind(after)
            .bind(last)
            .bind(notice.kind.name())
            .bind(true)
            .fetch_all(pool))?;
        Ok(Some((OrderId::from_uuid(last), holders)))
    }

    /// Whether the step counts: not when somebody else has taken the notice over, or it was begun anew.
    #[boxed]
    pub async fn notice_step(&self, notice: &ClaimedNotice, step: &NoticeStep) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            let text = if step.after.is_some() { ADVANCE } else { DONE };
            let settle = sqlx::query(text).bind(notice.event_id.uuid()).bind(notice.kind.name()).bind(notice.claim);
            let settle = match step.after {
                Some(after) => settle.bind(after.uuid()).bind(step.due_at.0),
                None => settle,
            };
            if settle.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(false);
            }
            for mail in &step.mails {
                insert_mail_once!(mail).execute(&mut *transaction).await?;
            }
            Ok(true)
        })
    }

    /// Forgets a notice that came too early: it is queued again when its time has come.
    #[boxed]
    pub async fn notice_drop(&self, notice: &ClaimedNotice) -> Result<(), StoreError> {
        changed!(self, sqlx::query(DROP).bind(notice.event_id.uuid()).bind(notice.kind.name()).bind(notice.claim))
            .map(drop)
    }

    /// Whether the account wants to be reminded of what it has tickets for. `None`: there is no such account.
    #[boxed]
    pub async fn user_reminders(&self, user: UserId) -> Result<Option<bool>, StoreError> {
        on_pool!(self, pool => sqlx::query_scalar(REMINDERS).bind(user.uuid()).fetch_optional(pool))
    }

    /// `entry` is kept if that is new.
    #[boxed]
    pub async fn user_set_reminders(
        &self,
        user: UserId,
        reminders: bool,
        entry: Option<&AuditEntry>,
    ) -> Result<(), StoreError> {
        audited!(self, entry, sqlx::query(SET_REMINDERS).bind(user.uuid()).bind(reminders)).map(drop)
    }
}
