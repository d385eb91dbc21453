use std::time::Duration;

use super::{Store, on_pool};
use crate::StoreError;
use crate::boxed;

const PING: &str = "SELECT CAST(1 AS bigint) AS one";

pub(super) const STATEMENTS: &[&str] = &[PING];

impl Store {
    /// Whether the store answers a read within `deadline`.
    ///
    /// # Errors
    /// [`StoreError::Timeout`] past the deadline.
    #[boxed]
    pub async fn ping(&self, deadline: Duration) -> Result<(), StoreError> {
        let ping = async { on_pool!(self, pool => async { sqlx::query(PING).execute(pool).await.map(|_| ()) }) };
        match tokio::time::timeout(deadline, ping).await {
            Ok(answered) => answered,
            Err(_) => Err(StoreError::Timeout),
        }
    }
}
