//! Work done beside the answer. A call that must not tell whether an address has an account answers before it looks: then
//! neither the answer nor the time it takes depends on what is found.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::error::{ApiError, Busy};

/// At once. One more is refused: each waits for the store at most as long as the store's own deadline.
const PLACES: usize = 256;

pub struct Aside {
    tasks: TaskTracker,
    places: Arc<Semaphore>,
}

impl Default for Aside {
    fn default() -> Self {
        Self { tasks: TaskTracker::new(), places: Arc::new(Semaphore::new(PLACES)) }
    }
}

impl Aside {
    /// # Errors
    /// As much is under way as may be: nothing happened.
    pub fn run(&self, work: impl Future<Output = Result<(), ApiError>> + Send + 'static) -> Result<(), ApiError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| ApiError::Busy(Busy::Aside))?;
        self.tasks.spawn(async move {
            if let Err(error) = work.await {
                tracing::warn!(code = error.code(), "what was promised could not be done: {}", error.code());
            }
            drop(place);
        });
        Ok(())
    }

    /// Waits for what is under way.
    pub async fn stop(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_too_many_is_refused_and_stopping_waits_for_the_rest() {
        let aside = Aside::default();
        let go = Arc::new(Semaphore::new(0));
        for _ in 0..PLACES {
            let go = Arc::clone(&go);
            let work = async move {
                go.acquire().await.map_err(|error| ApiError::Defect(error.to_string().into()))?.forget();
                Ok(())
            };
            aside.run(work).unwrap();
        }
        assert_eq!(aside.run(async { Ok(()) }).unwrap_err().code(), "MAIL_BUSY");
        {
            let mut stopping = std::pin::pin!(aside.stop());
            assert!(futures_util::poll!(stopping.as_mut()).is_pending());
            go.add_permits(PLACES);
            stopping.await;
        }
        aside.run(async { Ok(()) }).unwrap();
    }
}
