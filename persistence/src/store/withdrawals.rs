//! Money on its way out of wallets. It leaves the wallet when it is asked for, so that nobody asks twice for the same; an
//! admin pays it out by hand and says so, or gives it back.

use inventory::{EntryKind, TimeUs, UserId};
use uuid::Uuid;

use super::audit_log::audit;
use super::ledger::enter;
use super::wallets::{BALANCE, LOCK};
use super::{AuditEntry, Store, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::{named, row};

named! {
    pub enum WithdrawalStatus {
        Pending = "pending",
        /// Paid out.
        Approved = "approved",
        /// Back in the wallet.
        Rejected = "rejected",
    }
}

row! {
    pub struct Withdrawal {
        /// A UUIDv7 of `created_at`.
        pub id: Uuid,
        pub user_id: UserId,
        pub amount_minor: i64,
        /// ISO 4217.
        pub currency: String,
        pub status: WithdrawalStatus,
        pub created_at: TimeUs,
        pub decided_at: Option<TimeUs>,
        pub decided_by: Option<UserId>,
        pub reason: Option<String>,
        /// Where it is paid out to, sealed. `None`: asked for before that was said, or its account was erased.
        pub payout: Option<Vec<u8>>,
        /// Masked.
        pub payout_iban: Option<String>,
        pub payout_holder: Option<String>,
    }
}

#[derive(Clone, Debug)]
pub struct NewWithdrawal {
    pub id: Uuid,
    pub user: UserId,
    /// Above zero.
    pub amount_minor: i64,
    pub currency: String,
    /// Where it is paid out to, sealed.
    pub payout: Vec<u8>,
    /// Masked.
    pub payout_iban: String,
    pub payout_holder: String,
    pub now: TimeUs,
    /// Of the idempotency key, if there is one.
    pub request_key: Option<[u8; 16]>,
    /// Undecided ones that the user may have, this one included.
    pub pending_max: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithdrawalRefusal {
    /// The wallet has less.
    Funds {
        balance_minor: i64,
    },
    TooMany,
    /// The key belongs to another withdrawal.
    KeyReused,
}

#[derive(Clone, Debug)]
pub struct WithdrawalDecision {
    pub id: Uuid,
    /// Of the ledger's entry.
    pub entry_id: Uuid,
    pub is_approved: bool,
    pub by: UserId,
    pub now: TimeUs,
    pub reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum WithdrawalDecided {
    Done(Withdrawal),
    /// By somebody, before. As it is.
    Before(Withdrawal),
    Unknown,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct WithdrawalFilter {
    /// `None`: everybody's.
    pub user: Option<UserId>,
    pub status: Option<WithdrawalStatus>,
}

const FIND: &str = "
    SELECT id, user_id, amount_minor, currency, status, created_at, decided_at, decided_by, reason,
        payout, payout_iban, payout_holder
    FROM withdrawals WHERE id = $1";

const FIND_BY_KEY: &str = "
    SELECT id, user_id, amount_minor, currency, status, created_at, decided_at, decided_by, reason,
        payout, payout_iban, payout_holder
    FROM withdrawals WHERE request_key = $1";

const PENDING: &str = "SELECT COUNT(*) AS pending FROM withdrawals WHERE user_id = $1 AND status = 'pending'";

const INSERT: &str = "
    INSERT INTO withdrawals (id, user_id, amount_minor, currency, status, created_at, request_key, payout, payout_iban,
        payout_holder)
    VALUES ($1, $2, $3, $4, 'pending', $5, $6, $7, $8, $9)";

const DECIDE: &str = "
    UPDATE withdrawals SET status = $2, decided_at = $3, decided_by = $4, reason = $5
    WHERE id = $1 AND status = 'pending'
    RETURNING id, user_id, amount_minor, currency, status, created_at, decided_at, decided_by, reason, payout,
        payout_iban, payout_holder";

const LIST: &str = "
    SELECT id, user_id, amount_minor, currency, status, created_at, decided_at, decided_by, reason,
        payout, payout_iban, payout_holder
    FROM withdrawals
    WHERE id < $1 AND (CAST($2 AS text) IS NULL OR status = $2)
    ORDER BY id DESC LIMIT $3";

const LIST_OF_USER: &str = "
    SELECT id, user_id, amount_minor, currency, status, created_at, decided_at, decided_by, reason,
        payout, payout_iban, payout_holder
    FROM withdrawals
    WHERE user_id = $4 AND id < $1 AND (CAST($2 AS text) IS NULL OR status = $2)
    ORDER BY id DESC LIMIT $3";

/// Of an account that is erased.
pub(super) const FORGET_PAYOUTS: &str = "
    UPDATE withdrawals SET payout = NULL, payout_iban = NULL, payout_holder = NULL
    WHERE user_id = $1 AND payout IS NOT NULL";

pub(super) const STATEMENTS: &[&str] =
    &[FIND, FIND_BY_KEY, PENDING, INSERT, DECIDE, LIST, LIST_OF_USER, FORGET_PAYOUTS];

impl Withdrawal {
    fn repeated(self, new: &NewWithdrawal) -> Result<Self, WithdrawalRefusal> {
        if (self.user_id, self.amount_minor, &self.currency) != (new.user, new.amount_minor, &new.currency) {
            return Err(WithdrawalRefusal::KeyReused);
        }
        Ok(Self { status: WithdrawalStatus::Pending, decided_at: None, decided_by: None, reason: None, ..self })
    }
}

impl Store {
    /// Takes the money out of the wallet, or says why not. Asked again under the same key, it takes nothing and is answered
    /// as it was made; whether it was to be paid out to the same is for the caller to see.
    #[boxed]
    pub async fn withdrawal_insert(
        &self,
        new: &NewWithdrawal,
        entry: &AuditEntry,
    ) -> Result<Result<Withdrawal, WithdrawalRefusal>, StoreError> {
        on_transaction!(self, transaction => async {
            sqlx::query(LOCK).bind(new.user.uuid()).execute(&mut *transaction).await?;
            let request_key = new.request_key.map(|key| key.to_vec());
            let known = sqlx::query_as(FIND_BY_KEY).bind(&request_key);
            let known: Option<Withdrawal> = known.fetch_optional(&mut *transaction).await?;
            if let Some(known) = known {
                return Ok(known.repeated(new));
            }
            let balance = sqlx::query_scalar(BALANCE).bind(new.user.uuid()).bind(&new.currency);
            let balance_minor: i64 = balance.fetch_one(&mut *transaction).await?;
            if balance_minor < new.amount_minor {
                return Ok(Err(WithdrawalRefusal::Funds { balance_minor }));
            }
            let pending = sqlx::query_scalar(PENDING).bind(new.user.uuid());
            let pending: i64 = pending.fetch_one(&mut *transaction).await?;
            if pending >= i64::from(new.pending_max) {
                return Ok(Err(WithdrawalRefusal::TooMany));
            }
            sqlx::query(INSERT)
                .bind(new.id)
                .bind(new.user.uuid())
                .bind(new.amount_minor)
                .bind(&new.currency)
                .bind(new.now.0)
                .bind(&request_key)
                .bind(&new.payout)
                .bind(&new.payout_iban)
                .bind(&new.payout_holder)
                .execute(&mut *transaction)
                .await?;
            let made: Withdrawal = sqlx::query_as(FIND).bind(new.id).fetch_one(&mut *transaction).await?;
            enter!(transaction, made.id, EntryKind::WithdrawalRequested, &made, new.now).await?;
            audit!(&mut *transaction, entry).await?;
            Ok(Ok(made))
        })
    }

    /// Once and for all.
    #[boxed]
    pub async fn withdrawal_decide(
        &self,
        decision: &WithdrawalDecision,
        entry: &AuditEntry,
    ) -> Result<WithdrawalDecided, StoreError> {
        let (status, kind) = if decision.is_approved {
            (WithdrawalStatus::Approved, EntryKind::WithdrawalPaid)
        } else {
            (WithdrawalStatus::Rejected, EntryKind::WithdrawalReturned)
        };
        on_transaction!(self, transaction => async {
            let decide = sqlx::query_as(DECIDE)
                .bind(decision.id)
                .bind(status.name())
                .bind(decision.now.0)
                .bind(decision.by.uuid())
                .bind(&decision.reason);
            let decided: Option<Withdrawal> = decide.fetch_optional(&mut *transaction).await?;
            let Some(decided) = decided else {
                let before: Option<Withdrawal> =
                    sqlx::query_as(FIND).bind(decision.id).fetch_optional(&mut *transaction).await?;
                return Ok(before.map_or(WithdrawalDecided::Unknown, WithdrawalDecided::Before));
            };
            enter!(transaction, decision.entry_id, kind, &decided, decision.now).await?;
            audit!(&mut *transaction, entry).await?;
            Ok(WithdrawalDecided::Done(decided))
        })
    }

    #[boxed]
    pub async fn withdrawal_find(&self, id: Uuid) -> Result<Option<Withdrawal>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(id).fetch_optional(pool))
    }

    /// Newest first, behind `after`.
    #[boxed]
    pub async fn withdrawal_list(
        &self,
        filter: WithdrawalFilter,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Withdrawal>, StoreError> {
        let after = after.unwrap_or_else(Uuid::max);
        let status = filter.status.map(WithdrawalStatus::name);
        match filter.user {
            Some(user) => on_pool!(self, pool => sqlx::query_as(LIST_OF_USER)
                .bind(after)
                .bind(status)
                .bind(i64::from(limit))
                .bind(user.uuid())
                .fetch_all(pool)),
            None => on_pool!(self, pool => sqlx::query_as(LIST)
                .bind(after)
                .bind(status)
                .bind(i64::from(limit))
                .fetch_all(pool)),
        }
    }
}
