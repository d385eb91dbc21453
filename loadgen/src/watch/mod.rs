//! A crowd that watches one event while it is booked: how late a change reaches a screen, what a socket costs the server,
//! and whether every screen ends up showing the truth.

pub mod booking;
pub mod figures;
mod read_all;
mod read_heads;
pub mod tally;
mod verdict;
pub mod watcher;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::sync::watch;
use tokio::task::JoinSet;
use wire::{Availability, LIVE_BINARY, LIVE_JSON};

use crate::account::Accounts;
use crate::arena::Arena;
use crate::cli::WatchOptions;
use crate::client::Client;
use crate::clock::Clock;
use crate::live::board::Board;
use crate::live::dial::Dial;
use crate::measure::Step;
use crate::preset::organizer;
use crate::process::{self, Usage};
use crate::sale::connect;
use crate::terminal::Progress;
use crate::venue::Venue;
use booking::{Booking, BookingLine, Pace};
use figures::{ServerReadings, WatchReport};
use tally::{Phase, Tally};
use watcher::{Coming, Crowd, Role, Watcher};

const CONNECTIONS: u32 = 64;
const HOLD_TTL_S: u32 = 600;
const HOLDS_PER_CUSTOMER: u32 = 1_000;
/// Until the last socket is open after the ramp.
const OPEN_DEADLINE: Duration = Duration::from_secs(90);
/// Nothing is booked: the sockets idle before, the last frames arrive after.
const PAUSE: Duration = Duration::from_secs(2);
const SETTLE_DEADLINE: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// One run under way.
struct Run<'a> {
    options: &'a WatchOptions,
    setup: Client,
    arena: Arc<Arena>,
    booking: Arc<Booking>,
    crowd: Arc<Crowd>,
    watchers: Vec<Arc<Watcher>>,
    tasks: JoinSet<()>,
    stall: watch::Sender<bool>,
    progress: Progress,
    server: ServerReadings,
    bookings: Vec<BookingLine>,
}

/// # Errors
/// The event or the accounts cannot be made, or this machine cannot hold so many sockets.
pub async fn run(options: &WatchOptions) -> Result<WatchReport> {
    process::allow_sockets(u64::from(options.watchers) + u64::from(CONNECTIONS))?;
    let clock = Clock::start();
    let mut run = Run::prepare(options, clock).await?;
    run.baseline().await?;
    run.open_all().await?;
    run.book_while_all_watch().await?;
    if options.storm {
        run.storm().await?;
    }
    run.server.after = run.usage()?;
    let audit = run.settle_and_judge().await?;
    run.progress.end();
    Ok(WatchReport::new(&run, clock, audit))
}

impl<'a> Run<'a> {
    async fn prepare(options: &'a WatchOptions, clock: Clock) -> Result<Self> {
        let progress = Progress::new(options.server.quiet);
        let connections = options.server.connections.unwrap_or(CONNECTIONS).max(1);
        let setup = connect(&options.server, connections, clock)?;
        let venue = Venue {
            title: "The watched one",
            seats: options.seats,
            standing: 0,
            hold_ttl_s: HOLD_TTL_S,
            holds_per_customer_max: HOLDS_PER_CUSTOMER,
            units_per_customer_max: None,
        };
        let organizer = organizer(&options.organizer).context(crate::Usage)?;
        let event = venue.open(&setup, &organizer, clock.now()).await.context("making the event")?;
        let arena = Arc::new(Arena::load(&setup, Some(event)).await?);
        let tag = format!("{:x}{:04x}", clock.started_at.timestamp_micros(), rand::random::<u16>());
        let file = options.accounts_file.as_deref();
        let accounts = Accounts::prepare(&setup, options.accounts as usize, file, &tag, &progress).await?;
        let booking = Booking::new(setup.clone(), accounts, &arena, options.seats_per_hold as usize, tag)?;
        let protocol = if options.binary { LIVE_BINARY } else { LIVE_JSON };
        let dial = Dial::new(setup.pool.authority(), event, options.watchers, options.sources, protocol).await?;
        let (stall, stalled) = watch::channel(false);
        let crowd = Arc::new(Crowd { dial, tally: Tally::new(clock), stall: stalled });
        Ok(Self {
            options,
            watchers: watchers(options, &arena),
            setup,
            arena,
            booking: Arc::new(booking),
            crowd,
            tasks: JoinSet::new(),
            stall,
            progress,
            server: ServerReadings::default(),
            bookings: Vec::new(),
        })
    }

    fn pace(&self) -> Pace {
        self.options.flat_out.map_or(Pace::SeatsPerS(self.options.seats_per_s), Pace::FlatOut)
    }

    fn usage(&self) -> Result<Option<Usage>> {
        self.options.server_pid.map(process::usage).transpose()
    }

    async fn book(&mut self, phase: &'static str, duration: Duration) -> Result<Duration> {
        let before = self.usage()?;
        let started = Instant::now();
        let line = self.booking.run(phase, self.pace(), duration).await?;
        self.server.booked(phase, before, self.usage()?, started.elapsed());
        self.bookings.push(line);
        Ok(duration)
    }

    /// The same booking without a watcher: what it costs by itself.
    async fn baseline(&mut self) -> Result<()> {
        self.progress.begin("baseline", 1);
        self.server.before = self.usage()?;
        self.book("before", Duration::from_secs_f64(self.options.baseline)).await?;
        tokio::time::sleep(PAUSE).await;
        self.server.booked = self.usage()?;
        Ok(())
    }

