//! What those who answer requests leave of their time, for work that can wait.

use std::time::Duration;

use tokio::runtime::{Handle, RuntimeMetrics};
use tokio::time::Instant;

/// Over less, what a worker has not yet counted of its time would tell more than what it has.
const WINDOW_MIN: Duration = Duration::from_millis(100);

pub struct SpareTime {
    runtime: RuntimeMetrics,
    looked_at: Instant,
    busy: Duration,
    /// Of the workers' time in the last window.
    share: f64,
}

impl SpareTime {
    /// Of the runtime that this is called in.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn of_this_runtime() -> Self {
        let runtime = Handle::current().metrics();
        let busy = busy(&runtime);
        Self { runtime, looked_at: Instant::now(), busy, share: 0.0 }
    }

    /// How long to rest after work that took so long, for it to have the share of the time that the workers of the runtime
    /// were idle lately. No end, if they never were.
    pub fn rest(&mut self, took: Duration) -> Duration {
        let passed = self.looked_at.elapsed();
        if passed >= WINDOW_MIN {
            let busy = busy(&self.runtime);
            let all = passed * u32::try_from(self.runtime.num_workers()).unwrap_or(u32::MAX);
            self.share = busy.saturating_sub(self.busy).as_secs_f64() / all.as_secs_f64();
            (self.looked_at, self.busy) = (Instant::now(), busy);
        }
        rest_beside(self.share, took)
    }
}

fn busy(runtime: &RuntimeMetrics) -> Duration {
    (0..runtime.num_workers()).map(|worker| runtime.worker_total_busy_duration(worker)).sum()
}

fn rest_beside(busy: f64, took: Duration) -> Duration {
    let busy = busy.clamp(0.0, 1.0);
    Duration::try_from_secs_f64(took.as_secs_f64() * busy / (1.0 - busy)).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;

    #[test]
    fn work_gets_the_share_that_is_left() {
        let took = Duration::from_millis(300);
        assert_eq!(rest_beside(0.0, took), Duration::ZERO);
        assert_eq!(rest_beside(0.5, took), took);
        assert_eq!(rest_beside(0.75, took), took * 3);
        assert_eq!(rest_beside(1.0, took), Duration::MAX);
        assert_eq!(rest_beside(1.3, took), Duration::MAX, "a sum of durations that were read one after the other");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_busy_runtime_leaves_less_than_an_idle_one() {
        let busy_for = async |millis: u64| {
            let mut tasks = JoinSet::new();
            tasks.spawn(async move {
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_millis(millis) {
                    // The time of a worker is counted when it looks for something else to do.
                    tokio::task::yield_now().await;
                }
            });
            tasks.join_next().await.unwrap().unwrap();
        };
        let mut spare = SpareTime::of_this_runtime();
        let took = Duration::from_millis(10);
        tokio::time::sleep(Duration::from_millis(200)).await;
        let idle = spare.rest(took);
        busy_for(200).await;
        let busy = spare.rest(took);
        assert!(idle < busy, "{idle:?} after doing nothing, {busy:?} after work");
    }
}
