use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::super::words::Words;
use super::sheet;
use crate::error::{ApiError, Busy};

/// Waiting or being set. One more is refused at once.
const DOCUMENTS_MAX: usize = 64;
/// For a core, and then for the document: a hundred tickets take a fraction of it.
const WAIT: Duration = Duration::from_secs(5);

/// Threads that set documents, beside the reactor: half the cores, because tickets are sold at the same time.
pub struct Press {
    places: Arc<Semaphore>,
    cores: Arc<Semaphore>,
}

impl Press {
    pub fn new(cores: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(DOCUMENTS_MAX)), cores: Arc::new(Semaphore::new((cores / 2).max(1))) }
    }

    /// # Errors
    /// As many documents as there may be; no core in time; a defect.
    pub async fn set(&self, tickets: Vec<Words>) -> Result<Vec<u8>, ApiError> {
        let busy = || ApiError::Busy(Busy::Documents);
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| busy())?;
        let core = tokio::time::timeout(WAIT, Arc::clone(&self.cores).acquire_owned()).await;
        let Ok(Ok(core)) = core else { return Err(busy()) };
        let set = tokio::task::spawn_blocking(move || {
            // Given back by the thread: a caller who hangs up does not free them early.
            let _held: (OwnedSemaphorePermit, OwnedSemaphorePermit) = (place, core);
            sheet::document(&tickets)
        });
        match tokio::time::timeout(WAIT, set).await {
            Ok(Ok(Ok(bytes))) => Ok(bytes),
            Ok(Ok(Err(fault))) => Err(ApiError::Defect(fault.to_string().into())),
            Ok(Err(panic)) => Err(ApiError::Defect(panic.to_string().into())),
            Err(_) => Err(busy()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_gets_no_core_in_time_is_told_so_and_one_too_many_at_once() {
        let press = Press::new(1);
        let held = Arc::clone(&press.cores).acquire_owned().await.unwrap();
        assert_eq!(press.set(Vec::new()).await.unwrap_err().code(), "DOCUMENTS_BUSY");
        drop(held);
        let all = Arc::clone(&press.places).try_acquire_many_owned(64).unwrap();
        assert_eq!(press.set(Vec::new()).await.unwrap_err().code(), "DOCUMENTS_BUSY");
        drop(all);
    }
}
