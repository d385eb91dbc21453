use std::time::Duration;

use inventory::TimeUs;

use super::OpenIdError;
use crate::time;

/// How long what was fetched is used without being asked for again.
const FRESH: Duration = Duration::from_secs(3_600);
/// How long it is used when the provider does not answer.
const STALE: Duration = Duration::from_secs(24 * 3_600);
/// Between two questions for something newer: whoever makes up the id of a key causes one.
const PAUSE: Duration = Duration::from_secs(60);
/// Between two questions while there is nothing yet.
const PAUSE_AT_FIRST: Duration = Duration::from_secs(1);

/// Something of the provider's that changes seldom. One asks, the others wait for what he gets.
pub struct Cached<T> {
    kept: tokio::sync::Mutex<Kept<T>>,
}

struct Kept<T> {
    value: Option<(T, TimeUs)>,
    asked_at: Option<TimeUs>,
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self { kept: tokio::sync::Mutex::new(Kept { value: None, asked_at: None }) }
    }
}

impl<T: Clone> Cached<T> {
    /// A value that `suits`, or the newest there is.
    ///
    /// # Errors
    /// Those of `fetch` when there is none that could be used instead.
    pub async fn get(
        &self,
        now: TimeUs,
        suits: impl Fn(&T) -> bool,
        fetch: impl Future<Output = Result<T, OpenIdError>>,
    ) -> Result<T, OpenIdError> {
        let mut kept = self.kept.lock().await;
        if let Some((value, at)) = &kept.value
            && now < time::plus(*at, FRESH)
            && suits(value)
        {
            return Ok(value.clone());
        }
        let is_first = kept.value.is_none();
        let pause = if is_first { PAUSE_AT_FIRST } else { PAUSE };
        let may_ask = kept.asked_at.is_none_or(|at| now >= time::plus(at, pause));
        let fetched = if may_ask {
            kept.asked_at = Some(now);
            fetch.await
        } else {
            Err(OpenIdError::unavailable("it was asked a moment ago"))
        };
        match fetched {
            Ok(value) => {
                kept.value = Some((value.clone(), now));
                if is_first {
                    kept.asked_at = None;
                }
                Ok(value)
            }
            Err(error) => match &kept.value {
                Some((value, at)) if now < time::plus(*at, STALE) => Ok(value.clone()),
                _ => Err(error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const NOW: TimeUs = TimeUs(1_800_000_000_000_000);

    /// Asks at `seconds` for a value of at least `wanted`; the provider has `there`, or does not answer.
    async fn get(cached: &Cached<u32>, seconds: i64, wanted: u32, there: Option<u32>) -> (Option<u32>, bool) {
        let asked = Cell::new(false);
        let fetch = async {
            asked.set(true);
            there.ok_or_else(|| OpenIdError::unavailable("silent"))
        };
        let now = NOW.plus_us(seconds * 1_000_000);
        let got = cached.get(now, |value| *value >= wanted, fetch).await.ok();
        (got, asked.get())
    }

    #[tokio::test]
    async fn it_asks_when_it_must_and_not_more_often_than_it_may() {
        let cached = Cached::default();
        assert_eq!(get(&cached, 0, 1, None).await, (None, true));
        assert_eq!(get(&cached, 0, 1, Some(1)).await, (None, false), "a moment ago");
        assert_eq!(get(&cached, 1, 1, Some(1)).await, (Some(1), true));
        assert_eq!(get(&cached, 2, 1, Some(2)).await, (Some(1), false), "fresh");
        assert_eq!(get(&cached, 3, 2, Some(2)).await, (Some(2), true), "does not suit");
        assert_eq!(get(&cached, 4, 3, Some(3)).await, (Some(2), false), "does not suit, but a moment ago");
        assert_eq!(get(&cached, 63, 3, Some(3)).await, (Some(3), true));
        assert_eq!(get(&cached, 63 + 3_600, 1, Some(4)).await, (Some(4), true), "not fresh");
        assert_eq!(get(&cached, 10_000, 1, None).await, (Some(4), true), "stale is better than none");
        assert_eq!(get(&cached, 100_000, 1, None).await, (None, true), "too stale");
    }
}
