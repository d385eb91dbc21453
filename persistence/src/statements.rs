//! Every SQL text of the crate, so that a test can have each prepared by the database that will run it.

use crate::{Store, journal, postgres, sqlite, store};

/// What this store ever sends, apart from migrations.
pub fn statements(store: &Store) -> Vec<&'static str> {
    let shared = journal::STATEMENTS.iter().copied().chain(store::statements());
    match store {
        Store::Postgres(_) => shared.chain(postgres::statements()).collect(),
        Store::Sqlite(_) => shared.chain(sqlite::statements()).collect(),
    }
}
