use std::sync::{Arc, OnceLock};
use std::time::Duration;

use engine::{Clock, SystemClock};
use futures_util::{StreamExt, stream};
use http::{StatusCode, header};
use inventory::TimeUs;
use persistence::{ClaimedWebhook, Store, StoreError, WebhookAttempt, WebhookDelivery, WebhookOutcome, WebhookStream};
use reqwest::Client;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::address;
use super::secret::{Secret, signature};
use crate::config::Jobs;
use crate::metrics::{self, WebhookResult};
use crate::sealed::Seals;
use crate::{backoff, time};

/// Webhooks that are sent to at once, so that a few slow ones do not keep the others waiting.
const AT_ONCE: usize = 16;
/// Events of one webhook at once.
const STREAMS_AT_ONCE: usize = 4;
/// Events of one webhook under one claim; the next claim finds the rest.
const STREAMS: u32 = 16;
/// Read at once of one stream.
const DELIVERIES: u32 = 16;
/// A claim is worked on for so long.
const WORK: Duration = Duration::from_secs(60);
/// Beyond the last request of a claim.
const LEASE_MARGIN: Duration = Duration::from_secs(30);
/// How often one looks for what is to be sent.
const LOOK: Duration = Duration::from_secs(1);
/// After an error of the store.
const STORE_PAUSE: Duration = Duration::from_secs(2);
const ERROR_CHARS_MAX: usize = 300;

/// Sends what streams hold.
pub struct Sender {
    store: Store,
    clock: Arc<SystemClock>,
    config: Jobs,
    seals: Seals,
    /// Made when there is something to send: a machine without TLS roots serves all who have no webhook.
    client: OnceLock<Client>,
}

