//! Money that goes back at the box office: what is due follows from the order's entries in the ledger, and all of it is paid out.

use inventory::{EntryKind, EventId, OrderId, Tender, TimeUs, UserId};
use uuid::Uuid;

use super::audit_log::audit;
use super::box_office::SALE;
use super::{AuditEntry, BoxOfficeSale, Store, on_transaction};
use crate::row::row;
use crate::{StoreError, boxed};

row! {
    /// Money that was owed back for an order of the box office and was paid out.
    pub struct BoxOfficePayout {
        /// Of its entry in the ledger, too.
        pub id: Uuid,
        pub order_id: OrderId,
        pub event_id: EventId,
        pub paid_by: UserId,
        pub paid_at: TimeUs,
        pub tender: Tender,
        /// Of the payment.
        pub reference: Option<String>,
        pub amount_minor: i64,
        /// ISO 4217.
        pub currency: String,
    }
}

#[derive(Clone, Debug)]
pub struct NewPayout {
    pub id: Uuid,
    pub order: OrderId,
    pub event: EventId,
    pub by: UserId,
    /// Not [`Tender::Comp`].
    pub tender: Tender,
    pub reference: Option<String>,
    pub now: TimeUs,
    pub request_key: Option<[u8; 16]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayoutRefusal {
    /// The event's box office has sold no such order.
    Unknown,
    NothingDue,
    /// The key belongs to another payout.
    KeyReused,
}

/// Whoever decides by what is due holds the row.
const LOCK: &str = "
    UPDATE box_office_sales SET sold_at = sold_at WHERE order_id = $1 AND event_id = $2";

const PAYMENT: &str = "SELECT id FROM payments WHERE order_id = $1 AND status = 'captured' ORDER BY id LIMIT 1";

const ENTER: &str = "
    INSERT INTO ledger_entries (id, event_id, order_id, payment_id, leg, kind, debit, credit, amount_minor, currency, at)
    VALUES ($1, $2, $3, $4, 0, $5, $6, $7, $8, $9, $10)";

const PAY_OUT: &str = "
    INSERT INTO box_office_payouts (id, order_id, event_id, paid_by, paid_at, tender, reference, amount_minor, currency,
        request_key)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

const PAYOUT_OF_KEY: &str = "
    SELECT id, order_id, event_id, paid_by, paid_at, tender, reference, amount_minor, currency
    FROM box_office_payouts WHERE request_key = $1";

pub(super) const STATEMENTS: &[&str] = &[LOCK, PAYMENT, ENTER, PAY_OUT, PAYOUT_OF_KEY];

impl Store {
    /// Pays out all that is due of the order, and enters it in the ledger. Asked again under the same key, it pays nothing
    /// and is answered as it was made.
    #[boxed]
    pub async fn box_office_pay_out(
        &self,
        new: &NewPayout,
        entry: &AuditEntry,
    ) -> Result<Result<BoxOfficePayout, PayoutRefusal>, StoreError> {
        on_transaction!(self, transaction => async {
            let lock = sqlx::query(LOCK).bind(new.order.uuid()).bind(new.event.uuid());
            if lock.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(Err(PayoutRefusal::Unknown));
            }
            let request_key = new.request_key.map(|key| key.to_vec());
            let known = sqlx::query_as(PAYOUT_OF_KEY).bind(&request_key);
            let known: Option<BoxOfficePayout> = known.fetch_optional(&mut *transaction).await?;
            if let Some(known) = known {
                return Ok(known.repeated(new));
            }
            let sale: BoxOfficeSale =
                sqlx::query_as(SALE).bind(new.order.uuid()).fetch_one(&mut *transaction).await?;
            if sale.due_minor <= 0 {
                return Ok(Err(PayoutRefusal::NothingDue));
            }
            let payment: Option<Uuid> =
                sqlx::query_scalar(PAYMENT).bind(new.order.uuid()).fetch_optional(&mut *transaction).await?;
            let payout = new.payout(sale);
            let (debit, credit) = EntryKind::PaidOutAtBoxOffice.accounts();
            sqlx::query(ENTER)
                .bind(payout.id)
                .bind(payout.event_id.uuid())
                .bind(payout.order_id.uuid())
                .bind(payment)
                .bind(EntryKind::PaidOutAtBoxOffice.name())
                .bind(debit.name())
                .bind(credit.name())
                .bind(payout.amount_minor)
                .bind(&payout.currency)
                .bind(payout.paid_at.0)
                .execute(&mut *transaction)
                .await?;
            sqlx::query(PAY_OUT)
                .bind(payout.id)
                .bind(payout.order_id.uuid())
                .bind(payout.event_id.uuid())
                .bind(payout.paid_by.uuid())
                .bind(payout.paid_at.0)
                .bind(payout.tender.name())
                .bind(&payout.reference)
                .bind(payout.amount_minor)
                .bind(&payout.currency)
                .bind(&request_key)
                .execute(&mut *transaction)
                .await?;
            audit!(&mut *transaction, entry).await?;
            Ok(Ok(payout))
        })
    }
}

impl NewPayout {
    fn payout(&self, sale: BoxOfficeSale) -> BoxOfficePayout {
        BoxOfficePayout {
            id: self.id,
            order_id: self.order,
            event_id: self.event,
            paid_by: self.by,
            paid_at: self.now,
            tender: self.tender,
            reference: self.reference.clone(),
            amount_minor: sale.due_minor,
            currency: sale.currency,
        }
    }
}

impl BoxOfficePayout {
    fn repeated(self, new: &NewPayout) -> Result<Self, PayoutRefusal> {
        let asked = (new.order, new.tender, &new.reference);
        if (self.order_id, self.tender, &self.reference) == asked { Ok(self) } else { Err(PayoutRefusal::KeyReused) }
    }
}
