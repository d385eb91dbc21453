//! A run from end to end: house, accounts, clock, buyers, audit, report.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::task::JoinSet;
use wire::Availability;

use crate::Usage;
use crate::account::Accounts;
use crate::answer::Class;
use crate::arena::Arena;
use crate::audit;
use crate::buyer::{self, Sale};
use crate::cli::{Options, Server};
use crate::client::Client;
use crate::clock::Clock;
use crate::curve::arrivals;
use crate::ledger::{Entry, Ledger, Run, VERSION};
use crate::measure::{Measurements, Step};
use crate::mix::Intent;
use crate::pool::Pool;
use crate::preset::{House, Plan};
use crate::report::{Report, View};
use crate::terminal::Progress;

const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// # Errors
/// The sale cannot be prepared or audited. What buyers meet in it is no error: it is in the report.
pub async fn run(plan: &Plan, options: &Options) -> Result<(Report, View)> {
    let progress = Progress::new(options.server.quiet);
    let clock = Clock::start();
    let setup = connect(&options.server, plan.connections, clock)?;
    let id = match &plan.house {
        House::Auto => None,
        House::Id(id) => Some(*id),
        House::Own(venue, organizer) => Some(venue.open(&setup, organizer, clock.now()).await?),
    };
    let arena = Arc::new(Arena::load(&setup, id).await.context("looking for the event")?);
    // Unlike those of any other run: keys must never meet again.
    let tag = format!("{:x}{:04x}", clock.started_at.timestamp_micros(), rand::random::<u16>());
    let file = options.accounts_file.as_deref();
    let accounts = Accounts::prepare(&setup, plan.accounts as usize, file, &tag, &progress).await?;
    let before: Availability = setup.ask(Step::Setup, None, &arena.availability_call()).await?;

    let clock = Clock::start();
    let ledger = Ledger::create(options.ack_log.as_deref())?;
    ledger.write(Entry::Run(Box::new(Run {
        version: VERSION,
        url: options.server.url.clone(),
        event: arena.event.id,
        seed: options.seed,
        started_at: clock.started_at,
        before,
        capacity: arena.capacity(),
        shared: options.shared,
        purchases_expected: plan.purchases_expected,
        accounts: accounts.all().iter().map(|account| account.credentials()).collect(),
    })));
    let client = Client { measured: Arc::new(Measurements::new(clock)), ..setup.clone() };
    let allowance = arena.allowance();
    let sale = Sale {
        client,
        arena: Arc::clone(&arena),
        accounts,
        allowance,
        ledger,
        tag,
        slow_pay: plan.slow_pay,
        blind: plan.blind,
    };
    let sale = Arc::new(sale);
    sell(&sale, plan, options.seed, &progress).await?;
    let measured = &sale.client.measured;
    let took = clock.passed();
    sale.ledger.write(Entry::End { violations: measured.violations(), unclassified: unclassified(measured) });

    let entries = sale.ledger.finish()?;
    let (asked, found, verdict) = audit::run(&setup, &entries, &progress).await.context("auditing")?;
    let report = Report::new(plan, options, &sale, &asked, &found, verdict, took);
    let view = View::new(&arena, &asked);
    Ok((report, view))
}

/// # Errors
/// The address is not one.
pub fn connect(server: &Server, connections: u32, clock: Clock) -> Result<Client> {
    let pool = Pool::new(&server.url, connections as usize, Duration::from_secs_f64(server.timeout)).context(Usage)?;
    let measured = Arc::new(Measurements::new(clock));
    Ok(Client { pool: Arc::new(pool), measured, give_up: Duration::from_secs_f64(server.give_up) })
}

/// Sends each buyer at the moment that was laid down for him, whatever became of those before; then waits for the last.
async fn sell(sale: &Arc<Sale>, plan: &Plan, seed: u64, progress: &Progress) -> Result<()> {
    let mut rng = StdRng::seed_from_u64(seed);
    let units_max = plan.party_max.min(sale.arena.units_per_hold_max());
    let due: Vec<(Duration, Intent)> = arrivals(plan.curve, plan.buyers, plan.duration, &mut rng)
        .into_iter()
        .map(|at| (at, plan.mix.draw(&plan.habits, units_max, &mut rng)))
        .collect();
    progress.begin("sale", u64::from(plan.buyers));
    let started = sale.client.measured.clock.started;
    let mut buyers = JoinSet::new();
    let mut ticker = tokio::time::interval(PROGRESS_EVERY);
    let mut seen = (Instant::now(), 0);
    let mut due = due.into_iter().enumerate().peekable();
    while due.peek().is_some() || !buyers.is_empty() {
        let next = due.peek().map(|(_, (at, _))| started + *at);
        tokio::select! {
            biased;
            () = tokio::time::sleep_until(next.unwrap_or(started).into()), if next.is_some() => {
                let Some((number, (at, intent))) = due.next() else { continue };
                let sale = Arc::clone(sale);
                buyers.spawn(async move { buyer::visit(&sale, number as u32, intent, started + at).await });
            }
            Some(left) = buyers.join_next() => left.context("a buyer")?,
            _ = ticker.tick() => {
                let arrived = u64::from(plan.buyers) - due.len() as u64;
                let rate = (arrived - seen.1) as f64 / seen.0.elapsed().as_secs_f64().max(1e-3);
                progress.sale(arrived, rate, &sale.client.measured);
                seen = (Instant::now(), arrived);
            }
        }
    }
    progress.end();
    Ok(())
}

pub fn unclassified(measured: &Measurements) -> u64 {
    let outside = |class: &Class| matches!(class, Class::Protocol | Class::ServerBug);
    measured.answers().iter().filter(|((_, class, _), _)| outside(class)).map(|(_, count)| count).sum()
}
