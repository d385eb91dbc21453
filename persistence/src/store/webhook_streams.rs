//! What webhooks are told: one stream per webhook and event, numbered without gaps, sent in its order and at least once.

use inventory::{EventId, TimeUs, UserId};
use uuid::Uuid;

use super::audit_log::audit;
use super::{AuditEntry, Store, changed, on_pool, on_transaction, on_writer};
use crate::StoreError;
use crate::boxed;
use crate::row::{named, row};

named! {
    pub enum DeliveryStatus {
        Queued = "queued",
        Delivered = "delivered",
        /// Given up; the stream has gone on without it.
        Failed = "failed",
    }
}

row! {
    /// One of the log.
    pub struct WebhookDelivery {
        /// Of the news: the same at every webhook that is told.
        pub id: Uuid,
        pub event_id: EventId,
        /// From 1, of this webhook and event.
        pub sequence: u64,
        /// As in [`WebhookNews`].
        pub kind: String,
        pub object_id: Uuid,
        pub occurred_at: TimeUs,
        pub status: DeliveryStatus,
        pub attempts: u32,
        pub tried_at: Option<TimeUs>,
        /// Of HTTP, if the receiver answered at all.
        pub response_status: Option<u16>,
        pub last_error: Option<String>,
    }
}

row! {
    /// A webhook that the caller alone sends to until `claimed_until`.
    pub struct ClaimedWebhook {
        pub id: Uuid,
        pub url: String,
        pub secret: Vec<u8>,
        pub old_secret: Option<Vec<u8>>,
        pub old_secret_until: Option<TimeUs>,
        pub claim: i64,
        pub claimed_until: TimeUs,
    }
}

row! {
    /// A stream with something to send.
    pub struct WebhookStream {
        pub event_id: EventId,
        pub next_sequence: u64,
        /// Of the next one, that failed.
        pub attempts: u32,
        pub failing_since: Option<TimeUs>,
        /// Grows when somebody sets the stream back.
        pub replays: i64,
    }
}

/// What has happened, for all webhooks of the organizer that want its kind.
#[derive(Clone, Debug)]
pub struct WebhookNews {
    pub id: Uuid,
    pub organizer: UserId,
    pub event: EventId,
    /// `order.paid` for instance.
    pub kind: &'static str,
    pub object: Uuid,
    pub occurred_at: TimeUs,
    pub now: TimeUs,
}

/// What became of one attempt.
#[derive(Clone, Debug)]
pub struct WebhookAttempt<'a> {
    pub webhook: Uuid,
    pub stream: &'a WebhookStream,
    pub sequence: u64,
    pub at: TimeUs,
    pub response_status: Option<u16>,
    pub outcome: WebhookOutcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookOutcome {
    Delivered,
    Again {
        due_at: TimeUs,
        error: String,
    },
    GivenUp {
        error: String,
    },
    /// The receiver wants nothing any more: nothing is sent until the webhook is switched on again.
    Gone {
        error: String,
    },
}

pub(super) const LISTENERS: &str = "
    SELECT id, kinds FROM webhooks WHERE owner_id = $1 AND is_active = $2 ORDER BY id";

pub(super) const NEXT: &str = "
    INSERT INTO webhook_streams (webhook_id, event_id, last_sequence, next_sequence, attempts, due_at, replays)
    VALUES ($1, $2, 1, 1, 0, 0, 0)
    ON CONFLICT (webhook_id, event_id) DO UPDATE SET last_sequence = webhook_streams.last_sequence + 1
    RETURNING last_sequence";

