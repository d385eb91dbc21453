//! Movements of wallets and withdrawals, as the API shows them.

use inventory::{Account, EntryKind, EventId, OrderId};
use persistence::{LedgerEntry, WithdrawalStatus as Stored};
use wire::{Money, Payout, WalletEntry, WalletEntryKind, Withdrawal, WithdrawalStatus};

use crate::time;

pub fn entry(entry: LedgerEntry) -> WalletEntry {
    let change_minor = match (entry.debit, entry.credit) {
        (Account::Wallet, _) => -entry.amount_minor,
        (_, Account::Wallet) => entry.amount_minor,
        _ => 0,
    };
    WalletEntry {
        id: entry.id.uuid(),
        kind: kind(entry.kind),
        change: Money { amount_minor: change_minor, currency: entry.currency },
        at: time::utc(entry.at),
        order_id: entry.order_id.map(OrderId::uuid),
        event_id: entry.event_id.map(EventId::uuid),
        withdrawal_id: entry.withdrawal_id,
    }
}

/// Entries of other kinds are of no wallet.
const fn kind(kind: EntryKind) -> WalletEntryKind {
    match kind {
        EntryKind::WithdrawalRequested => WalletEntryKind::WithdrawalRequested,
        EntryKind::WithdrawalPaid => WalletEntryKind::WithdrawalPaid,
        EntryKind::WithdrawalReturned => WalletEntryKind::WithdrawalReturned,
        EntryKind::RefundedToWallet
        | EntryKind::Captured
        | EntryKind::Refused
        | EntryKind::Refunded
        | EntryKind::FeeKept
        | EntryKind::Granted
        | EntryKind::RefundPaid
        | EntryKind::SoldAtBoxOffice
        | EntryKind::PaidOutAtBoxOffice => WalletEntryKind::Refund,
    }
}

pub fn withdrawal(withdrawal: persistence::Withdrawal) -> Withdrawal {
    Withdrawal {
        id: withdrawal.id,
        user_id: withdrawal.user_id.uuid(),
        amount: Money { amount_minor: withdrawal.amount_minor, currency: withdrawal.currency },
        status: status(withdrawal.status),
        payout: withdrawal.payout_iban.zip(withdrawal.payout_holder).map(|(iban, holder)| Payout { iban, holder }),
        created_at: time::utc(withdrawal.created_at),
        decided_at: withdrawal.decided_at.map(time::utc),
        reason: withdrawal.reason,
    }
}

const fn status(status: Stored) -> WithdrawalStatus {
    match status {
        Stored::Pending => WithdrawalStatus::Pending,
        Stored::Approved => WithdrawalStatus::Approved,
        Stored::Rejected => WithdrawalStatus::Rejected,
    }
}

pub const fn stored(status: WithdrawalStatus) -> Stored {
    match status {
        WithdrawalStatus::Pending => Stored::Pending,
        WithdrawalStatus::Approved => Stored::Approved,
        WithdrawalStatus::Rejected => Stored::Rejected,
    }
}
