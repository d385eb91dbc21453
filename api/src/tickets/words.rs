//! What a ticket says on paper: for the PDF and for the page to print.

use std::sync::Arc;

use inventory::{Layout, OrderId, UserId};
use persistence::{Event, Ticket, TicketState};

use crate::error::{ApiError, Noun};
use crate::state::AppState;
use crate::time_zone::Zone;
use crate::{event_access, money, order_units, ticket_view};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub title: String,
    /// By the clock of the place.
    pub when: String,
    /// The venue's name, then its address.
    pub venue: Vec<String>,
    /// Label and value, in the order in which they are read.
    pub facts: Vec<(&'static str, String)>,
    pub order: String,
    pub ticket: String,
    /// What the QR code says.
    pub code: String,
}

/// Of the tickets of an order that `holder` has and that are good, in the order of their places among its units.
///
/// # Errors
/// The store is not available.
pub async fn of_order(state: &AppState, holder: UserId, order: OrderId) -> Result<Vec<(Ticket, Words)>, ApiError> {
    let unknown = || ApiError::NotFound(Noun::Order);
    let order = state.store.order_find(order).await?.ok_or_else(unknown)?;
    // Also one that was deleted since.
    let event = state.store.event_find_any(order.event_id).await?.ok_or_else(unknown)?;
    let tickets = state.store.ticket_list(order.id).await?;
    let positions = order_units::positions(&order.items, &tickets);
    let layout = layout(state, &event).await;
    let attendees = state.store.attendees_list(order.id).await?;
    let mut good: Vec<Ticket> = tickets;
    good.retain(|ticket| ticket.holder_id == holder && ticket.state != TicketState::Voided);
    good.sort_by_key(|ticket| positions.get(&ticket.id).copied());
    let named = |ticket: &Ticket| {
        let position = positions.get(&ticket.id)?;
        attendees.iter().find(|attendee| attendee.position == *position).map(|attendee| attendee.name.clone())
    };
    let words = |ticket: Ticket| {
        let words = of(&event, &ticket, layout.as_deref(), named(&ticket), ticket_view::code(state, &ticket));
        (ticket, words)
    };
    Ok(good.into_iter().map(words).collect())
}

/// With the names of sections and areas. `None`: the event is not there, and tickets are given all the same.
pub async fn layout(state: &AppState, event: &Event) -> Option<Arc<Layout>> {
    let handle = event_access::handle(state, event.id).await.ok()?;
    Some(handle.layout())
}

fn of(event: &Event, ticket: &Ticket, layout: Option<&Layout>, attendee: Option<String>, code: String) -> Words {
    let mut facts = Vec::new();
    if let Some(name) = attendee {
        facts.push(("Name", name));
    }
    facts.extend(place(ticket, layout));
    facts.push(("Ticket type", ticket.tier_name.clone()));
    facts.push(("Price", money::text(ticket.price_minor, &ticket.currency)));
    let town = [event.address.as_str(), event.city.as_str(), event.country.as_str()];
    let town = town.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    Words {
        title: event.title.clone(),
        when: Zone::of(event).clock(event.starts_at),
        venue: [event.location.clone(), town].into_iter().filter(|line| !line.is_empty()).collect(),
        facts,
        order: ticket.order_id.to_string(),
        ticket: ticket.id.to_string(),
        code,
    }
}

/// As it is written over the doors: a section or area by its name. A seat's public id is `section-row-number`, and none of the
/// three has a hyphen; of the last two the id is what people call them.
pub fn place(ticket: &Ticket, layout: Option<&Layout>) -> Vec<(&'static str, String)> {
    let named = |id: &str| layout.and_then(|layout| layout.part_name(id)).unwrap_or(id).to_owned();
    if ticket.is_area {
        return vec![("Area", named(&ticket.place))];
    }
    match ticket.place.split('-').collect::<Vec<_>>()[..] {
        [section, row, seat] => {
            vec![("Section", named(section)), ("Row", row.to_owned()), ("Seat", seat.to_owned())]
        }
        _ => vec![("Seat", ticket.place.clone())],
    }
}
