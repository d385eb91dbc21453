//! What an organizer may change of an event's words and dates.

use inventory::TimeUs;

use super::{Event, Tags};

/// What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventPatch {
    pub title: Option<String>,
    pub description: Option<String>,
    pub organization: Option<String>,
    pub rating: Option<String>,
    pub location: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub country: Option<String>,
    pub latitude_e6: Option<i64>,
    pub longitude_e6: Option<i64>,
    pub category: Option<String>,
    pub tags: Option<Tags>,
    pub timezone: Option<String>,
    pub starts_at: Option<TimeUs>,
    pub ends_at: Option<TimeUs>,
    /// Not once anything of the event is sold.
    pub only_unsold: bool,
}

impl EventPatch {
    /// What it would change of that which buyers have paid for: when and where.
    pub fn moves(&self, event: &Event) -> Vec<&'static str> {
        let text = |new: &Option<String>, old: &str| new.as_deref().is_some_and(|new| new != old);
        let fields = [
            ("starts_at", self.starts_at.is_some_and(|at| at != event.starts_at)),
            ("ends_at", self.ends_at.is_some() && self.ends_at != event.ends_at),
            ("timezone", text(&self.timezone, &event.timezone)),
            ("location", text(&self.location, &event.location)),
            ("address", text(&self.address, &event.address)),
            ("city", text(&self.city, &event.city)),
            ("country", text(&self.country, &event.country)),
        ];
        fields.into_iter().filter(|(_, moves)| *moves).map(|(field, _)| field).collect()
    }
}
