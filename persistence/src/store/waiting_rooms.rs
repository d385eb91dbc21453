//! What of a waiting room outlives a restart beside its journal: whether somebody must keep it, and how many numbers it
//! has given out. Which places there are: `waiting_places`.
//!
//! A *round* counts the lines of one event: switching a room off and on again begins another. Its numbers start at 0, and
//! places of an older round are nobody's.

use inventory::EventId;

use super::{Store, changed, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct WaitingRoom {
        pub event_id: EventId,
        /// At least when the journal says so: written before a room is switched on.
        pub active: bool,
        pub round: u32,
        /// Numbers given out in this round. Never falls, whoever leaves.
        pub joined: u32,
    }
}

const KEEP: &str = "
    INSERT INTO waiting_rooms (event_id, active, round, joined) VALUES ($1, $2, 0, 0)
    ON CONFLICT (event_id) DO UPDATE SET active = excluded.active";

/// Not a room whose next round has begun since.
const PUT_AWAY: &str = "UPDATE waiting_rooms SET active = $3 WHERE event_id = $1 AND round <= $2";

const LIST_ACTIVE: &str = "
    SELECT event_id FROM waiting_rooms WHERE active = $1 AND event_id > $2 ORDER BY event_id LIMIT $3";

const ENSURE: &str = "
    INSERT INTO waiting_rooms (event_id, active, round, joined) VALUES ($1, $2, 0, 0)
    ON CONFLICT (event_id) DO NOTHING";

/// A keeper that lags behind must not bring an old round back. Waits for joins that are being written, so that none is
/// missing in the count. Whoever begins a round keeps the room.
const BEGIN: &str = "
    UPDATE waiting_rooms SET
        joined = CASE WHEN round < $2 THEN 0 ELSE joined END,
        active = CASE WHEN round <= $2 THEN $3 ELSE active END,
        round = CASE WHEN round < $2 THEN $2 ELSE round END
    WHERE event_id = $1 RETURNING event_id, active, round, joined";

const FIND: &str = "SELECT event_id, active, round, joined FROM waiting_rooms WHERE event_id = $1";

pub(super) const STATEMENTS: &[&str] = &[KEEP, PUT_AWAY, LIST_ACTIVE, ENSURE, BEGIN, FIND];

impl Store {
    /// Before the room is switched on: it is found again whenever the server ends.
    #[boxed]
    pub async fn waiting_room_keep(&self, event: EventId) -> Result<(), StoreError> {
        changed!(self, sqlx::query(KEEP).bind(event.uuid()).bind(true)).map(drop)
    }

    /// By the keeper of a room that is off since `round`, and unless another round has begun: it need not be found again.
    #[boxed]
    pub async fn waiting_room_put_away(&self, event: EventId, round: u32) -> Result<(), StoreError> {
        changed!(self, sqlx::query(PUT_AWAY).bind(event.uuid()).bind(i64::from(round)).bind(false)).map(drop)
    }

    /// By event id, behind `after`.
    #[boxed]
    pub async fn waiting_room_list_active(
        &self,
        after: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<EventId>, StoreError> {
        let after = after.map_or_else(uuid::Uuid::nil, EventId::uuid);
        let ids: Vec<uuid::Uuid> = on_pool!(self, pool => sqlx::query_scalar(LIST_ACTIVE)
            .bind(true)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(pool))?;
        Ok(ids.into_iter().map(EventId::from_uuid).collect())
    }

    /// The room as it stands in `round`, which begins now unless it, or a later one, has begun.
    #[boxed]
    pub async fn waiting_room_begin(&self, event: EventId, round: u32) -> Result<WaitingRoom, StoreError> {
        on_transaction!(self, transaction => async {
            sqlx::query(ENSURE).bind(event.uuid()).bind(true).execute(&mut *transaction).await?;
            let begin = sqlx::query_as(BEGIN).bind(event.uuid()).bind(i64::from(round)).bind(true);
            begin.fetch_one(&mut *transaction).await
        })
    }

    #[boxed]
    pub async fn waiting_room_find(&self, event: EventId) -> Result<Option<WaitingRoom>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(event.uuid()).fetch_optional(pool))
    }
}
