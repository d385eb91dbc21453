//! Payments at a provider whose end comes later: by a notice, or by asking the provider. Whoever asks has claimed the
//! row for a while; of one who says nothing more, it comes due again.

use inventory::{EventId, OrderId, PaymentId, TimeUs};

use super::{Store, changed, on_pool, on_writer};
use crate::StoreError;
use crate::boxed;
use crate::row::{named, row};

named! {
    /// Who moves the money.
    pub enum PaymentProvider {
        Mock = "mock",
        Stripe = "stripe",
        /// Another one, of which no more is known than what it reports.
        Webhook = "webhook",
    }
}

named! {
    pub enum CheckoutState {
        /// The provider may not know of it: nobody has its address.
        Creating = "creating",
        Open = "open",
        /// The payer is done, the money is on its way.
        Processing = "processing",
        Paid = "paid",
        Expired = "expired",
        Failed = "failed",
    }
}

row! {
    pub struct Checkout {
        pub payment_id: PaymentId,
        pub order_id: OrderId,
        pub event_id: EventId,
        pub provider: PaymentProvider,
        pub state: CheckoutState,
        /// The provider's name of it.
        pub session_id: Option<String>,
        /// The provider's name of the money, by which it is refunded.
        pub charge_id: Option<String>,
        /// Where the payer pays.
        pub url: Option<String>,
        pub amount_minor: i64,
        /// ISO 4217.
        pub currency: String,
        /// When the provider ends it by itself.
        pub expires_at: TimeUs,
        /// Questions begun, the present one included.
        pub attempts: u32,
        /// When the provider is asked next.
        pub due_at: TimeUs,
        pub last_error: Option<String>,
        pub created_at: TimeUs,
    }
}

const FIND: &str = "
    SELECT payment_id, order_id, event_id, provider, state, session_id, charge_id, url, amount_minor, currency, expires_at,
        attempts, due_at, last_error, created_at
    FROM checkouts WHERE payment_id = $1";

/// Few, most often one.
const LIST_OF_ORDER: &str = "
    SELECT payment_id, order_id, event_id, provider, state, session_id, charge_id, url, amount_minor, currency, expires_at,
        attempts, due_at, last_error, created_at
    FROM checkouts WHERE order_id = $1 ORDER BY created_at, payment_id LIMIT 100";

const INSERT: &str = "
    INSERT INTO checkouts (payment_id, order_id, event_id, provider, state, session_id, charge_id, url, amount_minor,
        currency, expires_at, attempts, due_at, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, $13)
    ON CONFLICT (payment_id) DO NOTHING";

const OPENED: &str = "
    UPDATE checkouts SET state = 'open', session_id = $2, url = $3, due_at = $4, attempts = 0, last_error = NULL
    WHERE payment_id = $1 AND state = 'creating'";

/// Money has come, whatever was thought of the checkout before.
const CHARGED: &str = "
    UPDATE checkouts SET charge_id = $2, session_id = COALESCE(session_id, $3),
        state = CASE WHEN state = 'paid' THEN state ELSE 'processing' END, due_at = $4
    WHERE payment_id = $1";

const PAID: &str = "UPDATE checkouts SET state = 'paid', last_error = NULL WHERE payment_id = $1";

const ENDED: &str = "
    UPDATE checkouts SET state = $2, last_error = $3
    WHERE payment_id = $1 AND state IN ('creating', 'open', 'processing')";

const DUE: &str = "
    UPDATE checkouts SET due_at = $2, attempts = 0
    WHERE order_id = $1 AND due_at > $2 AND state IN ('creating', 'open', 'processing')";

const DUE_OF_EVENT: &str = "
    UPDATE checkouts SET due_at = $2, attempts = 0
    WHERE event_id = $1 AND due_at > $2 AND state IN ('creating', 'open', 'processing')";

const NEXT_DUE: &str = "
    SELECT due_at FROM checkouts WHERE state IN ('creating', 'open', 'processing') ORDER BY due_at LIMIT 1";

/// The outer condition is read again once the row is locked: of two that claim at once one gets it.
const CLAIM: &str = "
    UPDATE checkouts SET attempts = attempts + 1, due_at = $2
    WHERE state IN ('creating', 'open', 'processing') AND due_at <= $1
        AND payment_id IN (SELECT payment_id FROM checkouts
            WHERE state IN ('creating', 'open', 'processing') AND due_at <= $1 ORDER BY due_at LIMIT $3)
    RETURNING payment_id, order_id, event_id, provider, state, session_id, charge_id, url, amount_minor, currency,
        expires_at, attempts, due_at, last_error, created_at";

const AGAIN: &str = "
    UPDATE checkouts SET state = $3, due_at = $4, last_error = $5
    WHERE payment_id = $1 AND attempts = $2 AND state IN ('creating', 'open', 'processing')";

const NOTICE_FIND: &str = "SELECT received_at FROM payment_notices WHERE provider = $1 AND notice_id = $2";

const NOTICE_PUT: &str = "
    INSERT INTO payment_notices (provider, notice_id, received_at) VALUES ($1, $2, $3)
    ON CONFLICT (provider, notice_id) DO NOTHING";

const NOTICES_PRUNE: &str = "DELETE FROM payment_notices WHERE received_at < $1";

pub(super) const STATEMENTS: &[&str] = &[
    FIND,
    LIST_OF_ORDER,
    INSERT,
    OPENED,
    CHARGED,
    PAID,
    ENDED,
    DUE,
    DUE_OF_EVENT,
    NEXT_DUE,
    CLAIM,
    AGAIN,
    NOTICE_FIND,
    NOTICE_PUT,
    NOTICES_PRUNE,
];

