//! Which catalogue is the newest: a number that grows whenever this node has changed what lists of events show, apart from
//! what is left of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Store;

#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogue(Arc<AtomicU64>);

/// Counts the change when it is dropped: once it is committed, and also when nobody knows whether it is.
pub(crate) struct CatalogueChange(Catalogue);

impl Drop for CatalogueChange {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::AcqRel);
    }
}

impl Store {
    /// Read before a list, it tells whether the list may still be shown later. A change whose caller gave up in the middle
    /// of its commit may show a moment after it was counted.
    pub fn catalogue_version(&self) -> u64 {
        self.catalogue().0.load(Ordering::Acquire)
    }

    /// Keep it until the change is committed.
    pub(crate) fn catalogue_change(&self) -> CatalogueChange {
        CatalogueChange(self.catalogue().clone())
    }

    const fn catalogue(&self) -> &Catalogue {
        match self {
            Self::Postgres(postgres) => &postgres.catalogue,
            Self::Sqlite(sqlite) => &sqlite.catalogue,
        }
    }
}
