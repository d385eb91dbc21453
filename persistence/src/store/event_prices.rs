//! What the cheapest and the dearest ticket of an event cost now: columns, because lists are walked by them. The journal writes
//! them with every change of the tiers; what changes by the clock alone is brought up to date here.

use inventory::TimeUs;

use super::{Store, changed};
use crate::StoreError;
use crate::boxed;

const REFRESH: &str = "
    UPDATE events SET
        price_min_minor = COALESCE((SELECT MIN(price.price_minor) FROM event_tier_prices AS price
            WHERE price.event_id = events.id AND price.lsn = events.offer_lsn
                AND price.starts_at <= $1 AND price.ends_at > $1), 9223372036854775807),
        price_max_minor = COALESCE((SELECT MAX(price.price_minor) FROM event_tier_prices AS price
            WHERE price.event_id = events.id AND price.lsn = events.offer_lsn
                AND price.starts_at <= $1 AND price.ends_at > $1), -1),
        price_until = COALESCE((SELECT MIN(price.ends_at) FROM event_tier_prices AS price
            WHERE price.event_id = events.id AND price.lsn = events.offer_lsn
                AND price.starts_at <= $1 AND price.ends_at > $1), 9223372036854775807)
    WHERE price_until <= $1";

pub(super) const STATEMENTS: &[&str] = &[REFRESH];

impl Store {
    /// Brings the prices up to date that have ended by now. How many events have others.
    #[boxed]
    pub async fn event_prices_refresh(&self, now: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(REFRESH).bind(now.0))
    }
}
