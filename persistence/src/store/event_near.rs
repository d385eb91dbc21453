//! Places on the globe. The database narrows to a box, exactly is measured here: SQLite has no trigonometry.

use super::Event;

const EARTH_RADIUS_M: f64 = 6_371_008.8;
const MILLIONTHS: f64 = 1_000_000.0;
const LATITUDE_MAX_E6: i64 = 90_000_000;
const LONGITUDE_MAX_E6: i64 = 180_000_000;

/// Within a distance of a place, along the surface of a sphere: true to half a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Near {
    /// Degrees in millionths, north and east positive.
    pub latitude_e6: i64,
    pub longitude_e6: i64,
    pub radius_m: u32,
}

impl Near {
    fn angle(self) -> f64 {
        f64::from(self.radius_m) / EARTH_RADIUS_M
    }

    /// Southernmost and northernmost.
    pub(crate) fn latitudes(self) -> (i64, i64) {
        let reach = (self.angle().to_degrees() * MILLIONTHS).ceil() as i64 + 1;
        ((self.latitude_e6 - reach).max(-LATITUDE_MAX_E6), (self.latitude_e6 + reach).min(LATITUDE_MAX_E6))
    }

    /// One range, or two where it reaches over the date line. `None`: all, it reaches over a pole.
    pub(crate) fn longitudes(self) -> Option<[Option<(i64, i64)>; 2]> {
        let (south, north) = self.latitudes();
        if south == -LATITUDE_MAX_E6 || north == LATITUDE_MAX_E6 {
            return None;
        }
        // Where the circle is widest, which is a little nearer to the pole than its centre.
        let ratio = self.angle().sin() / radians(self.latitude_e6).cos();
        if ratio >= 1.0 {
            return None;
        }
        let reach = (ratio.asin().to_degrees() * MILLIONTHS).ceil() as i64 + 1;
        let (west, east) = (self.longitude_e6 - reach, self.longitude_e6 + reach);
        let turn = 2 * LONGITUDE_MAX_E6;
        Some(if west < -LONGITUDE_MAX_E6 {
            [Some((west + turn, LONGITUDE_MAX_E6)), Some((-LONGITUDE_MAX_E6, east))]
        } else if east > LONGITUDE_MAX_E6 {
            [Some((west, LONGITUDE_MAX_E6)), Some((-LONGITUDE_MAX_E6, east - turn))]
        } else {
            [Some((west, east)), None]
        })
    }

    pub(crate) fn holds(self, event: &Event) -> bool {
        let (Some(latitude), Some(longitude)) = (event.latitude_e6, event.longitude_e6) else { return false };
        self.distance_m(latitude, longitude) <= f64::from(self.radius_m)
    }

    /// By the haversine formula, which is exact for small distances, too.
    fn distance_m(self, latitude_e6: i64, longitude_e6: i64) -> f64 {
        let (here, there) = (radians(self.latitude_e6), radians(latitude_e6));
        let across = (radians(longitude_e6 - self.longitude_e6) / 2.0).sin().powi(2);
        let along = ((there - here) / 2.0).sin().powi(2);
        2.0 * EARTH_RADIUS_M * (along + here.cos() * there.cos() * across).sqrt().min(1.0).asin()
    }
}

fn radians(e6: i64) -> f64 {
    (e6 as f64 / MILLIONTHS).to_radians()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: (i64, i64) = (52_520_008, 13_404_954);
    const HAMBURG: (i64, i64) = (53_551_086, 9_993_682);

    const fn near((latitude_e6, longitude_e6): (i64, i64), radius_m: u32) -> Near {
        Near { latitude_e6, longitude_e6, radius_m }
    }

    #[test]
    fn distances_are_those_of_the_globe() {
        let km = near(BERLIN, 1).distance_m(HAMBURG.0, HAMBURG.1) / 1_000.0;
        assert!((254.0..257.0).contains(&km), "{km}");
        assert!(near(BERLIN, 1).distance_m(BERLIN.0, BERLIN.1) < 0.001);
        let over_the_date_line = near((0, 179_900_000), 1).distance_m(0, -179_900_000) / 1_000.0;
        assert!((22.0..22.5).contains(&over_the_date_line), "{over_the_date_line}");
    }

    /// Walks the rim of circles everywhere: nothing inside may be outside of the box.
    #[test]
    fn the_box_holds_the_whole_circle() {
        let in_box = |near: Near, (latitude, longitude): (i64, i64)| {
            let (south, north) = near.latitudes();
            let of = |range: (i64, i64)| (range.0..=range.1).contains(&longitude);
            let is_between = near.longitudes().is_none_or(|ranges| ranges.into_iter().flatten().any(of));
            (south..=north).contains(&latitude) && is_between
        };
        for latitude in (-90..=90).step_by(5) {
            for longitude in [-180, -179, -90, 0, 90, 179, 180] {
                for radius_m in [1, 1_000, 100_000, 500_000] {
                    let near = near((latitude * 1_000_000, longitude * 1_000_000), radius_m);
                    for step in 0..64 {
                        let rim = on_rim(near, f64::from(step) / 64.0 * std::f64::consts::TAU);
                        assert!(in_box(near, rim), "{near:?} {rim:?}");
                    }
                }
            }
        }
    }

    /// The point in a direction, as far away as the radius says.
    fn on_rim(near: Near, bearing: f64) -> (i64, i64) {
        let (latitude, longitude, angle) = (radians(near.latitude_e6), radians(near.longitude_e6), near.angle());
        let sine = latitude.sin() * angle.cos() + latitude.cos() * angle.sin() * bearing.cos();
        let there = sine.clamp(-1.0, 1.0).asin();
        let east = (bearing.sin() * angle.sin() * latitude.cos()).atan2(angle.cos() - latitude.sin() * sine);
        let degrees = ((longitude + east).to_degrees() + 540.0).rem_euclid(360.0) - 180.0;
        ((there.to_degrees() * MILLIONTHS).round() as i64, (degrees * MILLIONTHS).round() as i64)
    }
}
