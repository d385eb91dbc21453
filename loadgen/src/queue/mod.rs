//! A waiting room from joining to buying: a crowd that joins before and after the opening, waits in three ways, is let in
//! and buys; bots beside it. Every promise about the order is held against what was told.

mod bots;
mod cast;
mod crowd;
pub mod figures;
mod joins;
mod lapsed;
mod line;
mod memory;
mod proof;
mod record;
mod refresh;
mod restart;
mod room;
mod sockets;
mod squat;
mod stages;
mod storm;
mod verdict;
mod waiter;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use tokio::task::JoinSet;
use wire::{Availability, LIVE_JSON, Place, QueueProof, WaitingRoomSettings};

use crate::account::Accounts;
use crate::arena::Arena;
use crate::audit::{self, Verdict};
use crate::buyer::Sale;
use crate::cli::QueueOptions;
use crate::client::Client;
use crate::clock::Clock;
use crate::ledger::{Entry, Ledger, Run as RunEntry, VERSION};
use crate::live::dial::Dial;
use crate::measure::{Measurements, Step};
use crate::preset::organizer;
use crate::process;
use crate::sale::{connect, unclassified};
use crate::terminal::Progress;
use crate::venue::Venue;
use bots::{ACCOUNTS, BypassLine, Loot};
use crowd::Crowd;
use figures::{Around, QueueReport};
use joins::JoinLine;
use lapsed::Lapsed;
use line::Lookout;
use memory::MemoryLine;
use record::{Record, Waited};
use refresh::Storms;
use restart::RestartLine;
use room::{Room, UNTIL_OPENED_AT_LATEST};
use sockets::Sockets;
use waiter::Waiter;

/// Those of the bots, that of a session that lapses, and the lookout's.
const ACCOUNTS_BESIDE: usize = ACCOUNTS + 2;
const CONNECTIONS: u32 = 256;
const UNITS_PER_CUSTOMER_MAX: u32 = 4;
const SESSION_S: u32 = 900;
const CLAIM_WITHIN_S: u32 = 600;
/// From the setting to the opening.
const OPENS_AFTER: TimeDelta = TimeDelta::milliseconds(1_500);
const OPEN_DEADLINE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(100);

struct Run<'a> {
    options: &'a QueueOptions,
    setup: Client,
    clock: Clock,
    room: Room,
    other: Room,
    crowd: Arc<Crowd>,
    sockets: Arc<Sockets>,
    before: QueueProof,
    lapsed: Option<Lapsed>,
    memory: Option<MemoryLine>,
    restart: Option<RestartLine>,
    progress: Progress,
}

/// What the stages gave.
struct Played {
    joins: JoinLine,
    storms: Storms,
    bypass: Vec<BypassLine>,
    /// `None`: no bot was to try.
    place_of_bots: Option<u32>,
}

/// # Errors
/// The run cannot be made. What waiters meet in it is no error: it is in the report.
pub async fn run(options: &QueueOptions) -> Result<QueueReport> {
    let connections = connections(options);
    let storm = if options.refresh_per_s > 0 { refresh::CONNECTIONS } else { 0 };
    process::allow_sockets(u64::from(options.sockets + 2 * connections + storm + bots::CONNECTIONS))?;
    let mut run = Run::prepare(options).await?;
    let mut follower = JoinSet::new();
    let (lookout, place_of_lookout) = run.lookout().await?;
    follower.spawn(run.crowd.line.clone().follow(run.sockets.dial.clone(), lookout));
    let joins = run.fill().await?;
    run.restart().await?;
    run.open().await?;
    let played = run.play(joins).await?;
    let places = std::iter::once(place_of_lookout).chain(played.place_of_bots).collect();
    let report = run.judge(played, places).await?;
    follower.shutdown().await;
    run.progress.end();
    Ok(report)
}

fn connections(options: &QueueOptions) -> u32 {
    options.server.connections.unwrap_or(CONNECTIONS).max(1)
}

