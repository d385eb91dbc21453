//! Somebody shows that he reads what is sent to an account's address. Until then the account was whoever's has typed the
//! address: with the first proof ends what he could come back by, so that nobody waits in an account for its owner.

use inventory::{TimeUs, UserId};
use uuid::Uuid;

use super::audit_log::audit;
use super::link_tokens::SET_PASSWORD;
use super::mails::insert_mail;
use super::{AuditEntry, NewMail, Store, on_transaction};
use crate::StoreError;
use crate::boxed;

/// Of several at once exactly one is the first.
pub(super) const PROVE: &str =
    "UPDATE users SET email_confirmed_at = $2 WHERE id = $1 AND email_confirmed_at IS NULL AND erased_at IS NULL";

pub(super) const DROP_API_KEYS: &str = "DELETE FROM api_keys WHERE user_id = $1";

pub(super) const DROP_RESETS: &str = "DELETE FROM link_tokens WHERE user_id = $1 AND purpose = 'reset_password'";

pub(super) const STATEMENTS: &[&str] = &[PROVE, DROP_API_KEYS, DROP_RESETS];

/// Inside a transaction: the logins that the first proof has ended, all but `$except`. `None`: it is not the first.
macro_rules! prove_address {
    ($connection:expr, $user:expr, $now:expr, $except:expr) => {{
        use $crate::store::{address_proofs as proofs, second_factors as factors};
        let (user, now): (uuid::Uuid, inventory::TimeUs) = ($user, $now);
        let proved = sqlx::query(proofs::PROVE).bind(user).bind(now.0).execute($connection).await?;
        if proved.rows_affected() == 0 {
            None
        } else {
            for statement in [
                factors::DELETE_ANY,
                factors::DELETE_CODES,
                factors::DELETE_CHALLENGES,
                proofs::DROP_API_KEYS,
                proofs::DROP_RESETS,
            ] {
                sqlx::query(statement).bind(user).execute($connection).await?;
            }
            let end = sqlx::query_scalar($crate::store::sessions::END_ALL).bind(user).bind(now.0).bind($except);
            let ended: Vec<uuid::Uuid> = end.fetch_all($connection).await?;
            Some(ended)
        }
    }};
}

pub(crate) use prove_address;

impl Store {
    /// Notes that whoever acts reads what is sent to the account's address. With the first such proof end its logins, API
    /// keys and second factor, and `password_hash` takes the place of its password; `mail` tells its owner. The logins;
    /// `None`: somebody had shown it before, and nothing was changed.
    #[boxed]
    pub async fn address_prove(
        &self,
        user: UserId,
        password_hash: Option<&str>,
        mail: Option<&NewMail>,
        entry: Option<&AuditEntry>,
        now: TimeUs,
    ) -> Result<Option<Vec<Uuid>>, StoreError> {
        on_transaction!(self, transaction => async {
            let Some(ended) = prove_address!(&mut *transaction, user.uuid(), now, Uuid::nil()) else { return Ok(None) };
            if let Some(password_hash) = password_hash {
                let set = sqlx::query(SET_PASSWORD).bind(user.uuid()).bind(password_hash);
                set.execute(&mut *transaction).await?;
            }
            if let Some(mail) = mail {
                insert_mail!(mail).execute(&mut *transaction).await?;
            }
            if let Some(entry) = entry {
                audit!(&mut *transaction, entry).await?;
            }
            Ok(Some(ended))
        })
    }
}
