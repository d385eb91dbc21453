//! Double entry: every movement of money is a row that debits one account and credits another, written by the commit of the
//! change that moves it. A row is both legs, so that the books balance whatever is written; what can be wrong is that a row
//! is missing or too many, which the audit finds by replay. Amounts are above zero, in minor units of one currency.
//!
//! | account | of | its balance |
//! |---|---|---|
//! | `provider` | order | what payment providers have taken in for us, and not given back (debit) |
//! | `box_office` | order | what the box office has taken in and not paid out (debit) |
//! | `sales` | order | the price of tickets that stand (credit) |
//! | `retained` | order | kept of refunded tickets, less what was given beyond their price (credit) |
//! | `refunds_due` | order | owed to the buyer by the way it came (credit) |
//! | `wallet` | user | what he may spend or have paid out (credit) |
//! | `withdrawals_due` | user | asked for, and not decided (credit) |
//! | `bank` | user | paid out by hand (credit) |
//!
//! The row's name follows from its event, LSN and leg: written again, it is the same row.

use crate::tickets::mix;
use crate::{
    Change, Currency, EntryId, EventId, Inventory, Lsn, OrderId, OrderStatus, PaymentId, Record, RefundTo, Row,
    TicketId, TimeUs, UserId,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Account {
    Provider,
    Sales,
    Retained,
    RefundsDue,
    Wallet,
    WithdrawalsDue,
    Bank,
    BoxOffice,
}

impl Account {
    pub const ALL: [Self; 8] = [
        Self::Provider,
        Self::Sales,
        Self::Retained,
        Self::RefundsDue,
        Self::Wallet,
        Self::WithdrawalsDue,
        Self::Bank,
        Self::BoxOffice,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Sales => "sales",
            Self::Retained => "retained",
            Self::RefundsDue => "refunds_due",
            Self::Wallet => "wallet",
            Self::WithdrawalsDue => "withdrawals_due",
            Self::Bank => "bank",
            Self::BoxOffice => "box_office",
        }
    }
}

/// Why money moved: between which accounts follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryKind {
    /// A payment bought tickets.
    Captured,
    /// A payment bought nothing: it is owed back.
    Refused,
    /// Owed back for tickets.
    Refunded,
    /// Back for tickets, into the wallet.
    RefundedToWallet,
    /// Of the price of refunded tickets.
    FeeKept,
    /// Given back beyond the price of the refunded tickets.
    Granted,
    /// What was owed back has gone back, at the provider.
    RefundPaid,
    /// Reserved for whoever asked to have it paid out.
    WithdrawalRequested,
    WithdrawalPaid,
    /// Back in the wallet.
    WithdrawalReturned,
    /// The box office took it for tickets.
    SoldAtBoxOffice,
    /// What was owed back was paid out, at the box office.
    PaidOutAtBoxOffice,
}

impl EntryKind {
    pub const ALL: [Self; 12] = [
        Self::Captured,
        Self::Refused,
        Self::Refunded,
        Self::RefundedToWallet,
        Self::FeeKept,
        Self::Granted,
        Self::RefundPaid,
        Self::WithdrawalRequested,
        Self::WithdrawalPaid,
        Self::WithdrawalReturned,
        Self::SoldAtBoxOffice,
        Self::PaidOutAtBoxOffice,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::Refused => "refused",
            Self::Refunded => "refunded",
            Self::RefundedToWallet => "refunded_to_wallet",
            Self::FeeKept => "fee_kept",
            Self::Granted => "granted",
            Self::RefundPaid => "refund_paid",
            Self::WithdrawalRequested => "withdrawal_requested",
            Self::WithdrawalPaid => "withdrawal_paid",
            Self::WithdrawalReturned => "withdrawal_returned",
            Self::SoldAtBoxOffice => "sold_at_box_office",
            Self::PaidOutAtBoxOffice => "paid_out_at_box_office",
        }
    }

    /// Debited and credited.
    pub const fn accounts(self) -> (Account, Account) {
        match self {
            Self::Captured => (Account::Provider, Account::Sales),
            Self::Refused => (Account::Provider, Account::RefundsDue),
            Self::Refunded => (Account::Sales, Account::RefundsDue),
            Self::RefundedToWallet => (Account::Sales, Account::Wallet),
            Self::FeeKept => (Account::Sales, Account::Retained),
            Self::Granted => (Account::Retained, Account::Sales),
            Self::RefundPaid => (Account::RefundsDue, Account::Provider),
            Self::WithdrawalRequested => (Account::Wallet, Account::WithdrawalsDue),
            Self::WithdrawalPaid => (Account::WithdrawalsDue, Account::Bank),
            Self::WithdrawalReturned => (Account::WithdrawalsDue, Account::Wallet),
            Self::SoldAtBoxOffice => (Account::BoxOffice, Account::Sales),
            Self::PaidOutAtBoxOffice => (Account::RefundsDue, Account::BoxOffice),
        }
    }
}

