//! Threads that hash passwords and do nothing else. They run at a lower priority than those that answer: a flood of
//! logins gets what a sale leaves over, and some of the rest.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use parking_lot::Mutex;

/// A third of the share of a thread that answers, where both want the same core.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;
#[cfg(target_os = "linux")]
const NICEST: i32 = 19;

type Work = Box<dyn FnOnce() + Send>;

/// Ended by being dropped, once what they have begun is done.
pub struct Hashers(SyncSender<Work>);

impl Hashers {
    /// # Errors
    /// No thread can be started.
    pub fn start(threads: usize) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(threads);
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 0..threads {
            let receiver = Arc::clone(&receiver);
            std::thread::Builder::new().name(format!("usher-hash-{number}")).spawn(move || work(&receiver))?;
        }
        Ok(Self(sender))
    }

    /// At most as many at a time as there are threads: the caller sees to it, so that this never waits. Work that panics
    /// drops what it has.
    pub fn run(&self, work: impl FnOnce() + Send + 'static) {
        // It can only fail when no thread is left, and then the work is dropped.
        let _dropped = self.0.try_send(Box::new(work));
    }
}

fn work(receiver: &Mutex<Receiver<Work>>) {
    yield_to_others();
    loop {
        let next = receiver.lock().recv();
        let Ok(work) = next else { return };
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            tracing::error!("hashing a password has panicked");
        }
    }
}

/// Of this thread alone: Linux has a priority per thread, other systems per process.
#[cfg(target_os = "linux")]
fn yield_to_others() {
    let lowered = rustix::process::getpriority_process(None)
        .and_then(|now| rustix::process::setpriority_process(None, now.saturating_add(NICENESS).min(NICEST)));
    if let Err(error) = lowered {
        tracing::warn!(%error, "passwords are hashed at full priority: {error}");
    }
}

#[cfg(not(target_os = "linux"))]
const fn yield_to_others() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_leaves_the_thread_to_the_next() {
        let hashers = Hashers::start(1).unwrap();
        hashers.run(|| panic!("a defect"));
        let (done, is_done) = sync_channel(1);
        while is_done.try_recv().is_err() {
            let done = done.clone();
            hashers.run(move || done.try_send(()).unwrap_or_default());
            std::thread::yield_now();
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn hashing_yields_to_answering_and_nothing_else_does() {
        let of_this_thread = || rustix::process::getpriority_process(None).unwrap();
        let before = of_this_thread();
        let hashers = Hashers::start(1).unwrap();
        let (tell, told) = sync_channel(1);
        hashers.run(move || tell.send(of_this_thread()).unwrap());
        assert_eq!(told.recv().unwrap(), (before + NICENESS).min(NICEST));
        assert_eq!(of_this_thread(), before);
    }
}
