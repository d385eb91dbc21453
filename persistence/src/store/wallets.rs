//! What users may spend or have paid out: counted from the ledger, never kept.

use inventory::UserId;

use super::{Store, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct WalletBalance {
        /// ISO 4217.
        pub currency: String,
        pub balance_minor: i64,
        /// Asked for, and not decided.
        pub reserved_minor: i64,
    }
}

/// Whoever takes it decides by a balance that nobody else lowers before the end of the transaction.
pub(super) const LOCK: &str =
    "INSERT INTO wallets (user_id) VALUES ($1) ON CONFLICT (user_id) DO UPDATE SET user_id = excluded.user_id";

const BALANCES: &str = "
    SELECT currency,
        CAST(SUM(CASE WHEN credit = 'wallet' THEN amount_minor WHEN debit = 'wallet' THEN -amount_minor ELSE 0 END)
            AS bigint) AS balance_minor,
        CAST(SUM(CASE WHEN credit = 'withdrawals_due' THEN amount_minor
            WHEN debit = 'withdrawals_due' THEN -amount_minor ELSE 0 END) AS bigint) AS reserved_minor
    FROM ledger_entries WHERE user_id = $1 GROUP BY currency ORDER BY currency";

pub(super) const BALANCE: &str = "
    SELECT CAST(COALESCE(SUM(CASE WHEN credit = 'wallet' THEN amount_minor WHEN debit = 'wallet' THEN -amount_minor
        ELSE 0 END), 0) AS bigint) AS balance
    FROM ledger_entries WHERE user_id = $1 AND currency = $2";

pub(super) const STATEMENTS: &[&str] = &[LOCK, BALANCES, BALANCE];

impl Store {
    /// By currency.
    #[boxed]
    pub async fn wallet_balances(&self, user: UserId) -> Result<Vec<WalletBalance>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(BALANCES).bind(user.uuid()).fetch_all(pool))
    }
}
