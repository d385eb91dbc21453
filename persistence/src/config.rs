use std::path::PathBuf;
use std::time::Duration;

/// Where the store is and how long anything may wait for it.
#[derive(Clone)]
pub struct StoreConfig {
    /// `postgres://…`. `None`: the embedded store in `data_dir`.
    pub url: Option<String>,
    /// Holds `usher.sqlite3` and its lock file. On Postgres the name of this node, for which it may be empty.
    pub data_dir: PathBuf,
    /// Starts on a Postgres that may lose acknowledged commits. For development.
    pub allow_unsafe_durability: bool,
    /// Connections for everything but appends. On SQLite: readers; there is always one writer.
    pub connections_max: u32,
    pub connect_timeout: Duration,
    /// For a connection out of the pool. On SQLite writers queue here, behind the journal's commits.
    pub acquire_timeout: Duration,
    /// For one call of the relational store, its wait for a connection included.
    pub call_timeout: Duration,
    /// For one statement on Postgres; for the database's lock on SQLite.
    pub statement_timeout: Duration,
    /// For one journal commit, from the moment its connection is free.
    pub append_timeout: Duration,
}

impl StoreConfig {
    pub fn embedded(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            url: None,
            data_dir: data_dir.into(),
            allow_unsafe_durability: false,
            connections_max: 8,
            connect_timeout: Duration::from_secs(5),
            acquire_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_millis(1_500),
            statement_timeout: Duration::from_secs(5),
            append_timeout: Duration::from_secs(5),
        }
    }

    pub fn postgres(url: impl Into<String>) -> Self {
        Self { url: Some(url.into()), ..Self::embedded(PathBuf::new()) }
    }
}

/// Leaves the URL out: it carries the password.
impl std::fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreConfig")
            .field("url", &self.url.as_ref().map(|_| "<redacted>"))
            .field("data_dir", &self.data_dir)
            .field("allow_unsafe_durability", &self.allow_unsafe_durability)
            .field("connections_max", &self.connections_max)
            .field("connect_timeout", &self.connect_timeout)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("call_timeout", &self.call_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("append_timeout", &self.append_timeout)
            .finish()
    }
}
