//! The ledger, to be read. Entries of orders are written by journal commits, those of withdrawals and of refunds at providers
//! with them; none is ever changed.

use inventory::{Account, EntryId, EntryKind, EventId, Lsn, OrderId, PaymentId, TimeUs, UserId};
use uuid::Uuid;

use super::{Store, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::{Field, row};

row! {
    pub struct LedgerEntry {
        pub id: EntryId,
        pub event_id: Option<EventId>,
        pub order_id: Option<OrderId>,
        pub payment_id: Option<PaymentId>,
        /// Whose wallet is debited or credited.
        pub user_id: Option<UserId>,
        pub withdrawal_id: Option<Uuid>,
        /// The change that it follows from.
        pub lsn: Option<Lsn>,
        /// Position among the entries of the change.
        pub leg: u8,
        pub kind: EntryKind,
        pub debit: Account,
        pub credit: Account,
        pub amount_minor: i64,
        /// ISO 4217.
        pub currency: String,
        pub at: TimeUs,
    }
}

row! {
    /// Credits less debits of the accounts of one order.
    pub struct OrderBalances {
        pub order_id: OrderId,
        pub provider_minor: i64,
        pub box_office_minor: i64,
        pub sales_minor: i64,
        pub retained_minor: i64,
        pub refunds_due_minor: i64,
        pub wallet_minor: i64,
        /// By entries of this kind: owed back for tickets, by either way.
        pub refunded_minor: i64,
        /// By providers and at the box office.
        pub captured_minor: i64,
        pub refused_minor: i64,
    }
}

impl Field for EntryKind {
    type Column = String;

    fn from_column(column: String) -> Result<Self, sqlx::error::BoxDynError> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == column);
        found.ok_or_else(|| format!("`{column}` is no kind of ledger entry").into())
    }
}

impl Field for Account {
    type Column = String;

    fn from_column(column: String) -> Result<Self, sqlx::error::BoxDynError> {
        let found = Self::ALL.into_iter().find(|account| account.name() == column);
        found.ok_or_else(|| format!("`{column}` is no account of the ledger").into())
    }
}

macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "
    SELECT id, event_id, order_id, payment_id, user_id, withdrawal_id, lsn, leg, kind, debit, credit, amount_minor,
        currency, at
    FROM ledger_entries WHERE ",
            $rest
        )
    };
}

const LIST_OF_EVENT: &str = entries!("event_id = $1 AND lsn > $2 ORDER BY lsn, leg LIMIT $3");

const LIST_OF_CHANGE: &str = entries!("event_id = $1 AND lsn = $2 ORDER BY leg");

const LIST_OF_WALLET: &str = entries!("user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");

macro_rules! balance {
    ($account:literal, $name:literal) => {
        concat!(
            "CAST(COALESCE(SUM(CASE WHEN credit = '",
            $account,
            "' THEN amount_minor WHEN debit = '",
            $account,
            "' THEN -amount_minor ELSE 0 END), 0) AS bigint) AS ",
            $name
        )
    };
}

macro_rules! balances {
    ($condition:literal) => {
        concat!(
            "
    SELECT order_id, ",
            balance!("provider", "provider_minor"),
            ", ",
            balance!("box_office", "box_office_minor"),
            ", ",
            balance!("sales", "sales_minor"),
            ", ",
            balance!("retained", "retained_minor"),
            ", ",
            balance!("refunds_due", "refunds_due_minor"),
            ", ",
            balance!("wallet", "wallet_minor"),
            ",
        CAST(COALESCE(SUM(CASE WHEN kind IN ('refunded', 'refunded_to_wallet') THEN amount_minor ELSE 0 END), 0)
            AS bigint) AS refunded_minor,
        CAST(COALESCE(SUM(CASE WHEN kind IN ('captured', 'sold_at_box_office') THEN amount_minor ELSE 0 END), 0)
            AS bigint) AS captured_minor,
        CAST(COALESCE(SUM(CASE WHEN kind = 'refused' THEN amount_minor ELSE 0 END), 0) AS bigint) AS refused_minor
    FROM ledger_entries WHERE event_id = $1 AND order_id > $2 ",
            $condition,
            " GROUP BY order_id ORDER BY order_id LIMIT $3"
        )
    };
}

const BALANCES: &str = balances!("");

/// Entries that follow from no change that is known are of before.
const BALANCES_UNTIL: &str = balances!("AND (lsn IS NULL OR lsn <= $4)");

