//! Work that follows from what has happened, beside requests: mails, news for webhooks, reminders. Queued in the store with
//! what it follows from, done by the server's own process or by `usher worker`, by as many as there are: each claims what
//! it does for a while, and what a crashed one has claimed comes due again.

mod lapses;
mod notices;
mod outbox;
mod tidings;

use std::sync::Arc;
use std::time::Duration;

use engine::SystemClock;
use persistence::{Store, StoreError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::{self, StartError};
use crate::config::Config;
use crate::mail::{self, Mailer, Post, Transport};
use crate::sealed::Seals;
use crate::ticket_code::TicketSigner;
use crate::webhook::{self, Sender};

use lapses::Lapses;
use notices::Notices;
use outbox::Outbox;
pub use tidings::purchase;

/// How often one looks for what has happened.
const LOOK: Duration = Duration::from_secs(1);
/// After an error of the store.
const STORE_PAUSE: Duration = Duration::from_secs(2);

/// All jobs, ready to run.
pub struct Jobs {
    outbox: Outbox,
    notices: Notices,
    lapses: Lapses,
    sender: Sender,
    post: Post,
}

impl Jobs {
    /// `site`: where the server's pages are, for links.
    ///
    /// # Errors
    /// A setting or a key that cannot be used; the store is not available.
    pub async fn open(
        config: &Config,
        store: &Store,
        clock: &Arc<SystemClock>,
        mailer: &Mailer,
        site: &str,
    ) -> Result<Self, StartError> {
        let site = site.trim_end_matches('/').to_owned();
        let signer = TicketSigner::from_seed(&app::key(store, "ticket-ed25519").await?)?;
        let seals = Seals::new(&app::key(store, "seals-hmac").await?)?;
        let transport = Transport::new(&config.mail, &config.store.data_dir)?;
        Ok(Self {
            outbox: Outbox { store: store.clone(), clock: Arc::clone(clock), mailer: mailer.clone() },
            notices: Notices { store: store.clone(), clock: Arc::clone(clock), mailer: mailer.clone() },
            sender: Sender::new(store.clone(), Arc::clone(clock), config.jobs.clone(), seals),
            lapses: Lapses { store: store.clone(), clock: Arc::clone(clock), mailer: mailer.clone() },
            post: Post::new(mailer.clone(), transport, Arc::clone(clock), config.mail.clone(), site, signer)?,
        })
    }

    /// Each ends soon after `stop`: what it has begun is finished or comes due again.
    pub fn spawn(self, tasks: &TaskTracker, stop: &CancellationToken) {
        tasks.spawn(mail::run(self.post, stop.clone()));
        tasks.spawn(outbox::run(self.outbox, stop.clone()));
        tasks.spawn(notices::run(self.notices, stop.clone()));
        tasks.spawn(lapses::run(self.lapses, stop.clone()));
        tasks.spawn(webhook::run(self.sender, stop.clone()));
    }
}

/// How long until the next round: as long as the last one says, or until the store is back.
fn pause(what: &'static str, round: Result<Duration, StoreError>) -> Duration {
    round.unwrap_or_else(|error| {
        tracing::warn!(%error, "{what} wait for the store: {error}");
        STORE_PAUSE
    })
}
