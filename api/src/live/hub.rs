//! All live feeds of this server: which events are followed, by how many sockets, and how they all end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use engine::Unavailable;
use inventory::{EventId, UserId};
use persistence::Store;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::bye::Bye;
use super::caps::Caps;
use super::feed::Feed;
use super::feeds::{Feeds, Watch};
use super::origin::Origins;
use super::publisher::Publisher;
use crate::config::Config;
use crate::line::tokens::PlaceTicket;
use crate::state::AppState;

/// Reading an event for its first watcher.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
const LOOKUPS_MAX: usize = 8;
/// Of one place, from the asking on. Who is not served in time is, some seconds later.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

pub struct Hub {
    pub caps: Arc<Caps>,
    pub origins: Origins,
    pub handshakes: Arc<Semaphore>,
    /// Places looked up at the same time: a storm of reconnects must not take the store from those who buy.
    lookups: Semaphore,
    pub feeds: Arc<Feeds>,
    stop: CancellationToken,
    pub tasks: TaskTracker,
}

/// However following an event ends: nobody watches a feed that nobody writes.
struct End<'a> {
    hub: &'a Hub,
    feed: Arc<Feed>,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.hub.feeds.forget(&self.feed);
        if !matches!(self.feed.state(), Some(Err(_))) {
            self.feed.end(Bye::Stopping);
        }
    }
}

impl Hub {
    /// `addr`: where the server listens.
    pub fn new(config: &Config, addr: SocketAddr) -> Self {
        Self {
            caps: Caps::new(&config.live),
            origins: Origins::new(&config.http, addr),
            handshakes: Arc::new(Semaphore::new(config.live.handshakes_max)),
            lookups: Semaphore::new(LOOKUPS_MAX),
            feeds: Arc::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// The feed of an event that exists, once the event has been read.
    ///
    /// # Errors
    /// Why it cannot be followed.
    pub async fn watch(&self, state: &AppState, event: EventId) -> Result<Watch, Unavailable> {
        let watch = self.enter(state, event)?;
        let mut editions = watch.feed.editions();
        let opened = async {
            loop {
                if let Some(feed) = watch.feed.state() {
                    return feed;
                }
                if editions.changed().await.is_err() {
                    return Err(Bye::Stopping);
                }
            }
        };
        match timeout(OPEN_TIMEOUT, opened).await {
            Ok(Ok(_)) => Ok(watch),
            Ok(Err(Bye::Event(unavailable))) => Err(unavailable),
            Ok(Err(_)) => Err(Unavailable::Stopping),
            Err(_) => Err(Unavailable::Recovering),
        }
    }

    /// The event's feed if somebody watches it.
    pub fn find(&self, event: EventId) -> Option<Arc<Feed>> {
        self.feeds.find(event)
    }

    /// An account has taken this place: its sockets follow it.
    pub fn follow(&self, event: EventId, ticket: PlaceTicket) {
        if let Some(feed) = self.find(event) {
            feed.follow(ticket);
        }
    }

    /// The account's place in this round of the event's waiting room. `None`: it is not known now.
    pub async fn find_place(&self, store: &Store, event: EventId, round: u32, user: UserId) -> Option<Option<u32>> {
        let found = async {
            let _permit = self.lookups.acquire().await.ok()?;
            store.waiting_place_find(event, round, user).await.ok()
        };
        let place = timeout(LOOKUP_TIMEOUT, found).await.ok()??;
        Some(place.map(|place| place.number))
    }

    fn enter(&self, state: &AppState, event: EventId) -> Result<Watch, Unavailable> {
        if self.stop.is_cancelled() {
            return Err(Unavailable::Stopping);
        }
        Ok(self.feeds.enter(event, || {
            let feed = Feed::new(event);
            let publisher = Publisher::new(state.clone(), Arc::clone(&feed));
            let (state, stop, followed) = (state.clone(), self.stop.clone(), Arc::clone(&feed));
            self.tasks.spawn(async move {
                let _end = End { hub: &state.live, feed: followed };
                publisher.run(stop).await;
            });
            feed
        }))
    }

    /// Says goodbye to every socket, and waits for them to end: `false` when some did not in time.
    pub async fn stop(&self, deadline: Duration) -> bool {
        self.stop.cancel();
        self.tasks.close();
        timeout(deadline, self.tasks.wait()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::AssertUnwindSafe;

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_feed_whose_publisher_panics_is_ended_and_forgotten() {
        let hub = Hub::new(&Config::default(), ([127, 0, 0, 1], 0).into());
        let event = EventId::from_bytes([1; 16]);
        let Watch { feed, .. } = &hub.feeds.enter(event, || Feed::new(event));
        let following = async {
            let _end = End { hub: &hub, feed: Arc::clone(feed) };
            panic!("planted");
        };
        assert!(AssertUnwindSafe(following).catch_unwind().await.is_err());
        assert_eq!(feed.state(), Some(Err(Bye::Stopping)));
        assert!(hub.find(event).is_none(), "the next watcher starts anew");
    }
}
