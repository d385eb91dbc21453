//! Requests under an idempotency key are answered to their end, whether or not anybody waits: whoever went away and asks
//! again under the key is to find the answer that belongs to the effect.

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::error::{ApiError, Busy};

pub struct Finishing {
    tasks: TaskTracker,
    places: Arc<Semaphore>,
}

impl Finishing {
    /// So many at once.
    pub fn new(places: usize) -> Self {
        Self { tasks: TaskTracker::new(), places: Arc::new(Semaphore::new(places)) }
    }

    /// The answer, which has a deadline of its own.
    ///
    /// # Errors
    /// No place became free within `patience`: nothing happened.
    pub async fn run(
        &self,
        patience: Duration,
        answer: impl Future<Output = Response> + Send + 'static,
    ) -> Result<Response, ApiError> {
        let place = tokio::time::timeout(patience, Arc::clone(&self.places).acquire_owned()).await;
        let Ok(Ok(place)) = place else { return Err(ApiError::Busy(Busy::Deadline)) };
        let answered = self.tasks.spawn(async move {
            let answer = answer.await;
            drop(place);
            answer
        });
        answered.await.map_err(|_| ApiError::OutcomeUnknown)
    }

    /// Waits for those that nobody waits for any more.
    pub async fn stop(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::response::IntoResponse;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_made_to_its_end_though_its_client_is_gone() {
        let finishing = Finishing::new(1);
        let (go, is_done) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicBool::new(false)));
        let answer = {
            let (go, is_done) = (Arc::clone(&go), Arc::clone(&is_done));
            async move {
                drop(go.acquire().await);
                is_done.store(true, Ordering::Relaxed);
                "done".into_response()
            }
        };
        {
            let mut asked = std::pin::pin!(finishing.run(PATIENCE, answer));
            assert!(futures_util::poll!(asked.as_mut()).is_pending());
        }
        let full = finishing.run(PATIENCE, async { "second".into_response() }).await;
        assert_eq!(full.unwrap_err().code(), "DEADLINE_EXCEEDED");
        go.add_permits(1);
        finishing.stop().await;
        assert!(is_done.load(Ordering::Relaxed));
        assert!(finishing.run(PATIENCE, async { "third".into_response() }).await.is_ok());
    }
}