impl<'a> Run<'a> {
    async fn prepare(options: &'a QueueOptions) -> Result<Self> {
        let progress = Progress::new(options.server.quiet);
        let clock = Clock::start();
        let setup = connect(&options.server, connections(options), clock)?;
        let organizer = organizer(&options.organizer).context(crate::Usage)?;
        let settings = settings(options);
        let (house, small) = (self::house(options.seats, options.hold_ttl), self::house(100, options.hold_ttl));
        let room =
            Room::arm(&setup, &organizer, &house, settings.clone(), clock.now(), Some(UNTIL_OPENED_AT_LATEST)).await?;
        let other = Room::arm(&setup, &organizer, &small, settings, clock.now(), Some(UNTIL_OPENED_AT_LATEST)).await?;
        let before = room.proof().await.context("reading the commitment")?;
        let arena = Arc::new(Arena::load(&setup, Some(room.event)).await?);
        let tag = format!("{:x}{:04x}", clock.started_at.timestamp_micros(), rand::random::<u16>());
        let wanted = options.waiters as usize + ACCOUNTS_BESIDE;
        let accounts = Accounts::prepare(&setup, wanted, options.accounts_file.as_deref(), &tag, &progress).await?;
        let lapsing = Arc::clone(&accounts.all()[options.waiters as usize + ACCOUNTS]);
        let lapsed = match options.bypass_tries {
            0 => None,
            _ => Some(Lapsed::collect(&setup, (&organizer, clock), &room, &small, lapsing).await?),
        };
        let dial = Dial::new(setup.pool.authority(), room.event, options.sockets.max(1), 0, LIVE_JSON).await?;
        let seats: Availability = setup.ask(Step::Setup, None, &arena.availability_call()).await?;

        let clock = Clock::start();
        let client = Client { measured: Arc::new(Measurements::new(clock)), ..setup.clone() };
        let ledger = Ledger::create(None)?;
        ledger.write(Entry::Run(Box::new(RunEntry {
            version: VERSION,
            url: options.server.url.clone(),
            event: room.event,
            seed: options.seed,
            started_at: clock.started_at,
            before: seats,
            capacity: arena.capacity(),
            shared: false,
            purchases_expected: None,
            accounts: accounts.all().iter().map(|account| account.credentials()).collect(),
        })));
        let waiters = cast::waiters(options, UNITS_PER_CUSTOMER_MAX, &accounts);
        let allowance = arena.allowance();
        let hold_ttl = Duration::from_secs(options.hold_ttl.into());
        let sale = Sale { client, arena, accounts, allowance, ledger, tag, slow_pay: Duration::ZERO, blind: false };
        let crowd = Arc::new(Crowd::new(sale, room.path(), waiters, options.bots_per_hoarder, hold_ttl));
        let sockets = Arc::new(Sockets::new(dial));
        let (memory, restart) = (None, None);
        Ok(Self { options, setup, clock, room, other, crowd, sockets, before, lapsed, memory, restart, progress })
    }

    /// The last account takes the first place.
    async fn lookout(&self) -> Result<(Lookout, u32)> {
        let (crowd, client) = (&self.crowd, self.setup.clone());
        let account = Arc::clone(crowd.sale.accounts.all().last().context("no account")?);
        let place: Place = client.ask(Step::Setup, Some(&account), &crowd.join_call(None)).await?;
        let number = place.number.context("a place without a number")?;
        Ok((Lookout { client, account, path: crowd.path.clone() }, number))
    }