/// A movement that follows from a change of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerRow {
    pub id: EntryId,
    pub event: EventId,
    pub order: OrderId,
    /// The payment whose money it is.
    pub payment: Option<PaymentId>,
    /// Whose wallet it goes into.
    pub user: Option<UserId>,
    pub lsn: Lsn,
    /// Position among the rows of one change.
    pub leg: u8,
    pub kind: EntryKind,
    pub amount_minor: i64,
    pub currency: Currency,
    pub at: TimeUs,
}

/// What the ledger must say of a paid order, or of one whose payments were turned away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderMoney {
    pub order: OrderId,
    /// Of the payment that bought.
    pub captured_minor: i64,
    /// The price of tickets that were not refunded.
    pub standing_minor: i64,
    pub refunded_minor: i64,
}

/// A UUIDv7 of the time `at`, so that entries are listed by their time.
fn entry_id(at: TimeUs, event: EventId, lsn: Lsn, leg: u8) -> EntryId {
    let seed = u128::from_be_bytes(event.bytes());
    let place = mix(lsn.0 << 3 | u64::from(leg));
    let high = mix(seed as u64 ^ place);
    let low = mix((seed >> 64) as u64 ^ mix(high ^ place));
    let millis = at.0.div_euclid(1_000) as u64 & ((1 << 48) - 1);
    let upper = millis << 16 | 0x7000 | high >> 52;
    let lower = 1 << 63 | low >> 2;
    EntryId::from_bytes((u128::from(upper) << 64 | u128::from(lower)).to_be_bytes())
}

impl Inventory {
    /// Of the record that was applied last.
    pub(crate) fn ledger_rows(&self, record: &Record, rows: &mut Vec<Row>) {
        let movements = match &record.change {
            Change::OrderPaid { order, payment, amount_minor, .. } => {
                self.movements(*order, Some(*payment), [(EntryKind::Captured, *amount_minor)].into())
            }
            Change::PaymentRefused { order, payment, amount_minor } => {
                self.movements(*order, Some(*payment), [(EntryKind::Refused, *amount_minor)].into())
            }
            Change::OrderRefunded { order, tickets, amount_minor } => {
                self.refund_movements(*order, tickets, *amount_minor, RefundTo::Original)
            }
            Change::OrderRefundedToWallet { order, tickets, amount_minor } => {
                self.refund_movements(*order, tickets, *amount_minor, RefundTo::Wallet)
            }
            Change::BoxOfficeSold(sold) => {
                let taken = [(EntryKind::SoldAtBoxOffice, sold.placed.total_minor())];
                self.movements(sold.order, Some(sold.payment), taken.into())
            }
            _ => return,
        };
        for (leg, row) in (0..).zip(movements) {
            let id = entry_id(record.at, self.event, self.lsn, leg);
            rows.push(Row::Ledger(Box::new(LedgerRow { id, leg, at: record.at, ..row })));
        }
    }

    fn refund_movements(
        &self,
        order: OrderId,
        tickets: &[TicketId],
        amount_minor: i64,
        to: RefundTo,
    ) -> Vec<LedgerRow> {
        let price_of = |id: &TicketId| self.tickets.find(*id).map_or(0, |ticket| ticket.price_minor);
        let kept_minor = tickets.iter().map(price_of).sum::<i64>() - amount_minor;
        let back = match to {
            RefundTo::Original => EntryKind::Refunded,
            RefundTo::Wallet => EntryKind::RefundedToWallet,
        };
        let rest = if kept_minor < 0 { EntryKind::Granted } else { EntryKind::FeeKept };
        let payment = self.orders.get(self.orders.at(order)).paid_by;
        self.movements(order, payment, vec![(back, amount_minor), (rest, kept_minor.abs())])
    }

    /// Those of nothing are left out.
    fn movements(&self, order: OrderId, payment: Option<PaymentId>, amounts: Vec<(EntryKind, i64)>) -> Vec<LedgerRow> {
        let customer = self.orders.get(self.orders.at(order)).placed.customer;
        let moved = amounts.into_iter().filter(|(_, amount_minor)| *amount_minor > 0);
        let row = |(kind, amount_minor): (EntryKind, i64)| LedgerRow {
            id: EntryId::from_bytes([0; 16]),
            event: self.event,
            order,
            payment,
            user: (kind.accounts().1 == Account::Wallet).then_some(customer),
            lsn: self.lsn,
            leg: 0,
            kind,
            amount_minor,
            currency: self.layout.policy().currency,
            at: TimeUs(0),
        };
        moved.map(row).collect()
    }

    /// In the order of placement.
    pub fn money(&self) -> impl Iterator<Item = OrderMoney> {
        self.orders.all().iter().map(|order| {
            let is_paid =
                matches!(order.status, OrderStatus::Paid | OrderStatus::PartiallyRefunded | OrderStatus::Refunded);
            let tickets = self.tickets.range(order.tickets.clone());
            OrderMoney {
                order: order.id,
                captured_minor: if is_paid { order.placed.total_minor() } else { 0 },
                standing_minor: tickets.iter().filter(|it| !it.refunded).map(|it| it.price_minor).sum(),
                refunded_minor: order.refunded_minor,
            }
        })
    }
}
