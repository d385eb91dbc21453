use inventory::TimeUs;

/// Where the engine reads the time: once per actor turn. One of the two traits with several implementations (the system
/// clock, and the virtual clock of the simulation).
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> TimeUs;
}

/// The operating system's clock, never going backwards: a step back (NTP, a moved VM) stands still until it is caught up
/// with, so that no hold lives shorter or longer because of it.
#[derive(Debug, Default)]
pub struct SystemClock {
    last_us: std::sync::atomic::AtomicI64,
}

impl Clock for SystemClock {
    fn now(&self) -> TimeUs {
        use std::sync::atomic::Ordering;

        #[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock for the engine")]
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let now_us = i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX);
        let last_us = self.last_us.fetch_max(now_us, Ordering::Relaxed);
        TimeUs(now_us.max(last_us))
    }
}
