//! What a list of events is asked for.

use inventory::{TimeUs, UserId};
use uuid::Uuid;

use super::event_near::Near;
use crate::search::{SearchWords, folded};

/// How events are ordered. Those that are equal go by their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventSort {
    #[default]
    Newest,
    /// The earliest start first.
    Date,
    /// The cheapest first; those without a price come last.
    Price,
    Title,
    /// Those that have all words in the title before the others, the newest first.
    Relevance,
}

/// Whose eyes see the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    #[default]
    Public,
    /// The account's own events, drafts included.
    Organizer(UserId),
    Admin,
}

/// What status and time have made of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventPhase {
    Draft,
    Published,
    /// Published, and not begun.
    Upcoming,
    /// Somebody without a code may buy now, if something is left.
    OnSale,
    /// Begun and not over.
    Ongoing,
    Ended,
    Cancelled,
}

/// Where a page ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventCursor {
    pub key: SortKey,
    pub number: i64,
}

/// What an event stands by in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// Time or price; of relevance, 0 for the titles and 1 for the others; of the newest, nothing.
    Number(i64),
    Text(String),
}

/// What is `None` leaves no event out, but for the phase.
#[derive(Clone, Debug, Default)]
pub struct EventQuery {
    pub audience: Audience,
    /// `None`: what is published and not over; to organizers and admins, everything.
    pub phase: Option<EventPhase>,
    pub words: Option<SearchWords>,
    pub starts_from: Option<TimeUs>,
    pub starts_before: Option<TimeUs>,
    /// Whatever its case and accents.
    pub city: Option<String>,
    pub country: Option<String>,
    pub near: Option<Near>,
    pub category: Option<String>,
    pub tag: Option<String>,
    /// Of one tier that everybody sees, as are the name and the price below.
    pub price_min_minor: Option<i64>,
    pub price_max_minor: Option<i64>,
    pub currency: Option<String>,
    /// Whatever its case and accents.
    pub ticket_type: Option<String>,
    /// Something is left, and the event is not over.
    pub available: bool,
    pub organizer: Option<UserId>,
    pub series: Option<Uuid>,
    pub sort: EventSort,
    pub after: Option<EventCursor>,
}

impl EventQuery {
    /// The one status that all events of the list have.
    pub(crate) const fn status_column(&self) -> Option<&'static str> {
        match (self.phase, self.audience) {
            (Some(EventPhase::Draft), _) => Some("draft"),
            (Some(EventPhase::Cancelled), _) => Some("cancelled"),
            (Some(_), _) | (None, Audience::Public) => Some("published"),
            (None, Audience::Organizer(_) | Audience::Admin) => None,
        }
    }

    /// Asked for, or the one who asks.
    pub(crate) const fn organizer(&self) -> Option<UserId> {
        match self.audience {
            Audience::Organizer(user) => Some(user),
            Audience::Public | Audience::Admin => self.organizer,
        }
    }

    pub(crate) fn city_key(&self) -> Option<String> {
        self.city.as_deref().map(folded)
    }
}

/// As names of tiers are compared.
pub(crate) fn tier_name(name: &str) -> String {
    folded(name).replace('\0', "\u{fffd}")
}
