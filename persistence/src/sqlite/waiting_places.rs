//! Places by the batch on SQLite, which has no arrays: as lists of values, and of accounts.

use std::sync::{Arc, LazyLock};

use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::store::{Arrival, PlaceRow, PlaceRows, WaitingPlace};

/// Rows per statement, largest first: a batch is cut into these, so that few texts are prepared, and stay so.
const ROWS: [usize; 5] = [256, 64, 16, 4, 1];

const KEEP_OLD: &str = "DO NOTHING";

const PUT_NEW: &str = "DO UPDATE SET number = excluded.number, joined_at = excluded.joined_at";

static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts {
    find: ROWS.map(find_text),
    add: ROWS.map(|rows| insert_text(rows, KEEP_OLD)),
    put: ROWS.map(|rows| insert_text(rows, PUT_NEW)),
});

struct Texts {
    find: [Arc<str>; ROWS.len()],
    add: [Arc<str>; ROWS.len()],
    put: [Arc<str>; ROWS.len()],
}

/// `$1` event, `$2` round, then the accounts.
fn find_text(rows: usize) -> Arc<str> {
    let accounts: Vec<String> = (3..3 + rows).map(|at| format!("${at}")).collect();
    format!(
        "SELECT user_id, number, joined_at FROM waiting_places
        WHERE event_id = $1 AND round = $2 AND user_id IN ({})",
        accounts.join(", ")
    )
    .into()
}

/// `$1` event, `$2` round, `$3` now, then account and number of each row.
fn insert_text(rows: usize, on_conflict: &str) -> Arc<str> {
    let values: Vec<String> =
        (0..rows).map(|row| format!("($1, $2, ${}, ${}, $3)", 4 + 2 * row, 5 + 2 * row)).collect();
    format!(
        "INSERT INTO waiting_places (event_id, round, user_id, number, joined_at) VALUES {}
        ON CONFLICT (event_id, round, user_id) {on_conflict}",
        values.join(", ")
    )
    .into()
}

/// Every text that is made here, for the test that prepares them.
pub(super) fn statements() -> impl Iterator<Item = &'static str> {
    let texts = &*TEXTS;
    texts.find.iter().chain(&texts.add).chain(&texts.put).map(AsRef::as_ref)
}

/// `all` in pieces that have a prepared text, with it.
fn pieces<'a>(
    mut all: &'a [PlaceRow],
    texts: &'a [Arc<str>; ROWS.len()],
) -> impl Iterator<Item = (&'a [PlaceRow], Arc<str>)> {
    std::iter::from_fn(move || {
        let (rows, text) = ROWS.iter().zip(texts).find(|(rows, _)| **rows <= all.len())?;
        let (piece, rest) = all.split_at(*rows);
        all = rest;
        Some((piece, Arc::clone(text)))
    })
}

impl PlaceRows for SqliteConnection {
    async fn add_places(&mut self, to: Arrival, rows: &[PlaceRow]) -> sqlx::Result<u64> {
        write(self, &TEXTS.add, to, rows).await
    }

    async fn put_places(&mut self, to: Arrival, rows: &[PlaceRow]) -> sqlx::Result<()> {
        write(self, &TEXTS.put, to, rows).await.map(drop)
    }

    async fn find_places(&mut self, of: Arrival, rows: &[PlaceRow]) -> sqlx::Result<Vec<WaitingPlace>> {
        let mut found = Vec::new();
        for (piece, text) in pieces(rows, &TEXTS.find) {
            let find = sqlx::query_as(AssertSqlSafe(text)).bind(of.event).bind(of.round);
            let find = piece.iter().fold(find, |find, row| find.bind(row.user));
            found.append(&mut find.fetch_all(&mut *self).await?);
        }
        Ok(found)
    }
}

async fn write(
    connection: &mut SqliteConnection,
    texts: &[Arc<str>; ROWS.len()],
    to: Arrival,
    rows: &[PlaceRow],
) -> sqlx::Result<u64> {
    let mut written = 0;
    for (piece, text) in pieces(rows, texts) {
        let write = sqlx::query(AssertSqlSafe(text)).bind(to.event).bind(to.round).bind(to.at);
        let write = piece.iter().fold(write, |write, row| write.bind(row.user).bind(row.number));
        written += write.execute(&mut *connection).await?.rows_affected();
    }
    Ok(written)
}
