use std::sync::Arc;
use std::time::Duration;

use engine::{Clock, SystemClock};
use futures_util::{StreamExt, stream};
use inventory::TimeUs;
use persistence::{Delivery, Mail, MailAttempt, StoreError};
use tokio_util::sync::CancellationToken;

use super::transport::Refused;
use super::{Letter, Mailer, Transport, render};
use crate::config;
use crate::metrics::{self, MailResult};
use crate::time;

/// Claimed at once. Few, so that two nodes share the work, and many enough that one commit settles several.
const BATCH: u32 = 32;
/// Sent at once.
const AT_ONCE: usize = 4;
/// Beyond the time that a batch may take.
const LEASE_MARGIN: Duration = Duration::from_secs(30);
/// How often one looks for what another node queued.
const LOOK: Duration = Duration::from_secs(5);
/// How often mails that became files are looked through for old ones.
const PRUNE_US: i64 = 10 * 60 * 1_000_000;
/// After an error of the store.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// To write down what became of a batch. Then its lease ends and those that were sent are sent again.
const SETTLE_TRIES: u32 = 5;
/// Longest pause between two attempts.
const RETRY_MAX: Duration = Duration::from_secs(3_600);
const ERROR_CHARS_MAX: usize = 500;

/// Sends what is queued.
pub struct Post {
    mailer: Mailer,
    transport: Transport,
    clock: Arc<SystemClock>,
    config: config::Mail,
    /// Where the server's pages are.
    site: String,
}

/// Until `stop`. What is being sent is finished; what is claimed and not begun goes back.
pub async fn run(post: Post, stop: CancellationToken) {
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
    pub const fn new(
        mailer: Mailer,
        transport: Transport,
        clock: Arc<SystemClock>,
        config: config::Mail,
        site: String,
    ) -> Self {
        Self { mailer, transport, clock, config, site }
    }

    /// Sends what is due, a batch at most. How long nothing more is.
    async fn round(&self, stop: &CancellationToken) -> Result<Duration, StoreError> {
        let store = &self.mailer.store;
        let now = self.clock.now();
        // Asking first: a look is a read, a claim a commit.
        match store.mails_next_due().await? {
            Some(due) if due <= now => {}
            Some(due) => return Ok(LOOK.min(Duration::from_micros(u64::try_from(due.since(now)).unwrap_or(0)))),
            None => return Ok(LOOK),
        }
        let mails = store.mails_claim(now, time::plus(now, self.lease()), BATCH).await?;
        let attempts = stream::iter(mails).map(|mail| self.attempt(mail, stop)).buffer_unordered(AT_ONCE);
        self.settle(&attempts.collect::<Vec<_>>().await).await?;
        Ok(Duration::ZERO)
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
        let rendered = render::render(&letter, &self.site).map_err(|error| unfit(error.to_string()))?;
        self.transport.send(mail, rendered).await
    }

    fn refused(&self, mail: &Mail, refused: Refused, now: TimeUs) -> Delivery {
        let error: String = refused.why.chars().take(ERROR_CHARS_MAX).collect();
        if refused.is_final || mail.attempts >= self.config.attempts_max {
            return failed(mail, error);
        }
        metrics::count_mail(MailResult::Deferred);
        tracing::info!(mail = %mail.id, kind = mail.kind, "mail {} is tried again later: {error}", mail.id);
        Delivery::Again { due_at: time::plus(now, backoff(self.config.retry_after, mail.attempts)), error }
    }
}

fn failed(mail: &Mail, error: String) -> Delivery {
    metrics::count_mail(MailResult::Failed);
    tracing::warn!(mail = %mail.id, kind = mail.kind, "mail {} was given up: {error}", mail.id);
    Delivery::Failed { error }
}

/// Twice as long after each attempt, half of it by chance, so that mails that failed together do not come together.
fn backoff(first: Duration, attempts: u32) -> Duration {
    let full = first.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1))).min(RETRY_MAX);
    full.mul_f64(rand::random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour_and_vary_by_half() {
        let first = Duration::from_secs(30);
        for (attempts, full_s) in [(1, 30), (2, 60), (5, 480), (9, 3_600), (u32::MAX, 3_600)] {
            let full = Duration::from_secs(full_s);
            for _ in 0..20 {
                let pause = backoff(first, attempts);
                assert!((full / 2..=full).contains(&pause), "{attempts}: {pause:?}");
            }
        }
    }
}
