//! The end of an account. Its row is deleted and what hangs on it goes by the database's own rules; what names it without
//! hanging on it is deleted here. A row without a person takes its place, for the orders, events and books that name it. A
//! test demands a word about every column that names accounts, so that none made later is forgotten.

use inventory::{TimeUs, UserId};
use uuid::Uuid;

use super::audit_log::{FORGET_PLACES, FORGET_PLACES_OF_OBJECT, audit};
use super::users::{LOCK_ADMINS, Role, UserStatus, email_key};
use super::withdrawals::FORGET_PAYOUTS;
use super::{AuditEntry, Store, mails, on_transaction, priority_passes, ticket_transfers, waitlist};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

/// What becomes of the wish to erase an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// Its logins that could have gone on.
    Done { sessions: Vec<Uuid> },
    /// It organizes events that are published and not over.
    EventsLive,
    /// Nobody else could administer the server.
    LastAdmin,
    /// There is money in its wallet, or on its way out of it.
    WalletNotEmpty,
    /// There is no such account.
    Unknown,
}

row! {
    pub struct Account {
        pub email: String,
        pub email_confirmed_at: Option<TimeUs>,
        pub created_at: TimeUs,
        pub role: Role,
        pub status: UserStatus,
        pub live_events: i64,
        pub other_admins: i64,
        /// Currencies in which the wallet, or what is asked out of it, is not at zero.
        pub wallets: i64,
    }
}

row! {
    pub struct Family {
        pub id: Uuid,
        pub created_at: TimeUs,
        pub expires_at: TimeUs,
    }
}

const FIND: &str = "
    SELECT users.email, users.email_confirmed_at, users.created_at, users.role, users.status,
        (SELECT COUNT(*) FROM events WHERE organizer_id = users.id AND events.status = 'published'
            AND COALESCE(ends_at, starts_at) > $2) AS live_events,
        (SELECT COUNT(*) FROM users AS other WHERE other.role = 'admin' AND other.status = 'active'
            AND other.id <> users.id) AS other_admins,
        (SELECT COUNT(*) FROM (SELECT currency FROM ledger_entries WHERE user_id = $1 GROUP BY currency
            HAVING SUM(CASE WHEN credit IN ('wallet', 'withdrawals_due') THEN amount_minor ELSE 0 END)
                <> SUM(CASE WHEN debit IN ('wallet', 'withdrawals_due') THEN amount_minor ELSE 0 END)) AS used
        ) AS wallets
    FROM users WHERE users.id = $1 AND users.erased_at IS NULL";

const FAMILIES: &str = "SELECT id, created_at, expires_at FROM refresh_families WHERE user_id = $1 AND expires_at > $2";

const DELETE_ATTENDEES: &str = "
    DELETE FROM attendees WHERE order_id IN (SELECT id FROM orders WHERE customer_id = $1)";

/// Whom he has named on tickets of other people's orders.
const DELETE_NAMED: &str = "DELETE FROM attendees WHERE holder_id = $1";

const DELETE_SEAT_MAPS: &str = "
    DELETE FROM venue_seat_maps WHERE venue_id IN (SELECT id FROM venues WHERE owner_id = $1)";

/// Events have copies of what they took from them.
const DELETE_VENUES: &str = "DELETE FROM venues WHERE owner_id = $1";

const DELETE: &str = "DELETE FROM users WHERE id = $1 AND erased_at IS NULL";

const INSERT_NOBODY: &str = "
    INSERT INTO users (id, name, email, email_key, password_hash, role, status, created_at, erased_at)
    VALUES ($1, '', '', $2, '', 'attendee', 'suspended', $3, $4)";

/// Without it nodes that have seen one of its tokens would not hear that it has ended.
const INSERT_FAMILY: &str = "
    INSERT INTO refresh_families (id, user_id, created_at, expires_at, revoked_at) VALUES ($1, $2, $3, $4, $5)";

pub(super) const STATEMENTS: &[&str] = &[
    FIND,
    FAMILIES,
    DELETE_ATTENDEES,
    DELETE_NAMED,
    DELETE_SEAT_MAPS,
    DELETE_VENUES,
    DELETE,
    INSERT_NOBODY,
    INSERT_FAMILY,
];

impl Store {
    /// Whether there are reasons against it is decided in the transaction that erases: of the last two admins one stays,
    /// however they ask.
    #[boxed]
    pub async fn user_erase(
        &self,
        user: UserId,
        now: TimeUs,
        entry: Option<&AuditEntry>,
    ) -> Result<Erasure, StoreError> {
        // No address has this form, so nobody can register it.
        let nobody = format!("erased:{user}");
        on_transaction!(self, transaction => async {
            sqlx::query(LOCK_ADMINS).execute(&mut *transaction).await?;
            let find = sqlx::query_as(FIND).bind(user.uuid()).bind(now.0);
            let found: Option<Account> = find.fetch_optional(&mut *transaction).await?;
            let account = match found.ok_or(Erasure::Unknown).and_then(Account::may_go) {
                Ok(account) => account,
                Err(stays) => return Ok(stays),
            };
            let families: Vec<Family> =
                sqlx::query_as(FAMILIES).bind(user.uuid()).bind(now.0).fetch_all(&mut *transaction).await?;
            for statement in [
                DELETE_ATTENDEES,
                DELETE_NAMED,
                FORGET_PAYOUTS,
                priority_passes::FORGET_USER,
                DELETE_SEAT_MAPS,
                DELETE_VENUES,
                waitlist::FORGET_CUSTOMER,
            ] {
                sqlx::query(statement).bind(user.uuid()).execute(&mut *transaction).await?;
            }
            // What was sent to an address that nobody has confirmed is its owner's, whoever has registered it.
            if account.email_confirmed_at.is_some() {
                for statement in [ticket_transfers::FORGET_RECIPIENT, mails::FORGET_RECIPIENT] {
                    sqlx::query(statement).bind(email_key(&account.email)).execute(&mut *transaction).await?;
                }
            }
            sqlx::query(DELETE).bind(user.uuid()).execute(&mut *transaction).await?;
            let insert = sqlx::query(INSERT_NOBODY).bind(user.uuid()).bind(&nobody).bind(account.created_at.0);
            insert.bind(now.0).execute(&mut *transaction).await?;
            for family in &families {
                sqlx::query(INSERT_FAMILY)
                    .bind(family.id)
                    .bind(user.uuid())
                    .bind(family.created_at.0)
                    .bind(family.expires_at.0)
                    .bind(now.0)
                    .execute(&mut *transaction)
                    .await?;
            }
            sqlx::query(FORGET_PLACES).bind(user.uuid()).execute(&mut *transaction).await?;
            for object in families.iter().map(|family| family.id).chain([user.uuid()]) {
                sqlx::query(FORGET_PLACES_OF_OBJECT).bind(object.to_string()).execute(&mut *transaction).await?;
            }
            if let Some(entry) = entry {
                audit!(&mut *transaction, entry).await?;
            }
            Ok(Erasure::Done { sessions: families.into_iter().map(|family| family.id).collect() })
        })
    }
}

impl Account {
    fn may_go(self) -> Result<Self, Erasure> {
        if self.live_events > 0 {
            return Err(Erasure::EventsLive);
        }
        if self.wallets > 0 {
            return Err(Erasure::WalletNotEmpty);
        }
        let is_admin = self.role == Role::Admin && self.status == UserStatus::Active;
        if is_admin && self.other_admins == 0 { Err(Erasure::LastAdmin) } else { Ok(self) }
    }
}
