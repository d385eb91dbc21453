//! What those who answer requests leave of the cores, for work that can wait.

use std::time::Duration;

use tokio::runtime::{Handle, RuntimeMetrics};
use tokio::time::Instant;

/// Over less, what a worker has not yet counted of its time, or the system of a tick of 10 ms, would tell more than what it has.
const WINDOW_MIN: Duration = Duration::from_millis(100);
/// Over more, it would tell what was before the work that can wait, and the sale, began. Longer than anybody rests.
const WINDOW_MAX: Duration = Duration::from_secs(10);

pub struct SpareTime {
    runtime: RuntimeMetrics,
    looked_at: Instant,
    workers_busy: Duration,
    cores: Option<CoreTime>,
    /// Of the time of the workers or of the cores in the last window, whichever were busier. `None` until there is one.
    share: Option<f64>,
}

impl SpareTime {
    /// Of the runtime that this is called in, and of the machine: a database beside it wants the same cores.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn of_this_runtime() -> Self {
        let runtime = Handle::current().metrics();
        let workers_busy = workers_busy(&runtime);
        Self { runtime, looked_at: Instant::now(), workers_busy, cores: CoreTime::now(), share: None }
    }

    /// How long to rest after work that took so long, for it to have the share of the time that was left lately. No end, if
    /// none was. Long enough to find out, if nobody has looked lately.
    pub fn rest(&mut self, took: Duration) -> Duration {
        let passed = self.looked_at.elapsed();
        if passed >= WINDOW_MIN {
            let share = self.look(passed);
            self.share = (passed <= WINDOW_MAX).then_some(share);
        }
        match self.share {
            Some(share) => rest_beside(share, took),
            None => WINDOW_MIN.saturating_sub(self.looked_at.elapsed()),
        }
    }

    /// Begins another window.
    fn look(&mut self, passed: Duration) -> f64 {
        let (workers_busy, cores) = (workers_busy(&self.runtime), CoreTime::now());
        let all = passed * u32::try_from(self.runtime.num_workers()).unwrap_or(u32::MAX);
        let of_workers = workers_busy.saturating_sub(self.workers_busy).as_secs_f64() / all.as_secs_f64();
        let of_cores = self.cores.zip(cores).map_or(0.0, |(before, now)| now.busy_since(before));
        (self.looked_at, self.workers_busy, self.cores) = (Instant::now(), workers_busy, cores);
        of_workers.max(of_cores)
    }
}

fn workers_busy(runtime: &RuntimeMetrics) -> Duration {
    (0..runtime.num_workers()).map(|worker| runtime.worker_total_busy_duration(worker)).sum()
}

fn rest_beside(busy: f64, took: Duration) -> Duration {
    let busy = busy.clamp(0.0, 1.0);
    Duration::try_from_secs_f64(took.as_secs_f64() * busy / (1.0 - busy)).unwrap_or(Duration::MAX)
}

/// Ticks of all cores since the machine was started.
#[derive(Clone, Copy)]
struct CoreTime {
    /// With work that does not yield to others.
    busy: u64,
    all: u64,
}

impl CoreTime {
    /// `None` where the system does not tell: elsewhere than on Linux.
    fn now() -> Option<Self> {
        #[cfg(target_os = "linux")]
        return Self::read(&std::fs::read_to_string("/proc/stat").ok()?);
        #[cfg(not(target_os = "linux"))]
        return None;
    }

    /// The first line of `/proc/stat`, see proc_stat(5): what guests took is in user and nice as well.
    #[cfg(target_os = "linux")]
    fn read(stat: &str) -> Option<Self> {
        let mut ticks = stat.lines().next()?.strip_prefix("cpu ")?.split_ascii_whitespace().map(str::parse::<u64>);
        let mut next = || ticks.next()?.ok();
        let [user, nice, system, idle] = [next()?, next()?, next()?, next()?];
        let [waiting_for_disk, interrupts, soft_interrupts, stolen] = [next()?, next()?, next()?, next()?];
        let busy = user + system + interrupts + soft_interrupts + stolen;
        Some(Self { busy, all: busy + nice + idle + waiting_for_disk })
    }

    fn busy_since(self, before: Self) -> f64 {
        let (busy, all) = (self.busy.saturating_sub(before.busy), self.all.saturating_sub(before.all));
        busy as f64 / all.max(1) as f64
    }
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
        let mut rest = || {
            // What else the machine does is not the test's to say.
            spare.cores = None;
            spare.rest(Duration::from_millis(10))
        };
        tokio::time::sleep(Duration::from_millis(200)).await;
        let idle = rest();
        assert!(idle < Duration::from_millis(10), "{idle:?}");
        busy_for(200).await;
        let busy = rest();
        assert!(idle < busy, "{idle:?} after doing nothing, {busy:?} after work");
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_not_looked_lately_looks_first() {
        let took = Duration::from_millis(10);
        let mut spare = SpareTime::of_this_runtime();
        tokio::time::advance(WINDOW_MAX * 2).await;
        assert_eq!(spare.rest(took), WINDOW_MIN);
        tokio::time::advance(WINDOW_MIN / 4).await;
        assert_eq!(spare.rest(took), WINDOW_MIN * 3 / 4, "nor does another know before");
        tokio::time::advance(WINDOW_MIN).await;
        spare.rest(took);
        assert!(spare.share.is_some());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_yields_to_others_or_waits_for_a_disk_leaves_its_core() {
        let of = |line: &str| CoreTime::read(line).unwrap();
        let before = of("cpu  1000 500 200 4000 50 7 30 3 0 0\ncpu0 500 250 100 2000 25 3 15 1 0 0\n");
        let after = |line| of(line).busy_since(before);
        assert_eq!(after("cpu  1050 500 200 4150 50 7 30 3 0 0"), 0.25, "user");
        assert_eq!(after("cpu  1000 650 250 4000 50 7 30 3 0 0"), 0.25, "system beside work that yields");
        assert_eq!(after("cpu  1000 500 200 4000 200 7 80 3 0 0"), 0.25, "interrupts beside a disk");
        assert_eq!(after("cpu  1000 500 200 4100 50 7 30 103 0 0"), 0.5, "what another machine took");
        assert_eq!(after("cpu  1000 500 200 4000 50 7 30 3 0 0"), 0.0, "nothing has passed");
        assert!(CoreTime::read("intr 1 2 3 4 5 6 7 8").is_none() && CoreTime::read("cpu  1 2 3").is_none());
        assert!(CoreTime::now().is_some());
    }
}
