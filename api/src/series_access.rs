//! Who may do what with a series. A foreign one is answered like one that never was, and so is one that nobody may see yet.

use persistence::{Series, SeriesSummary};
use uuid::Uuid;
use wire::Role;

use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::state::AppState;

/// The series, if the caller runs it: its organizer, or an admin.
///
/// # Errors
/// The caller's role; no such series of the caller.
pub async fn own(state: &AppState, caller: Caller, id: Uuid) -> Result<Series, ApiError> {
    caller.organizer()?;
    let series = state.store.series_find(id).await?;
    series.filter(|series| runs(caller, series.organizer_id)).ok_or(ApiError::NotFound(Noun::Series))
}

/// The series as the viewer may see it, and whether he sees what is public alone.
///
/// # Errors
/// No such series, or nothing of it is published and the viewer does not run it.
pub async fn visible(state: &AppState, viewer: Option<Caller>, id: Uuid) -> Result<(SeriesSummary, bool), ApiError> {
    let series = state.store.series_find(id).await?.ok_or(ApiError::NotFound(Noun::Series))?;
    let is_public = !viewer.is_some_and(|viewer| runs(viewer, series.organizer_id));
    let summary = state.store.series_summary(id, is_public).await?;
    let shown = summary.filter(|summary| !is_public || summary.sessions > 0);
    Ok((shown.ok_or(ApiError::NotFound(Noun::Series))?, is_public))
}

fn runs(caller: Caller, organizer: inventory::UserId) -> bool {
    caller.is_admin() || (caller.role >= Role::Organizer && caller.user == organizer)
}
