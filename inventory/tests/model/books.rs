//! The ledger of the fast core, kept entry by entry: I6 after every change.

use std::collections::{BTreeMap, BTreeSet};

use inventory::{
    Account, Change, EntryId, Inventory, OrderId, PaymentId, Record, RefundOrder, RefundRight, RefundTo, Row, TicketId,
    TimeUs, UserId, Verb,
};
use proptest::prelude::*;

use crate::arena::{SECOND_US, START_US};
use crate::pair::Checked;
use crate::steps::Right;

#[derive(Default)]
pub struct Books {
    entries: BTreeSet<EntryId>,
    /// Credits less debits.
    balances: BTreeMap<(OrderId, Account), i64>,
    turned_away: BTreeMap<OrderId, (BTreeSet<PaymentId>, i64)>,
}

impl Books {
    /// Right after the record was applied.
    pub fn enter(&mut self, fast: &Inventory, record: &Record) -> Checked {
        let mut rows = Vec::new();
        fast.rows(record, &mut rows);
        for row in rows {
            let Row::Ledger(entry) = row else { continue };
            prop_assert!(entry.amount_minor > 0, "{:?}", entry);
            prop_assert!(self.entries.insert(entry.id), "an entry of another change has this name: {:?}", entry);
            let (debit, credit) = entry.kind.accounts();
            *self.balances.entry((entry.order, debit)).or_default() -= entry.amount_minor;
            *self.balances.entry((entry.order, credit)).or_default() += entry.amount_minor;
            prop_assert_eq!(entry.user.is_some(), credit == Account::Wallet);
        }
        if let Change::PaymentRefused { order, payment, amount_minor } = &record.change {
            let (payments, total_minor) = self.turned_away.entry(*order).or_default();
            prop_assert!(payments.insert(*payment));
            *total_minor += amount_minor;
        }
        self.check(fast)
    }

    /// What came in stands as tickets, was kept, went to the buyer or is owed to him.
    fn check(&self, fast: &Inventory) -> Checked {
        for money in fast.money() {
            let balance = |account| self.balances.get(&(money.order, account)).copied().unwrap_or(0);
            let refused_minor = self.turned_away.get(&money.order).map_or(0, |(_, minor)| *minor);
            let back_minor = balance(Account::RefundsDue) + balance(Account::Wallet);
            prop_assert_eq!(balance(Account::Sales), money.standing_minor);
            prop_assert_eq!(back_minor, money.refunded_minor + refused_minor);
            let taken_minor = -balance(Account::Provider) - balance(Account::BoxOffice);
            prop_assert_eq!(taken_minor, money.captured_minor + refused_minor);
            let kept_minor = balance(Account::Retained);
            prop_assert_eq!(money.standing_minor + kept_minor + money.refunded_minor, money.captured_minor);
        }
        Ok(())
    }
}

/// `amount_minor`: of an organizer.
pub fn refund(
    order: OrderId,
    tickets: Vec<TicketId>,
    amount_minor: Option<i64>,
    right: Right,
    customer: impl Fn(bool) -> UserId,
    wallet: bool,
) -> Verb {
    let right = match right {
        Right::Organizer => RefundRight::Organizer { amount_minor },
        Right::Promise { starts_s, stranger } => {
            RefundRight::Promise { customer: customer(stranger), starts_at: TimeUs(START_US + starts_s * SECOND_US) }
        }
        Right::Cancellation => RefundRight::Cancellation,
    };
    let to = if wallet { RefundTo::Wallet } else { RefundTo::Original };
    Verb::RefundOrder(RefundOrder { order, tickets, right, to })
}
