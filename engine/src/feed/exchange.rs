//! A place where one side leaves things and the other takes all of them at once. The giver never waits; the taker swaps
//! its emptied content for the full one, so that neither allocates in the long run.
//!
//! One taker only: the wake-up is a single permit.

use std::sync::Arc;

use crate::sync::{Mutex, Notify};

pub(crate) struct Exchange<T> {
    inner: Mutex<Inner<T>>,
    changed: Notify,
}

struct Inner<T> {
    content: T,
    has_news: bool,
    is_closed: bool,
}

impl<T: Default> Exchange<T> {
    pub(crate) fn new() -> Arc<Self> {
        let inner = Inner { content: T::default(), has_news: false, is_closed: false };
        Arc::new(Self { inner: Mutex::new(inner), changed: Notify::new() })
    }

    /// Adds to the content. `false`: the exchange is closed, and nothing was added. When `fill` says so it is closed here,
    /// with all that was in it.
    pub(crate) fn put(&self, fill: impl FnOnce(&mut T) -> Filled) -> bool {
        let mut inner = self.inner.lock();
        if inner.is_closed {
            return false;
        }
        match fill(&mut inner.content) {
            Filled::Kept => inner.has_news = true,
            Filled::TooMuch => inner.close_empty(),
        }
        let is_open = !inner.is_closed;
        drop(inner);
        self.changed.notify_one();
        is_open
    }

    /// Whatever is still there may be taken.
    pub(crate) fn close(&self) {
        self.inner.lock().is_closed = true;
        self.changed.notify_one();
    }

    /// Forgets what is there: nobody will take it.
    pub(crate) fn abandon(&self) {
        self.inner.lock().close_empty();
        self.changed.notify_one();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.inner.lock().is_closed
    }

    /// Waits until there is something to take. `false`: never again. May be dropped at any time.
    pub(crate) async fn arrived(&self) -> bool {
        loop {
            {
                let inner = self.inner.lock();
                if inner.has_news || inner.is_closed {
                    return inner.has_news;
                }
            }
            self.changed.notified().await;
        }
    }

    /// Swaps the content for `emptied`. `false`: there was nothing, not even if something had arrived before.
    pub(crate) fn take(&self, emptied: &mut T) -> bool {
        let mut inner = self.inner.lock();
        let had_news = std::mem::replace(&mut inner.has_news, false);
        if had_news {
            std::mem::swap(&mut inner.content, emptied);
        }
        had_news
    }
}

impl<T: Default> Inner<T> {
    fn close_empty(&mut self) {
        self.is_closed = true;
        self.has_news = false;
        self.content = T::default();
    }
}

/// What [`Exchange::put`] hears of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filled {
    Kept,
    /// The taker lags too far behind.
    TooMuch,
}
