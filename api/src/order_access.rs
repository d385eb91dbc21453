//! Which order a call is about, who may see it, and how it is shown. Somebody else's order is answered like one that
//! never was.

use std::borrow::Cow;

use inventory::{OrderId, TimeUs, UserId};
use persistence::{Order, OrderItem, OrderStatus, StoreError, Ticket};
use wire::{ApiScope, Attendee, ItemDiscount, Money};

use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::event_access::{self, Capability};
use crate::state::AppState;
use crate::{counter, order_units, refund_policy, ticket_view, time};

/// The caller's own order.
///
/// # Errors
/// No such order of the caller; the store is not available.
pub async fn own(state: &AppState, customer: UserId, order: OrderId) -> Result<Order, ApiError> {
    let order = state.store.order_find(order).await?;
    order.filter(|order| order.customer_id == customer).ok_or(ApiError::NotFound(Noun::Order))
}

/// The caller's own order, or one of an event's counter where the caller works.
///
/// # Errors
/// No such order; the store is not available.
pub async fn to_print(state: &AppState, caller: Caller, order: OrderId) -> Result<Order, ApiError> {
    let order = state.store.order_find(order).await?.ok_or(ApiError::NotFound(Noun::Order))?;
    let is_his = order.customer_id == caller.user || is_at_counter_of(state, caller, &order).await?;
    if is_his { Ok(order) } else { Err(ApiError::NotFound(Noun::Order)) }
}

async fn is_at_counter_of(state: &AppState, caller: Caller, order: &Order) -> Result<bool, StoreError> {
    Ok(counter::is_house(order.customer_id, order.event_id) && counter::works_at(state, caller, order.event_id).await?)
}

/// The order, if it is the caller's or of an event whose orders he may see. With an API key, those take the scope
/// `reports`: that for booking is for the account's own.
///
/// # Errors
/// No such order that the caller may see; it is not for the API key; the store is not available.
pub async fn visible(state: &AppState, caller: Caller, order: OrderId) -> Result<Order, ApiError> {
    let order = state.store.order_find(order).await?.ok_or(ApiError::NotFound(Noun::Order))?;
    if order.customer_id != caller.user {
        if !may(state, caller, &order, Capability::SeeOrders).await? {
            return Err(ApiError::NotFound(Noun::Order));
        }
        caller.scoped(ApiScope::Reports)?;
    }
    Ok(order)
}

/// Who asks for a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refunder {
    /// Runs the event; of an order of its counter, works there.
    Organizer,
    /// Of an event that starts then, as it is announced now.
    Buyer { starts_at: TimeUs },
}

/// The order, if the caller runs its event, works at the counter that sold it or has bought it.
///
/// # Errors
/// No such order of the caller or of his events; the store is not available.
pub async fn to_refund(state: &AppState, caller: Caller, order: OrderId) -> Result<(Order, Refunder), ApiError> {
    let order = state.store.order_find(order).await?.ok_or(ApiError::NotFound(Noun::Order))?;
    if may(state, caller, &order, Capability::Manage).await? || is_at_counter_of(state, caller, &order).await? {
        return Ok((order, Refunder::Organizer));
    }
    if order.customer_id != caller.user {
        return Err(ApiError::NotFound(Noun::Order));
    }
    let event = state.store.event_find_any(order.event_id).await?;
    let event = event.ok_or(ApiError::Defect(Cow::Borrowed("an order of no event")))?;
    Ok((order, Refunder::Buyer { starts_at: event.starts_at }))
}

async fn may(state: &AppState, caller: Caller, order: &Order, capability: Capability) -> Result<bool, ApiError> {
    match state.store.event_find(order.event_id).await? {
        Some(event) => Ok(event_access::may(state, caller, &event, capability).await?),
        None => Ok(false),
    }
}

/// The order as it is after a durable change, with all that belongs to it.
///
/// # Errors
/// Outcome unknown when the store does not answer: the change has happened.
pub async fn changed(state: &AppState, viewer: UserId, order: OrderId) -> Result<wire::Order, ApiError> {
    let found = state.store.order_find(order).await.map_err(event_access::after_change)?;
    let order = found.ok_or(ApiError::Defect(Cow::Borrowed("a durable order has no row")))?;
    full(state, viewer, order).await.map_err(event_access::after_change)
}

