//! Who did what to which object. Rows are only ever added: one statement changes any, and it takes out where an account was
//! that has been erased. The databases refuse every other one.
//!
//! An entry is written with the change it tells of (`audited!`) where the change is a row, and after it where it is a
//! record of the journal.

use inventory::{EventId, TimeUs, UserId};
use uuid::{Builder, Uuid};

use super::{Role, Store, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::{named, row};

named! {
    /// How the actor proved who he is.
    pub enum AuditVia {
        Session = "session",
        ApiKey = "api_key",
        /// Nobody asked: the server did it.
        System = "system",
        /// Nobody known asked.
        Anonymous = "anonymous",
    }
}

row! {
    pub struct AuditEntry {
        /// A UUIDv7 of `at`.
        pub id: Uuid,
        pub at: TimeUs,
        pub actor_id: Option<UserId>,
        pub actor_role: Option<Role>,
        pub via: AuditVia,
        /// `noun.verb`.
        pub action: String,
        pub object_kind: String,
        pub object_id: Option<String>,
        /// The event whose organizer sees the entry.
        pub event_id: Option<EventId>,
        /// JSON object of what changed, as it was.
        pub old_values: Option<String>,
        /// JSON object of what changed, as it is now.
        pub new_values: Option<String>,
        pub ip: Option<String>,
        pub user_agent: Option<String>,
        pub request_id: Option<String>,
        /// Digest of the action and the change: a repeated request is not written twice.
        pub request_key: Option<[u8; 16]>,
    }
}

/// All that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub event: Option<EventId>,
    pub actor: Option<UserId>,
    pub object: Option<String>,
    pub action: Option<String>,
    /// To the millisecond.
    pub from: Option<TimeUs>,
    /// Excluded; to the millisecond.
    pub to: Option<TimeUs>,
}

pub(super) const INSERT: &str = "
    INSERT INTO audit_log (id, at, actor_id, actor_role, via, action, object_kind, object_id, event_id, old_values,
        new_values, ip, user_agent, request_id, request_key)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    ON CONFLICT (request_key) DO NOTHING";

/// What leads is looked up in an index, the rest is filtered.
macro_rules! list {
    ($lead:literal) => {
        concat!(
            "
    SELECT id, at, actor_id, actor_role, via, action, object_kind, object_id, event_id, old_values, new_values, ip,
        user_agent, request_id, request_key
    FROM audit_log
    WHERE ",
            $lead,
            " AND id < $1 AND id >= $2
        AND (event_id = $4 OR $4 IS NULL) AND (actor_id = $5 OR $5 IS NULL) AND (object_id = $6 OR $6 IS NULL)
        AND (action = $7 OR $7 IS NULL)
    ORDER BY id DESC LIMIT $3"
        )
    };
}

const LIST_OF_EVENT: &str = list!("event_id = $4");
const LIST_OF_OBJECT: &str = list!("object_id = $6");
const LIST_OF_ACTOR: &str = list!("actor_id = $5");
const LIST: &str = list!("1 = 1");

const LIST_OF_PERSON: &str = "
    SELECT id, at, actor_id, actor_role, via, action, object_kind, object_id, event_id, old_values, new_values, ip,
        user_agent, request_id, request_key
    FROM audit_log
    WHERE id < $1 AND (actor_id = $3 OR (object_id = $4 AND actor_id IS NULL AND via = 'anonymous'))
    ORDER BY id DESC LIMIT $2";

/// Where an erased account was when it did something. What was done stays.
pub(super) const FORGET_PLACES: &str = "
    UPDATE audit_log SET ip = NULL, user_agent = NULL
    WHERE actor_id = $1 AND (ip IS NOT NULL OR user_agent IS NOT NULL)";