const BACKFILL: &str = "
    INSERT INTO ledger_entries (id, event_id, order_id, payment_id, user_id, lsn, leg, kind, debit, credit, amount_minor,
        currency, at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (id) DO NOTHING";

pub(super) const INSERT: &str = "
    INSERT INTO ledger_entries (id, user_id, withdrawal_id, leg, kind, debit, credit, amount_minor, currency, at)
    VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9)";

pub(super) const STATEMENTS: &[&str] =
    &[LIST_OF_EVENT, LIST_OF_CHANGE, LIST_OF_WALLET, BALANCES, BALANCES_UNTIL, BACKFILL, INSERT];

/// Adds an entry of a withdrawal inside its transaction.
macro_rules! enter {
    ($connection:expr, $id:expr, $kind:expr, $withdrawal:expr, $at:expr) => {{
        let kind: inventory::EntryKind = $kind;
        let withdrawal: &$crate::Withdrawal = $withdrawal;
        let (debit, credit) = kind.accounts();
        sqlx::query($crate::store::ledger::INSERT)
            .bind($id)
            .bind(withdrawal.user_id.uuid())
            .bind(withdrawal.id)
            .bind(kind.name())
            .bind(debit.name())
            .bind(credit.name())
            .bind(withdrawal.amount_minor)
            .bind(&withdrawal.currency)
            .bind($at.0)
            .execute(&mut *$connection)
    }};
}

pub(crate) use enter;

impl Store {
    /// By LSN and leg, of changes behind `after`.
    #[boxed]
    pub async fn ledger_list(&self, event: EventId, after: Lsn, limit: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_EVENT)
            .bind(event.uuid())
            .bind(i64::try_from(after.0).unwrap_or(i64::MAX))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// What one change has moved, by leg: how much an outbox entry of that change is about.
    #[boxed]
    pub async fn ledger_of_change(&self, event: EventId, lsn: Lsn) -> Result<Vec<LedgerEntry>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_CHANGE)
            .bind(event.uuid())
            .bind(i64::try_from(lsn.0).unwrap_or(i64::MAX))
            .fetch_all(pool))
    }

    /// Of the user's wallet, newest first, behind `after`.
    #[boxed]
    pub async fn ledger_of_wallet(
        &self,
        user: UserId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_WALLET)
            .bind(user.uuid())
            .bind(after.unwrap_or_else(Uuid::max))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Of the event's orders that money was moved for, by id, behind `after`.
    #[boxed]
    pub async fn ledger_balances(
        &self,
        event: EventId,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<OrderBalances>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(BALANCES)
            .bind(event.uuid())
            .bind(after.map_or_else(Uuid::nil, OrderId::uuid))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// As [`Self::ledger_balances`], as they were when the change `until` was made.
    #[boxed]
    pub async fn ledger_balances_until(
        &self,
        event: EventId,
        until: Lsn,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<OrderBalances>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(BALANCES_UNTIL)
            .bind(event.uuid())
            .bind(after.map_or_else(Uuid::nil, OrderId::uuid))
            .bind(i64::from(limit))
            .bind(i64::try_from(until.0).unwrap_or(i64::MAX))
            .fetch_all(pool))
    }

    /// Entries of orders that the commit of their change did not write. All of them or none; one that is there stays as it
    /// is. How many were missing.
    #[boxed]
    pub async fn ledger_backfill(&self, entries: &[LedgerEntry]) -> Result<u64, StoreError> {
        on_transaction!(self, transaction => async {
            let mut missing = 0;
            for entry in entries {
                let insert = sqlx::query(BACKFILL)
                    .bind(entry.id.uuid())
                    .bind(entry.event_id.map(EventId::uuid))
                    .bind(entry.order_id.map(OrderId::uuid))
                    .bind(entry.payment_id.map(PaymentId::uuid))
                    .bind(entry.user_id.map(UserId::uuid))
                    .bind(entry.lsn.map(|lsn| i64::try_from(lsn.0).unwrap_or(i64::MAX)))
                    .bind(i64::from(entry.leg))
                    .bind(entry.kind.name())
                    .bind(entry.debit.name())
                    .bind(entry.credit.name())
                    .bind(entry.amount_minor)
                    .bind(&entry.currency)
                    .bind(entry.at.0);
                missing += insert.execute(&mut *transaction).await?.rows_affected();
            }
            Ok(missing)
        })
    }
}
