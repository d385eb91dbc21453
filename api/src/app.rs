//! The server from settings to a stopped process, in numbered stages.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::{Clock, Directory, EngineConfig, Stopped, SystemClock};
use persistence::{ConnectError, Store, StoreConfig, StoreError};
use secrecy::ExposeSecret;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access_code::AccessCodes;
use crate::aside::Aside;
use crate::audit_log::Security;
use crate::auth::{ApiKeys, OneTimeKeys, PasswordError, Passwords, RefreshTokens, Standings, Tokens};
use crate::cancelling::Cancelling;
use crate::config::{Config, ConfigError};
use crate::edge::Edge;
use crate::event_facts::EventFacts;
use crate::event_pages::EventPages;
use crate::finishing::Finishing;
use crate::first_start::FirstStartError;
use crate::gate_log::GateLog;
use crate::gateways::Gateways;
use crate::history::Replays;
use crate::images::Workers;
use crate::in_flight::InFlight;
use crate::jobs::Jobs;
use crate::line::Keepers;
use crate::line::tokens::LineTokens;
use crate::live::Hub;
use crate::mail::{MailSetupError, Mailer};
use crate::objects::{Objects, OpenError};
use crate::openid::{Client, Provider};
use crate::rate_limit::RateLimits;
use crate::sealed::{SealError, Seals};
use crate::state::{AppState, Inner};
use crate::ticket_code::{KeyError, TicketSigner};
use crate::tickets::Press;
use crate::unpaid_orders::UnpaidOrders;
use crate::{
    audit_log, cancelling, first_start, gate_log, gateways, housekeeping, ids, metrics, revocations, router, serve,
};

