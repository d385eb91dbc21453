use std::borrow::Cow;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use inventory::{Answer, BoxOffice, BoxOfficeSale, EventId, HoldId, Layout, OrderId, PaymentId, Sold};
use persistence::{Attendee, BoxOfficeWords, Event, NewMail};
use serde_json::json;
use wire::{BoxOfficeOrderRequest, BoxOfficePayment, HoldRequest, Order};

use super::{asked, view};
use crate::audit_log::{self, Action, Source};
use crate::counter::house;
use crate::error::ApiError;
use crate::event_access::{self, Capability};
use crate::extract::PathId;
use crate::field_errors::FieldErrors;
use crate::idempotency::Write;
use crate::mail::{self, Letter};
use crate::problems::Written;
use crate::state::AppState;
use crate::{attendee, derived_id, ids, jobs, order_access};

/// Sells at the box office
///
/// Paid at once, with its tickets and their codes. At the tiers' prices, or at a lower one with a reason; a comp costs
/// nothing. Past sale windows, the waiting room and limits per customer; never past quotas or what is taken. The ledger has
/// the money on the account of the box office; no payment provider is asked. At most 50 items and 100 tickets.
#[utoipa::path(post, path = "/events/{id}/box-office/orders", tag = "box office",
    request_body = BoxOfficeOrderRequest, params(("id" = Uuid, Path, description = "Event")),
    security(("bearer" = [])),
    responses((status = 201, description = "The order, paid", body = Order), Written))]
pub async fn sell(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<BoxOfficeOrderRequest>,
) -> Result<(StatusCode, Json<Order>), ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = EventId::from_uuid(event);
    let found = event_access::allow(&state, caller, event, Capability::SellAtBoxOffice).await?;
    let handle = event_access::handle(&state, event).await?;
    let asker = event_access::asker(caller.user, origin);
    let layout = handle.layout();
    let request = asked::request(body.items.clone().unwrap_or_default());
    let is_over = event_access::must_not_be_over(&state, event).await;
    let sold = match is_over.and_then(|()| parse(&state, event, &body, &request, &layout)) {
        Ok(sale) => handle.sell_at_box_office(asker, sale).await.map_err(ApiError::from),
        Err(refusal) => event_access::recalled(&state, &handle, asker, refusal).await,
    };
    let sold = sold.map_err(|error| asked::explained(error, &request, &layout))?;
    let Answer::OrderPaid(paid) = &sold.answer else {
        return Err(event_access::unexpected("a sale", &sold.answer));
    };
    let order = paid.order;
    say(&state, &found, order, &body).await?;
    let shown = order_access::as_paid(order_access::changed(&state, house(event), order).await?);
    let told = json!({
        "total": shown.total,
        "payment": body.payment,
        "reference": body.reference,
        "reason": body.reason,
        "hold_id": body.hold_id,
    });
    let entry = source.entry(&caller, Action::BoxOfficeSale).event(event).object(order).once_per(sold.lsn);
    audit_log::write(&state, entry.made(&told)).await;
    Ok((StatusCode::CREATED, Json(shown)))
}

/// Keeps what staff says of the sale, and sends the tickets. A repeat does it for a first time that could not.
async fn say(state: &AppState, event: &Event, order: OrderId, body: &BoxOfficeOrderRequest) -> Result<(), ApiError> {
    let buyer = body.buyer.clone().map(|buyer| Attendee { position: 0, name: buyer.name, email: buyer.email });
    let mail = match buyer.as_ref().and_then(|buyer| buyer.email.as_deref()) {
        Some(email) => Some(tickets_mail(state, event, order, email).await?),
        None => None,
    };
    let words = BoxOfficeWords { order, reference: body.reference.clone(), reason: body.reason.clone(), buyer, mail };
    if state.store.box_office_sale_say(&words).await.map_err(event_access::after_change)? {
        state.mail.queued();
    }
    if let Some(hold) = body.hold_id {
        state.store.box_office_hold_forget(HoldId::from_uuid(hold)).await.map_err(event_access::after_change)?;
    }
    Ok(())
}

async fn tickets_mail(state: &AppState, event: &Event, order: OrderId, email: &str) -> Result<NewMail, ApiError> {
    let found = state.store.order_find(order).await.map_err(event_access::after_change)?;
    let found = found.ok_or(ApiError::Defect(Cow::Borrowed("a durable order has no row")))?;
    let tickets = state.store.ticket_list(order).await.map_err(event_access::after_change)?;
    let letter = Letter::OrderPaid(Box::new(jobs::purchase(event, &found, &tickets)));
    let id = derived_id::nth(order.uuid(), "box_office_tickets", 0);
    mail::row(id, email, &letter, state.now())
        .map_err(|error| ApiError::Defect(format!("a letter cannot be written: {error}").into()))
}

fn parse(
    state: &AppState,
    event: EventId,
    body: &BoxOfficeOrderRequest,
    request: &HoldRequest,
    layout: &Layout,
) -> Result<BoxOfficeSale, ApiError> {
    let mut errors = FieldErrors::default();
    check(&mut errors, body);
    asked::blocks(&mut errors, &body.blocks, layout);
    let price_minor = match (body.payment, &body.price) {
        (BoxOfficePayment::Comp, _) => Some(0),
        (_, price) => price.as_ref().map(|price| asked::price(&mut errors, price, layout)),
    };
    errors.none()?;
    let now = state.now();
    let sold = match body.hold_id {
        Some(hold) => Sold::Held { hold: HoldId::from_uuid(hold), price_minor },
        None => {
            let box_office = BoxOffice { blocks: body.blocks.clone(), price_minor };
            Sold::Fresh(asked::wanted(event, HoldId::from_uuid(ids::mint(now)), request, box_office, layout)?)
        }
    };
    Ok(BoxOfficeSale {
        order: OrderId::from_uuid(ids::mint(now)),
        customer: house(event),
        sold,
        payment: PaymentId::from_uuid(ids::mint(now)),
        tender: view::tender(body.payment),
        entropy: ids::entropy(),
    })
}

fn check(errors: &mut FieldErrors, body: &BoxOfficeOrderRequest) {
    if body.hold_id.is_some() == body.items.is_some() {
        errors.add("items", "EXACTLY_ONE", "exactly one of `hold_id` and `items`");
    }
    if body.hold_id.is_some() && !body.blocks.is_empty() {
        errors.add("blocks", "UNEXPECTED", "only with `items`");
    }
    asked::text(errors, "reason", body.reason.as_deref());
    asked::text(errors, "reference", body.reference.as_deref());
    let is_comp = body.payment == BoxOfficePayment::Comp;
    if is_comp && body.price.is_some() {
        errors.add("price", "UNEXPECTED", "a comp costs nothing");
    }
    if (is_comp || body.price.is_some()) && body.reason.is_none() {
        errors.add("reason", "REQUIRED", "say why it costs less");
    }
    asked::referenced(errors, body.payment, body.reference.as_deref());
    if let Some(buyer) = &body.buyer {
        attendee::check(errors, "buyer", buyer);
    }
}