    /// The early ones join; hoarders first, each with all its bots at the same time.
    async fn fill(&mut self) -> Result<JoinLine> {
        let crowd = &self.crowd;
        let connections = connections(self.options);
        let before = match self.options.server_pid {
            Some(pid) => {
                let client = self.client_beside(connections)?;
                Some((pid, memory::before_joins(crowd, client, connections, pid).await?))
            }
            None => None,
        };
        self.progress.begin("joining", 1);
        for waiter in crowd.waiters.iter().filter(|waiter| waiter.kind.is_bot()) {
            let bots = (0..self.options.bots_per_hoarder).map(|_| crowd.ask(waiter, Step::Join, Instant::now()));
            futures_util::future::join_all(bots).await;
        }
        let is_left = |waiter: &&Arc<Waiter>| waiter.is_early && !waiter.kind.is_bot();
        let early = crowd.waiters.iter().filter(is_left).map(|waiter| waiter.index).collect();
        let (slice, timeout) = (self.options.slice, self.options.server.timeout);
        let (slice, timeout) = (Duration::from_secs_f64(slice), Duration::from_secs_f64(timeout));
        let line = joins::run(crowd, early, connections, slice, timeout).await?;
        if let Some((pid, before)) = before {
            let joined = crowd.waiters.iter().filter(|waiter| waiter.is_early).count() as u64;
            self.memory = Some(MemoryLine::of(joined, before, memory::read(pid).await?));
        }
        Ok(line)
    }

    async fn restart(&mut self) -> Result<()> {
        if let Some(command) = &self.options.restart_command {
            self.progress.begin("restart", 1);
            self.restart = Some(restart::run(&self.crowd, command).await?);
        }
        Ok(())
    }

