use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use crate::recovery::{Recovered, RecoveryError, recover};
use crate::slot::{Slot, State};
use crate::{EngineConfig, Journal, metrics};

/// Whether an actor died here before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restart {
    /// Somebody waits for the first start and hears of its failure.
    No,
    /// Live holds must expire even if nobody asks: tried until it works.
    Yes,
}

/// Rebuilds the event, with growing pauses after failures, and no more than `recoveries_max` events at once.
pub(crate) async fn start<J: Journal>(
    journal: &J,
    slot: &Slot,
    config: &EngineConfig,
    permits: &Semaphore,
    failures: u32,
    restart: Restart,
) -> Result<Recovered, RecoveryError> {
    let event = slot.event();
    let mut failures = failures;
    loop {
        if failures > 0 {
            sleep(pause(config, failures)).await;
        }
        let _permit = permits.acquire().await;
        let started = Instant::now();
        match recover(journal, event, config).await {
            Ok(recovered) => {
                let took = started.elapsed();
                metrics::observe_recovery("ok", took, recovered.records);
                tracing::info!(
                    %event,
                    epoch = recovered.epoch.0,
                    lsn = recovered.inventory.lsn().0,
                    records = recovered.records,
                    took_ms = took.as_millis(),
                    "event.started"
                );
                return Ok(recovered);
            }
            Err(error @ RecoveryError::OwnedElsewhere) => {
                metrics::observe_recovery("owned_elsewhere", started.elapsed(), 0);
                return Err(error);
            }
            Err(error @ RecoveryError::Damaged(_)) => {
                metrics::observe_recovery("damaged", started.elapsed(), 0);
                return Err(error);
            }
            Err(error @ (RecoveryError::Journal(_) | RecoveryError::TooSlow(_))) => {
                metrics::observe_recovery("retried", started.elapsed(), 0);
                failures = failures.saturating_add(1);
                tracing::warn!(%event, failures, error = &error as &dyn std::error::Error, "event.start failed");
                if restart == Restart::No {
                    return Err(error);
                }
                slot.set_unless_stopping(State::JournalDown);
            }
        }
    }
}

fn pause(config: &EngineConfig, failures: u32) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    config.recovery_pause_min.saturating_mul(doubled).min(config.recovery_pause_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_its_maximum() {
        let config = EngineConfig::default();
        let pauses: Vec<_> = [1, 2, 3, 4, 5, 40, u32::MAX].map(|n| pause(&config, n).as_millis()).into();
        assert_eq!(pauses, [50, 100, 200, 400, 500, 500, 500]);
    }
}
