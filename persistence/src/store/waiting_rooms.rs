//! What of a waiting room outlives a restart beside its journal: whether somebody must keep it, and how many numbers it
//! has given out. Which places there are: `waiting_places`.
//!
//! A *round* is the time since which the line has been armed. Switching a room off and on again begins a new one: its
//! numbers start at 0, and places of an older round are nobody's.

use inventory::{EventId, TimeUs};

use super::{Store, changed, on_pool, on_transaction};
use crate::StoreError;
use crate::row::row;

row! {
    pub struct WaitingRoom {
        pub event_id: EventId,
        /// At least when the journal says so: written before a room is switched on.
        pub active: bool,
        pub round: TimeUs,
        /// Numbers given out in this round. Never falls, whoever leaves.
        pub joined: u32,
        /// Numbers below this are shuffled; `None` while whoever joins still takes part.
        pub shuffled: Option<u32>,
    }
}

const SET_ACTIVE: &str = "
    INSERT INTO waiting_rooms (event_id, active, round, joined, shuffled) VALUES ($1, $2, 0, 0, NULL)
    ON CONFLICT (event_id) DO UPDATE SET active = excluded.active";

const LIST_ACTIVE: &str = "
    SELECT event_id FROM waiting_rooms WHERE active = $1 AND event_id > $2 ORDER BY event_id LIMIT $3";

const ENSURE: &str = "
    INSERT INTO waiting_rooms (event_id, active, round, joined, shuffled) VALUES ($1, $2, 0, 0, NULL)
    ON CONFLICT (event_id) DO NOTHING";

/// A keeper that lags behind must not bring an old round back.
const BEGIN: &str = "
    UPDATE waiting_rooms SET round = $2, joined = 0, shuffled = NULL WHERE event_id = $1 AND round < $2";

const FIND: &str = "SELECT event_id, active, round, joined, shuffled FROM waiting_rooms WHERE event_id = $1";

const SET_SHUFFLED: &str = "UPDATE waiting_rooms SET shuffled = $3 WHERE event_id = $1 AND round = $2";

pub(super) const STATEMENTS: &[&str] = &[SET_ACTIVE, LIST_ACTIVE, ENSURE, BEGIN, FIND, SET_SHUFFLED];

impl Store {
    pub async fn waiting_room_set_active(&self, event: EventId, active: bool) -> Result<(), StoreError> {
        changed!(self, sqlx::query(SET_ACTIVE).bind(event.uuid()).bind(active)).map(drop)
    }

    /// By event id, behind `after`.
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
    pub async fn waiting_room_begin(&self, event: EventId, round: TimeUs) -> Result<WaitingRoom, StoreError> {
        on_transaction!(self, transaction => async {
            sqlx::query(ENSURE).bind(event.uuid()).bind(true).execute(&mut *transaction).await?;
            sqlx::query(BEGIN).bind(event.uuid()).bind(round.0).execute(&mut *transaction).await?;
            sqlx::query_as(FIND).bind(event.uuid()).fetch_one(&mut *transaction).await
        })
    }

    pub async fn waiting_room_find(&self, event: EventId) -> Result<Option<WaitingRoom>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(event.uuid()).fetch_optional(pool))
    }

    /// Whether the round is still the room's.
    pub async fn waiting_room_set_shuffled(
        &self,
        event: EventId,
        round: TimeUs,
        shuffled: Option<u32>,
    ) -> Result<bool, StoreError> {
        let shuffled = shuffled.map(i64::from);
        changed!(self, sqlx::query(SET_SHUFFLED).bind(event.uuid()).bind(round.0).bind(shuffled))
            .map(|touched| touched == 1)
    }
}
