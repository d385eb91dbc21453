use futures_util::{StreamExt, stream};
use inventory::Origin;
use persistence::{Event, EventStatus};
use serde_json::json;
use wire::{SessionOutcome, SessionOutcomes};

use super::SESSIONS_MAX;
use crate::audit_log::{self, Action, Source};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::events::life;
use crate::state::AppState;
use crate::{cancelling, event_access, event_status, time};

/// Sessions asked at the same time.
const ASKED_AT_ONCE: usize = 8;

/// What all sessions of a series shall become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Published,
    Cancelled,
}

impl Fate {
    const fn status(self) -> EventStatus {
        match self {
            Self::Published => EventStatus::Published,
            Self::Cancelled => EventStatus::Cancelled,
        }
    }

    const fn action(self) -> Action {
        match self {
            Self::Published => Action::EventPublish,
            Self::Cancelled => Action::EventCancel,
        }
    }
}

/// Who asks for it.
#[derive(Clone)]
pub struct Asker {
    pub state: AppState,
    pub caller: Caller,
    pub origin: Origin,
    pub source: Source,
}

/// Asks every session by itself: one that refuses keeps no other from it. Sent again under the same key, those that have
/// become so stay so, and the others are asked once more.
///
/// # Errors
/// The sessions cannot be listed.
pub async fn each(asker: &Asker, series: uuid::Uuid, fate: Fate) -> Result<SessionOutcomes, ApiError> {
    let limit = u32::try_from(SESSIONS_MAX).unwrap_or(u32::MAX);
    let sessions = asker.state.store.series_sessions(series, false, None, limit).await?;
    let asked: Vec<_> = sessions.into_iter().map(|session| one(asker.clone(), session, fate)).collect();
    let items = stream::iter(asked).buffered(ASKED_AT_ONCE).collect().await;
    Ok(SessionOutcomes { items })
}

async fn one(asker: Asker, session: Event, fate: Fate) -> SessionOutcome {
    let outcome = |status, error: Option<ApiError>| SessionOutcome {
        event_id: session.id.uuid(),
        starts_at: time::utc(session.starts_at),
        status: event_status::stored(status),
        code: error.as_ref().map(|error| error.code().to_owned()),
        detail: error.map(|error| error.detail().into_owned()),
    };
    if session.status == fate.status() {
        return outcome(session.status, None);
    }
    match ask(&asker, &session, fate).await {
        Ok(()) => outcome(fate.status(), None),
        Err(error) => outcome(session.status, Some(error)),
    }
}

async fn ask(asker: &Asker, session: &Event, fate: Fate) -> Result<(), ApiError> {
    let Asker { state, caller, origin, source } = asker;
    let handle = event_access::handle(state, session.id).await?;
    let by = event_access::asker(caller.user, *origin);
    let done = match fate {
        Fate::Published if life::can_be_published(session, state.now()) => handle.publish(by).await?,
        Fate::Published => event_access::recalled(state, &handle, by, ApiError::EventEnded).await?,
        Fate::Cancelled => handle.cancel_event(by).await?,
    };
    if fate == Fate::Cancelled {
        cancelling::start(state, session.id).await;
    }
    let entry = source.entry(caller, fate.action()).event(session.id).object(session.id).once_per(done.lsn);
    let (old, new) = (json!({"status": session.status.name()}), json!({"status": fate.status().name()}));
    audit_log::write(state, entry.change(&old, &new)).await;
    Ok(())
}
