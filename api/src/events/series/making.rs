use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use inventory::{CallerKey, Origin};
use persistence::{AuditEntry, Event, SeriesRefusal};
use serde_json::json;
use uuid::Uuid;

use super::shared::Shared;
use crate::audit_log::{Action, Source};
use crate::auth::Caller;
use crate::error::{ApiError, Conflict, Noun};
use crate::events::copying::{Date, Original};
use crate::state::AppState;
use crate::{digest, time};

/// Sessions written at the same time.
const WRITTEN_AT_ONCE: usize = 4;
/// Of all sessions that one call makes: what a server writes well within the time of a request.
const SEATS_PER_CALL_MAX: usize = 1_000_000;
const CODES_PER_CALL_MAX: usize = 20_000;
const PICTURES_PER_CALL_MAX: usize = 100;

/// Who makes sessions, and of which series.
pub struct Maker<'a> {
    pub state: &'a AppState,
    pub caller: Caller,
    pub origin: Origin,
    pub source: &'a Source,
    pub series: Uuid,
    pub shared: &'a Shared,
}

/// The name under which the request's session of this number is found again.
pub fn session_key(key: Option<CallerKey>, number: usize) -> Option<[u8; 16]> {
    key.map(|key| digest::of(&[&key.key, b"session", &number.to_le_bytes()]))
}

impl Maker<'_> {
    /// Sessions that are complete and hidden, and what the audit log says of them.
    ///
    /// # Errors
    /// More than one call may make; a title that is taken; something is not available.
    pub async fn make(&self, original: Original, dates: &[Date]) -> Result<(Vec<Event>, Vec<AuditEntry>), ApiError> {
        fits(&original, dates.len())?;
        let state = self.state;
        let now = state.now();
        let mut drafts = Vec::with_capacity(dates.len());
        for (number, date) in dates.iter().enumerate() {
            let request_key = session_key(self.origin.key, number);
            let draft = self.shared.over(original.draft(now, *date, request_key));
            let draft = Event { series_id: Some(self.series), ..draft };
            let organizer = draft.organizer_id;
            if state.store.event_title_is_taken(organizer, draft.starts_at, &draft.title, request_key).await? {
                return Err(ApiError::Conflict(Conflict::EventTitleTaken));
            }
            drafts.push(draft);
        }
        state.store.event_copies_begin(&drafts).await?;
        let original = Arc::new(original);
        let writes: Vec<_> = drafts.into_iter().map(|draft| self.written(Arc::clone(&original), draft)).collect();
        let copies: Vec<Event> = stream::iter(writes).buffered(WRITTEN_AT_ONCE).try_collect().await?;
        let entries = copies.iter().map(|copy| self.entry(&original.event, copy).row(now)).collect();
        Ok((copies, entries))
    }

    fn written(
        &self,
        original: Arc<Original>,
        mut draft: Event,
    ) -> impl Future<Output = Result<Event, ApiError>> + Send + use<> {
        let (state, origin, user) = (self.state.clone(), self.origin, self.caller.user);
        async move {
            original.write(&state, &mut draft, origin, user).await?;
            Ok(draft)
        }
    }

    fn entry(&self, original: &Event, copy: &Event) -> crate::audit_log::Entry {
        let facts = json!({
            "original": original.id.uuid(), "series_id": self.series, "title": copy.title, "starts_at": time::utc(copy.starts_at),
        });
        self.source.entry(&self.caller, Action::EventClone).event(copy.id).object(copy.id).made(&facts)
    }
}

fn fits(original: &Original, sessions: usize) -> Result<(), ApiError> {
    let (seats, codes) = original.size();
    let most = [
        (seats, SEATS_PER_CALL_MAX),
        (codes, CODES_PER_CALL_MAX),
        (original.event.images.len(), PICTURES_PER_CALL_MAX),
    ];
    let most = most.into_iter().filter(|(each, _)| *each > 0).map(|(each, max)| (max / each).max(1)).min();
    match most.filter(|most| sessions > *most) {
        Some(most) => Err(ApiError::invalid(
            "sessions",
            "TOO_MANY",
            format!("at most {most} at a time of an event with so many seats, access codes or pictures"),
        )),
        None => Ok(()),
    }
}

impl From<SeriesRefusal> for ApiError {
    fn from(refusal: SeriesRefusal) -> Self {
        match refusal {
            SeriesRefusal::Gone => Self::NotFound(Noun::Series),
            SeriesRefusal::Full => Self::Conflict(Conflict::SeriesFull),
            SeriesRefusal::TemplateTaken => Self::Conflict(Conflict::EventInSeries),
        }
    }
}