/// Until `stop`. A request under way is given up then, and sent again by whoever claims next.
pub async fn run(sender: Sender, stop: CancellationToken) {
    let sender = Arc::new(sender);
    let mut sending = JoinSet::new();
    while !stop.is_cancelled() {
        let next = match sender.claim(AT_ONCE - sending.len()).await {
            Ok(claimed) if claimed.is_empty() => LOOK,
            Ok(claimed) => {
                for webhook in claimed {
                    let (sender, stop) = (Arc::clone(&sender), stop.clone());
                    sending.spawn(async move { sender.work_off(&webhook, &stop).await });
                }
                LOOK
            }
            Err(error) => {
                tracing::warn!(%error, "webhooks wait for the store: {error}");
                STORE_PAUSE
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            Some(_) = sending.join_next() => {}
            () = tokio::time::sleep(next) => {}
        }
    }
    while sending.join_next().await.is_some() {}
}

/// What was heard of one request.
struct Heard {
    status: Option<StatusCode>,
    error: String,
}

impl Sender {
    pub const fn new(store: Store, clock: Arc<SystemClock>, config: Jobs, seals: Seals) -> Self {
        Self { store, clock, config, seals, client: OnceLock::new() }
    }

    fn client(&self) -> reqwest::Result<&Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = address::client(&self.config)?;
        Ok(self.client.get_or_init(|| client))
    }

    async fn claim(&self, free: usize) -> Result<Vec<ClaimedWebhook>, StoreError> {
        let now = self.clock.now();
        // Asking first: a look is a read, a claim a commit.
        if free == 0 || !self.store.webhooks_are_due(now).await? {
            return Ok(Vec::new());
        }
        let until = time::plus(now, WORK + self.config.webhook_timeout + LEASE_MARGIN);
        self.store.webhooks_claim(now, until, u32::try_from(free).unwrap_or(u32::MAX)).await
    }

    async fn work_off(&self, webhook: &ClaimedWebhook, stop: &CancellationToken) {
        let worked = async {
            let streams = self.store.webhook_streams_due(webhook.id, self.clock.now(), STREAMS).await?;
            let sent = stream::iter(streams).map(|stream| self.send_stream(webhook, stream, stop));
            sent.buffer_unordered(STREAMS_AT_ONCE).collect::<Vec<_>>().await.into_iter().collect::<Result<(), _>>()
        };
        if let Err(error) = worked.await {
            tracing::warn!(webhook = %webhook.id, %error, "webhook {} waits for the store: {error}", webhook.id);
            // Its lease ends by itself: until then nobody asks the store in vain.
            return;
        }
        if let Err(error) = self.store.webhook_release(webhook).await {
            tracing::warn!(webhook = %webhook.id, %error, "webhook {} waits for the end of its lease: {error}", webhook.id);
        }
    }

    /// In order, until something is not taken, time is up, or nothing is left.
    async fn send_stream(
        &self,
        webhook: &ClaimedWebhook,
        mut stream: WebhookStream,
        stop: &CancellationToken,
    ) -> Result<(), StoreError> {
        loop {
            let next = self.store.webhook_deliveries_next(webhook.id, &stream, DELIVERIES).await?;
            for delivery in &next {
                let now = self.clock.now();
                let is_late = time::plus(now, self.config.webhook_timeout + LEASE_MARGIN) > webhook.claimed_until;
                if is_late || stop.is_cancelled() {
                    return Ok(());
                }
                let sent = stop.run_until_cancelled(self.post(webhook, delivery, now));
                let Some(heard) = sent.await else { return Ok(()) };
                let outcome = self.judge(&heard, &stream, now);
                let is_passed = matches!(outcome, WebhookOutcome::Delivered | WebhookOutcome::GivenUp { .. });
                count(&outcome);
                let attempt = WebhookAttempt {
                    webhook: webhook.id,
                    stream: &stream,
                    sequence: delivery.sequence,
                    at: now,
                    response_status: heard.status.map(|status| status.as_u16()),
                    outcome,
                };
                if !self.store.webhook_settle(&attempt).await? || !is_passed {
                    return Ok(());
                }
                stream =
                    WebhookStream { next_sequence: delivery.sequence + 1, attempts: 0, failing_since: None, ..stream };
            }
            if next.len() < DELIVERIES as usize {
                return Ok(());
            }
        }
    }

    async fn post(&self, webhook: &ClaimedWebhook, delivery: &WebhookDelivery, now: TimeUs) -> Heard {
        let failed = |error: String| Heard { status: None, error };
        // What the address was checked for when it was set may have been other settings.
        let url = match address::check(&webhook.url, self.config.webhook_allow_private) {
            Ok(url) => url,
            Err(problem) => return failed(format!("not sent: {problem}")),
        };
        let Some(secrets) = self.secrets(webhook, now) else { return failed("its secret does not open".to_owned()) };
        let body = wire::WebhookBody {
            id: delivery.id,
            event_id: delivery.event_id.uuid(),
            sequence: delivery.sequence,
            r#type: delivery.kind.clone(),
            object_id: delivery.object_id,
            occurred_at: time::utc(delivery.occurred_at),
        };
        let body = match serde_json::to_vec(&body) {
            Ok(body) => body,
            Err(error) => return failed(error.to_string()),
        };
        let timestamp_s = now.0 / 1_000_000;
        let client = match self.client() {
            Ok(client) => client,
            Err(error) => {
                tracing::error!(webhook = %webhook.id, %error, "there is no way to send webhooks: {error:?}");
                return failed(why(error));
            }
        };
        let request = client
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("usher-timestamp", timestamp_s.to_string())
            .header("usher-signature", signature(&secrets, timestamp_s, &body))
            .body(body);
        match request.send().await {
            Ok(response) => {
                let status = response.status();
                Heard { status: Some(status), error: format!("answered {}", status.as_u16()) }
            }
            Err(error) => failed(why(error)),
        }
    }

    fn secrets(&self, webhook: &ClaimedWebhook, now: TimeUs) -> Option<Vec<Secret>> {
        let is_old_good = webhook.old_secret_until.is_some_and(|until| until > now);
        let old = webhook.old_secret.as_ref().filter(|_| is_old_good);
        let sealed = std::iter::once(&webhook.secret).chain(old);
        sealed.map(|sealed| Secret::open(&self.seals, webhook.id, sealed)).collect()
    }

    fn judge(&self, heard: &Heard, stream: &WebhookStream, now: TimeUs) -> WebhookOutcome {
        let error = heard.error.chars().take(ERROR_CHARS_MAX).collect::<String>();
        match heard.status {
            Some(status) if status.is_success() => return WebhookOutcome::Delivered,
            Some(status) if status.as_u16() == GONE => return WebhookOutcome::Gone { error },
            _ => {}
        }
        let since = stream.failing_since.unwrap_or(now);
        let due_at = time::plus(now, backoff::after(self.config.webhook_retry_after, stream.attempts + 1));
        if due_at > time::plus(since, self.config.webhook_retry_for) {
            return WebhookOutcome::GivenUp { error };
        }
        WebhookOutcome::Again { due_at, error }
    }
}

/// What a receiver answers that wants nothing any more.
const GONE: u16 = 410;

/// The innermost reason: those around it say only that it was a request.
fn why(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn count(outcome: &WebhookOutcome) {
    metrics::count_webhook(match outcome {
        WebhookOutcome::Delivered => WebhookResult::Delivered,
        WebhookOutcome::Again { .. } | WebhookOutcome::Gone { .. } => WebhookResult::Deferred,
        WebhookOutcome::GivenUp { .. } => WebhookResult::Failed,
    });
}
