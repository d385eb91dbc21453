//! In place of the server's `sync`.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

#[derive(Default)]
pub struct Mutex<T>(loom::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    pub fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
        self.0.lock().unwrap()
    }
}

pub struct Notify(loom::sync::Notify);

impl Notify {
    pub fn new() -> Self {
        Self(loom::sync::Notify::new())
    }

    pub fn notify_one(&self) {
        self.0.notify();
    }

    /// Blocks its thread: nothing else runs on it.
    #[expect(clippy::unused_async, reason = "tokio's is a future")]
    pub async fn notified(&self) {
        self.0.wait();
    }
}

impl Default for Notify {
    fn default() -> Self {
        Self::new()
    }
}

/// One thread's part of a model.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("all waits block the thread"),
    }
}
