use persistence::Venue;
use wire::Coordinates;

use crate::time;

const E7: f64 = 1e7;

pub fn venue(venue: Venue) -> wire::Venue {
    let degrees = |e7: i64| e7 as f64 / E7;
    let coordinates = match (venue.latitude_e7, venue.longitude_e7) {
        (Some(latitude), Some(longitude)) => {
            Some(Coordinates { latitude: degrees(latitude), longitude: degrees(longitude) })
        }
        _ => None,
    };
    wire::Venue {
        id: venue.id,
        owner_id: venue.owner_id.uuid(),
        name: venue.name,
        address: venue.address,
        city: venue.city,
        country: venue.country,
        timezone: venue.timezone,
        coordinates,
        created_at: time::utc(venue.created_at),
    }
}

pub fn e7(degrees: f64) -> i64 {
    (degrees * E7).round() as i64
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
