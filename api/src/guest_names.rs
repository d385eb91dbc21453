//! Who comes with which ticket. An order names its attendees by the position of their units, and a ticket knows its place
//! alone: the two are brought together here.

use std::collections::HashMap;

use inventory::{EventId, OrderId};
use persistence::{Guest, NamedGuest, Store, StoreError};

use crate::order_units;

pub struct GuestNames(HashMap<(OrderId, u32), NamedGuest>);

impl GuestNames {
    /// What the orders of these guests, which stand in the order of the list, say of their attendees.
    ///
    /// # Errors
    /// The store is not available.
    pub async fn of(store: &Store, event: EventId, guests: &[Guest]) -> Result<Self, StoreError> {
        let (Some(first), Some(last)) = (guests.first(), guests.last()) else { return Ok(Self(HashMap::new())) };
        let named = store.guest_names(event, first.order_id, last.order_id).await?;
        Ok(Self(named.into_iter().map(|one| ((one.order_id, one.position), one)).collect()))
    }

    /// `None`: the order does not say who comes with this ticket.
    pub fn attendee(&self, guest: &Guest) -> Option<&NamedGuest> {
        let position = order_units::position(&guest.items, &guest.place, guest.tier_id, guest.nth);
        position.and_then(|position| self.0.get(&(guest.order_id, position)))
    }
}
