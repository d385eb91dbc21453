//! The two clocks of a run: one that only goes forward, for waiting and measuring, and the calendar, for the log.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// Both clocks, read together once, so that a moment of one is a moment of the other.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    pub started: Instant,
    pub started_at: DateTime<Utc>,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the load generator is a customer: it has only the machine's clock")]
    pub fn start() -> Self {
        Self { started: Instant::now(), started_at: Utc::now() }
    }

    pub fn at(&self, instant: Instant) -> DateTime<Utc> {
        let passed = TimeDelta::from_std(instant.saturating_duration_since(self.started)).unwrap_or(TimeDelta::MAX);
        self.started_at + passed
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.at(Instant::now())
    }

    pub fn passed(&self) -> Duration {
        self.started.elapsed()
    }
}
