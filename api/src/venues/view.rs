use persistence::Venue;

use crate::{coordinates, time};

pub fn venue(venue: Venue) -> wire::Venue {
    wire::Venue {
        id: venue.id,
        owner_id: venue.owner_id.uuid(),
        name: venue.name,
        address: venue.address,
        city: venue.city,
        country: venue.country,
        timezone: venue.timezone,
        coordinates: coordinates::degrees(venue.latitude_e6, venue.longitude_e6),
        created_at: time::utc(venue.created_at),
    }
}

pub fn seat_map(map: persistence::VenueSeatMap) -> wire::VenueSeatMap {
    wire::VenueSeatMap {
        name: map.name,
        sections: map.sections,
        areas: map.areas,
        seats: map.seats,
        places: map.places,
        updated_at: time::utc(map.updated_at),
    }
}
