use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use engine::{Clock, SystemClock};
use futures_util::{StreamExt, stream};
use inventory::TimeUs;
use persistence::{Delivery, Mail, MailAttempt, StoreError};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::booking::Means;
use super::transport::Refused;
use super::{Letter, Mailer, Transport, render};
use crate::config;
use crate::metrics::{self, MailResult};
use crate::spare_time::SpareTime;
use crate::ticket_code::TicketSigner;
use crate::yielding_threads::YieldingThreads;
use crate::{backoff, time};

/// Claimed at once. Few, so that two nodes share the work, and many enough that one commit settles several.
const BATCH: u32 = 32;
/// Sent at once.
const AT_ONCE: usize = 4;
/// Beyond the time that a batch may take.
const LEASE_MARGIN: Duration = Duration::from_secs(30);
/// After a full batch, which one commit claims and another settles. Some 300 mails a second are left.
const BREATH: Duration = Duration::from_millis(100);
/// Or so long that drawing has what the sale's own work leaves, which comes first. A sale that leaves nothing leaves this:
/// some six mails a second.
const REST_MAX: Duration = Duration::from_secs(5);
/// Drawing codes takes a core for milliseconds, and a mail may come a little later than an answer: a thirtieth of the share of
/// a thread that answers.
const NICENESS: i32 = 15;
/// How often one looks for what another node queued.
const LOOK: Duration = Duration::from_secs(5);
/// How often mails that became files are looked through for old ones.
const PRUNE_US: i64 = 60 * 1_000_000;
/// After an error of the store.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// To write down what became of a batch. Then its lease ends and those that were sent are sent again.
const SETTLE_TRIES: u32 = 5;
const ERROR_CHARS_MAX: usize = 500;

/// Sends what is queued.
pub struct Post {
    mailer: Mailer,
    transport: Transport,
    clock: Arc<SystemClock>,
    config: config::Mail,
    press: Arc<Press>,
    drawing: YieldingThreads,
    /// µs that mails of this batch took to draw, one after the other.
    drawn_us: AtomicU64,
    spare: SpareTime,
}

/// What letters are made with.
struct Press {
    /// Where the server's pages are.
    site: String,
    signer: TicketSigner,
}

/// Until `stop`. What is being sent is finished; what is claimed and not begun goes back.
pub async fn run(mut post: Post, stop: CancellationToken) {
    let mut pruned_at = None;
    while !stop.is_cancelled() {
        let now = post.clock.now();
        if pruned_at.is_none_or(|at| now.since(at) >= PRUNE_US) {
            post.transport.prune(time::minus(now, post.config.kept)).await;
            pruned_at = Some(now);
        }
        let next = match post.round(&stop).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "mails wait for the store: {error}");
                STORE_PAUSE
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = post.mailer.woken.notified() => {}
            () = tokio::time::sleep(next) => {}
        }
    }
}

