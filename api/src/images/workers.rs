use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::decode::Fault;
use super::encode::Files;
use crate::error::{ApiError, Busy, ImageFault, Malformed};

/// A file is held in memory from its first byte to its last size, so their number bounds what they take.
const UPLOADS_MAX: usize = 32;
/// For a core.
const WAIT: Duration = Duration::from_secs(5);

/// Threads that cut pictures, beside the reactor: half the cores, because tickets are sold at the same time.
pub struct Workers {
    uploads: Arc<Semaphore>,
    cores: Arc<Semaphore>,
}

/// One upload, from its first byte to its answer.
pub struct UploadSlot {
    _permit: OwnedSemaphorePermit,
}

impl Workers {
    pub fn new(cores: usize) -> Self {
        Self { uploads: Arc::new(Semaphore::new(UPLOADS_MAX)), cores: Arc::new(Semaphore::new((cores / 2).max(1))) }
    }

    /// # Errors
    /// As many uploads as there may be.
    pub fn begin(&self) -> Result<UploadSlot, ApiError> {
        let permit = Arc::clone(&self.uploads).try_acquire_owned().map_err(|_| ApiError::Busy(Busy::Images))?;
        Ok(UploadSlot { _permit: permit })
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
        let mut slots: Vec<_> =
            (0..UPLOADS_MAX).map(|_| workers.begin().map_err(|error| error.code()).unwrap()).collect();
        assert_eq!(code(workers.begin()), Some("IMAGES_BUSY"));
        slots.pop();
        assert_eq!(code(workers.begin()), None);
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