/// What is still in mailboxes when the last request is answered.
const ENGINE_STOP_TIMEOUT: Duration = Duration::from_secs(15);
/// For the last frame of every live feed.
const LIVE_STOP_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("metrics are recorded by somebody else already")]
    Metrics(#[source] metrics_exporter_prometheus::BuildError),
    #[error("the store does not open")]
    Connect(#[from] ConnectError),
    #[error("the store does not answer")]
    Store(#[from] StoreError),
    #[error("the key `{name}` in the store is not {bytes} bytes long")]
    Key { name: &'static str, bytes: usize },
    #[error(transparent)]
    TicketKey(#[from] KeyError),
    #[error(transparent)]
    Seals(#[from] SealError),
    #[error("there is no way to ask the provider of sign-ins")]
    Google(#[source] reqwest::Error),
    #[error("there is no way to ask the provider of payments")]
    Payments(#[source] reqwest::Error),
    #[error("the URL of Redis is not valid: it must start with redis://")]
    Redis(#[source] redis::RedisError),
    #[error("passwords cannot be hashed")]
    Passwords(#[from] PasswordError),
    #[error(transparent)]
    Mail(#[from] MailSetupError),
    #[error("no thread can be started to draw mails")]
    Threads(#[from] std::io::Error),
    #[error(
        "`usher worker` needs Postgres: the embedded store is one process' alone, and its server does the jobs itself. Set \
         database_url to that of the servers"
    )]
    WorkerNeedsPostgres,
    #[error(transparent)]
    Objects(#[from] OpenError),
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    #[error("the first start did not complete")]
    FirstStart(#[from] FirstStartError),
}

pub struct App {
    addr: SocketAddr,
    state: AppState,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl App {
    /// Answers requests when it returns.
    ///
    /// # Errors
    /// The first stage that failed. What the stages before have opened is closed again.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        // 1. Settings.
        config.check()?;
        // 2. Telemetry: logs are set up by the command line, once per process.
        let prometheus = metrics::install().map_err(StartError::Metrics)?;
        // 3. The store: refuses a second process, brings the schema up to date.
        let store = Store::connect(&store_config(&config)).await?;
        // 4. The address, before anything is made that would have to be shown once.
        let (listener, addr) = listen(config.http.listen)?;
        // 5. Secrets and what is made of them; 6. the engine.
        let state = Box::pin(state(config, addr, store, prometheus)).await?;
        // 7. First start.
        first_start::run(&state).await?;
        // 8. Jobs, unless a worker does them.
        let is_working = state.config.jobs.run;
        let jobs = if is_working { Some(Box::pin(open_jobs(&state, addr)).await?) } else { None };
        // 9. Routes, requests.
        let app = Self { addr, state, stop: CancellationToken::new(), tasks: TaskTracker::new() };
        if let Some(jobs) = jobs {
            jobs.spawn(&app.tasks, &app.stop);
        }
        app.serve(listener);
        Ok(app)
    }

    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub const fn state(&self) -> &AppState {
        &self.state
    }

    fn serve(&self, listener: TcpListener) {
        let edge = Edge::new(router::router(self.state.clone()), self.state.clone());
        let (state, stop) = (self.state.clone(), self.stop.clone());
        self.tasks.spawn(async move { serve::serve(listener, edge, &state.config.http, stop).await });
        self.tasks.spawn(audit_log::security(self.state.clone(), self.stop.clone()));
        self.tasks.spawn(cancelling::run(self.state.clone(), self.stop.clone()));
        self.tasks.spawn(gate_log::run(self.state.clone(), self.stop.clone()));
        self.tasks.spawn(housekeeping::run(self.state.clone(), self.stop.clone()));
        self.tasks.spawn(gateways::run(self.state.clone(), self.stop.clone()));
        self.tasks.spawn(revocations::run(self.state.clone(), self.stop.clone()));
        self.tasks.spawn(housekeeping::warm_up(self.state.clone(), self.stop.clone()));
        let keepers = self.state.keepers.clone();
        let stop = self.stop.clone();
        self.tasks.spawn(async move { stop.run_until_cancelled(keepers.resume()).await });
    }

    /// Closes intake, finishes requests, drains mailboxes, commits, releases what it owns.
    pub async fn stop(self) {
        self.state.ready.store(false, Ordering::Release);
        self.stop.cancel();
        if !self.state.live.stop(LIVE_STOP_TIMEOUT).await {
            tracing::warn!("live feeds were cut off when stopping");
        }
        self.tasks.close();
        self.tasks.wait().await;
        self.state.finishing.stop().await;
        self.state.aside.stop().await;
        // After the requests that wait for them.
        self.state.keepers.stop().await;
        if self.state.directory.stop(ENGINE_STOP_TIMEOUT).await == Stopped::Cut {
            tracing::warn!("the engine was cut off when stopping: some callers were told that the outcome is unknown");
        }
        self.state.store.close().await;
        tracing::info!("stopped");
    }
}

async fn open_jobs(state: &AppState, addr: SocketAddr) -> Result<Jobs, StartError> {
    Jobs::open(&state.config, &state.store, &state.clock, &state.mail, &site(&state.config, addr)).await
}

/// How the world reaches the server, without a slash at the end.
pub fn site(config: &Config, addr: SocketAddr) -> String {
    let site = config.http.public_url.clone().unwrap_or_else(|| format!("http://{addr}"));
    site.trim_end_matches('/').to_owned()
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = serve::bind(address).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

async fn state(
    config: Config,
    addr: SocketAddr,
    store: Store,
    prometheus: metrics_exporter_prometheus::PrometheusHandle,
) -> Result<AppState, StartError> {
    let clock = Arc::new(SystemClock::default());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let objects = Objects::open(&config)?;
    let passwords = Passwords::new(config.auth.password_memory_kib, cores, config.auth.password_queue)?;
    let tokens = Tokens::new(&key(&store, "access-token-hs256").await?, config.auth.access_ttl, ids::mint(clock.now()));
    let access_codes = AccessCodes::new(&key(&store, "access-codes").await?);
    let ticket_signer = TicketSigner::from_seed(&key(&store, "ticket-ed25519").await?)?;
    let refresh_tokens = RefreshTokens::new(key(&store, "refresh-token-hmac").await?);
    let seals = Seals::new(&key(&store, "seals-hmac").await?)?;
    let one_time_key = key(&store, "one-time-hmac").await?;
    let line_tokens = LineTokens::new(&key(&store, "waiting-room-hmac").await?);
    let google = google(&config, addr).map_err(StartError::Google)?;
    let gateways = Gateways::new(&config.payments, &site(&config, addr)).map_err(StartError::Payments)?;
    let event_pages = EventPages::new(&config).map_err(StartError::Redis)?;
    let directory = Directory::new(EngineConfig::default(), Arc::new(store.clone()), Arc::clone(&clock));
    Ok(AppState::new(Inner {
        api_keys: ApiKeys::default(),
        standings: Standings::new(config.auth.access_ttl),
        rate_limit: RateLimits::new(&config.rate_limit),
        security: Security::default(),
        gate_log: GateLog::default(),
        live: Hub::new(&config, addr),
        mail: Mailer::new(store.clone()),
        one_time: OneTimeKeys::new(&one_time_key),
        aside: Aside::default(),
        cancelling: Cancelling::default(),
        in_flight: InFlight::default(),
        event_facts: EventFacts::default(),
        unpaid_orders: UnpaidOrders::default(),
        event_pages,
        gateways,
        finishing: Finishing::new(config.http.connections_max),
        ready: AtomicBool::new(false),
        access_codes,
        keepers: Keepers::new(store.clone(), directory.clone(), Arc::clone(&clock)),
        line_tokens,
        config,
        clock,
        store,
        directory,
        tokens,
        refresh_tokens,
        ticket_signer,
        passwords,
        images: Workers::new(cores),
        press: Press::new(cores),
        replays: Replays::default(),
        objects,
        seals,
        google,
        prometheus,
    }))
}

fn google(config: &Config, addr: SocketAddr) -> Result<Option<Provider>, reqwest::Error> {
    let google = &config.google;
    let (Some(client_id), Some(client_secret)) = (&google.client_id, &google.client_secret) else { return Ok(None) };
    let site = site(config, addr);
    let client = Client {
        issuer: google.issuer.clone(),
        client_id: client_id.clone(),
        client_secret: client_secret.clone(),
        redirect_url: google.redirect_url.clone().unwrap_or_else(|| format!("{site}/api/v1/auth/google/callback")),
        return_url: google.return_url.clone().unwrap_or_else(|| format!("{site}/")),
    };
    Provider::new(client).map(Some)
}

/// Made at the first start, found again ever after, by every node of one store.
///
/// # Errors
/// The store is not available, or has a key of another length.
pub async fn key<const N: usize>(store: &Store, name: &'static str) -> Result<[u8; N], StartError> {
    let key = store.secret_get_or_insert(name, &ids::entropy::<N>()).await?;
    key.try_into().map_err(|_| StartError::Key { name, bytes: N })
}

pub fn store_config(config: &Config) -> StoreConfig {
    let base = match &config.store.database_url {
        Some(url) => StoreConfig::postgres(url.expose_secret()),
        None => StoreConfig::embedded(&config.store.data_dir),
    };
    StoreConfig {
        allow_unsafe_durability: config.store.allow_unsafe_durability,
        connections_max: config.store.connections_max,
        data_dir: config.store.data_dir.clone(),
        ..base
    }
}
