//! Scans that were refused, on their way into the store. A gate does not wait for it: they are gathered here and written
//! once a second, and what is too much is counted and not kept.

use std::time::Duration;

use inventory::{Direction, EventId, TicketId, TimeUs};
use parking_lot::Mutex;
use persistence::{GateDirection, GateRefusal};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::auth::Caller;
use crate::state::AppState;
use crate::{ids, metrics};

/// That wait to be written.
const WAITING_MAX: usize = 1_000;
/// Of one event.
const KEPT_MAX: u32 = 10_000;
const PAUSE: Duration = Duration::from_secs(1);
/// How long they are kept.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 3_600);

/// What was refused.
#[derive(Clone, Copy, Debug)]
pub struct Refused {
    pub event: EventId,
    /// `None`: the code said nothing that could be believed.
    pub ticket: Option<TicketId>,
    pub direction: Direction,
    pub list: Option<Uuid>,
}

#[derive(Default)]
pub struct GateLog(Mutex<Vec<GateRefusal>>);

impl GateLog {
    pub fn note(&self, caller: Caller, refused: Refused, reason: String, now: TimeUs) {
        let mut waiting = self.0.lock();
        if waiting.len() >= WAITING_MAX {
            drop(waiting);
            metrics::count_gate_refusal_dropped();
            return;
        }
        waiting.push(GateRefusal {
            id: ids::mint(now),
            event_id: refused.event,
            ticket_id: refused.ticket,
            reason,
            direction: GateDirection::of(refused.direction),
            list_id: refused.list,
            scanner_id: caller.scanner.map(|_| caller.session),
            user_id: caller.user,
            refused_at: now,
        });
    }

    async fn write(&self, state: &AppState) {
        let refusals = std::mem::take(&mut *self.0.lock());
        if refusals.is_empty() {
            return;
        }
        if let Err(error) = state.store.gate_refusals_append(&refusals, KEPT_MAX).await {
            let lost = refusals.len();
            tracing::warn!(%error, lost, "{lost} refused scans could not be written down: {error}");
        }
    }
}

/// Until `stop`, and what is left then.
pub async fn run(state: AppState, stop: CancellationToken) {
    let writing = async {
        loop {
            tokio::time::sleep(PAUSE).await;
            state.gate_log.write(&state).await;
        }
    };
    stop.run_until_cancelled(writing).await;
    state.gate_log.write(&state).await;
}
