//! The journals that are compared, each fresh for every run: a plain file, the embedded store, Postgres.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use benches::{database::Database, file_journal::FileJournal};
use engine::{Directory, EngineConfig, SystemClock};
use persistence::{Store, StoreConfig};

pub struct Places {
    pub dir: PathBuf,
    pub postgres_url: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Appends and `fdatasync`, nothing else: the floor.
    File,
    Sqlite,
    Postgres,
}

impl Places {
    /// All, or all but Postgres when no server is named.
    pub fn kinds(&self) -> Vec<Kind> {
        match self.postgres_url {
            Some(_) => vec![Kind::File, Kind::Sqlite, Kind::Postgres],
            None => vec![Kind::File, Kind::Sqlite],
        }
    }

    /// An empty place for a journal. It is removed again when the value is dropped.
    pub fn fresh(&self, kind: Kind) -> anyhow::Result<Place> {
        match kind {
            Kind::File | Kind::Sqlite => Ok(Place::Dir(kind, tempfile::tempdir_in(&self.dir)?)),
            Kind::Postgres => {
                let server = self.postgres_url.clone().context("--postgres-url is not set")?;
                Database::create(server).map(Place::Postgres)
            }
        }
    }
}

pub enum Place {
    Dir(Kind, tempfile::TempDir),
    Postgres(Database),
}

impl Place {
    /// The engine over the journal at this place.
    pub async fn engine(&self, config: EngineConfig) -> anyhow::Result<Directory> {
        let clock = Arc::new(SystemClock::default());
        match self {
            Self::Dir(Kind::File, dir) => {
                let journal = FileJournal::create(&dir.path().join("journal"))?;
                Ok(Directory::new(config, Arc::new(journal), clock))
            }
            Self::Dir(_, dir) => Ok(Directory::new(config, Arc::new(sqlite(dir.path()).await?), clock)),
            Self::Postgres(database) => {
                let store = Store::connect(&StoreConfig::postgres(database.url())).await?;
                Ok(Directory::new(config, Arc::new(store), clock))
            }
        }
    }
}

async fn sqlite(dir: &Path) -> anyhow::Result<Store> {
    Ok(Store::connect(&StoreConfig::embedded(dir)).await?)
}
