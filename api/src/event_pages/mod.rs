//! Pages of found events, kept for a second. What is asked most is asked by everybody in the same words, and costs the
//! database the most.
//!
//! A page is kept under the version of the catalogue that was read before it, so that no page outlives a change that
//! somebody was answered for. Whether something is left of an event is never kept: it is read for every answer. Where no
//! version can be had in time, nothing is kept and the database is asked.

mod versions;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use inventory::{EventId, TimeUs};
use moka::future::Cache;
use persistence::{Audience, EventQuery, Listing, Store, StoreError};

use crate::config::Config;
use crate::{digest, metrics};
use versions::{Version, Versions};

/// How old the clock of a page may be: what begins, ends or goes on sale is seen so much later at most.
const KEPT: Duration = Duration::from_secs(1);
/// Pages take so many bytes, about.
const BYTES_MAX: u64 = 32 << 20;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    version: Version,
    query: [u8; 16],
}

pub struct EventPages {
    pages: Cache<Key, Arc<Vec<Listing>>>,
    versions: Versions,
}

impl EventPages {
    /// # Errors
    /// The URL of Redis cannot be read. Whether it answers is seen later, and again and again.
    pub fn new(config: &Config) -> Result<Self, redis::RedisError> {
        let weigh = |_: &Key, page: &Arc<Vec<Listing>>| page.iter().map(bytes_of).sum::<usize>().min(1 << 30) as u32;
        let pages = Cache::builder().max_capacity(BYTES_MAX).weigher(weigh).time_to_live(KEPT).build();
        Ok(Self { pages, versions: Versions::new(config)? })
    }

    /// Makes known to the other nodes what has changed here. Before a change is answered.
    pub async fn announce(&self, store: &Store) {
        self.versions.announce(store.catalogue_version()).await;
    }

    /// # Errors
    /// The store is not available.
    pub async fn find(
        &self,
        store: &Store,
        query: &EventQuery,
        now: TimeUs,
        limit: u32,
    ) -> Result<Vec<Listing>, StoreError> {
        // What somebody's own eyes see is asked once; what is left is asked anew each time.
        let is_kept = query.audience == Audience::Public && !query.available;
        let version = if is_kept { self.versions.current(store.catalogue_version()).await } else { None };
        let Some(version) = version else {
            metrics::count_event_page("bypassed");
            return store.event_search(query, now, limit).await;
        };
        let key = Key { version, query: digest::of(&[format!("{query:?}").as_bytes(), &limit.to_le_bytes()]) };
        if let Some(page) = self.pages.get(&key).await {
            metrics::count_event_page("kept");
            return with_what_is_left(store, &page).await;
        }
        metrics::count_event_page("read");
        // Those who ask for the same page at the same time wait for one answer.
        let read = async { store.event_search(query, now, limit).await.map(Arc::new) };
        match self.pages.try_get_with(key, read).await {
            Ok(page) => with_what_is_left(store, &page).await,
            // An error is not shared: whoever waited asks for himself.
            Err(_) => store.event_search(query, now, limit).await,
        }
    }
}

async fn with_what_is_left(store: &Store, page: &[Listing]) -> Result<Vec<Listing>, StoreError> {
    let ids: Vec<EventId> = page.iter().map(|listing| listing.event.id).collect();
    let sold_out: HashSet<EventId> = store.event_sold_out(&ids).await?.into_iter().collect();
    let now = |listing: &Listing| Listing { is_sold_out: sold_out.contains(&listing.event.id), ..listing.clone() };
    Ok(page.iter().map(now).collect())
}

/// Texts, and about what is around them.
fn bytes_of(listing: &Listing) -> usize {
    let event = &listing.event;
    let tags: usize = event.tags.0.iter().map(String::len).sum();
    size_of::<Listing>() + event.description.len() + event.title.len() + event.address.len() + tags + 512
}
