//! What a watcher costs those who book: holds and releases through the event's handle, over a journal in memory and on
//! one thread, with no tap, with one that is emptied every 50 ms, and with as many as there may be.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use benches::{arena, commands::Stream};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::{Changes, Directory, EngineConfig, EventHandle, MemoryJournal, SystemClock};
use inventory::{Answer, Command, HoldId, Lsn, Origin, UserId, Verb};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CALLERS: u64 = 64;
const SEATS: u32 = 20_000;
const TICK: Duration = Duration::from_millis(50);

struct Sale {
    journal: Arc<MemoryJournal>,
    handle: EventHandle,
    watchers: JoinSet<()>,
    /// So that no two callers ever ask for the same.
    seeds: Cell<u64>,
}

impl Sale {
    async fn open(taps: usize) -> Self {
        let journal = Arc::new(MemoryJournal::default());
        let directory = Directory::new(EngineConfig::default(), Arc::clone(&journal), Arc::new(SystemClock::default()));
        let handle = directory.open(arena::event()).await.expect("a journal in memory opens");
        for verb in [
            Verb::SetPolicy(Box::new(arena::policy())),
            Verb::SetSeatMap(Box::new(arena::seat_map(SEATS))),
            Verb::SetTier(Box::new(arena::tier())),
            Verb::Publish,
        ] {
            handle.submit(Command { origin: Origin::ENGINE, verb }).await.expect("the sale opens");
        }
        let mut watchers = JoinSet::new();
        for _ in 0..taps {
            let (_, mut tap) = handle.tap().await.expect("there may be as many");
            watchers.spawn(async move {
                let mut changes = Changes::default();
                while tap.changed().await {
                    tokio::time::sleep(TICK).await;
                    if tap.take(&mut changes) {
                        std::hint::black_box(&changes);
                    }
                }
            });
        }
        Self { journal, handle, watchers, seeds: Cell::new(0) }
    }

    /// Every caller holds and releases until together they have done so `rounds` times.
    async fn book(&self, rounds: u64) -> Duration {
        let started = Instant::now();
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS.min(rounds) {
            let handle = self.handle.clone();
            let rounds = rounds / CALLERS + u64::from(caller < rounds % CALLERS);
            let seed = self.seeds.replace(self.seeds.get() + 1);
            callers.spawn(async move {
                let mut stream = Stream::new(seed);
                for _ in 0..rounds {
                    let (hold, customer) = place(&handle, &mut stream).await;
                    let release = Command { origin: Origin::ENGINE, verb: Verb::ReleaseHold { hold, customer } };
                    handle.submit(release).await.expect("a live hold is released");
                }
            });
        }
        callers.join_all().await;
        let took = started.elapsed();
        engine::Journal::trim(&*self.journal, self.handle.event(), Lsn(u64::MAX)).await.expect("memory trims");
        took
    }
}

async fn place(handle: &EventHandle, stream: &mut Stream) -> (HoldId, UserId) {
    let mut command = stream.best_available();
    command.origin.key = None;
    match handle.submit(command).await.expect("there are seats").answer {
        Answer::HoldPlaced(placed) => (placed.hold, placed.customer),
        answer => unreachable!("a hold is answered with {answer:?}"),
    }
}

fn tap(c: &mut Criterion) {
    let runtime: Runtime = Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let mut group = c.benchmark_group("hold_and_release");
    group.throughput(Throughput::Elements(2));
    for taps in [0, 1, 8] {
        let sale = runtime.block_on(Sale::open(taps));
        group.bench_function(format!("{taps}_taps"), |b| {
            b.iter_custom(|rounds| runtime.block_on(sale.book(rounds)));
        });
        assert_eq!(sale.watchers.len(), taps, "nobody was left behind");
    }
    group.finish();
}

criterion_group!(benches, tap);
criterion_main!(benches);
