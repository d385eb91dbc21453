use std::collections::btree_map::Entry;

use axum::Json;
use axum::extract::State;
use engine::EventHandle;
use http::StatusCode;
use inventory::{Answer, EventId, HoldId, Layout, Lsn, PlaceHold, PlacedHold, Rejection, UserId};
use wire::{Hold, HoldRequest, Money};

use crate::error::ApiError;
use crate::extract::PathId;
use crate::hold_items::{self, Labels};
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::{event_access, ids, line, time};

/// Holds seats and places
///
/// All of them or none, until the event is over. A conflict (`SEATS_TAKEN`) names every seat that is not free.
#[utoipa::path(post, path = "/events/{id}/holds", tag = "holds", request_body = HoldRequest,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 201, description = "The hold", body = Hold), Written))]
pub async fn place(
    State(state): State<AppState>,
    PathId(event): PathId,
    write: Write<HoldRequest>,
) -> Result<(StatusCode, Json<Hold>), ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let handle = event_access::handle(&state, EventId::from_uuid(event)).await?;
    let layout = handle.layout();
    let asker = event_access::asker(caller.user, origin);
    let wanted = match wanted(&state, &handle, caller.user, &body, &layout) {
        Ok(wanted) => event_access::must_not_be_over(&state, handle.event()).await.map(|()| wanted),
        Err(refusal) => Err(refusal),
    };
    let is_fit = wanted.is_ok();
    let placed = match wanted {
        Ok(wanted) => handle.place_hold(asker, wanted).await.map_err(ApiError::from),
        Err(refusal) => event_access::recalled(&state, &handle, asker, refusal).await,
    };
    let placed = match placed.map_err(|error| named(error, handle.event(), &body, &layout)) {
        // Says nothing of the event but that it has a waiting room, and comes by the thousand: nothing is looked up for it.
        Err(refused @ ApiError::QueueRequired(_)) => return Err(refused),
        Err(refused) if !is_fit || matches!(refused, ApiError::Rejected(Rejection::EventNotPublished, _)) => {
            return Err(event_access::unless_hidden(&state, caller, handle.event(), refused).await);
        }
        placed => placed?,
    };
    match placed.answer {
        // Tiers may have been added since: indices stay, so the newer layout knows every one of them.
        Answer::HoldPlaced(hold) => {
            let labels = labels(&handle, &hold).await?;
            Ok((StatusCode::CREATED, Json(render(handle.event(), &hold, placed.lsn, &handle.layout(), &labels))))
        }
        other => Err(event_access::unexpected("a hold", &other)),
    }
}

fn wanted(
    state: &AppState,
    handle: &EventHandle,
    customer: UserId,
    request: &HoldRequest,
    layout: &Layout,
) -> Result<PlaceHold, ApiError> {
    if handle.line().is_active {
        line::admit(state, handle.event(), customer, request.pass.as_deref())?;
    }
    Ok(PlaceHold {
        hold: HoldId::from_uuid(ids::mint(state.now())),
        customer,
        wants: hold_items::parse(request, layout)?,
        access_codes: request.access_codes.iter().map(|code| state.access_codes.digest_of(code)).collect(),
        discount_codes: request.discount_codes.iter().map(|it| state.access_codes.discount_digest_of(it)).collect(),
        box_office: None,
    })
}

fn named(error: ApiError, event: EventId, request: &HoldRequest, layout: &Layout) -> ApiError {
    match error {
        ApiError::Rejected(Rejection::QueueRequired, _) => ApiError::QueueRequired(event),
        ApiError::Rejected(rejection, _) => hold_items::explain(rejection, request, layout),
        other => other,
    }
}

/// Of the discount codes that the hold has something by. What is unknown now is known to have happened.
async fn labels(handle: &EventHandle, hold: &PlacedHold) -> Result<Labels, ApiError> {
    let mut labels = Labels::new();
    for code in hold.discounts().iter().filter_map(|used| used.code) {
        if let Entry::Vacant(vacant) = labels.entry(code) {
            let found = handle.discount_code(code).await.map_err(|_| ApiError::OutcomeUnknown)?;
            vacant.insert(found.map(|found| found.spec.label).unwrap_or_default());
        }
    }
    Ok(labels)
}

fn render(event: EventId, hold: &PlacedHold, lsn: Lsn, layout: &Layout, labels: &Labels) -> Hold {
    let currency = layout.policy().currency;
    let money = |amount_minor| Money { amount_minor, currency: currency.code().to_owned() };
    Hold {
        id: hold.hold.uuid(),
        event_id: event.uuid(),
        items: hold_items::render(hold, layout, labels),
        total: money(hold.total_minor()),
        expires_at: time::utc(hold.expires_at),
        adjacent: hold.adjacent,
        seq: lsn.0,
    }
}
