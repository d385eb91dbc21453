//! Addresses at which organizers want to hear of their events.

use inventory::{TimeUs, UserId};
use uuid::Uuid;

use super::audit_log::{audit, audited};
use super::{AuditEntry, Store, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct Webhook {
        pub id: Uuid,
        pub owner_id: UserId,
        pub url: String,
        /// Names of the news it wants, with a space between them.
        pub kinds: String,
        /// Sealed.
        pub secret: Vec<u8>,
        /// The one before, as long as both sign.
        pub old_secret: Option<Vec<u8>>,
        pub old_secret_until: Option<TimeUs>,
        pub is_active: bool,
        /// Its receiver said that it is no more.
        pub is_gone: bool,
        pub created_at: TimeUs,
    }
}

/// What is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct WebhookPatch {
    pub url: Option<String>,
    pub kinds: Option<String>,
    pub is_active: Option<bool>,
}

const INSERT: &str = "
    INSERT INTO webhooks (id, owner_id, url, kinds, secret, is_active, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

/// Locks the owner, so that his webhooks are counted by one at a time.
const LOCK_OWNER: &str = "UPDATE users SET email_key = email_key WHERE id = $1";

const COUNT_OF_OWNER: &str = "SELECT COUNT(*) FROM webhooks WHERE owner_id = $1";

const FIND: &str = "
    SELECT id, owner_id, url, kinds, secret, old_secret, old_secret_until, is_active, is_gone, created_at
    FROM webhooks WHERE id = $1";

const LIST_OF_OWNER: &str = "
    SELECT id, owner_id, url, kinds, secret, old_secret, old_secret_until, is_active, is_gone, created_at
    FROM webhooks WHERE owner_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

/// Switched on, what waits is due at once, and what its receiver said is forgotten.
const UPDATE: &str = "
    UPDATE webhooks SET url = COALESCE($2, url), kinds = COALESCE($3, kinds), is_active = COALESCE($4, is_active),
        is_gone = CASE WHEN $4 = $5 THEN $6 ELSE is_gone END
    WHERE id = $1
    RETURNING id, owner_id, url, kinds, secret, old_secret, old_secret_until, is_active, is_gone, created_at";

const HURRY: &str = "
    UPDATE webhook_streams SET due_at = 0, attempts = 0, failing_since = NULL WHERE webhook_id = $1";

const ROTATE: &str = "
    UPDATE webhooks SET old_secret = secret, old_secret_until = $3, secret = $2 WHERE id = $1
    RETURNING id, owner_id, url, kinds, secret, old_secret, old_secret_until, is_active, is_gone, created_at";

const DELETE: &str = "DELETE FROM webhooks WHERE id = $1";

pub(super) const STATEMENTS: &[&str] =
    &[INSERT, LOCK_OWNER, COUNT_OF_OWNER, FIND, LIST_OF_OWNER, UPDATE, HURRY, ROTATE, DELETE];

impl Store {
    /// Whether it is stored: not when its owner has `webhooks_max` others.
    #[boxed]
    pub async fn webhook_insert(
        &self,
        webhook: &Webhook,
        webhooks_max: u32,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            sqlx::query(LOCK_OWNER).bind(webhook.owner_id.uuid()).execute(&mut *transaction).await?;
            let count = sqlx::query_scalar(COUNT_OF_OWNER).bind(webhook.owner_id.uuid());
            let count: i64 = count.fetch_one(&mut *transaction).await?;
            if count >= i64::from(webhooks_max) {
                return Ok(false);
            }
            sqlx::query(INSERT)
                .bind(webhook.id)
                .bind(webhook.owner_id.uuid())
                .bind(&webhook.url)
                .bind(&webhook.kinds)
                .bind(&webhook.secret)
                .bind(webhook.is_active)
                .bind(webhook.created_at.0)
                .execute(&mut *transaction)
                .await?;
            audit!(&mut *transaction, entry).await?;
            Ok(true)
        })
    }

    #[boxed]
    pub async fn webhook_find(&self, id: Uuid) -> Result<Option<Webhook>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(id).fetch_optional(pool))
    }

    /// Newest first, behind `after`.
    #[boxed]
    pub async fn webhook_list(
        &self,
        owner: UserId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Webhook>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_OWNER)
            .bind(owner.uuid())
            .bind(after.unwrap_or_else(Uuid::max))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// The webhook as it is now; `None`: there is none.
    pub async fn webhook_update(
        &self,
        id: Uuid,
        patch: &WebhookPatch,
        entry: impl FnOnce(&Webhook) -> AuditEntry + Send,
    ) -> Result<Option<Webhook>, StoreError> {
        on_transaction!(self, transaction => async {
            let update = sqlx::query_as(UPDATE).bind(id).bind(&patch.url).bind(&patch.kinds).bind(patch.is_active);
            let changed: Option<Webhook> = update.bind(true).bind(false).fetch_optional(&mut *transaction).await?;
            let Some(changed) = changed else { return Ok(None) };
            if patch.is_active == Some(true) {
                sqlx::query(HURRY).bind(id).execute(&mut *transaction).await?;
            }
            audit!(&mut *transaction, &entry(&changed)).await?;
            Ok(Some(changed))
        })
    }

    /// The old secret signs beside the new one until `old_until`. `None`: there is no such webhook.
    #[boxed]
    pub async fn webhook_rotate(
        &self,
        id: Uuid,
        secret: &[u8],
        old_until: TimeUs,
        entry: &AuditEntry,
    ) -> Result<Option<Webhook>, StoreError> {
        on_transaction!(self, transaction => async {
            let rotate = sqlx::query_as(ROTATE).bind(id).bind(secret).bind(old_until.0);
            let rotated: Option<Webhook> = rotate.fetch_optional(&mut *transaction).await?;
            if rotated.is_some() {
                audit!(&mut *transaction, entry).await?;
            }
            Ok(rotated)
        })
    }

    /// With its log. Whether there was one.
    #[boxed]
    pub async fn webhook_delete(&self, id: Uuid, entry: &AuditEntry) -> Result<bool, StoreError> {
        audited!(self, Some(entry), sqlx::query(DELETE).bind(id)).map(|touched| touched == 1)
    }
}