impl Post {
    /// # Errors
    /// No thread can be started.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn new(
        mailer: Mailer,
        transport: Transport,
        clock: Arc<SystemClock>,
        config: config::Mail,
        site: String,
        signer: TicketSigner,
    ) -> std::io::Result<Self> {
        let drawing = YieldingThreads::start("mail", 1, AT_ONCE, NICENESS)?;
        let press = Arc::new(Press { site, signer });
        Ok(Self {
            mailer,
            transport,
            clock,
            config,
            press,
            drawing,
            drawn_us: AtomicU64::new(0),
            spare: SpareTime::of_this_runtime(),
        })
    }

    /// Sends what is due, a batch at most. How long nothing more is.
    async fn round(&mut self, stop: &CancellationToken) -> Result<Duration, StoreError> {
        let now = self.clock.now();
        let store = &self.mailer.store;
        // Asking first: a look is a read, a claim a commit.
        match store.mails_next_due().await? {
            Some(due) if due <= now => {}
            Some(due) => return Ok(LOOK.min(Duration::from_micros(u64::try_from(due.since(now)).unwrap_or(0)))),
            None => return Ok(LOOK),
        }
        let mails = store.mails_claim(now, time::plus(now, self.lease()), BATCH).await?;
        let attempts = stream::iter(mails).map(|mail| self.attempt(mail, stop)).buffer_unordered(AT_ONCE);
        let attempts: Vec<MailAttempt> = attempts.collect().await;
        self.settle(&attempts).await?;
        let drawn = Duration::from_micros(self.drawn_us.swap(0, Ordering::Relaxed));
        let rest = self.spare.rest(drawn).clamp(BREATH, REST_MAX);
        let is_full = attempts.len() == BATCH as usize;
        Ok(if is_full { rest } else { Duration::ZERO })
    }

    fn lease(&self) -> Duration {
        let turns = BATCH.div_ceil(u32::try_from(AT_ONCE).unwrap_or(1));
        self.config.timeout * turns + LEASE_MARGIN
    }

    async fn settle(&self, attempts: &[MailAttempt]) -> Result<(), StoreError> {
        let mut tries = 1;
        while let Err(error) = self.mailer.store.mails_settle(attempts).await {
            if tries == SETTLE_TRIES {
                return Err(error);
            }
            tries += 1;
            tokio::time::sleep(STORE_PAUSE).await;
        }
        Ok(())
    }

    async fn attempt(&self, mail: Mail, stop: &CancellationToken) -> MailAttempt {
        let now = self.clock.now();
        let delivery = if stop.is_cancelled() {
            Delivery::Again { due_at: now, error: "the server stopped".to_owned() }
        } else if mail.expires_at.is_some_and(|expires_at| expires_at <= now) {
            failed(&mail, "too late: it would be of no use any more".to_owned())
        } else {
            match self.send(&mail).await {
                Ok(()) => {
                    metrics::count_mail(MailResult::Sent);
                    Delivery::Sent
                }
                Err(refused) => self.refused(&mail, refused, now),
            }
        };
        MailAttempt { id: mail.id, attempt: mail.attempts, delivery }
    }

    async fn send(&self, mail: &Mail) -> Result<(), Refused> {
        let unfit = |why: String| Refused { is_final: true, why };
        let body = mail.body.as_ref().ok_or_else(|| unfit("nothing is left of it".to_owned()))?;
        // What serde says may quote the body.
        let letter: Letter =
            serde_json::from_str(&body.0).map_err(|_| unfit("this release cannot read it".to_owned()))?;
        let press = Arc::clone(&self.press);
        let (answer, printed) = oneshot::channel();
        self.drawing.run(move || {
            let begun = Instant::now();
            let printed = render::render(&letter, Means { site: &press.site, signer: &press.signer });
            // Nobody waits for it any more when the server stops.
            let _gone = answer.send((printed, begun.elapsed()));
        });
        let printed = printed.await.map_err(|error| Refused { is_final: false, why: error.to_string() })?;
        let (printed, took) = printed;
        self.drawn_us.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        let rendered = printed.map_err(|error| unfit(error.to_string()))?;
        self.transport.send(mail, rendered).await
    }

    fn refused(&self, mail: &Mail, refused: Refused, now: TimeUs) -> Delivery {
        let error: String = refused.why.chars().take(ERROR_CHARS_MAX).collect();
        if refused.is_final || mail.attempts >= self.config.attempts_max {
            return failed(mail, error);
        }
        metrics::count_mail(MailResult::Deferred);
        tracing::info!(mail = %mail.id, kind = mail.kind, "mail {} is tried again later: {error}", mail.id);
        Delivery::Again { due_at: time::plus(now, backoff::after(self.config.retry_after, mail.attempts)), error }
    }
}

fn failed(mail: &Mail, error: String) -> Delivery {
    metrics::count_mail(MailResult::Failed);
    tracing::warn!(mail = %mail.id, kind = mail.kind, "mail {} was given up: {error}", mail.id);
    Delivery::Failed { error }
}