    /// Machines become slower and faster by themselves: what watchers cost is seen beside a stretch on either side.
    async fn book_alone_again(&mut self) -> Result<()> {
        if self.options.flat_out.is_some() {
            self.progress.begin("baseline", 1);
            tokio::time::sleep(PAUSE).await;
            self.book("after", Duration::from_secs_f64(self.options.baseline)).await?;
        }
        Ok(())
    }

    async fn open_all(&mut self) -> Result<()> {
        let (count, ramp) = (self.watchers.len() as u64, Duration::from_secs_f64(self.options.ramp_up));
        self.progress.begin("sockets", count);
        let started = Instant::now();
        for (number, watcher) in self.watchers.iter().enumerate() {
            let due = started + ramp.mul_f64(number as f64 / count as f64);
            self.tasks.spawn(Arc::clone(watcher).stay(Arc::clone(&self.crowd), Coming::First(due)));
        }
        let tally = &self.crowd.tally;
        while tally.opened.load(Relaxed) < count {
            let missing = count - tally.opened.load(Relaxed);
            let is_late = started.elapsed() > ramp + OPEN_DEADLINE;
            ensure!(!is_late, "{missing} of {count} sockets could not be opened: {:?}", tally.sum().refusals);
            tokio::time::sleep(LOOK_EVERY).await;
        }
        tokio::time::sleep(PAUSE).await;
        self.server.idle = self.usage()?;
        Ok(())
    }

    /// With sockets that stall, first as long with none that does: the others are compared with themselves.
    async fn book_while_all_watch(&mut self) -> Result<()> {
        let duration = Duration::from_secs_f64(self.options.duration);
        self.progress.begin("watching", 1);
        self.crowd.tally.enter(Phase::Booking);
        if self.options.stalled == 0.0 {
            self.book("watched", duration).await?;
        } else {
            self.book("watched", duration / 2).await?;
            let stalled_for = self.stalled_for();
            self.crowd.tally.enter(Phase::Stalled);
            self.stall.send_replace(true);
            let (stall, crowd) = (self.stall.clone(), Arc::clone(&self.crowd));
            let mut timer = JoinSet::new();
            timer.spawn(async move {
                tokio::time::sleep(stalled_for).await;
                // Reading what has gathered meanwhile is the generator's work, and no longer the server's doing.
                crowd.tally.enter(Phase::Quiet);
                stall.send_replace(false);
            });
            self.book("stalled", duration / 2).await?;
            timer.join_next().await;
        }
        self.crowd.tally.enter(Phase::Quiet);
        Ok(())
    }

    pub fn stalled_for(&self) -> Duration {
        Duration::from_secs_f64(self.options.stalled_for.min(self.options.duration / 2.0))
    }

    async fn storm(&mut self) -> Result<()> {
        self.progress.begin("storm", 1);
        self.tasks.shutdown().await;
        let dropped = Instant::now();
        self.crowd.tally.enter(Phase::Storm);
        for watcher in &self.watchers {
            self.tasks.spawn(Arc::clone(watcher).stay(Arc::clone(&self.crowd), Coming::Back(dropped)));
        }
        self.book("storm", Duration::from_secs_f64(self.options.duration)).await?;
        self.crowd.tally.enter(Phase::Quiet);
        Ok(())
    }

    /// Nothing changes any more: waits for the last frames, then looks at what each sampled socket shows.
    async fn settle_and_judge(&mut self) -> Result<crate::audit::Verdict> {
        self.progress.begin("settling", 1);
        let until = Instant::now() + SETTLE_DEADLINE;
        let now = loop {
            tokio::time::sleep(PAUSE).await;
            let now: Availability = self.setup.ask(Step::Audit, None, &self.arena.availability_call()).await?;
            let all_agree = self.watchers.iter().all(|watcher| watcher.difference(&now).is_none());
            if (all_agree && now.totals.held == 0) || Instant::now() > until {
                break now;
            }
        };
        let mut checks = verdict::of_sockets(self, &now);
        self.tasks.shutdown().await;
        self.book_alone_again().await?;
        checks.push(verdict::bookings_are_answered(self));
        Ok(checks.into())
    }
}

/// Those that are read in full, and those that stall, are spread over all.
fn watchers(options: &WatchOptions, arena: &Arc<Arena>) -> Vec<Arc<Watcher>> {
    let count = options.watchers;
    let sampled = options.sampled.min(count);
    let stalling = (f64::from(count - sampled) * options.stalled).round() as u32;
    let is_nth = |number: u32, of: u32, wanted: u32| {
        let (number, of, wanted) = (u64::from(number), u64::from(of.max(1)), u64::from(wanted));
        (number + 1) * wanted / of > number * wanted / of
    };
    let mut plain = 0;
    let role = |number: u32, plain: &mut u32| {
        if is_nth(number, count, sampled) {
            return Role::Sampled(Mutex::new(Board::new(Arc::clone(arena))));
        }
        *plain += 1;
        if is_nth(*plain - 1, count - sampled, stalling) { Role::Stalling } else { Role::Plain }
    };
    (0..count)
        .map(|number| Arc::new(Watcher { number, role: role(number, &mut plain), seq: AtomicU64::new(0) }))
        .collect()
}
