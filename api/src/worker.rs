//! The jobs as a process of their own, beside servers on the same Postgres.

use std::sync::Arc;

use engine::SystemClock;
use persistence::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::{self, StartError};
use crate::config::Config;
use crate::jobs::Jobs;
use crate::mail::Mailer;

/// Runs until it is told to stop.
pub struct Worker {
    store: Store,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Worker {
    /// # Errors
    /// The embedded store, which belongs to its server alone; or the first stage that failed.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        config.check()?;
        if config.store.database_url.is_none() {
            return Err(StartError::WorkerNeedsPostgres);
        }
        let store = Store::connect(&app::store_config(&config)).await?;
        let (clock, mailer) = (Arc::new(SystemClock::default()), Mailer::new(store.clone()));
        let site = app::site(&config, config.http.listen);
        if config.http.public_url.is_none() {
            tracing::warn!("links in mails lead to {site}: public_url is not set");
        }
        let jobs = Jobs::open(&config, &store, &clock, &mailer, &site).await?;
        let worker = Self { store, stop: CancellationToken::new(), tasks: TaskTracker::new() };
        jobs.spawn(&worker.tasks, &worker.stop);
        Ok(worker)
    }

    /// Finishes what was begun, or leaves it to come due again.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.store.close().await;
        tracing::info!("stopped");
    }
}
