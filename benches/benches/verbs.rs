//! The pure core on one thread: what the rarer commands cost, from decision to applied record, in a smaller and a larger
//! house. The frequent ones are in `core`.

use std::time::{Duration, Instant};

use benches::{
    arena::{self, NOW},
    commands::Stream,
    rounds::{ROUND, timed_rounds},
    turns::Core,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use inventory::{
    Answer, Change, Command, HoldId, Inventory, OrderId, Origin, PaymentId, TicketId, TimeUs, UserId, Verb, limits,
};

/// As in the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HOUSES: [u32; 2] = [10_000, 100_000];
const BLOCK: &str = "promoter";

/// A round of one command: what it takes, without what had to happen before.
type Round = fn(&mut Core, &mut Stream) -> Duration;

const ROUNDS: [(&str, Round); 7] = [
    ("extend_hold", extend_hold),
    ("expire_holds", expire_holds),
    ("start_payment", start_payment),
    ("cancel_order", cancel_order),
    ("void_ticket", void_ticket),
    ("transfer_ticket", transfer_ticket),
    ("set_block", set_block),
];

fn verbs(c: &mut Criterion) {
    for (name, round) in ROUNDS {
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements(1));
        for seats in HOUSES {
            group.bench_with_input(BenchmarkId::from_parameter(seats), &seats, |b, &seats| {
                let mut stream = Stream::new(9);
                b.iter_custom(|iterations| {
                    timed_rounds(iterations, || {
                        // What was sold is never free again, so each round has a house of its own.
                        let mut core = house(seats);
                        round(&mut core, &mut stream)
                    })
                });
            });
        }
        group.finish();
    }
}

/// As in `core`, with the first section in a block.
fn house(seats: u32) -> Core {
    let mut core = Core::new(Inventory::new(arena::event()));
    for mut change in arena::opening(seats) {
        if let Change::SeatMapSet(map) = &mut change {
            map.sections[0].block = Some(BLOCK.into());
        }
        core.apply(change, NOW);
    }
    core
}

fn command(verb: Verb) -> Command {
    Command { origin: Origin::ENGINE, verb }
}

/// What all of them took together. Each must be accepted.
fn submit_all(core: &mut Core, now: TimeUs, commands: Vec<Command>) -> Duration {
    let started = Instant::now();
    for command in &commands {
        core.submit(now, command).expect("the command is accepted");
    }
    started.elapsed()
}

fn holds(core: &mut Core, stream: &mut Stream) -> Vec<(HoldId, UserId)> {
    (0..ROUND).map(|_| core.place(NOW, &stream.best_available()).expect("the house holds a round")).collect()
}

struct Ordered {
    order: OrderId,
    customer: UserId,
    total_minor: i64,
}

fn orders(core: &mut Core, stream: &mut Stream) -> Vec<Ordered> {
    let held = holds(core, stream);
    let place = |(hold, customer): (HoldId, UserId)| {
        let (order, total_minor) = (OrderId::from_bytes(stream.id()), core.held_total(hold));
        core.order(NOW, order, (hold, customer));
        Ordered { order, customer, total_minor }
    };
    held.into_iter().map(place).collect()
}

fn tickets(core: &mut Core, stream: &mut Stream) -> Vec<(TicketId, UserId)> {
    let mut tickets = Vec::new();
    for sale in orders(core, stream) {
        let pay = stream.pay(sale.order, sale.total_minor);
        if let Ok(Answer::OrderPaid(paid)) = core.submit(NOW, &pay) {
            tickets.extend(paid.tickets.iter().map(|&ticket| (ticket, sale.customer)));
        }
    }
    tickets.truncate(ROUND);
    assert_eq!(tickets.len(), ROUND, "every purchase issued its tickets");
    tickets
}

fn extend_hold(core: &mut Core, stream: &mut Stream) -> Duration {
    let held = holds(core, stream);
    let extend = |(hold, customer)| command(Verb::ExtendHold { hold, customer });
    submit_all(core, NOW.plus_us(1_000_000), held.into_iter().map(extend).collect())
}

/// Per hold that expires, not per command: one command ends as many as are due.
fn expire_holds(core: &mut Core, stream: &mut Stream) -> Duration {
    holds(core, stream);
    let due = NOW.plus_us(limits::HOLD_TTL_DEFAULT_US + 1);
    let started = Instant::now();
    let mut expired = 0;
    while expired < ROUND {
        match core.submit(due, &command(Verb::ExpireHolds)) {
            Ok(Answer::HoldsExpired { count }) => expired += count as usize,
            other => panic!("{other:?}"),
        }
    }
    started.elapsed()
}

fn start_payment(core: &mut Core, stream: &mut Stream) -> Duration {
    let orders = orders(core, stream);
    let start = |sale: Ordered| {
        let payment = PaymentId::from_bytes(stream.id());
        command(Verb::StartPayment { order: sale.order, customer: sale.customer, payment })
    };
    let commands = orders.into_iter().map(start).collect();
    submit_all(core, NOW, commands)
}

fn cancel_order(core: &mut Core, stream: &mut Stream) -> Duration {
    let orders = orders(core, stream);
    let cancel = |sale: Ordered| command(Verb::CancelOrder { order: sale.order, customer: sale.customer });
    submit_all(core, NOW, orders.into_iter().map(cancel).collect())
}

fn void_ticket(core: &mut Core, stream: &mut Stream) -> Duration {
    let tickets = tickets(core, stream);
    let void = |(ticket, _)| command(Verb::VoidTicket { ticket });
    submit_all(core, NOW, tickets.into_iter().map(void).collect())
}

fn transfer_ticket(core: &mut Core, stream: &mut Stream) -> Duration {
    let tickets = tickets(core, stream);
    let transfer = |(ticket, from)| command(Verb::TransferTicket { ticket, from, to: UserId::from_bytes(stream.id()) });
    let commands = tickets.into_iter().map(transfer).collect();
    submit_all(core, NOW, commands)
}

/// A section of 1,000 seats, withheld and released in turn.
fn set_block(core: &mut Core, _: &mut Stream) -> Duration {
    let set = |round: usize| command(Verb::SetBlock { block: BLOCK.into(), withheld: round.is_multiple_of(2) });
    submit_all(core, NOW, (0..ROUND).map(set).collect())
}

criterion_group!(benches, verbs);
criterion_main!(benches);
