//! Virtual time: tokio's paused clock, as microseconds. A node may read it with an error, the run itself never does.

use engine::Clock;
use inventory::TimeUs;
use tokio::time::Instant;

/// The first instant of every run.
pub const START_US: i64 = 1_900_000_000_000_000;

#[derive(Clone, Copy, Debug)]
pub struct RunClock {
    origin: Instant,
    /// How far this reading is off.
    error_us: i64,
}

impl RunClock {
    /// Starts now.
    pub fn new() -> Self {
        Self { origin: Instant::now(), error_us: 0 }
    }

    pub const fn off_by_us(self, error_us: i64) -> Self {
        Self { error_us, ..self }
    }

    pub fn true_us(&self) -> i64 {
        START_US + self.origin.elapsed().as_micros() as i64
    }
}

impl Clock for RunClock {
    fn now(&self) -> TimeUs {
        TimeUs(self.true_us() + self.error_us)
    }
}
