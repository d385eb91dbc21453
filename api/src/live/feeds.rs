//! Which events are followed, and by how many sockets: under one lock, so that nobody can come between the look that finds
//! a feed unwatched and its being forgotten.

use std::sync::Arc;

use hashbrown::HashMap;
use inventory::EventId;
use parking_lot::Mutex;

use super::feed::Feed;

#[derive(Default)]
pub struct Feeds(Mutex<HashMap<EventId, Followed>>);

struct Followed {
    feed: Arc<Feed>,
    watchers: usize,
}

/// One socket's interest in an event: while there is one, the event is followed.
pub struct Watch {
    pub feed: Arc<Feed>,
    feeds: Arc<Feeds>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.feeds.of(&self.feed, |followed| followed.watchers -= 1);
    }
}

impl Feeds {
    pub fn find(&self, event: EventId) -> Option<Arc<Feed>> {
        self.0.lock().get(&event).map(|followed| Arc::clone(&followed.feed))
    }

    /// `follow`: begins to follow an event that nobody follows.
    pub fn enter(self: &Arc<Self>, event: EventId, follow: impl FnOnce() -> Arc<Feed>) -> Watch {
        let mut feeds = self.0.lock();
        let followed = feeds.entry(event).or_insert_with(|| Followed { feed: follow(), watchers: 0 });
        followed.watchers += 1;
        Watch { feed: Arc::clone(&followed.feed), feeds: Arc::clone(self) }
    }

    /// Of a feed that was forgotten there are none.
    pub fn watchers(&self, feed: &Feed) -> usize {
        self.of(feed, |followed| followed.watchers).unwrap_or(0)
    }

    /// The next watcher starts anew.
    pub fn forget(&self, feed: &Feed) {
        self.forget_if(feed, |_| true);
    }

    /// `false`: somebody has come.
    pub fn forget_unwatched(&self, feed: &Feed) -> bool {
        self.forget_if(feed, |watchers| watchers == 0)
    }

    /// Whether it is not known any more.
    fn forget_if(&self, feed: &Feed, fits: impl FnOnce(usize) -> bool) -> bool {
        let mut feeds = self.0.lock();
        let known = feeds.get(&feed.event()).filter(|known| known.is(feed));
        let is_over = known.is_none_or(|known| fits(known.watchers));
        if is_over && known.is_some() {
            feeds.remove(&feed.event());
        }
        is_over
    }

    /// `None`: it was forgotten, though another one of its event may be known.
    fn of<T>(&self, feed: &Feed, act: impl FnOnce(&mut Followed) -> T) -> Option<T> {
        self.0.lock().get_mut(&feed.event()).filter(|known| known.is(feed)).map(act)
    }
}

impl Followed {
    fn is(&self, feed: &Feed) -> bool {
        std::ptr::eq(Arc::as_ptr(&self.feed), feed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: EventId = EventId::from_bytes([1; 16]);

    #[test]
    fn a_feed_is_forgotten_when_the_last_has_gone_and_whoever_comes_then_starts_anew() {
        let feeds = Arc::<Feeds>::default();
        let first = feeds.enter(EVENT, || Feed::new(EVENT));
        let second = feeds.enter(EVENT, || panic!("it is followed"));
        let feed = Arc::clone(&first.feed);
        assert!(Arc::ptr_eq(&feed, &second.feed));
        assert_eq!(feeds.watchers(&feed), 2);
        drop(first);
        assert!(!feeds.forget_unwatched(&feed));
        drop(second);
        assert!(feeds.find(EVENT).is_some_and(|found| Arc::ptr_eq(&found, &feed)), "it is still followed");
        assert!(feeds.forget_unwatched(&feed) && feeds.find(EVENT).is_none());
        assert!(feeds.forget_unwatched(&feed), "again");
    }

    #[test]
    fn who_leaves_a_feed_that_was_forgotten_does_not_count_at_the_next_one() {
        let feeds = Arc::<Feeds>::default();
        let old = feeds.enter(EVENT, || Feed::new(EVENT));
        feeds.forget(&old.feed);
        let new = feeds.enter(EVENT, || Feed::new(EVENT));
        assert!(!Arc::ptr_eq(&old.feed, &new.feed));
        feeds.forget(&old.feed);
        drop(old);
        assert_eq!(feeds.watchers(&new.feed), 1);
        assert!(!feeds.forget_unwatched(&new.feed));
    }
}
