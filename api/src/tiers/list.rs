use axum::Json;
use axum::extract::State;
use inventory::{EventId, Layout, TierAvailability, TierSpec, TimeUs};
use serde::Deserialize;
use utoipa::IntoParams;
use wire::{Money, Page, TierOffer};

use crate::error::ApiError;
use crate::event_access::{self, Viewer};
use crate::extract::{PathId, Query};
use crate::problems::Read;
use crate::state::AppState;
use crate::tier_view::{self, Sight};
use crate::time;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TiersQuery {
    /// Shows the hidden tiers that it opens.
    access_code: Option<String>,
}

/// Lists what can be bought
///
/// In the organizer's order, each with the price of its next unit and what is left. An event has few enough tiers for one
/// page.
#[utoipa::path(get, path = "/events/{id}/tiers", tag = "tiers",
    params(("id" = Uuid, Path, description = "Event"), TiersQuery), security((), ("bearer" = [])),
    responses((status = 200, description = "All tiers that the caller may see", body = Page<TierOffer>), Read))]
pub async fn list(
    State(state): State<AppState>,
    PathId(id): PathId,
    Viewer(viewer): Viewer,
    Query(query): Query<TiersQuery>,
) -> Result<Json<Page<TierOffer>>, ApiError> {
    let event = event_access::visible(&state, viewer, EventId::from_uuid(id)).await?;
    let handle = event_access::handle(&state, event.id).await?;
    let runs = viewer.is_some_and(|viewer| event_access::runs(viewer, &event));
    let sight = Sight::of(&state, &handle, runs, query.access_code.as_deref()).await?;
    let counts = handle.availability().await?;
    let (layout, now) = (handle.layout(), state.now());
    let shown = layout.tiers_shown().into_iter().filter(|tier| sight.shows(tier));
    let offers = shown.filter_map(|tier| {
        let counts = counts.tiers.iter().find(|counts| counts.tier == tier.id)?;
        let offer = offer(tier, counts, &layout, now);
        Some(TierOffer { on_sale: offer.on_sale && event.over_at() > now, ..offer })
    });
    Ok(Json(Page { items: offers.collect(), next_cursor: None }))
}

fn offer(tier: &TierSpec, counts: &TierAvailability, layout: &Layout, now: TimeUs) -> TierOffer {
    // A tier that was changed a moment ago may have other steps than those that were counted.
    let used = |at: usize| counts.steps_used.get(at).copied().unwrap_or(0);
    let steps = tier.terms.price_steps.iter().enumerate();
    let mut open = steps.filter(|(at, step)| {
        step.until.is_none_or(|until| now < until) && step.first.is_none_or(|first| used(*at) < first)
    });
    let step = open.next();
    let price_minor = step.map_or(tier.price_minor, |(_, step)| step.price_minor);
    TierOffer {
        tier: tier_view::render(tier, layout),
        price: Money { amount_minor: price_minor, currency: layout.policy().currency.code().to_owned() },
        price_until: step.and_then(|(_, step)| step.until).map(time::utc),
        price_left: step.and_then(|(at, step)| Some(step.first?.saturating_sub(used(at)))),
        free: counts.free,
        on_sale: tier.open && tier.sale.contains(now) && layout.policy().sale.contains(now),
    }
}