pub(super) const QUEUE: &str = "
    INSERT INTO webhook_deliveries (webhook_id, event_id, sequence, id, kind, object_id, occurred_at, status, attempts,
        created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', 0, $8)";

const IS_DUE: &str = "
    SELECT 1 FROM webhook_streams AS stream JOIN webhooks AS webhook ON webhook.id = stream.webhook_id
    WHERE stream.next_sequence <= stream.last_sequence AND stream.due_at <= $1
        AND webhook.is_active = $2 AND webhook.claimed_until <= $1
    LIMIT 1";

/// The outer condition is read again once the row is locked: of two that claim at once one gets it.
const CLAIM: &str = "
    UPDATE webhooks SET claimed_until = $2, claim = claim + 1
    WHERE is_active = $4 AND claimed_until <= $1 AND id IN (
        SELECT stream.webhook_id FROM webhook_streams AS stream JOIN webhooks AS other ON other.id = stream.webhook_id
        WHERE stream.next_sequence <= stream.last_sequence AND stream.due_at <= $1
            AND other.is_active = $4 AND other.claimed_until <= $1
        ORDER BY stream.due_at LIMIT $3)
    RETURNING id, url, secret, old_secret, old_secret_until, claim, claimed_until";

const RELEASE: &str = "UPDATE webhooks SET claimed_until = 0 WHERE id = $1 AND claim = $2";

const LIST_DUE: &str = "
    SELECT event_id, next_sequence, attempts, failing_since, replays FROM webhook_streams
    WHERE webhook_id = $1 AND next_sequence <= last_sequence AND due_at <= $2 ORDER BY due_at, event_id LIMIT $3";

const LIST_FROM: &str = "
    SELECT id, event_id, sequence, kind, object_id, occurred_at, status, attempts, tried_at, response_status, last_error
    FROM webhook_deliveries WHERE webhook_id = $1 AND event_id = $2 AND sequence >= $3 ORDER BY sequence LIMIT $4";

/// What is left of the stream was forgotten: it is too old.
const SKIP_ALL: &str = "
    UPDATE webhook_streams SET next_sequence = last_sequence + 1, attempts = 0, failing_since = NULL
    WHERE webhook_id = $1 AND event_id = $2 AND replays = $3 AND NOT EXISTS (
        SELECT 1 FROM webhook_deliveries AS delivery WHERE delivery.webhook_id = $1 AND delivery.event_id = $2
            AND delivery.sequence >= webhook_streams.next_sequence)";

const PASS: &str = "
    UPDATE webhook_streams SET next_sequence = $3, attempts = 0, failing_since = NULL, due_at = 0
    WHERE webhook_id = $1 AND event_id = $2 AND next_sequence < $3 AND replays = $4";

const HOLD: &str = "
    UPDATE webhook_streams SET attempts = attempts + 1, failing_since = COALESCE(failing_since, $3), due_at = $4
    WHERE webhook_id = $1 AND event_id = $2 AND replays = $5";

const LOG: &str = "
    UPDATE webhook_deliveries SET status = $4, attempts = attempts + 1, tried_at = $5, response_status = $6,
        last_error = $7
    WHERE webhook_id = $1 AND event_id = $2 AND sequence = $3";

const SWITCH_OFF: &str = "UPDATE webhooks SET is_active = $2, is_gone = $3 WHERE id = $1";

const LIST_LOG: &str = "
    SELECT id, event_id, sequence, kind, object_id, occurred_at, status, attempts, tried_at, response_status, last_error
    FROM webhook_deliveries WHERE webhook_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

const REPLAY: &str = "
    UPDATE webhook_streams SET next_sequence = $3, attempts = 0, failing_since = NULL, due_at = 0, replays = replays + 1
    WHERE webhook_id = $1 AND event_id = $2 AND last_sequence >= $3
    RETURNING last_sequence";

const REQUEUE: &str = "
    UPDATE webhook_deliveries SET status = 'queued' WHERE webhook_id = $1 AND event_id = $2 AND sequence >= $3";

const PRUNE: &str = "DELETE FROM webhook_deliveries WHERE created_at < $1";

pub(super) const STATEMENTS: &[&str] = &[
    LISTENERS, NEXT, QUEUE, IS_DUE, CLAIM, RELEASE, LIST_DUE, LIST_FROM, SKIP_ALL, PASS, HOLD, LOG, SWITCH_OFF,
    LIST_LOG, REPLAY, REQUEUE, PRUNE,
];

/// Sequences that came from the store fit.
fn column(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

/// Webhooks of organizers with the kinds they want, as far as one transaction has asked for them.
pub(super) type Listeners = std::collections::HashMap<inventory::UserId, Vec<(Uuid, String)>>;

/// Queues the news in every stream that it belongs to, in the transaction of what it tells of.
macro_rules! tell_webhooks {
    ($transaction:ident, $listeners:expr, $news:expr) => {{
        use $crate::store::webhook_streams::{LISTENERS, Listeners, NEXT, QUEUE};
        let (listeners, news): (&mut Listeners, &$crate::WebhookNews) = ($listeners, $news);
        if !listeners.contains_key(&news.organizer) {
            let found = sqlx::query_as(LISTENERS).bind(news.organizer.uuid()).bind(true);
            listeners.insert(news.organizer, found.fetch_all(&mut *$transaction).await?);
        }
        for (webhook, kinds) in listeners.get(&news.organizer).into_iter().flatten() {
            if !kinds.split(' ').any(|wanted| wanted == news.kind) {
                continue;
            }
            let next = sqlx::query_scalar(NEXT).bind(*webhook).bind(news.event.uuid());
            let sequence: i64 = next.fetch_one(&mut *$transaction).await?;
            sqlx::query(QUEUE)
                .bind(*webhook)
                .bind(news.event.uuid())
                .bind(sequence)
                .bind(news.id)
                .bind(news.kind)
                .bind(news.object)
                .bind(news.occurred_at.0)
                .bind(news.now.0)
                .execute(&mut *$transaction)
                .await?;
        }
    }};
}

pub(super) use tell_webhooks;

impl Store {
    /// Whether a claim would get anything.
    #[boxed]
    pub async fn webhooks_are_due(&self, now: TimeUs) -> Result<bool, StoreError> {
        let due: Option<i32> =
            on_pool!(self, pool => sqlx::query_scalar(IS_DUE).bind(now.0).bind(true).fetch_optional(pool))?;
        Ok(due.is_some())
    }

    /// Webhooks with something to send, the caller's alone until `until`.
    #[boxed]
    pub async fn webhooks_claim(
        &self,
        now: TimeUs,
        until: TimeUs,
        limit: u32,
    ) -> Result<Vec<ClaimedWebhook>, StoreError> {
        on_writer!(self, pool => sqlx::query_as(CLAIM)
            .bind(now.0)
            .bind(until.0)
            .bind(i64::from(limit))
            .bind(true)
            .fetch_all(pool))
    }

    /// For whoever claims next.
    #[boxed]
    pub async fn webhook_release(&self, webhook: &ClaimedWebhook) -> Result<(), StoreError> {
        changed!(self, sqlx::query(RELEASE).bind(webhook.id).bind(webhook.claim)).map(drop)
    }

    /// Those of the webhook that may be sent now, longest due first.
    #[boxed]
    pub async fn webhook_streams_due(
        &self,
        webhook: Uuid,
        now: TimeUs,
        limit: u32,
    ) -> Result<Vec<WebhookStream>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_DUE)
            .bind(webhook)
            .bind(now.0)
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// What is next in the stream, in its order. When all of it is too old to be kept, the stream is up to date.
    #[boxed]
    pub async fn webhook_deliveries_next(
        &self,
        webhook: Uuid,
        stream: &WebhookStream,
        limit: u32,
    ) -> Result<Vec<WebhookDelivery>, StoreError> {
        let next: Vec<WebhookDelivery> = on_pool!(self, pool => sqlx::query_as(LIST_FROM)
            .bind(webhook)
            .bind(stream.event_id.uuid())
            .bind(column(stream.next_sequence))
            .bind(i64::from(limit))
            .fetch_all(pool))?;
        if next.is_empty() {
            changed!(self, sqlx::query(SKIP_ALL).bind(webhook).bind(stream.event_id.uuid()).bind(stream.replays))?;
        }
        Ok(next)
    }

    /// Whether it counts: nothing moves in a stream that was set back meanwhile.
    #[boxed]
    pub async fn webhook_settle(&self, attempt: &WebhookAttempt<'_>) -> Result<bool, StoreError> {
        let WebhookAttempt { webhook, stream, at, outcome, .. } = attempt;
        let (event, sequence) = (stream.event_id.uuid(), column(attempt.sequence));
        let (status, due_at, error) = match outcome {
            WebhookOutcome::Delivered => (DeliveryStatus::Delivered, None, None),
            WebhookOutcome::GivenUp { error } => (DeliveryStatus::Failed, None, Some(error)),
            WebhookOutcome::Again { due_at, error } => (DeliveryStatus::Queued, Some(*due_at), Some(error)),
            WebhookOutcome::Gone { error } => (DeliveryStatus::Queued, Some(*at), Some(error)),
        };
        on_transaction!(self, transaction => async {
            let moved = match due_at {
                None => sqlx::query(PASS).bind(*webhook).bind(event).bind(sequence.saturating_add(1)).bind(stream.replays),
                Some(due_at) => {
                    sqlx::query(HOLD).bind(*webhook).bind(event).bind(at.0).bind(due_at.0).bind(stream.replays)
                }
            };
            let is_current = moved.execute(&mut *transaction).await?.rows_affected() == 1;
            if is_current {
                sqlx::query(LOG)
                    .bind(*webhook)
                    .bind(event)
                    .bind(sequence)
                    .bind(status.name())
                    .bind(at.0)
                    .bind(attempt.response_status.map(i64::from))
                    .bind(error)
                    .execute(&mut *transaction)
                    .await?;
            }
            if let WebhookOutcome::Gone { .. } = outcome {
                sqlx::query(SWITCH_OFF).bind(*webhook).bind(false).bind(true).execute(&mut *transaction).await?;
            }
            Ok(is_current)
        })
    }

    /// Newest first, behind `after`.
    #[boxed]
    pub async fn webhook_delivery_list(
        &self,
        webhook: Uuid,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<WebhookDelivery>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_LOG)
            .bind(webhook)
            .bind(after.unwrap_or_else(Uuid::max))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Sends again what is still kept from `from` on. The last number of the stream; `None`: it has none so high.
    #[boxed]
    pub async fn webhook_replay(
        &self,
        webhook: Uuid,
        event: EventId,
        from: u64,
        entry: &AuditEntry,
    ) -> Result<Option<u64>, StoreError> {
        let from = column(from);
        on_transaction!(self, transaction => async {
            let replay = sqlx::query_scalar(REPLAY).bind(webhook).bind(event.uuid()).bind(from);
            let last: Option<i64> = replay.fetch_optional(&mut *transaction).await?;
            let Some(last) = last else { return Ok(None) };
            sqlx::query(REQUEUE).bind(webhook).bind(event.uuid()).bind(from).execute(&mut *transaction).await?;
            audit!(&mut *transaction, entry).await?;
            Ok(u64::try_from(last).ok())
        })
    }

    /// Forgets what was queued before `before`, sent or not. How many.
    #[boxed]
    pub async fn webhook_deliveries_prune(&self, before: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(PRUNE).bind(before.0))
    }
}
