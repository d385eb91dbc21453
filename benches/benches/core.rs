//! The pure core on one thread: what one command costs, best available in an emptier and a fuller house, and how fast a
//! journal is replayed.

use std::time::{Duration, Instant};

use benches::{
    arena::{self, NOW},
    commands::Stream,
    rounds::{ROUND, timed_rounds},
    turns::Core,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use inventory::{
    Answer, Command, Direction, HoldId, Inventory, OrderId, Origin, PlaceOrder, Record, RefundOrder, RefundRight,
    RefundTo, TicketId, UserId, Verb,
};

/// As in the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HOUSES: [u32; 3] = [10_000, 20_000, 100_000];

fn place_and_release(c: &mut Criterion) {
    type Draw = fn(&mut Stream, u32) -> Command;
    let draws: [(&str, Draw); 4] = [
        ("best_available", |stream, _| stream.best_available()),
        // What the memory of idempotency keys costs.
        ("best_available_without_key", |stream, _| {
            let mut command = stream.best_available();
            command.origin.key = None;
            command
        }),
        ("named", Stream::named),
        ("standing", |stream, _| stream.standing()),
    ];
    for (name, draw) in draws {
        let mut group = c.benchmark_group(format!("place_{name}"));
        group.throughput(Throughput::Elements(1));
        for seats in HOUSES {
            // One event through all samples: an event on sale is not a new one every second.
            let mut core = Core::new(arena::published(seats));
            let mut stream = Stream::new(1);
            group.bench_function(BenchmarkId::from_parameter(seats), |b| {
                b.iter_custom(|iterations| {
                    timed_rounds(iterations, || {
                        let commands: Vec<_> = (0..ROUND).map(|_| draw(&mut stream, seats)).collect();
                        let mut held = Vec::with_capacity(ROUND);
                        let started = Instant::now();
                        for command in &commands {
                            held.extend(core.place(NOW, command));
                        }
                        let elapsed = started.elapsed();
                        for hold in held {
                            core.release(NOW, hold);
                        }
                        elapsed
                    })
                });
            });
        }
        group.finish();
    }

    let mut group = c.benchmark_group("release");
    group.throughput(Throughput::Elements(1));
    for seats in HOUSES {
        let mut core = Core::new(arena::published(seats));
        let mut stream = Stream::new(2);
        group.bench_function(BenchmarkId::from_parameter(seats), |b| {
            b.iter_custom(|iterations| {
                timed_rounds(iterations, || {
                    let held: Vec<_> = (0..ROUND).filter_map(|_| core.place(NOW, &stream.best_available())).collect();
                    assert_eq!(held.len(), ROUND, "the house holds a round");
                    let started = Instant::now();
                    for hold in held {
                        core.release(NOW, hold);
                    }
                    started.elapsed()
                })
            });
        });
    }
    group.finish();
}

/// `decide` alone: the state stays as full as it is.
fn best_available(c: &mut Criterion) {
    let mut group = c.benchmark_group("decide_best_available");
    for (name, share) in [("empty", 0.0), ("half_full", 0.5), ("90_percent_full", 0.9)] {
        let mut core = Core::new(arena::published(20_000));
        let mut stream = Stream::new(3);
        core.fill(&mut stream, share);
        for quantity in [1, 4] {
            let command = stream.party_of(quantity);
            group.bench_function(BenchmarkId::new(name, quantity), |b| {
                b.iter(|| core.inventory.decide(NOW, &command).expect("seats are left"));
            });
        }
    }
    group.finish();
}

struct Bought {
    order: OrderId,
    hold: (HoldId, UserId),
}

fn purchase(c: &mut Criterion) {
    let mut group = c.benchmark_group("purchase");
    group.throughput(Throughput::Elements(1));
    for seats in HOUSES {
        for step in ["order", "pay", "scan", "refund"] {
            group.bench_with_input(BenchmarkId::new(step, seats), &seats, |b, &seats| {
                let mut core = Core::new(arena::published(seats));
                let mut stream = Stream::new(4);
                b.iter_custom(|iterations| {
                    timed_rounds(iterations, || {
                        // Scanned tickets cannot be refunded, so their seats never come back.
                        if step == "scan" {
                            core = Core::new(arena::published(seats));
                        }
                        sell_a_round(&mut core, &mut stream, step)
                    })
                });
            });
        }
    }
    group.finish();
}

/// Sells a round of holds from the first click to the refund and reports what `step` took.
fn sell_a_round(core: &mut Core, stream: &mut Stream, step: &str) -> Duration {
    let mut taken = Duration::ZERO;
    let mut clock = |name: &str, work: &mut dyn FnMut()| {
        let started = Instant::now();
        work();
        if name == step {
            taken = started.elapsed();
        }
    };
    let bought: Vec<Bought> = (0..ROUND)
        .filter_map(|_| {
            let hold = core.place(NOW, &stream.best_available())?;
            Some(Bought { order: OrderId::from_bytes(stream.id()), hold })
        })
        .collect();
    let total: Vec<i64> = bought.iter().map(|sale| core.held_total(sale.hold.0)).collect();
    clock("order", &mut || {
        for sale in &bought {
            core.order(NOW, sale.order, sale.hold);
        }
    });
    let pays: Vec<Command> =
        bought.iter().zip(&total).map(|(sale, &amount_minor)| stream.pay(sale.order, amount_minor)).collect();
    let mut tickets: Vec<TicketId> = Vec::new();
    clock("pay", &mut || {
        for command in &pays {
            if let Ok(Answer::OrderPaid(paid)) = core.submit(NOW, command) {
                tickets.extend(&paid.tickets);
            }
        }
    });
    assert!(tickets.len() >= ROUND, "every purchase issued its tickets");
    if step == "scan" {
        clock("scan", &mut || {
            for &ticket in tickets.iter().take(ROUND) {
                core.scan(NOW, ticket, Direction::Entry);
            }
        });
        return taken;
    }
    clock("refund", &mut || {
        for (sale, &amount_minor) in bought.iter().zip(&total) {
            let right = RefundRight::Organizer { amount_minor: Some(amount_minor) };
            let refund = RefundOrder { order: sale.order, tickets: Vec::new(), right, to: RefundTo::Original };
            let verb = Verb::RefundOrder(refund);
            core.submit(NOW, &Command { origin: Origin::ENGINE, verb }).expect("a paid order is refunded");
        }
    });
    taken
}

/// A million journaled changes of a busy sale: holds and releases, and some orders that lapse.
fn journal(changes: usize) -> Vec<u8> {
    let mut inventory = arena::published(100_000);
    let mut stream = Stream::new(5);
    let mut bytes = Vec::new();
    let mut held = std::collections::VecDeque::new();
    let mut written = 0;
    let mut submit = |inventory: &mut Inventory, command: &Command| {
        // A microsecond each: at one and the same time, no sale could be so long.
        let now = NOW.plus_us(inventory.lsn().0 as i64);
        let change = inventory.decide(now, command).ok()?;
        let record = Record { lsn: inventory.lsn().next(), at: now, origin: command.origin, change };
        record.encode(&mut bytes);
        Some(inventory.apply(&record))
    };
    while written < changes {
        if let Some(Answer::HoldPlaced(placed)) = submit(&mut inventory, &stream.best_available()) {
            held.push_back((placed.hold, placed.customer));
            written += 1;
        }
        if held.len() > 20_000 {
            let (hold, customer) = held.pop_front().expect("just counted");
            if stream.below(20) == 0 {
                let order = OrderId::from_bytes(stream.id());
                let verb = Verb::PlaceOrder(PlaceOrder { order, hold, customer, accept_other_seats: false });
                submit(&mut inventory, &Command { origin: Origin::ENGINE, verb }).expect("a live hold is ordered");
                let verb = Verb::CancelOrder { order, customer };
                submit(&mut inventory, &Command { origin: Origin::ENGINE, verb })
                    .expect("an unpaid order is cancelled");
                written += 2;
            } else {
                let verb = Verb::ReleaseHold { hold, customer };
                submit(&mut inventory, &Command { origin: Origin::ENGINE, verb }).expect("a live hold is released");
                written += 1;
            }
        }
    }
    bytes
}

fn replay(c: &mut Criterion) {
    const CHANGES: usize = 1_000_000;
    let bytes = journal(CHANGES);
    let mut group = c.benchmark_group("recovery");
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    group.throughput(Throughput::Elements(CHANGES as u64));
    group.bench_function("replay_1M_changes", |b| {
        b.iter_batched(
            || arena::published(100_000),
            |mut inventory| {
                let mut at = 0;
                while let Some(record) = Record::decode(&bytes, &mut at).expect("the journal decodes") {
                    inventory.apply(&record);
                }
                inventory
            },
            criterion::BatchSize::PerIteration,
        );
    });
    let mut inventory = arena::published(100_000);
    let mut at = 0;
    while let Some(record) = Record::decode(&bytes, &mut at).expect("the journal decodes") {
        inventory.apply(&record);
    }
    group.bench_function("snapshot_after_1M_changes", |b| b.iter(|| inventory.snapshot()));
    let snapshot = inventory.snapshot();
    group.bench_function("restore_after_1M_changes", |b| {
        b.iter(|| Inventory::restore(&snapshot).expect("the snapshot restores"));
    });
    group.finish();
}

criterion_group!(benches, place_and_release, best_available, purchase, replay);
criterion_main!(benches);
