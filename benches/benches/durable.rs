//! One command through the actor and a group commit, on every journal. Small samples; the rates under load are in
//! `side-by-side durable`.

use std::time::Duration;

use benches::{arena, commands::Stream, database::Database, file_journal::FileJournal};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use engine::{Appended, Batch, Directory, EngineConfig, Epoch, EventHandle, Journal, Opened, SystemClock};
use inventory::{Command, EventId, Lsn, Origin, Record, Verb};
use persistence::{Store, StoreConfig};
use std::sync::Arc;
use tokio::runtime::Runtime;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime starts")
}

/// Durable at once and for free: what is left is the actor.
struct Nothing;

impl Journal for Nothing {
    async fn open(&self, _: EventId) -> Result<Opened, engine::JournalError> {
        Ok(Opened { epoch: Epoch(1), snapshot: None, last_lsn: Lsn::ZERO, lease: None })
    }
    async fn renew(&self, owned: Vec<engine::Owned>) -> Result<Vec<bool>, engine::JournalError> {
        Ok(vec![true; owned.len()])
    }
    async fn release(&self, _: engine::Owned) -> Result<(), engine::JournalError> {
        Ok(())
    }
    async fn append(&self, batches: Vec<Batch>) -> Result<Vec<Appended>, engine::JournalError> {
        Ok(vec![Appended::Durable; batches.len()])
    }
    async fn read(&self, _: EventId, _: Lsn, _: usize) -> Result<Vec<engine::Chunk>, engine::JournalError> {
        Ok(Vec::new())
    }
    async fn put_snapshot(&self, _: EventId, _: Epoch, _: engine::Snapshot) -> Result<(), engine::JournalError> {
        Ok(())
    }
    async fn snapshot_below(&self, _: EventId, _: Lsn) -> Result<Option<engine::Snapshot>, engine::JournalError> {
        Ok(None)
    }
    async fn trim(&self, _: EventId, _: Lsn) -> Result<(), engine::JournalError> {
        Ok(())
    }
}

async fn serve<J: Journal>(journal: J) -> EventHandle {
    let directory = Directory::new(EngineConfig::default(), Arc::new(journal), Arc::new(SystemClock::default()));
    let handle = directory.open(arena::event()).await.expect("the event opens");
    for verb in [
        Verb::SetPolicy(Box::new(arena::policy())),
        Verb::SetSeatMap(Box::new(arena::seat_map(20_000))),
        Verb::SetTier(Box::new(arena::tier())),
        Verb::Publish,
    ] {
        handle.submit(Command { origin: Origin::ENGINE, verb }).await.expect("the sale opens");
    }
    handle
}

/// A hold and its release, so that the house never fills.
fn round_trip(c: &mut Criterion) {
    let runtime = runtime();
    let disk = tempfile::tempdir().expect("a directory");
    let file = FileJournal::create(&disk.path().join("journal")).expect("a file");
    let embedded = runtime.block_on(Store::connect(&StoreConfig::embedded(disk.path()))).expect("a store");
    let database = Database::from_environment().expect("a database");
    let postgres = runtime.block_on(Store::connect(&StoreConfig::postgres(database.url()))).expect("a store");
    let handles = [
        ("memory", runtime.block_on(serve(Nothing))),
        ("file", runtime.block_on(serve(file))),
        ("sqlite", runtime.block_on(serve(embedded))),
        ("postgres", runtime.block_on(serve(postgres))),
    ];
    let mut group = c.benchmark_group("hold_and_release_one_caller");
    for (name, handle) in handles {
        let mut stream = Stream::new(7);
        group.bench_function(name, |b| {
            b.to_async(&runtime).iter(|| {
                let place = stream.best_available();
                let handle = handle.clone();
                async move {
                    let Verb::PlaceHold(hold) = &place.verb else { return };
                    let (hold, customer) = (hold.hold, hold.customer);
                    handle.submit(place).await.expect("the hold is placed");
                    let verb = Verb::ReleaseHold { hold, customer };
                    handle.submit(Command { origin: Origin::ENGINE, verb }).await.expect("it is released");
                }
            });
        });
    }
    group.finish();
}

/// One commit of so many records, straight into the journal.
fn group_commit(c: &mut Criterion) {
    let runtime = runtime();
    let disk = tempfile::tempdir().expect("a directory");
    let mut group = c.benchmark_group("group_commit");
    group.measurement_time(Duration::from_secs(3)).sample_size(20);
    let file = FileJournal::create(&disk.path().join("journal")).expect("a file");
    commits(&runtime, &mut group, "file", &file);
    let sqlite = runtime.block_on(Store::connect(&StoreConfig::embedded(disk.path()))).expect("a store");
    commits(&runtime, &mut group, "sqlite", &sqlite);
    let database = Database::from_environment().expect("a database");
    let postgres = runtime.block_on(Store::connect(&StoreConfig::postgres(database.url()))).expect("a store");
    commits(&runtime, &mut group, "postgres", &postgres);
    group.finish();
}

fn commits<J: Journal>(
    runtime: &Runtime,
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    name: &str,
    journal: &J,
) {
    let opened = runtime.block_on(journal.open(arena::event())).expect("the event opens");
    let mut next = opened.last_lsn.next();
    for records in [1, 16, 128, 1_024] {
        group.throughput(Throughput::Elements(records));
        group.bench_function(BenchmarkId::new(name, records), |b| {
            b.iter_batched(
                || {
                    let batch = batch(opened.epoch, next, records);
                    next = batch.last_lsn.next();
                    batch
                },
                |batch| {
                    let answers = runtime.block_on(journal.append(vec![batch])).expect("the commit succeeds");
                    assert_eq!(answers, [Appended::Durable]);
                },
                criterion::BatchSize::PerIteration,
            );
        });
    }
}

fn batch(epoch: Epoch, first_lsn: Lsn, records: u64) -> Batch {
    let mut core = benches::turns::Core::new(arena::published(10_000));
    let mut stream = Stream::new(first_lsn.0);
    let mut bytes = Vec::new();
    for record in 0..records {
        let command = stream.standing();
        let change = core.inventory.decide(arena::NOW, &command).expect("there is room to stand");
        let lsn = Lsn(first_lsn.0 + record);
        Record { lsn, at: arena::NOW, origin: command.origin, change }.encode(&mut bytes);
        core.submit(arena::NOW, &command).expect("there is room to stand");
    }
    let last_lsn = Lsn(first_lsn.0 + records - 1);
    Batch { event: arena::event(), epoch, first_lsn, last_lsn, records: bytes, rows: Vec::new() }
}

criterion_group!(benches, round_trip, group_commit);
criterion_main!(benches);
