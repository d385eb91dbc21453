//! An account gets another e-mail address: one that its owner has shown to be his.

use inventory::{TimeUs, UserId};

use super::audit_log::audit;
use super::mails::insert_mail;
use super::users::{LOCK_ADMINS, email_key};
use super::{AuditEntry, NewMail, Store, on_transaction};
use crate::StoreError;
use crate::boxed;

#[derive(Clone, Copy, Debug)]
pub struct EmailChange<'a> {
    pub user: UserId,
    /// Of the present address when the change was asked for: since another change it is not the same.
    pub confirmed_at: Option<TimeUs>,
    /// As its owner writes it.
    pub email: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailChanged {
    Done,
    /// Somebody else has the address by now.
    Taken,
    /// The account is gone, or its address was changed or confirmed since.
    Stale,
}

const IS_TAKEN: &str = "SELECT COUNT(*) FROM users WHERE email_key = $1 AND id <> $2";

const SET: &str = "
    UPDATE users SET email = $3, email_key = $4, email_confirmed_at = $5
    WHERE id = $1 AND erased_at IS NULL AND COALESCE(email_confirmed_at, 0) = $2";

/// Links that went to the address before.
const DROP_LINKS: &str = "DELETE FROM link_tokens WHERE user_id = $1";

pub(super) const STATEMENTS: &[&str] = &[IS_TAKEN, SET, DROP_LINKS];

impl Store {
    /// Gives the account the address, confirmed, and ends links that were sent to the one before. `mail` tells whoever reads
    /// that one.
    #[boxed]
    pub async fn email_change(
        &self,
        change: &EmailChange<'_>,
        mail: Option<&NewMail>,
        now: TimeUs,
        entry: &AuditEntry,
    ) -> Result<EmailChanged, StoreError> {
        let (user, key) = (change.user.uuid(), email_key(change.email));
        // Two confirmations are two times: of a link that was used nothing is left.
        let stamp = change.confirmed_at.map_or(0, |at| at.0);
        let now = now.max(TimeUs(stamp.saturating_add(1)));
        on_transaction!(self, transaction => async {
            // Of two accounts that want one address at once the second waits here.
            sqlx::query(LOCK_ADMINS).execute(&mut *transaction).await?;
            let find = sqlx::query_scalar(IS_TAKEN).bind(&key).bind(user);
            let others: i64 = find.fetch_one(&mut *transaction).await?;
            if others > 0 {
                return Ok(EmailChanged::Taken);
            }
            let set = sqlx::query(SET).bind(user).bind(stamp).bind(change.email).bind(&key).bind(now.0);
            if set.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(EmailChanged::Stale);
            }
            sqlx::query(DROP_LINKS).bind(user).execute(&mut *transaction).await?;
            if let Some(mail) = mail {
                insert_mail!(mail).execute(&mut *transaction).await?;
            }
            audit!(&mut *transaction, entry).await?;
            Ok(EmailChanged::Done)
        })
    }
}
