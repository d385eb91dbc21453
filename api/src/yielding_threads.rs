//! Threads for work that takes a core for milliseconds: hashing passwords, drawing the codes of mails. They run at a lower
//! priority than those that answer: a flood of it gets what a sale leaves over, and some of the rest.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use parking_lot::Mutex;

#[cfg(target_os = "linux")]
const NICEST: i32 = 19;

type Work = Box<dyn FnOnce() + Send>;

/// Ended by being dropped, once what they have begun is done.
pub struct YieldingThreads(SyncSender<Work>);

impl YieldingThreads {
    /// `niceness`: steps below the priority of the process, of which one is a share smaller by a fifth where both want the same
    /// core. `at_once`: how much may wait or be worked at.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(name: &'static str, threads: usize, at_once: usize, niceness: i32) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(at_once);
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 0..threads {
            let receiver = Arc::clone(&receiver);
            let thread = std::thread::Builder::new().name(format!("usher-{name}-{number}"));
            thread.spawn(move || work(name, niceness, &receiver))?;
        }
        Ok(Self(sender))
    }

    /// At most as much at a time as was said: the caller sees to it, so that this never waits. Work that panics drops what it
    /// has.
    pub fn run(&self, work: impl FnOnce() + Send + 'static) {
        // It can only fail when no thread is left, and then the work is dropped.
        let _dropped = self.0.try_send(Box::new(work));
    }
}

fn work(name: &'static str, niceness: i32, receiver: &Mutex<Receiver<Work>>) {
    yield_to_others(name, niceness);
    loop {
        let next = receiver.lock().recv();
        let Ok(work) = next else { return };
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            tracing::error!("work of {name} has panicked");
        }
    }
}

/// Of this thread alone: Linux has a priority per thread, other systems per process.
#[cfg(target_os = "linux")]
fn yield_to_others(name: &'static str, niceness: i32) {
    let lowered = rustix::process::getpriority_process(None)
        .and_then(|now| rustix::process::setpriority_process(None, now.saturating_add(niceness).min(NICEST)));
    if let Err(error) = lowered {
        tracing::warn!(%error, "threads of {name} run at full priority: {error}");
    }
}

#[cfg(not(target_os = "linux"))]
const fn yield_to_others(_name: &'static str, _niceness: i32) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_leaves_the_thread_to_the_next() {
        let threads = YieldingThreads::start("test", 1, 1, 5).unwrap();
        threads.run(|| panic!("a defect"));
        let (done, is_done) = sync_channel(1);
        while is_done.try_recv().is_err() {
            let done = done.clone();
            threads.run(move || done.try_send(()).unwrap_or_default());
            std::thread::yield_now();
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn they_yield_to_others_and_nobody_else_does() {
        let of_this_thread = || rustix::process::getpriority_process(None).unwrap();
        let before = of_this_thread();
        let threads = YieldingThreads::start("test", 1, 1, 5).unwrap();
        let (tell, told) = sync_channel(1);
        threads.run(move || tell.send(of_this_thread()).unwrap());
        assert_eq!(told.recv().unwrap(), (before + 5).min(NICEST));
        assert_eq!(of_this_thread(), before);
    }
}
