use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;
use inventory::UserId;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::decode::Fault;
use super::encode::Files;
use crate::error::{ApiError, Busy, ImageFault, Malformed};

/// A file is held in memory from its first byte to its last size, so their number bounds what they take.
const UPLOADS_MAX: usize = 32;
/// Of one account: a body may trickle in, and nobody has all the places by that.
const UPLOADS_PER_ACCOUNT_MAX: usize = 4;
/// For a core.
const WAIT: Duration = Duration::from_secs(5);

/// Threads that cut pictures, beside the reactor: half the cores, because tickets are sold at the same time.
pub struct Workers {
    uploads: Arc<Semaphore>,
    by_account: Accounts,
    cores: Arc<Semaphore>,
}

/// Uploads under way, by account.
type Accounts = Arc<Mutex<HashMap<UserId, usize>>>;

/// One upload, from its first byte to its answer.
pub struct UploadSlot {
    _permit: OwnedSemaphorePermit,
    by_account: Accounts,
    account: UserId,
}

impl Drop for UploadSlot {
    fn drop(&mut self) {
        let mut by_account = self.by_account.lock();
        if let Some(uploads) = by_account.get_mut(&self.account) {
            *uploads -= 1;
            if *uploads == 0 {
                by_account.remove(&self.account);
            }
        }
    }
}

impl Workers {
    pub fn new(cores: usize) -> Self {
        let cores = Arc::new(Semaphore::new((cores / 2).max(1)));
        Self { uploads: Arc::new(Semaphore::new(UPLOADS_MAX)), by_account: Accounts::default(), cores }
    }

    /// # Errors
    /// As many uploads as there may be, of this account or in all.
    pub fn begin(&self, account: UserId) -> Result<UploadSlot, ApiError> {
        let mut by_account = self.by_account.lock();
        let uploads = by_account.get(&account).copied().unwrap_or(0);
        if uploads >= UPLOADS_PER_ACCOUNT_MAX {
            return Err(ApiError::Busy(Busy::Images));
        }
        let permit = Arc::clone(&self.uploads).try_acquire_owned().map_err(|_| ApiError::Busy(Busy::Images))?;
        by_account.insert(account, uploads + 1);
        Ok(UploadSlot { _permit: permit, by_account: Arc::clone(&self.by_account), account })
    }

    /// # Errors
    /// No picture that we take; no core in time.
    pub async fn cut(
        &self,
        bytes: bytes::Bytes,
        cut: impl FnOnce(&[u8]) -> Result<Files, Fault> + Send + 'static,
    ) -> Result<Files, ApiError> {
        let core = tokio::time::timeout(WAIT, Arc::clone(&self.cores).acquire_owned()).await;
        let Ok(Ok(core)) = core else { return Err(ApiError::Busy(Busy::Images)) };
        // The core is given back by the thread: a caller who hangs up does not free it early.
        let done = tokio::task::spawn_blocking(move || {
            let _core = core;
            cut(&bytes)
        });
        // A decoder that panics has met a file that nobody can show.
        let cut = done.await.unwrap_or(Err(Fault::Damaged));
        cut.map_err(|fault| {
            ApiError::Malformed(Malformed::Image(match fault {
                Fault::Type => ImageFault::Type,
                Fault::Damaged => ImageFault::Damaged,
                Fault::TooManyPixels => ImageFault::TooManyPixels { pixels_max: super::decode::PIXELS_MAX },
            }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<T>(answer: Result<T, ApiError>) -> Option<&'static str> {
        answer.err().map(|error| error.code())
    }

    #[tokio::test]
    async fn one_upload_too_many_is_refused_at_once_and_ends_give_places_back() {
        let workers = Workers::new(2);
        let begin = |account: u8| workers.begin(UserId::from_bytes([account; 16]));
        let mut slots: Vec<_> = (0..UPLOADS_MAX)
            .map(|number| {
                begin(u8::try_from(number / UPLOADS_PER_ACCOUNT_MAX).unwrap()).map_err(|error| error.code()).unwrap()
            })
            .collect();
        assert_eq!(code(begin(99)), Some("IMAGES_BUSY"));
        slots.pop();
        assert_eq!(code(begin(99)), None);
    }

    #[test]
    fn one_account_does_not_take_every_place() {
        let workers = Workers::new(2);
        let begin = |account: u8| workers.begin(UserId::from_bytes([account; 16]));
        let slots: Vec<_> = (0..UPLOADS_PER_ACCOUNT_MAX).map(|_| begin(1)).collect();
        assert_eq!(code(begin(1)), Some("IMAGES_BUSY"));
        assert_eq!(code(begin(2)), None);
        drop(slots);
        assert_eq!(code(begin(1)), None);
        assert!(workers.by_account.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gets_no_core_in_time_is_told_so() {
        let workers = Workers::new(1);
        let busy = Arc::clone(&workers.cores).acquire_owned().await.unwrap();
        let cut = workers.cut(bytes::Bytes::from_static(b"x"), |_| Err(Fault::Type)).await;
        assert_eq!(code(cut), Some("IMAGES_BUSY"));
        drop(busy);
    }

    #[tokio::test]
    async fn a_panic_is_a_damaged_file_and_frees_its_core() {
        let workers = Workers::new(1);
        for _ in 0..2 {
            let cut = workers.cut(bytes::Bytes::new(), |_| panic!("an index out of bounds")).await;
            assert_eq!(code(cut), Some("IMAGE_DAMAGED"));
        }
    }
}