impl Store {
    #[boxed]
    pub async fn checkout_find(&self, payment: PaymentId) -> Result<Option<Checkout>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(payment.uuid()).fetch_optional(pool))
    }

    /// Oldest first, at most 100.
    #[boxed]
    pub async fn checkout_list(&self, order: OrderId) -> Result<Vec<Checkout>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_ORDER).bind(order.uuid()).fetch_all(pool))
    }

    /// Whether it was new: one of this payment stays as it is.
    #[boxed]
    pub async fn checkout_insert(&self, new: &Checkout) -> Result<bool, StoreError> {
        let insert = changed!(
            self,
            sqlx::query(INSERT)
                .bind(new.payment_id.uuid())
                .bind(new.order_id.uuid())
                .bind(new.event_id.uuid())
                .bind(new.provider.name())
                .bind(new.state.name())
                .bind(&new.session_id)
                .bind(&new.charge_id)
                .bind(&new.url)
                .bind(new.amount_minor)
                .bind(&new.currency)
                .bind(new.expires_at.0)
                .bind(new.due_at.0)
                .bind(new.created_at.0)
        );
        insert.map(|touched| touched == 1)
    }

    /// The provider knows of it and says where it is paid.
    #[boxed]
    pub async fn checkout_opened(
        &self,
        payment: PaymentId,
        session: &str,
        url: &str,
        due_at: TimeUs,
    ) -> Result<(), StoreError> {
        changed!(self, sqlx::query(OPENED).bind(payment.uuid()).bind(session).bind(url).bind(due_at.0)).map(drop)
    }

    /// Money has come and is not booked yet: it comes due again at `due_at` unless [`Self::checkout_paid`] says more.
    #[boxed]
    pub async fn checkout_charged(
        &self,
        payment: PaymentId,
        charge: &str,
        session: Option<&str>,
        due_at: TimeUs,
    ) -> Result<(), StoreError> {
        changed!(self, sqlx::query(CHARGED).bind(payment.uuid()).bind(charge).bind(session).bind(due_at.0)).map(drop)
    }

    /// Its money is booked.
    #[boxed]
    pub async fn checkout_paid(&self, payment: PaymentId) -> Result<(), StoreError> {
        changed!(self, sqlx::query(PAID).bind(payment.uuid())).map(drop)
    }

    /// No money comes of it: [`CheckoutState::Expired`] or [`CheckoutState::Failed`]. One that is paid stays so.
    #[boxed]
    pub async fn checkout_ended(
        &self,
        payment: PaymentId,
        state: CheckoutState,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        changed!(self, sqlx::query(ENDED).bind(payment.uuid()).bind(state.name()).bind(error)).map(drop)
    }

    /// Those of the order are asked about at once. How many.
    #[boxed]
    pub async fn checkouts_due(&self, order: OrderId, now: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(DUE).bind(order.uuid()).bind(now.0))
    }

    /// Those of all orders of the event are asked about at once. How many.
    #[boxed]
    pub async fn checkouts_due_of_event(&self, event: EventId, now: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(DUE_OF_EVENT).bind(event.uuid()).bind(now.0))
    }

    /// When the first of those that have not ended is to be asked about.
    #[boxed]
    pub async fn checkouts_next_due(&self) -> Result<Option<TimeUs>, StoreError> {
        let due: Option<i64> = on_pool!(self, pool => sqlx::query_scalar(NEXT_DUE).fetch_optional(pool))?;
        Ok(due.map(TimeUs))
    }

    /// The caller's alone until `until`.
    #[boxed]
    pub async fn checkouts_claim(&self, now: TimeUs, until: TimeUs, limit: u32) -> Result<Vec<Checkout>, StoreError> {
        on_writer!(self, pool => sqlx::query_as(CLAIM)
            .bind(now.0)
            .bind(until.0)
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Of a claim that nobody has renewed since: it is asked about again at `due_at`.
    #[boxed]
    pub async fn checkout_again(
        &self,
        claimed: &Checkout,
        state: CheckoutState,
        due_at: TimeUs,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        let again = changed!(
            self,
            sqlx::query(AGAIN)
                .bind(claimed.payment_id.uuid())
                .bind(i64::from(claimed.attempts))
                .bind(state.name())
                .bind(due_at.0)
                .bind(error)
        );
        again.map(drop)
    }

    /// Whether what the provider tells under this id was dealt with.
    #[boxed]
    pub async fn payment_notice_known(&self, provider: PaymentProvider, notice: &str) -> Result<bool, StoreError> {
        let found: Option<i64> = on_pool!(self, pool => sqlx::query_scalar(NOTICE_FIND)
            .bind(provider.name())
            .bind(notice)
            .fetch_optional(pool))?;
        Ok(found.is_some())
    }

    #[boxed]
    pub async fn payment_notice_put(
        &self,
        provider: PaymentProvider,
        notice: &str,
        now: TimeUs,
    ) -> Result<(), StoreError> {
        changed!(self, sqlx::query(NOTICE_PUT).bind(provider.name()).bind(notice).bind(now.0)).map(drop)
    }

    /// Forgets those before `before`: providers repeat theirs for some days. How many.
    #[boxed]
    pub async fn payment_notices_prune(&self, before: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(NOTICES_PRUNE).bind(before.0))
    }
}
