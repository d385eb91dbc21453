//! Keys that the server makes for itself at its first start and must find again.

use super::{Store, on_transaction};
use crate::StoreError;
use crate::boxed;

const INSERT: &str = "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";

const FIND: &str = "SELECT value FROM secrets WHERE name = $1";

pub(super) const STATEMENTS: &[&str] = &[INSERT, FIND];

impl Store {
    /// The stored value; `value` if there was none. Of several that try at once all get the same.
    #[boxed]
    pub async fn secret_get_or_insert(&self, name: &str, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        on_transaction!(self, transaction => async {
            sqlx::query(INSERT).bind(name).bind(value).execute(&mut *transaction).await?;
            sqlx::query_scalar(FIND).bind(name).fetch_one(&mut *transaction).await
        })
    }
}
