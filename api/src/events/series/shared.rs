use persistence::{Event, EventPatch, Tags};
use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::events::words;

/// What the sessions of a series say alike, as it is kept with the series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    pub title: String,
    pub description: String,
    pub organization: String,
    pub rating: String,
    pub location: String,
    pub address: String,
    pub city: String,
    pub country: String,
    pub latitude_e6: Option<i64>,
    pub longitude_e6: Option<i64>,
    pub category: String,
    pub tags: Vec<String>,
    pub timezone: String,
}

impl Shared {
    pub fn of(event: &Event) -> Self {
        let event = event.clone();
        Self {
            title: event.title,
            description: event.description,
            organization: event.organization,
            rating: event.rating,
            location: event.location,
            address: event.address,
            city: event.city,
            country: event.country,
            latitude_e6: event.latitude_e6,
            longitude_e6: event.longitude_e6,
            category: event.category,
            tags: event.tags.0,
            timezone: event.timezone,
        }
    }

    /// # Errors
    /// A defect: what is kept was written by [`Self::text`].
    pub fn read(text: &str) -> Result<Self, ApiError> {
        serde_json::from_str(text).map_err(|error| ApiError::Defect(error.to_string().into()))
    }

    /// # Errors
    /// None that is known.
    pub fn text(&self) -> Result<String, ApiError> {
        serde_json::to_string(self).map_err(|error| ApiError::Defect(error.to_string().into()))
    }

    /// A session that says so.
    pub fn over(&self, event: Event) -> Event {
        let shared = self.clone();
        Event {
            slug: words::slug(&shared.title),
            title: shared.title,
            description: shared.description,
            organization: shared.organization,
            rating: shared.rating,
            location: shared.location,
            address: shared.address,
            city: shared.city,
            country: shared.country,
            latitude_e6: shared.latitude_e6,
            longitude_e6: shared.longitude_e6,
            category: shared.category,
            tags: Tags(shared.tags),
            timezone: shared.timezone,
            ..event
        }
    }

    pub fn patched(self, patch: &EventPatch) -> Self {
        let text = |new: &Option<String>, old: String| new.clone().unwrap_or(old);
        let (latitude_e6, longitude_e6) = match patch.coordinates {
            Some(at) => at.unzip(),
            None => (self.latitude_e6, self.longitude_e6),
        };
        Self {
            title: text(&patch.title, self.title),
            description: text(&patch.description, self.description),
            organization: text(&patch.organization, self.organization),
            rating: text(&patch.rating, self.rating),
            location: text(&patch.location, self.location),
            address: text(&patch.address, self.address),
            city: text(&patch.city, self.city),
            country: text(&patch.country, self.country),
            latitude_e6,
            longitude_e6,
            category: text(&patch.category, self.category),
            tags: patch.tags.as_ref().map_or(self.tags, |tags| tags.0.clone()),
            timezone: text(&patch.timezone, self.timezone),
        }
    }
}
