//! Places by the batch on Postgres: one statement for all rows, which come as one array per column. As a list of values, a
//! batch costs half as much again: each value is a parameter of its own, and a batch of any size takes several statements.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::store::{Arrival, PlaceRow, PlaceRows, WaitingPlace};

const ADD: &str = "
    INSERT INTO waiting_places (event_id, round, user_id, number, joined_at)
    SELECT $1, $2, account, place, $3 FROM UNNEST($4::uuid[], $5::bigint[]) AS batch (account, place)
    ON CONFLICT (event_id, round, user_id) DO NOTHING";

/// In the order of the numbers, which is that of the rows.
const PUT: &str = "
    INSERT INTO waiting_places (event_id, round, user_id, number, joined_at)
    SELECT $1, $2, account, place, $3 FROM UNNEST($4::uuid[], $5::bigint[]) AS batch (account, place) ORDER BY place
    ON CONFLICT (event_id, round, user_id) DO UPDATE SET number = excluded.number, joined_at = excluded.joined_at";

/// One look-up for each: in a room without statistics the planner thinks it cheaper to read all of it.
const FIND: &str = "
    SELECT place.user_id, place.number, place.joined_at
    FROM UNNEST($3::uuid[]) AS batch (account) CROSS JOIN LATERAL (
        SELECT user_id, number, joined_at FROM waiting_places
        WHERE event_id = $1 AND round = $2 AND user_id = account LIMIT 1) AS place";

pub(super) const STATEMENTS: &[&str] = &[ADD, PUT, FIND];

impl PlaceRows for PgConnection {
    async fn add_places(&mut self, to: Arrival, rows: &[PlaceRow]) -> sqlx::Result<u64> {
        write(self, ADD, to, rows).await
    }

    async fn put_places(&mut self, to: Arrival, rows: &[PlaceRow]) -> sqlx::Result<()> {
        write(self, PUT, to, rows).await.map(drop)
    }

    async fn find_places(&mut self, of: Arrival, rows: &[PlaceRow]) -> sqlx::Result<Vec<WaitingPlace>> {
        sqlx::query_as(FIND).bind(of.event).bind(of.round).bind(accounts(rows)).fetch_all(self).await
    }
}

async fn write(connection: &mut PgConnection, text: &'static str, to: Arrival, rows: &[PlaceRow]) -> sqlx::Result<u64> {
    let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
    let write = sqlx::query(text).bind(to.event).bind(to.round).bind(to.at).bind(accounts(rows)).bind(numbers);
    write.execute(connection).await.map(|written| written.rows_affected())
}

fn accounts(rows: &[PlaceRow]) -> Vec<Uuid> {
    rows.iter().map(|row| row.user).collect()
}
