//! Every SQL text of the crate, so that a test can have each prepared by the database that will run it.

use crate::{Store, journal, postgres, projection, sqlite, store};

/// What this store ever sends, apart from migrations.
pub fn statements(store: &Store) -> Vec<&'static str> {
    let shared =
        journal::STATEMENTS.iter().copied().chain(projection::STATEMENTS.iter().copied()).chain(store::statements());
    match store {
        Store::Postgres(_) => shared.chain(postgres::statements()).collect(),
        Store::Sqlite(_) => shared.chain(sqlite::statements()).collect(),
    }
}

/// What a search of events ever sends: texts that are put together from what is asked for.
pub fn search_statements(store: &Store) -> Vec<String> {
    store::search_statements(store)
}
