use persistence::SeriesSummary;
use wire::Series;

use super::shared::Shared;
use crate::error::{ApiError, Noun};
use crate::state::AppState;
use crate::{coordinates, event_access, image_view, time};

/// # Errors
/// A defect: words that cannot be read.
pub fn series(summary: SeriesSummary) -> Result<Series, ApiError> {
    let shared = Shared::read(&summary.words)?;
    let coordinates = coordinates::degrees(shared.latitude_e6, shared.longitude_e6);
    Ok(Series {
        id: summary.id,
        organizer_id: summary.organizer_id.uuid(),
        title: shared.title,
        description: shared.description,
        organization: shared.organization,
        rating: shared.rating,
        location: shared.location,
        address: shared.address,
        city: shared.city,
        country: shared.country,
        coordinates,
        category: shared.category,
        tags: shared.tags,
        timezone: shared.timezone,
        sessions: summary.sessions,
        first_starts_at: summary.first_starts_at.map(time::utc),
        last_starts_at: summary.last_starts_at.map(time::utc),
        images: summary.images.iter().map(image_view::image).collect(),
        created_at: time::utc(summary.created_at),
    })
}

/// After a change that its organizer made.
///
/// # Errors
/// It is gone by now, or the outcome is not known.
pub async fn changed(state: &AppState, id: uuid::Uuid) -> Result<Series, ApiError> {
    let summary = state.store.series_summary(id, false).await.map_err(event_access::after_change)?;
    series(summary.ok_or(ApiError::NotFound(Noun::Series))?)
}
