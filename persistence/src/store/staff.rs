//! Who works at an event beside its organizer: one role per account and event.

use inventory::{EventId, TimeUs, UserId};

use super::audit_log::audited;
use super::{AuditEntry, Store, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::{named, row};

named! {
    pub enum StaffRole {
        /// Scans at the gate.
        Door = "door",
        /// Sells at the venue.
        BoxOffice = "box_office",
    }
}

row! {
    pub struct StaffMember {
        pub event_id: EventId,
        pub user_id: UserId,
        pub name: String,
        pub email: String,
        pub role: StaffRole,
        pub added_at: TimeUs,
    }
}

row! {
    /// An account's role at one event.
    pub struct StaffPost {
        pub event_id: EventId,
        pub title: String,
        pub starts_at: TimeUs,
        pub role: StaffRole,
        pub added_at: TimeUs,
    }
}

row! {
    pub struct Role {
        pub role: StaffRole,
    }
}

const INSERT: &str = "
    INSERT INTO event_staff (event_id, user_id, role, added_by, added_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (event_id, user_id) DO NOTHING";

const FIND: &str = "
    SELECT staff.event_id, staff.user_id, users.name, users.email, staff.role, staff.added_at
    FROM event_staff AS staff JOIN users ON users.id = staff.user_id
    WHERE staff.event_id = $1 AND staff.user_id = $2";

const ROLE: &str = "SELECT role FROM event_staff WHERE event_id = $1 AND user_id = $2";

const LIST: &str = "
    SELECT staff.event_id, staff.user_id, users.name, users.email, staff.role, staff.added_at
    FROM event_staff AS staff JOIN users ON users.id = staff.user_id
    WHERE staff.event_id = $1 AND staff.user_id > $2 ORDER BY staff.user_id LIMIT $3";

const LIST_OF_USER: &str = "
    SELECT staff.event_id, events.title, events.starts_at, staff.role, staff.added_at
    FROM event_staff AS staff JOIN events ON events.id = staff.event_id
    WHERE staff.user_id = $1 AND staff.event_id < $2 AND events.deleted_at IS NULL ORDER BY staff.event_id DESC LIMIT $3";

const SET_ROLE: &str = "UPDATE event_staff SET role = $3 WHERE event_id = $1 AND user_id = $2";

const DELETE: &str = "DELETE FROM event_staff WHERE event_id = $1 AND user_id = $2";

pub(super) const STATEMENTS: &[&str] = &[INSERT, FIND, ROLE, LIST, LIST_OF_USER, SET_ROLE, DELETE];

impl Store {
    /// Whether the account had no role at the event before.
    #[boxed]
    pub async fn staff_insert(
        &self,
        event: EventId,
        user: UserId,
        role: StaffRole,
        added_by: UserId,
        now: TimeUs,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        audited!(
            self,
            entry,
            sqlx::query(INSERT)
                .bind(event.uuid())
                .bind(user.uuid())
                .bind(role.name())
                .bind(added_by.uuid())
                .bind(now.0)
        )
        .map(|touched| touched == 1)
    }

    #[boxed]
    pub async fn staff_find(&self, event: EventId, user: UserId) -> Result<Option<StaffMember>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(event.uuid()).bind(user.uuid()).fetch_optional(pool))
    }

    #[boxed]
    pub async fn staff_role(&self, event: EventId, user: UserId) -> Result<Option<StaffRole>, StoreError> {
        let found: Option<Role> =
            on_pool!(self, pool => sqlx::query_as(ROLE).bind(event.uuid()).bind(user.uuid()).fetch_optional(pool))?;
        Ok(found.map(|found| found.role))
    }

    /// Of an event, the oldest accounts first, behind `after`.
    #[boxed]
    pub async fn staff_list(
        &self,
        event: EventId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<StaffMember>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST)
            .bind(event.uuid())
            .bind(after.map_or_else(uuid::Uuid::nil, UserId::uuid))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Of an account, the newest events first, behind `after`.
    #[boxed]
    pub async fn staff_list_of_user(
        &self,
        user: UserId,
        after: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<StaffPost>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_USER)
            .bind(user.uuid())
            .bind(after.map_or_else(uuid::Uuid::max, EventId::uuid))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Whether the account has a role at the event.
    #[boxed]
    pub async fn staff_set_role(
        &self,
        event: EventId,
        user: UserId,
        role: StaffRole,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        audited!(self, entry, sqlx::query(SET_ROLE).bind(event.uuid()).bind(user.uuid()).bind(role.name()))
            .map(|touched| touched == 1)
    }

    /// Whether the account had a role at the event.
    #[boxed]
    pub async fn staff_delete(
        &self,
        event: EventId,
        user: UserId,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        audited!(self, entry, sqlx::query(DELETE).bind(event.uuid()).bind(user.uuid())).map(|touched| touched == 1)
    }
}
