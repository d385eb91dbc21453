//! Places in waiting rooms: one row per account and round, durable before its number is told.
//!
//! Numbers are given in the order of arrival, each once. Who joins again gets the number he has; who may have a new one
//! (his was called in vain, or is used up) says which one he gives up for it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use inventory::{EventId, TimeUs, UserId};
use uuid::Uuid;

use super::{Store, changed, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct WaitingPlace {
        pub user_id: UserId,
        pub number: u32,
        pub joined_at: TimeUs,
    }
}

row! {
    /// A place in the present round of an event's waiting room.
    pub struct PlaceOfUser {
        pub event_id: EventId,
        pub number: u32,
        pub joined_at: TimeUs,
    }
}

/// One account that wants a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Join {
    pub user: UserId,
    /// The number given up for a new one. Ignored unless it is the account's.
    pub replaces: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// One for each [`Join`], in their order.
    pub numbers: Vec<u32>,
    /// Numbers given out in the round, these included.
    pub total: u32,
}

/// Who joins one round together, at one time.
#[derive(Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) event: Uuid,
    pub(crate) round: i64,
    pub(crate) at: i64,
}

/// A place that is to be written.
pub(crate) struct PlaceRow {
    pub(crate) user: Uuid,
    pub(crate) number: i64,
}

/// Places by the batch, in each database's own way.
pub(crate) trait PlaceRows {
    /// Writes the places of those who have none. How many these are.
    fn add_places(&mut self, to: Arrival, rows: &[PlaceRow]) -> impl Future<Output = sqlx::Result<u64>> + Send;

    /// Writes the places in the order of `rows`, whatever the accounts have had.
    fn put_places(&mut self, to: Arrival, rows: &[PlaceRow]) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Which the accounts of `rows` have, in any order.
    fn find_places(
        &mut self,
        of: Arrival,
        rows: &[PlaceRow],
    ) -> impl Future<Output = sqlx::Result<Vec<WaitingPlace>>> + Send;
}

/// Takes so many numbers, as if everybody were new, and gives the number after them. It locks the room's row for the
/// transaction, so that two nodes cannot give out the same.
const TAKE: &str = "
    UPDATE waiting_rooms SET joined = joined + $3 WHERE event_id = $1 AND round = $2 RETURNING joined";

const COUNT: &str = "UPDATE waiting_rooms SET joined = $3 WHERE event_id = $1 AND round = $2";

const FIND: &str = "
    SELECT user_id, number, joined_at FROM waiting_places WHERE event_id = $1 AND round = $2 AND user_id = $3";

/// By room, because places are not indexed by account: rooms are few, and each is one look-up.
const LIST_OF_USER: &str = "
    SELECT place.event_id, place.number, place.joined_at
    FROM waiting_rooms AS room JOIN waiting_places AS place
        ON place.event_id = room.event_id AND place.round = room.round AND place.user_id = $1
    WHERE room.event_id > $2 ORDER BY room.event_id LIMIT $3";

const DELETE: &str = "
    DELETE FROM waiting_places WHERE event_id = $1 AND round = $2 AND user_id = $3 AND number = $4";

const PRUNE: &str = "
    DELETE FROM waiting_places WHERE event_id = $1 AND (round, user_id) IN (
        SELECT round, user_id FROM waiting_places WHERE event_id = $1 AND round < $2 LIMIT $3)";

pub(super) const STATEMENTS: &[&str] = &[TAKE, COUNT, FIND, LIST_OF_USER, DELETE, PRUNE];

/// What a batch asks for, and what it comes to.
struct Batch<'a> {
    joins: &'a [Join],
    /// Each account once.
    numbers: BTreeMap<[u8; 16], u32>,
}