    async fn open(&mut self) -> Result<()> {
        self.progress.begin("opening", 1);
        let at = self.clock.now() + OPENS_AFTER;
        self.room.open_at(at).await?;
        self.other.open_at(at).await?;
        let until = Instant::now() + OPEN_DEADLINE;
        while !self.crowd.line.is_open() {
            ensure!(Instant::now() < until, "no frame on the live feed tells that the line has opened");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    async fn play(&mut self, joins: JoinLine) -> Result<Played> {
        let lapsed = self.lapsed.take();
        let (options, crowd) = (self.options, &self.crowd);
        self.progress.begin("waiting", u64::from(options.waiters));
        let seconds = Duration::from_secs_f64;
        let mut stages = JoinSet::new();
        stages.spawn(stages::arrive(Arc::clone(crowd), true, seconds(options.look_over)));
        stages.spawn(stages::arrive(Arc::clone(crowd), false, seconds(options.late_over)));
        stages.spawn(stages::dispatch(Arc::clone(crowd)));
        stages.spawn(Arc::clone(&self.sockets).run(Arc::clone(crowd)));
        let mut storms = JoinSet::new();
        let plan = refresh::Plan {
            per_s: options.refresh_per_s,
            slice: seconds(options.storm_slice),
            settle: seconds(options.look_over.max(options.late_over)),
            baseline: seconds(options.storm_baseline),
        };
        let client = self.client_beside(refresh::CONNECTIONS)?;
        storms.spawn(refresh::run(Arc::clone(crowd), Arc::clone(&self.sockets), client, plan));

        let tried = AtomicBool::new(false);
        let bots = async {
            let tries = match lapsed {
                Some(lapsed) => self.bots(lapsed).await.map(|(lines, place)| (lines, Some(place))),
                None => Ok((Vec::new(), None)),
            };
            tried.store(true, Relaxed);
            tries
        };
        let (bots, ()) = tokio::join!(bots, self.wait(&tried));
        let (bypass, place_of_bots) = bots.context("letting the bots' accounts in")?;
        while let Some(done) = stages.join_next().await {
            done.context("a stage")?;
        }
        let storms = storms.join_next().await.context("the storms")??;
        Ok(Played { joins, storms, bypass, place_of_bots })
    }

    /// What became of their tries, and the place that they took.
    async fn bots(&self, lapsed: Lapsed) -> Result<(Vec<BypassLine>, u32)> {
        let (options, crowd) = (self.options, &self.crowd);
        let accounts = &crowd.sale.accounts.all()[options.waiters as usize..][..ACCOUNTS];
        let loot = Loot::collect(crowd, &self.room, &self.other, lapsed, accounts, options.waiters).await?;
        let place = loot.place();
        let client = self.client_beside(bots::CONNECTIONS)?;
        Ok((loot.use_up(Arc::clone(crowd), client, options.bypass_tries).await, place))
    }

    /// With connections of its own, counted with all others.
    fn client_beside(&self, connections: u32) -> Result<Client> {
        let client = connect(&self.options.server, connections, self.clock)?;
        Ok(Client { measured: Arc::clone(&self.crowd.client().measured), ..client })
    }

    /// Until all waiters and bots are through, or the time is over.
    async fn wait(&self, tried: &AtomicBool) {
        let until = Instant::now() + Duration::from_secs_f64(self.options.duration);
        let mut shown = 0;
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let ended = self.crowd.ended.load(Relaxed);
            (shown..ended).for_each(|_| self.progress.step());
            shown = ended;
            if (ended >= self.options.waiters && tried.load(Relaxed)) || Instant::now() > until {
                self.crowd.over.send_replace(true);
                return;
            }
        }
    }

    async fn judge(&self, played: Played, places_of_bots: Vec<u32>) -> Result<QueueReport> {
        let crowd = &self.crowd;
        let measured = &crowd.client().measured;
        let after = self.room.proof().await?;
        crowd.sale.ledger.write(Entry::End { violations: measured.violations(), unclassified: unclassified(measured) });
        let entries = crowd.sale.ledger.finish()?;
        let (_, _, bought) = audit::run(&self.setup, &entries, &self.progress).await.context("auditing")?;
        let sockets = self.sockets.seen();
        let record = Record {
            started: measured.clock.started,
            settings: self.room.settings.clone(),
            waiters: crowd.waiters.iter().map(|waiter| waited(waiter)).collect(),
            history: crowd.line.history(),
            log: crowd.log().clone(),
            storms: played.storms,
            bypass: played.bypass,
            joins: played.joins,
            memory: self.memory,
            restart: self.restart.clone(),
            proofs: (self.before.clone(), after),
            places_of_bots,
            turns_told: sockets.turns,
            turns_untold: sockets.untold,
            priority_shoppers: ACCOUNTS_BESIDE as u32,
            units_per_customer_max: UNITS_PER_CUSTOMER_MAX,
            bots_per_hoarder: self.options.bots_per_hoarder,
            capacity: crowd.sale.arena.capacity(),
        };
        let checks = verdict::judge(&record).into_iter().chain(bought.checks).collect::<Vec<_>>();
        let around = Around {
            options: self.options,
            event: self.room.event,
            started_at: measured.clock.started_at,
            measured,
            sockets: &sockets,
        };
        Ok(QueueReport::new(&around, &record, Verdict::from(checks)))
    }
}

fn waited(waiter: &Waiter) -> Waited {
    Waited { index: waiter.index, kind: waiter.kind, is_early: waiter.is_early, seen: waiter.seen().clone() }
}

fn settings(options: &QueueOptions) -> WaitingRoomSettings {
    WaitingRoomSettings {
        active: true,
        pre_queue_from: None,
        opens_at: None,
        rate_per_minute: Some(options.rate_per_minute),
        shoppers_max: Some(options.shoppers_max),
        session_s: Some(SESSION_S),
        claim_within_s: Some(CLAIM_WITHIN_S),
        paused: false,
        beacon: None,
        latency_target_ms: Some(options.latency_target_ms),
    }
}

fn house(seats: u32, hold_ttl_s: u32) -> Venue {
    Venue {
        title: "The one behind a waiting room",
        seats,
        standing: 0,
        hold_ttl_s,
        holds_per_customer_max: 4,
        units_per_customer_max: Some(UNITS_PER_CUSTOMER_MAX),
    }
}
