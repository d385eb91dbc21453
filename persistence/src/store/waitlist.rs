//! Who waits for places: written by journal commits alone, read here, and forgotten with an account.

use inventory::{EventId, HoldId, Lsn, TierId, TimeUs, UserId};
use uuid::Uuid;

use super::{Store, changed, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::{named, row};

named! {
    pub enum WaitlistStatus {
        Waiting = "waiting",
        /// Places are held for him.
        Offered = "offered",
        /// He has bought them.
        Accepted = "accepted",
        /// He has not.
        Lapsed = "lapsed",
        Left = "left",
        Removed = "removed",
        /// When his turn came, he had as much as one customer may.
        Limited = "limited",
        Closed = "closed",
    }
}

row! {
    pub struct WaitlistEntry {
        pub event_id: EventId,
        /// Within the event.
        pub number: u32,
        pub customer_id: UserId,
        pub tier_id: TierId,
        pub tier_name: String,
        /// Id of a section or area; `None`: anywhere in the tier.
        pub part: Option<String>,
        pub is_area: bool,
        pub quantity: u32,
        pub accessible: bool,
        /// Seats that do not stand together will do.
        pub apart: bool,
        pub has_priority: bool,
        pub status: WaitlistStatus,
        pub joined_at: TimeUs,
        /// Of the offer, also when that has ended.
        pub hold_id: Option<HoldId>,
        /// Of one that is offered.
        pub offered_until: Option<TimeUs>,
        pub changed_at: TimeUs,
        pub lsn: Lsn,
    }
}

const FIND_OF_CUSTOMER: &str = "
    SELECT event_id, number, customer_id, tier_id, tier_name, part, is_area, quantity, accessible, apart, has_priority,
        status, joined_at, hold_id, offered_until, changed_at, lsn
    FROM waitlist_entries WHERE customer_id = $1 AND event_id = $2 ORDER BY number DESC LIMIT 1";

const LIST_OF_CUSTOMER: &str = "
    SELECT event_id, number, customer_id, tier_id, tier_name, part, is_area, quantity, accessible, apart, has_priority,
        status, joined_at, hold_id, offered_until, changed_at, lsn
    FROM waitlist_entries WHERE customer_id = $1 AND (event_id > $2 OR (event_id = $2 AND number > $3))
    ORDER BY event_id, number LIMIT $4";

const LIST: &str = "
    SELECT event_id, number, customer_id, tier_id, tier_name, part, is_area, quantity, accessible, apart, has_priority,
        status, joined_at, hold_id, offered_until, changed_at, lsn
    FROM waitlist_entries WHERE event_id = $1 AND number > $2 ORDER BY number LIMIT $3";

const LIST_BY_STATUS: &str = "
    SELECT event_id, number, customer_id, tier_id, tier_name, part, is_area, quantity, accessible, apart, has_priority,
        status, joined_at, hold_id, offered_until, changed_at, lsn
    FROM waitlist_entries WHERE event_id = $1 AND number > $2 AND status = $4 ORDER BY number LIMIT $3";

const COUNT_BEFORE: &str = "
    SELECT COUNT(*) FROM waitlist_entries
    WHERE event_id = $1 AND tier_id = $2 AND status = 'waiting'
        AND (has_priority > $3 OR (has_priority = $3 AND number < $4))";

const EVENTS_LIVE: &str = "
    SELECT DISTINCT event_id FROM waitlist_entries WHERE status IN ('waiting', 'offered') AND event_id > $1
    ORDER BY event_id LIMIT $2";

const EVENTS_LIVE_OF_CUSTOMER: &str = "
    SELECT event_id FROM waitlist_entries WHERE customer_id = $1 AND status IN ('waiting', 'offered') LIMIT $2";

/// All that an account waits and has waited for.
pub(super) const FORGET_CUSTOMER: &str = "DELETE FROM waitlist_entries WHERE customer_id = $1";

pub(super) const STATEMENTS: &[&str] = &[
    FIND_OF_CUSTOMER,
    LIST_OF_CUSTOMER,
    LIST,
    LIST_BY_STATUS,
    COUNT_BEFORE,
    EVENTS_LIVE,
    EVENTS_LIVE_OF_CUSTOMER,
    FORGET_CUSTOMER,
];

impl Store {
    /// The customer's last entry.
    #[boxed]
    pub async fn waitlist_find(&self, event: EventId, customer: UserId) -> Result<Option<WaitlistEntry>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND_OF_CUSTOMER)
            .bind(customer.uuid())
            .bind(event.uuid())
            .fetch_optional(pool))
    }

    /// Of one customer, by event and number, behind `after`.
    #[boxed]
    pub async fn waitlist_list_of_customer(
        &self,
        customer: UserId,
        after: Option<(EventId, u32)>,
        limit: u32,
    ) -> Result<Vec<WaitlistEntry>, StoreError> {
        let (event, number) = after.map_or((Uuid::nil(), 0), |(event, number)| (event.uuid(), number));
        on_pool!(self, pool => sqlx::query_as(LIST_OF_CUSTOMER)
            .bind(customer.uuid())
            .bind(event)
            .bind(i64::from(number))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Of an event, by number, behind `after`. `status`: those alone.
    #[boxed]
    pub async fn waitlist_list(
        &self,
        event: EventId,
        status: Option<WaitlistStatus>,
        after: u32,
        limit: u32,
    ) -> Result<Vec<WaitlistEntry>, StoreError> {
        let text = if status.is_some() { LIST_BY_STATUS } else { LIST };
        on_pool!(self, pool => {
            let list = sqlx::query_as(text).bind(event.uuid()).bind(i64::from(after)).bind(i64::from(limit));
            let list = match status {
                Some(status) => list.bind(status.name()),
                None => list,
            };
            list.fetch_all(pool)
        })
    }

    /// Those who wait for the same tier and whose turn is before that of the entry.
    #[boxed]
    pub async fn waitlist_count_before(&self, entry: &WaitlistEntry) -> Result<u32, StoreError> {
        let count: i64 = on_pool!(self, pool => sqlx::query_scalar(COUNT_BEFORE)
            .bind(entry.event_id.uuid())
            .bind(entry.tier_id.uuid())
            .bind(entry.has_priority)
            .bind(i64::from(entry.number))
            .fetch_one(pool))?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Events on whose lists somebody waits or has an offer, by id, behind `after`.
    #[boxed]
    pub async fn waitlist_events_live(&self, after: Option<EventId>, limit: u32) -> Result<Vec<EventId>, StoreError> {
        let after = after.map_or(Uuid::nil(), EventId::uuid);
        let events: Vec<Uuid> = on_pool!(self, pool => sqlx::query_scalar(EVENTS_LIVE)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(pool))?;
        Ok(events.into_iter().map(EventId::from_uuid).collect())
    }

    /// Events on whose lists the customer waits or has an offer.
    #[boxed]
    pub async fn waitlist_events_of(&self, customer: UserId, limit: u32) -> Result<Vec<EventId>, StoreError> {
        let events: Vec<Uuid> = on_pool!(self, pool => sqlx::query_scalar(EVENTS_LIVE_OF_CUSTOMER)
            .bind(customer.uuid())
            .bind(i64::from(limit))
            .fetch_all(pool))?;
        Ok(events.into_iter().map(EventId::from_uuid).collect())
    }

    /// Of an erased account, once it has left the lists: each left an entry that has ended.
    #[boxed]
    pub async fn waitlist_forget(&self, customer: UserId) -> Result<(), StoreError> {
        changed!(self, sqlx::query(FORGET_CUSTOMER).bind(customer.uuid())).map(drop)
    }
}
