//! Where something is. Kept in millionths of a degree: eleven centimetres.

use wire::Coordinates;

use crate::field_errors::FieldErrors;

const MILLIONTHS: f64 = 1e6;

/// Latitude and longitude, of the field `coordinates`.
pub fn millionths(errors: &mut FieldErrors, at: Coordinates) -> (i64, i64) {
    let mut of = |field, degrees: f64, max: f64| {
        if !(-max..=max).contains(&degrees) {
            errors.add(field, "OUT_OF_RANGE", format!("-{max} to {max}"));
        }
        (degrees * MILLIONTHS).round() as i64
    };
    (of("coordinates.latitude", at.latitude, 90.0), of("coordinates.longitude", at.longitude, 180.0))
}

/// `None`, unless both are known.
pub fn degrees(latitude_e6: Option<i64>, longitude_e6: Option<i64>) -> Option<Coordinates> {
    let of = |millionths: i64| millionths as f64 / MILLIONTHS;
    Some(Coordinates { latitude: of(latitude_e6?), longitude: of(longitude_e6?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_survive_to_the_millionth_of_a_degree() {
        let mut errors = FieldErrors::default();
        let at = Coordinates { latitude: 52.520008, longitude: -13.404954 };
        assert_eq!(millionths(&mut errors, at), (52_520_008, -13_404_954));
        assert_eq!(degrees(Some(52_520_008), Some(-13_404_954)), Some(at));
        assert_eq!(degrees(Some(1), None), None);
        errors.none().unwrap();
        let mut errors = FieldErrors::default();
        millionths(&mut errors, Coordinates { latitude: 90.1, longitude: f64::NAN });
        assert_eq!(errors.into_vec().len(), 2);
    }
}
