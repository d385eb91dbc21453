//! Somebody who will come, as an order names him.

use wire::Attendee;

use crate::field_errors::FieldErrors;

const NAME_CHARS_MAX: usize = 200;
const EMAIL_CHARS_MAX: usize = 254;

pub fn check(errors: &mut FieldErrors, field: &str, attendee: &Attendee) {
    let chars = attendee.name.chars().count();
    if attendee.name.trim().is_empty() || chars > NAME_CHARS_MAX {
        errors.add(format!("{field}.name"), "LENGTH", format!("1 to {NAME_CHARS_MAX} characters"));
    }
    if attendee.email.as_deref().is_some_and(|email| !is_address(email)) {
        errors.add(format!("{field}.email"), "EMAIL", "an e-mail address");
    }
}

fn is_address(email: &str) -> bool {
    email.chars().count() <= EMAIL_CHARS_MAX
        && !email.chars().any(|c| c.is_control() || c.is_whitespace())
        && email.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
}
