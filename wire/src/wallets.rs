use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Money;

/// By currency; none that nothing was ever moved in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Wallet {
    pub balances: Vec<WalletBalance>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WalletBalance {
    /// What can be asked to be paid out.
    pub available: Money,
    /// Of withdrawals that are not decided.
    pub reserved: Money,
}

/// One movement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WalletEntry {
    pub id: Uuid,
    pub kind: WalletEntryKind,
    /// Below zero when money leaves the wallet; zero when what had left it before was paid out.
    pub change: Money,
    pub at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawal_id: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WalletEntryKind {
    Refund,
    WithdrawalRequested,
    WithdrawalPaid,
    WithdrawalReturned,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawalRequest {
    /// Above zero, and no more than is available in this currency.
    pub amount: Money,
    /// Where it is paid out to.
    pub payout: Payout,
}

/// A bank account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Payout {
    /// With or without spaces; its check digits must fit.
    #[schema(example = "DE44 5001 0517 5407 3249 31")]
    pub iban: String,
    /// Name of its holder. 1 to 70 characters.
    pub holder: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Withdrawal {
    pub id: Uuid,
    pub user_id: Uuid,
    pub amount: Money,
    pub status: WithdrawalStatus,
    /// Where it is paid out to, masked: the country and the end of the number, and initials. Admins see the whole by
    /// `GET /withdrawals/{id}/payout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payout: Option<Payout>,
    pub created_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<DateTime<Utc>>,
    /// What the admin said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WithdrawalStatus {
    Pending,
    /// Paid out.
    Approved,
    /// Back in the wallet.
    Rejected,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawalPatch {
    /// `approved` or `rejected`.
    pub status: WithdrawalStatus,
    /// For the user. Up to 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
