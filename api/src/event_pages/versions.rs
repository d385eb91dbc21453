//! The catalogue's version, which is another one after each change. On the embedded store one process knows of every
//! change. On Postgres the nodes share it in Redis: a random value, so that none ever comes back, not even after Redis has
//! lost everything.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands as _, Client, RedisError};
use secrecy::ExposeSecret as _;
use tokio::time::Instant;

use crate::config::Config;
use crate::{hex, ids, metrics};

const KEY: &str = "usher:catalogue-version";
/// A read waits so long for Redis and then goes to the database.
const READ_TIMEOUT: Duration = Duration::from_millis(20);
/// A change waits so long to be made known. After that the other nodes see it when their pages end.
const WRITE_TIMEOUT: Duration = Duration::from_millis(100);
/// After a failure Redis is left alone for so long.
const PAUSE: Duration = Duration::from_secs(1);
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
const RECONNECT_DELAY_MAX: Duration = Duration::from_secs(1);

#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Version {
    Own(u64),
    Shared(String),
}

pub enum Versions {
    /// There is no other node.
    Own,
    Shared(Box<Shared>),
    /// Other nodes may change the catalogue, and nobody tells.
    Unknown,
}

impl Versions {
    pub fn new(config: &Config) -> Result<Self, RedisError> {
        match (&config.store.database_url, &config.store.redis_url) {
            (None, _) => Ok(Self::Own),
            (Some(_), None) => Ok(Self::Unknown),
            (Some(_), Some(url)) => Shared::new(url.expose_secret()).map(|shared| Self::Shared(Box::new(shared))),
        }
    }

    /// Read before the page is: a page may be newer than its version, never older. `own`: changes made by this node.
    pub async fn current(&self, own: u64) -> Option<Version> {
        match self {
            Self::Own => Some(Version::Own(own)),
            Self::Shared(shared) => shared.current(own).await.map(Version::Shared),
            Self::Unknown => None,
        }
    }

    pub async fn announce(&self, own: u64) {
        if let Self::Shared(shared) = self {
            shared.announce(own).await;
        }
    }
}

pub struct Shared {
    redis: ConnectionManager,
    /// Of this node's changes, those that are known to the others.
    announced: AtomicU64,
    paused_until: Mutex<Option<Instant>>,
}

impl Shared {
    fn new(url: &str) -> Result<Self, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(WRITE_TIMEOUT))
            .set_max_delay(RECONNECT_DELAY_MAX);
        let redis = ConnectionManager::new_lazy_with_config(Client::open(url)?, config)?;
        Ok(Self { redis, announced: AtomicU64::new(0), paused_until: Mutex::new(None) })
    }

    async fn current(&self, own: u64) -> Option<String> {
        if self.is_paused() {
            return None;
        }
        if own > self.announced.load(Ordering::Acquire) {
            // Made known late: what is kept under the version of before lacks it.
            self.announce(own).await;
            return None;
        }
        let mut redis = self.redis.clone();
        let version: Option<String> = self.within(READ_TIMEOUT, redis.get(KEY)).await?;
        if version.is_none() {
            // Of two that do this at once the later one counts, for both.
            let put = self.within(WRITE_TIMEOUT, redis.set_nx::<_, _, bool>(KEY, fresh())).await;
            put?;
        }
        version
    }

    async fn announce(&self, own: u64) {
        if own <= self.announced.load(Ordering::Acquire) || self.is_paused() {
            return;
        }
        let mut redis = self.redis.clone();
        if self.within(WRITE_TIMEOUT, redis.set::<_, _, ()>(KEY, fresh())).await.is_some() {
            self.announced.fetch_max(own, Ordering::AcqRel);
        }
    }

    fn is_paused(&self) -> bool {
        self.paused_until.lock().is_some_and(|until| Instant::now() < until)
    }

    async fn within<T>(&self, deadline: Duration, call: impl Future<Output = Result<T, RedisError>>) -> Option<T> {
        match tokio::time::timeout(deadline, call).await {
            Ok(Ok(value)) => Some(value),
            Ok(Err(error)) => self.pause(&error.to_string()),
            Err(_) => self.pause("no answer in time"),
        }
    }

    fn pause<T>(&self, problem: &str) -> Option<T> {
        *self.paused_until.lock() = Some(Instant::now() + PAUSE);
        metrics::count_redis_failed();
        tracing::warn!(problem, "Redis does not answer: lists of events come from the database");
        None
    }
}

fn fresh() -> String {
    hex::encode(&ids::entropy::<16>())
}