/// With its attendees and, once paid, its tickets.
///
/// # Errors
/// The store is not available.
pub async fn full(state: &AppState, viewer: UserId, order: Order) -> Result<wire::Order, StoreError> {
    let attendees = state.store.attendees_list(order.id).await?;
    let tickets = match order.status {
        OrderStatus::Draft | OrderStatus::PendingPayment | OrderStatus::Cancelled | OrderStatus::Expired => Vec::new(),
        OrderStatus::Paid | OrderStatus::PartiallyRefunded | OrderStatus::Refunded => {
            state.store.ticket_list(order.id).await?
        }
    };
    Ok(render(state, viewer, order, tickets, attendees))
}

/// With all that belongs to it.
pub fn render(
    state: &AppState,
    viewer: UserId,
    order: Order,
    tickets: Vec<Ticket>,
    attendees: Vec<persistence::Attendee>,
) -> wire::Order {
    // Who comes with a ticket that somebody else holds now is his affair.
    let positions = order_units::positions(&order.items, &tickets);
    let foreign = tickets.iter().filter(|ticket| ticket.holder_id != order.customer_id);
    let foreign: Vec<u32> = foreign.filter_map(|ticket| positions.get(&ticket.id).copied()).collect();
    let own = attendees.into_iter().filter(|one| !foreign.contains(&one.position));
    let attendees = own.map(|one| Attendee { name: one.name, email: one.email });
    let tickets = tickets.into_iter().map(|ticket| ticket_view::render(state, viewer, ticket));
    wire::Order { attendees: attendees.collect(), tickets: tickets.collect(), ..brief(order) }
}

/// The first answer to its placement, whatever has become of the order since: a repeated request hears the same again.
pub fn as_placed(order: wire::Order, expires_at: TimeUs) -> wire::Order {
    wire::Order {
        status: wire::OrderStatus::PendingPayment,
        refunded: Money { amount_minor: 0, ..order.refunded },
        expires_at: time::utc(expires_at),
        tickets: Vec::new(),
        ..order
    }
}

/// The first answer to its payment. The code of a ticket that has gone to somebody else stays hidden.
pub fn as_paid(mut order: wire::Order) -> wire::Order {
    for ticket in &mut order.tickets {
        ticket.state = wire::TicketState::Issued;
        ticket.scanned_at = None;
    }
    wire::Order { status: wire::OrderStatus::Paid, refunded: Money { amount_minor: 0, ..order.refunded }, ..order }
}

pub fn brief(order: Order) -> wire::Order {
    let money = |amount_minor| Money { amount_minor, currency: order.currency.clone() };
    wire::Order {
        id: order.id.uuid(),
        event_id: order.event_id.uuid(),
        event: None,
        status: status(order.status),
        total: money(order.total_minor),
        refunded: money(order.refunded_minor),
        items: order.items.into_iter().map(|each| item(each, &order.currency)).collect(),
        placed_at: time::utc(order.placed_at),
        expires_at: time::utc(order.expires_at),
        attendees: Vec::new(),
        tickets: Vec::new(),
    }
}

fn item(item: OrderItem, currency: &str) -> wire::OrderItem {
    let (seat, area) = if item.is_area { (None, Some(item.place)) } else { (Some(item.place), None) };
    wire::OrderItem {
        seat,
        area,
        quantity: item.quantity,
        tier_id: item.tier_id,
        tier_name: item.tier_name,
        price: Money { amount_minor: item.price_minor, currency: currency.to_owned() },
        discount: item.discount.map(|discount| ItemDiscount {
            label: Some(discount.label).filter(|label| !label.is_empty()),
            amount: Money { amount_minor: discount.off_minor, currency: currency.to_owned() },
        }),
        refund_policy: item.refund.map(refund_policy::promised),
    }
}

pub const fn status(status: OrderStatus) -> wire::OrderStatus {
    match status {
        OrderStatus::Draft => wire::OrderStatus::Draft,
        OrderStatus::PendingPayment => wire::OrderStatus::PendingPayment,
        OrderStatus::Paid => wire::OrderStatus::Paid,
        OrderStatus::PartiallyRefunded => wire::OrderStatus::PartiallyRefunded,
        OrderStatus::Refunded => wire::OrderStatus::Refunded,
        OrderStatus::Cancelled => wire::OrderStatus::Cancelled,
        OrderStatus::Expired => wire::OrderStatus::Expired,
    }
}
