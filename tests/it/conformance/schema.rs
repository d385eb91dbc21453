//! One schema, two databases: but for the index of words, `event_search`, which is each database's own.

use std::collections::BTreeSet;
use std::path::Path;

use persistence::{Store, migration_names, search_statements, statements};
use sqlx::{AssertSqlSafe, Executor, Row, SqlSafeStr};

use super::fixture::{Fixture, on_every_store};

on_every_store!(
    every_statement_is_prepared_by_the_database_that_runs_it,
    every_search_is_prepared_and_walks_an_index,
    migrations_run_twice_change_nothing,
);

async fn every_statement_is_prepared_by_the_database_that_runs_it(fixture: Fixture) {
    let texts = statements(&fixture.store);
    assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), texts.len(), "a statement is listed twice");
    match &fixture.store {
        Store::Postgres(_) => {
            let mut connection = fixture.postgres_connection().await;
            for text in texts {
                let prepared = (&mut connection).prepare(text.into_sql_str()).await;
                assert!(prepared.is_ok(), "{text}\n{:?}", prepared.err());
            }
        }
        Store::Sqlite(_) => {
            let mut connection = fixture.sqlite_connection().await;
            for text in texts.into_iter().flat_map(|text| text.split(';')) {
                let explained = sqlx::query(AssertSqlSafe(format!("EXPLAIN {text}"))).fetch_all(&mut connection).await;
                assert!(explained.is_ok(), "{text}\n{:?}", explained.err());
            }
        }
    }
}

/// The planner of Postgres decides by what there is: that it uses the indexes is measured (docs/performance.md).
async fn every_search_is_prepared_and_walks_an_index(fixture: Fixture) {
    let texts = search_statements(&fixture.store);
    assert!(texts.len() >= 15, "{}", texts.len());
    match &fixture.store {
        Store::Postgres(_) => {
            let mut connection = fixture.postgres_connection().await;
            for text in texts {
                let prepared = (&mut connection).prepare(AssertSqlSafe(text.clone()).into_sql_str()).await;
                assert!(prepared.is_ok(), "{text}\n{:?}", prepared.err());
            }
        }
        Store::Sqlite(_) => {
            let mut connection = fixture.sqlite_connection().await;
            for text in texts {
                let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}")));
                let plan: Vec<String> =
                    plan.fetch_all(&mut connection).await.unwrap().iter().map(|row| row.get("detail")).collect();
                let scans = |step: &&String| step.starts_with("SCAN ev") && !step.contains("INDEX");
                let scan = plan.iter().find(|step| scans(step) && !step.contains("VIRTUAL TABLE"));
                assert_eq!(scan, None, "{text}\n{plan:#?}");
                if text.contains("CROSS JOIN") {
                    // A range in its place is walked anew for each row of the way.
                    let is_one =
                        |step: &String| step.starts_with("SEARCH events USING") && step.contains("status=? AND ");
                    let is_looked_up = plan
                        .iter()
                        .any(|step| is_one(step) && (step.contains("AND id=?") || step.contains("AND number=?")));
                    assert!(is_looked_up, "{text}\n{plan:#?}");
                }
            }
        }
    }
}

async fn migrations_run_twice_change_nothing(mut fixture: Fixture) {
    let before = columns(&fixture).await;
    fixture.reopen().await;
    assert_eq!(columns(&fixture).await, before);
}

#[test]
fn the_folders_hold_the_same_migrations_and_the_code_knows_all() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../persistence/migrations");
    for backend in ["sqlite", "postgres"] {
        let mut files: Vec<String> = std::fs::read_dir(folder.join(backend))
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        assert_eq!(files, migration_names(), "in {backend}");
    }
}

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_and_keys() {
    let Some(postgres) = Fixture::postgres().await else { return };
    let sqlite = Fixture::sqlite().await;
    assert_eq!(columns(&sqlite).await, columns(&postgres).await);
    assert_eq!(unique_keys(&sqlite).await, unique_keys(&postgres).await);
    assert_eq!(indexes(&sqlite).await, indexes(&postgres).await);
}

