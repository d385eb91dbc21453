use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use engine::{Chunk, Journal, JournalError, Snapshot};
use inventory::{EventId, Inventory, Lsn, Record};
use persistence::Store;
use tokio::sync::Semaphore;

use crate::error::{ApiError, Busy};

/// Waiting or being replayed. One more is refused at once.
const REPLAYS_MAX: usize = 8;
/// Together: a million changes take a few seconds.
const WAIT: Duration = Duration::from_secs(20);
/// Of journal, read at a time.
const READ_BYTES: usize = 1 << 20;

/// Journals that are replayed for somebody who looks back: one at a time, on a thread beside the reactor, because tickets
/// are sold at the same time.
pub struct Replays {
    places: Arc<Semaphore>,
    turn: Arc<Semaphore>,
}

impl Default for Replays {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(REPLAYS_MAX)), turn: Arc::new(Semaphore::new(1)) }
    }
}

/// What is looked for while records are applied.
pub trait Watch: Send + 'static {
    /// Right after `record` was applied. [`ControlFlow::Break`]: all is found.
    fn saw(&mut self, inventory: &Inventory, record: &Record) -> ControlFlow<()>;
}

/// Only the last state is looked for.
impl Watch for () {
    fn saw(&mut self, _: &Inventory, _: &Record) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl Replays {
    /// The state as of `at`, or of the last durable change before it. A snapshot may stand in for what is before it.
    ///
    /// # Errors
    /// As many replays as there may be, or not done in time; the store is not available; the journal is damaged.
    pub async fn state_at(&self, store: &Store, event: EventId, at: Lsn) -> Result<Inventory, ApiError> {
        self.in_turn(async {
            let from = restored_below(store, event, at.next()).await?;
            Ok(replay(store, from, at, ()).await?.0)
        })
        .await
    }

    /// Shows `watch` every durable change since the event was made, until it has seen enough.
    ///
    /// # Errors
    /// Those of [`Replays::state_at`].
    pub async fn all<W: Watch>(&self, store: &Store, event: EventId, watch: W) -> Result<W, ApiError> {
        self.in_turn(async { Ok(replay(store, Inventory::new(event), Lsn(u64::MAX), watch).await?.1) }).await
    }

    async fn in_turn<T>(&self, work: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
        let _place = self.places.try_acquire().map_err(|_| ApiError::Busy(Busy::History))?;
        let replayed = tokio::time::timeout(WAIT, async {
            let _turn = self.turn.acquire().await.map_err(|_| ApiError::Busy(Busy::NotReady))?;
            work.await
        });
        replayed.await.unwrap_or(Err(ApiError::Busy(Busy::History)))
    }
}

/// From the newest snapshot that is good; nothing, where there is none.
async fn restored_below(store: &Store, event: EventId, below: Lsn) -> Result<Inventory, ApiError> {
    let Some(Snapshot { lsn, bytes }) = store.snapshot_below(event, below).await.map_err(fault)? else {
        return Ok(Inventory::new(event));
    };
    let restored = tokio::task::spawn_blocking(move || Inventory::restore(&bytes));
    let restored = restored.await.map_err(|panic| ApiError::Defect(panic.to_string().into()))?;
    // Then everything is replayed: slower, and as good.
    Ok(restored.unwrap_or_else(|error| {
        tracing::error!(%event, lsn = lsn.0, %error, "snapshot.unreadable");
        Inventory::new(event)
    }))
}

async fn replay<W: Watch>(store: &Store, from: Inventory, to: Lsn, watch: W) -> Result<(Inventory, W), ApiError> {
    let event = from.event();
    let mut replay = Replay { inventory: from, watch, to };
    loop {
        if replay.inventory.lsn() >= to {
            return Ok((replay.inventory, replay.watch));
        }
        let chunks = store.read(event, replay.inventory.lsn().next(), READ_BYTES).await.map_err(fault)?;
        if chunks.is_empty() {
            return Ok((replay.inventory, replay.watch));
        }
        let stepped = tokio::task::spawn_blocking(move || {
            let flow = replay.step(&chunks);
            (replay, flow)
        });
        // A journal that breaks an invariant panics: nothing is shown of it.
        let (stepped, flow) = stepped.await.map_err(|panic| ApiError::Defect(panic.to_string().into()))?;
        replay = stepped;
        if flow.map_err(|problem| ApiError::Defect(problem.into()))?.is_break() {
            return Ok((replay.inventory, replay.watch));
        }
    }
}

struct Replay<W> {
    inventory: Inventory,
    watch: W,
    to: Lsn,
}

impl<W: Watch> Replay<W> {
    fn step(&mut self, chunks: &[Chunk]) -> Result<ControlFlow<()>, String> {
        for chunk in chunks {
            let mut at = 0;
            while let Some(record) = Record::decode(&chunk.records, &mut at).map_err(|error| error.to_string())? {
                if record.lsn <= self.inventory.lsn() {
                    continue;
                }
                if record.lsn > self.to {
                    return Ok(ControlFlow::Break(()));
                }
                if record.lsn != self.inventory.lsn().next() {
                    return Err(format!("record {} follows record {}", record.lsn, self.inventory.lsn()));
                }
                self.inventory.apply(&record);
                if self.watch.saw(&self.inventory, &record).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

fn fault(error: JournalError) -> ApiError {
    match error {
        JournalError::Damaged { .. } => ApiError::Defect(error.to_string().into()),
        _ => ApiError::Busy(Busy::Store),
    }
}
