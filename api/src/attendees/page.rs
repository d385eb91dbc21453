//! One page of guests, each with what its order says of it.

use inventory::{EventId, TicketId, TierId};
use persistence::{GuestFilter, StoreError, TicketState};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use wire::Guest;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::event_access::{self, Capability};
use crate::guest_names::GuestNames;
use crate::state::AppState;
use crate::time;

const SEARCH_CHARS_MAX: usize = 100;

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GuestsQuery {
    /// Part of a name or a place, in any case; of an e-mail address for those who see addresses.
    pub search: Option<String>,
    /// Only tickets of this tier.
    pub tier: Option<Uuid>,
    /// Only tickets in this state.
    pub status: Option<wire::TicketState>,
}

/// Whose guests, which of them, and how much of them is shown.
#[derive(Clone)]
pub struct Guests {
    pub event: EventId,
    filter: GuestFilter,
}

impl Guests {
    /// # Errors
    /// The caller may not see who comes; a search that is too long.
    pub async fn of(state: &AppState, caller: Caller, event: Uuid, query: GuestsQuery) -> Result<Self, ApiError> {
        let event = EventId::from_uuid(event);
        let event = event_access::allow(state, caller, event, Capability::SeeAttendees).await?;
        // Addresses are for those who may see orders: a door needs names. Whoever may not see one may not find it either:
        // he could spell it out.
        let with_email = event_access::part(state, caller, &event).await?.may(Capability::SeeOrders);
        let text = query.search.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty());
        if text.as_ref().is_some_and(|text| text.chars().count() > SEARCH_CHARS_MAX) {
            return Err(ApiError::invalid("search", "LENGTH", format!("at most {SEARCH_CHARS_MAX} characters")));
        }
        let (tier, state) = (query.tier.map(TierId::from_uuid), query.status.map(stored));
        let filter = GuestFilter { text, tier, state, order: None, with_email };
        Ok(Self { event: event.id, filter })
    }

    /// # Errors
    /// The store is not available.
    pub async fn read(&self, state: &AppState, after: Option<TicketId>, limit: u32) -> Result<Vec<Guest>, StoreError> {
        let found = state.store.guest_list(self.event, &self.filter, after, limit).await?;
        let named = GuestNames::of(&state.store, self.event, &found).await?;
        Ok(found.into_iter().map(|guest| self.render(guest, &named)).collect())
    }

    fn render(&self, guest: persistence::Guest, named: &GuestNames) -> Guest {
        let attendee = named.attendee(&guest);
        let (name, email) = match attendee {
            Some(one) => (one.name.clone(), one.email.clone().or(guest.holder_email)),
            None => (guest.holder_name.unwrap_or_default(), guest.holder_email),
        };
        let (seat, area) = if guest.is_area { (None, Some(guest.place)) } else { (Some(guest.place), None) };
        Guest {
            ticket_id: guest.id.uuid(),
            order_id: guest.order_id.uuid(),
            seat,
            area,
            tier_id: guest.tier_id.uuid(),
            tier_name: guest.tier_name,
            status: render(guest.state),
            name,
            email: email.filter(|_| self.filter.with_email),
            issued_at: time::utc(guest.issued_at),
            scanned_at: guest.scanned_at.map(time::utc),
        }
    }
}

const fn stored(state: wire::TicketState) -> TicketState {
    match state {
        wire::TicketState::Issued => TicketState::Issued,
        wire::TicketState::CheckedIn => TicketState::CheckedIn,
        wire::TicketState::CheckedOut => TicketState::CheckedOut,
        wire::TicketState::Voided => TicketState::Voided,
    }
}

const fn render(state: TicketState) -> wire::TicketState {
    match state {
        TicketState::Issued => wire::TicketState::Issued,
        TicketState::CheckedIn => wire::TicketState::CheckedIn,
        TicketState::CheckedOut => wire::TicketState::CheckedOut,
        TicketState::Voided => wire::TicketState::Voided,
    }
}
