use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use inventory::{EventId, Layout, Phase, RowStates, SectionAvailability};
use serde::Deserialize;
use utoipa::IntoParams;
use wire::{Availability, Counts, SectionCounts, TierCounts};

use crate::error::ApiError;
use crate::event_access::{self, Viewer};
use crate::event_status;
use crate::extract::{PathId, Query};
use crate::problems::Read;
use crate::state::AppState;
use crate::tier_view::Sight;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AvailabilityQuery {
    /// Adds a letter for every seat.
    #[serde(default)]
    seats: bool,
    /// Only this section or area.
    section: Option<String>,
    /// Counts the hidden tiers that it opens.
    access_code: Option<String>,
}

/// Counts what is left
///
/// Read from the event itself: nothing older than the last durable change, nothing newer.
#[utoipa::path(get, path = "/events/{id}/availability", tag = "events",
    params(("id" = Uuid, Path, description = "Event"), AvailabilityQuery), security((), ("bearer" = [])),
    responses((status = 200, description = "Counts at one moment", body = Availability), Read,
        (status = 422, description = "There is no such section", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn availability(
    State(state): State<AppState>,
    PathId(id): PathId,
    Viewer(viewer): Viewer,
    Query(query): Query<AvailabilityQuery>,
) -> Result<Json<Availability>, ApiError> {
    let id = EventId::from_uuid(id);
    let handle = event_access::handle(&state, id).await?;
    let layout = handle.layout();
    if let Some(section) = &query.section
        && layout.section(section).is_none()
        && layout.area(section).is_none()
    {
        event_access::visible(&state, viewer, id).await?;
        return Err(ApiError::invalid("section", "UNKNOWN", "the event has no such section or area"));
    }
    let (now, rows) = if query.seats {
        handle.seats(query.section.clone()).await?
    } else {
        (handle.availability().await?, Vec::new())
    };
    // The store is asked only where it decides something: drafts and hidden tiers are for those who run the event, and what
    // is cancelled may be deleted.
    let has_secrets = now.phase != Phase::Published || layout.tiers().iter().any(inventory::TierSpec::is_hidden);
    let runs = if has_secrets {
        let event = event_access::visible(&state, viewer, id).await?;
        viewer.is_some_and(|viewer| event_access::runs(viewer, &event))
    } else {
        false
    };
    let sight = Sight::of(&state, &handle, runs, query.access_code.as_deref()).await?;
    Ok(Json(render(now, rows, &query, &layout, &sight)))
}

fn render(
    now: inventory::Availability,
    rows: Vec<RowStates>,
    query: &AvailabilityQuery,
    layout: &Layout,
    sight: &Sight,
) -> Availability {
    let mut rows_of: HashMap<String, Vec<wire::RowStates>> = HashMap::new();
    for row in rows {
        rows_of.entry(row.section).or_default().push(wire::RowStates { id: row.row, seats: row.states });
    }
    let shown = |section: &SectionAvailability| query.section.as_ref().is_none_or(|id| *id == section.id);
    let sections = now.sections.into_iter().filter(shown).map(|section| SectionCounts {
        area: section.is_area,
        free: section.counts.free,
        held: section.counts.held,
        sold: section.counts.sold,
        blocked: section.counts.blocked,
        rows: if query.seats && !section.is_area { rows_of.remove(&section.id) } else { None },
        id: section.id,
    });
    let sections = sections.collect();
    let is_seen = |id| layout.tier(id).is_some_and(|at| sight.shows(&layout.tiers()[at.ix()]));
    let tiers = now.tiers.iter().filter(|tier| is_seen(tier.tier)).map(|tier| TierCounts {
        id: tier.tier.uuid(),
        free: tier.free,
        held: tier.held,
        sold: tier.sold,
    });
    Availability {
        seq: now.lsn.0,
        status: event_status::render(now.phase),
        totals: counts(now.totals),
        tiers: tiers.collect(),
        sections,
    }
}

const fn counts(counts: inventory::Counts) -> Counts {
    Counts { free: counts.free, held: counts.held, sold: counts.sold, blocked: counts.blocked }
}
