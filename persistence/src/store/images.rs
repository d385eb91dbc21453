//! Pictures of events and accounts. The owner's row says which are shown, in their order. `image_files` knows every picture
//! that may have files in the object storage: it is told before the first is written, so that none is ever forgotten
//! there.

use inventory::{EventId, TimeUs, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::audit_log::audit;
use super::{AuditEntry, Store, changed, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::Field;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageFormat {
    Jpeg,
    Png,
}

/// Kept as JSON in the row of its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    pub id: Uuid,
    pub format: ImageFormat,
    /// Pixels of the largest file.
    pub width: u32,
    pub height: u32,
}

impl Field for Image {
    type Column = String;

    fn from_column(column: String) -> Result<Self, sqlx::error::BoxDynError> {
        Ok(serde_json::from_str(&column)?)
    }
}

impl Field for Vec<Image> {
    type Column = String;

    fn from_column(column: String) -> Result<Self, sqlx::error::BoxDynError> {
        Ok(serde_json::from_str(&column)?)
    }
}

const ANNOUNCE: &str = "INSERT INTO image_files (id, owner_id, delete_after) VALUES ($1, $2, $3)";

/// Reads and locks: on Postgres another change of the same list waits here.
const LOCK_IMAGES: &str = "UPDATE events SET images = images WHERE id = $1 RETURNING images";

const SET_IMAGES: &str = "UPDATE events SET images = $2 WHERE id = $1";

const LOCK_AVATAR: &str = "UPDATE users SET avatar = avatar WHERE id = $1 RETURNING avatar";

const SET_AVATAR: &str = "UPDATE users SET avatar = $2 WHERE id = $1";

pub(super) const KEEP: &str = "UPDATE image_files SET delete_after = NULL WHERE id = $1";

const DROP: &str = "UPDATE image_files SET delete_after = $2 WHERE id = $1";

const ABANDON: &str = "
    UPDATE image_files SET delete_after = $1
    WHERE delete_after IS NULL
        AND NOT EXISTS (SELECT 1 FROM events WHERE events.id = image_files.owner_id AND events.deleted_at IS NULL)
        AND NOT EXISTS (SELECT 1 FROM users WHERE users.id = image_files.owner_id AND users.avatar IS NOT NULL)";

const DUE: &str = "SELECT id FROM image_files WHERE delete_after <= $1 ORDER BY delete_after, id LIMIT $2";

const FORGET: &str = "DELETE FROM image_files WHERE id = $1 AND delete_after IS NOT NULL";

pub(super) const STATEMENTS: &[&str] =
    &[ANNOUNCE, LOCK_IMAGES, SET_IMAGES, LOCK_AVATAR, SET_AVATAR, KEEP, DROP, ABANDON, DUE, FORGET];

impl Store {
    /// Before the first file of a picture is written. Unless it is shown by then, its files go after `delete_after`.
    #[boxed]
    pub async fn image_announce(&self, id: Uuid, owner: Uuid, delete_after: TimeUs) -> Result<(), StoreError> {
        changed!(self, sqlx::query(ANNOUNCE).bind(id).bind(owner).bind(delete_after.0)).map(|_| ())
    }

    /// Lets `change` have the event's pictures, alone, and answers them as they are afterwards. `None` when there is no
    /// such event. What is not among them any more is due for deletion now. The `entry` is made of before and after, if they
    /// differ.
    pub async fn event_images_change(
        &self,
        event: EventId,
        now: TimeUs,
        change: impl FnOnce(&mut Vec<Image>) + Send,
        entry: impl FnOnce(&[Image], &[Image]) -> Option<AuditEntry> + Send,
    ) -> Result<Option<Vec<Image>>, StoreError> {
        let _change = self.catalogue_change();
        on_transaction!(self, transaction => async {
            let locked: Option<(String,)> =
                sqlx::query_as(LOCK_IMAGES).bind(event.uuid()).fetch_optional(&mut *transaction).await?;
            let Some((column,)) = locked else { return Ok(None) };
            let before = Vec::<Image>::from_column(column).map_err(sqlx::Error::Decode)?;
            let mut after = before.clone();
            change(&mut after);
            if after == before {
                return Ok(Some(after));
            }
            for image in after.iter().filter(|image| !before.contains(image)) {
                sqlx::query(KEEP).bind(image.id).execute(&mut *transaction).await?;
            }
            for image in before.iter().filter(|image| !after.contains(image)) {
                sqlx::query(DROP).bind(image.id).bind(now.0).execute(&mut *transaction).await?;
            }
            sqlx::query(SET_IMAGES).bind(event.uuid()).bind(json(&after)?).execute(&mut *transaction).await?;
            if let Some(entry) = entry(&before, &after) {
                audit!(&mut *transaction, &entry).await?;
            }
            Ok(Some(after))
        })
    }

    /// Whether there is such an account. The picture before is due for deletion now. `entry` is kept if anything changes.
    #[boxed]
    pub async fn user_set_avatar(
        &self,
        user: UserId,
        avatar: Option<Image>,
        now: TimeUs,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            let locked: Option<(Option<String>,)> =
                sqlx::query_as(LOCK_AVATAR).bind(user.uuid()).fetch_optional(&mut *transaction).await?;
            let Some((column,)) = locked else { return Ok(false) };
            let before = Option::<Image>::from_column(column).map_err(sqlx::Error::Decode)?;
            if before == avatar {
                return Ok(true);
            }
            if let Some(image) = before {
                sqlx::query(DROP).bind(image.id).bind(now.0).execute(&mut *transaction).await?;
            }
            if let Some(image) = avatar {
                sqlx::query(KEEP).bind(image.id).execute(&mut *transaction).await?;
            }
            let column = avatar.as_ref().map(json).transpose()?;
            sqlx::query(SET_AVATAR).bind(user.uuid()).bind(column).execute(&mut *transaction).await?;
            if let Some(entry) = entry {
                audit!(&mut *transaction, entry).await?;
            }
            Ok(true)
        })
    }

    /// Makes the pictures due whose owner is gone, or shows none any more. Answers how many.
    #[boxed]
    pub async fn image_abandon(&self, now: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(ABANDON).bind(now.0))
    }

    /// Pictures whose files can go, those waiting longest first.
    #[boxed]
    pub async fn image_due(&self, now: TimeUs, limit: u32) -> Result<Vec<Uuid>, StoreError> {
        let due: Vec<(Uuid,)> =
            on_pool!(self, pool => sqlx::query_as(DUE).bind(now.0).bind(i64::from(limit)).fetch_all(pool))?;
        Ok(due.into_iter().map(|(id,)| id).collect())
    }

    /// Once its files are gone.
    #[boxed]
    pub async fn image_forget(&self, id: Uuid) -> Result<(), StoreError> {
        changed!(self, sqlx::query(FORGET).bind(id)).map(|_| ())
    }
}

pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> sqlx::Result<String> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}
