//! What an address may hold, of an event as of the venue that it takes place at.

use crate::countries;
use crate::field_errors::FieldErrors;

pub const STREET_CHARS_MAX: usize = 200;
pub const CITY_CHARS_MAX: usize = 100;

/// Of the field `country`.
pub fn check_country(errors: &mut FieldErrors, code: &str) {
    if !countries::is_known(code) {
        errors.add("country", "COUNTRY", "an ISO 3166-1 alpha-2 code such as `DE`");
    }
}