/// `table.column type NULL|NOT NULL`, types by the table of `migrations/README.md`.
async fn columns(fixture: &Fixture) -> BTreeSet<String> {
    match &fixture.store {
        Store::Postgres(_) => {
            let sql = "SELECT table_name || '.' || column_name || ' ' ||
                    CASE data_type WHEN 'uuid' THEN 'BLOB' WHEN 'bytea' THEN 'BLOB' WHEN 'bigint' THEN 'INTEGER'
                        WHEN 'boolean' THEN 'INTEGER' WHEN 'text' THEN 'TEXT' ELSE data_type END ||
                    CASE is_nullable WHEN 'YES' THEN ' NULL' ELSE ' NOT NULL' END
                FROM information_schema.columns
                WHERE table_schema = 'public' AND table_name NOT IN ('_sqlx_migrations', 'event_search')";
            set(sqlx::query(sql).fetch_all(&mut fixture.postgres_connection().await).await.unwrap())
        }
        Store::Sqlite(_) => {
            let sql = "SELECT tables.name || '.' || columns.name || ' ' || columns.type ||
                    CASE columns.\"notnull\" WHEN 0 THEN ' NULL' ELSE ' NOT NULL' END
                FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
                WHERE tables.type = 'table' AND tables.name NOT IN ('_sqlx_migrations', 'sqlite_sequence')
                    AND tables.name NOT LIKE 'event_search%'";
            set(sqlx::query(sql).fetch_all(&mut fixture.sqlite_connection().await).await.unwrap())
        }
    }
}

/// `table(column, …)` of every primary and unique key.
async fn unique_keys(fixture: &Fixture) -> BTreeSet<String> {
    match &fixture.store {
        Store::Postgres(_) => {
            let sql = "SELECT tables.relname || '(' || (
                    SELECT string_agg(columns.attname, ', ' ORDER BY key.position)
                    FROM unnest(keys.conkey) WITH ORDINALITY AS key (number, position)
                    JOIN pg_attribute AS columns ON columns.attrelid = keys.conrelid AND columns.attnum = key.number
                ) || ')'
                FROM pg_constraint AS keys JOIN pg_class AS tables ON tables.oid = keys.conrelid
                WHERE keys.contype IN ('p', 'u') AND tables.relname NOT IN ('_sqlx_migrations', 'event_search')
                    AND tables.relnamespace = 'public'::regnamespace";
            set(sqlx::query(sql).fetch_all(&mut fixture.postgres_connection().await).await.unwrap())
        }
        Store::Sqlite(_) => {
            let sql = "SELECT tables.name || '(' || (
                    SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(keys.name) ORDER BY seqno)
                ) || ')'
                FROM sqlite_schema AS tables, pragma_index_list(tables.name) AS keys
                WHERE tables.type = 'table' AND keys.\"unique\" = 1 AND tables.name <> '_sqlx_migrations'
                    AND tables.name NOT LIKE 'event_search%'";
            set(sqlx::query(sql).fetch_all(&mut fixture.sqlite_connection().await).await.unwrap())
        }
    }
}

/// Names of the indexes that no key made.
async fn indexes(fixture: &Fixture) -> BTreeSet<String> {
    match &fixture.store {
        Store::Postgres(_) => {
            let sql = "SELECT indexes.indexname::text FROM pg_indexes AS indexes
                WHERE schemaname = 'public' AND tablename <> 'event_search' AND NOT EXISTS (
                    SELECT 1 FROM pg_constraint AS keys WHERE keys.conname = indexes.indexname)";
            set(sqlx::query(sql).fetch_all(&mut fixture.postgres_connection().await).await.unwrap())
        }
        Store::Sqlite(_) => {
            let sql = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
            set(sqlx::query(sql).fetch_all(&mut fixture.sqlite_connection().await).await.unwrap())
        }
    }
}

fn set<R: Row>(rows: Vec<R>) -> BTreeSet<String>
where
    usize: sqlx::ColumnIndex<R>,
    for<'r> String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    rows.iter().map(|row| row.get(0)).collect()
}