/// The same of what was done to it, or to a login of it, by somebody who was not signed in: most likely its owner.
pub(super) const FORGET_PLACES_OF_OBJECT: &str = "
    UPDATE audit_log SET ip = NULL, user_agent = NULL
    WHERE object_id = $1 AND actor_id IS NULL AND via = 'anonymous' AND (ip IS NOT NULL OR user_agent IS NOT NULL)";

pub(super) const STATEMENTS: &[&str] = &[
    INSERT,
    LIST_OF_EVENT,
    LIST_OF_OBJECT,
    LIST_OF_ACTOR,
    LIST,
    LIST_OF_PERSON,
    FORGET_PLACES,
    FORGET_PLACES_OF_OBJECT,
];

/// Adds an entry inside a transaction.
macro_rules! audit {
    ($connection:expr, $entry:expr) => {{
        let entry: &$crate::AuditEntry = $entry;
        sqlx::query($crate::store::audit_log::INSERT)
            .bind(entry.id)
            .bind(entry.at.0)
            .bind(entry.actor_id.map(inventory::UserId::uuid))
            .bind(entry.actor_role.map($crate::Role::name))
            .bind(entry.via.name())
            .bind(&entry.action)
            .bind(&entry.object_kind)
            .bind(&entry.object_id)
            .bind(entry.event_id.map(inventory::EventId::uuid))
            .bind(&entry.old_values)
            .bind(&entry.new_values)
            .bind(&entry.ip)
            .bind(&entry.user_agent)
            .bind(&entry.request_id)
            .bind(entry.request_key.map(|key| key.to_vec()))
            .execute($connection)
    }};
}

/// A write of one statement with its entry, both or neither. No entry when it touched no row. Answers how many it touched.
macro_rules! audited {
    ($store:expr, $entry:expr, $query:expr) => {
        $crate::store::on_transaction!($store, transaction => async {
            let touched = $query.execute(&mut *transaction).await?.rows_affected();
            if touched > 0 && let Some(entry) = $entry {
                $crate::store::audit_log::audit!(&mut *transaction, entry).await?;
            }
            Ok(touched)
        })
    };
}

pub(crate) use {audit, audited};

impl Store {
    /// All of them or none. One whose `request_key` is known is passed over.
    #[boxed]
    pub async fn audit_append(&self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        on_transaction!(self, transaction => async {
            for entry in entries {
                audit!(&mut *transaction, entry).await?;
            }
            Ok(())
        })
    }

    /// Newest first, behind `after`.
    #[boxed]
    pub async fn audit_list(
        &self,
        filter: &AuditFilter,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let text = match filter {
            AuditFilter { event: Some(_), .. } => LIST_OF_EVENT,
            AuditFilter { object: Some(_), .. } => LIST_OF_OBJECT,
            AuditFilter { actor: Some(_), .. } => LIST_OF_ACTOR,
            _ => LIST,
        };
        let before = after.into_iter().chain(filter.to.map(first_id_of)).min().unwrap_or_else(Uuid::max);
        let from = filter.from.map_or_else(Uuid::nil, first_id_of);
        on_pool!(self, pool => sqlx::query_as(text)
            .bind(before)
            .bind(from)
            .bind(i64::from(limit))
            .bind(filter.event.map(EventId::uuid))
            .bind(filter.actor.map(UserId::uuid))
            .bind(&filter.object)
            .bind(&filter.action)
            .fetch_all(pool))
    }

    /// What an account has done, and what was done to it by somebody who was not signed in, such as a failed login. Newest
    /// first, behind `after`.
    #[boxed]
    pub async fn audit_list_of_person(
        &self,
        person: UserId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_PERSON)
            .bind(after.unwrap_or_else(Uuid::max))
            .bind(i64::from(limit))
            .bind(person.uuid())
            .bind(person.to_string())
            .fetch_all(pool))
    }
}

/// No id minted at `at` or later sorts before it.
fn first_id_of(at: TimeUs) -> Uuid {
    let millis = u64::try_from(at.0 / 1_000).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}