impl Batch<'_> {
    /// Numbers for those who have none, from `next` on. The rows to write, by account, and the next number after them.
    fn give(&mut self, mut next: u32) -> (Vec<PlaceRow>, u32) {
        let mut given = BTreeMap::new();
        for join in self.joins {
            let user = join.user.bytes();
            match self.numbers.entry(user) {
                Entry::Occupied(has) if Some(*has.get()) != join.replaces => continue,
                Entry::Occupied(mut has) => drop(has.insert(next)),
                Entry::Vacant(none) => drop(none.insert(next)),
            }
            given.insert(user, next);
            next = next.saturating_add(1);
        }
        let row = |(user, number): ([u8; 16], u32)| PlaceRow { user: Uuid::from_bytes(user), number: number.into() };
        (given.into_iter().map(row).collect(), next)
    }

    fn answers(&self) -> Vec<u32> {
        self.joins.iter().map(|join| self.numbers[&join.user.bytes()]).collect()
    }
}

impl Store {
    /// Gives each account that has no place the next number, in the order of `joins`, all in one transaction. `None`: the
    /// round is over, and nothing was written.
    #[boxed]
    pub async fn waiting_places_join(
        &self,
        event: EventId,
        round: u32,
        joins: &[Join],
        now: TimeUs,
    ) -> Result<Option<Joined>, StoreError> {
        on_transaction!(self, transaction => async {
            let many = joins.len() as i64;
            let arrival = Arrival { event: event.uuid(), round: round.into(), at: now.0 };
            let take = sqlx::query_scalar(TAKE).bind(arrival.event).bind(arrival.round).bind(many);
            let taken: Option<i64> = take.fetch_optional(&mut *transaction).await?;
            let first = taken.and_then(|taken| u32::try_from(taken - many).ok());
            let Some(first) = first else { return Ok(None) };
            let mut batch = Batch { joins, numbers: BTreeMap::new() };
            let (mut rows, mut next) = batch.give(first);
            let added = transaction.add_places(arrival, &rows).await?;
            // In a rush everybody is new, and nothing has to be looked up.
            if added < rows.len() as u64 {
                let found = transaction.find_places(arrival, &rows).await?;
                let old = found.into_iter().filter(|place| place.number < first);
                batch.numbers = old.map(|place| (place.user_id.bytes(), place.number)).collect();
                (rows, next) = batch.give(first);
                // A row that is put under a smaller number finds it free: the one that had it has been moved before.
                rows.sort_unstable_by_key(|row| row.number);
                transaction.put_places(arrival, &rows).await?;
            }
            if i64::from(next) != i64::from(first) + many {
                let count = sqlx::query(COUNT).bind(arrival.event).bind(arrival.round).bind(i64::from(next));
                count.execute(&mut *transaction).await?;
            }
            Ok(Some(Joined { numbers: batch.answers(), total: next }))
        })
    }

    #[boxed]
    pub async fn waiting_place_find(
        &self,
        event: EventId,
        round: u32,
        user: UserId,
    ) -> Result<Option<WaitingPlace>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND)
            .bind(event.uuid())
            .bind(i64::from(round))
            .bind(user.uuid())
            .fetch_optional(pool))
    }

    /// In the present rounds of all rooms, by event, behind `after`.
    #[boxed]
    pub async fn waiting_place_list_of_user(
        &self,
        user: UserId,
        after: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<PlaceOfUser>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_USER)
            .bind(user.uuid())
            .bind(after.map_or_else(Uuid::nil, EventId::uuid))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Whether the account had this place. Its number is not given out again.
    #[boxed]
    pub async fn waiting_place_delete(
        &self,
        event: EventId,
        round: u32,
        user: UserId,
        number: u32,
    ) -> Result<bool, StoreError> {
        let number = i64::from(number);
        changed!(self, sqlx::query(DELETE).bind(event.uuid()).bind(i64::from(round)).bind(user.uuid()).bind(number))
            .map(|touched| touched == 1)
    }

    /// Forgets places of rounds before `round`, `limit` of them at most. How many.
    #[boxed]
    pub async fn waiting_places_prune(&self, event: EventId, round: u32, limit: u32) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(PRUNE).bind(event.uuid()).bind(i64::from(round)).bind(i64::from(limit)))
    }
}
