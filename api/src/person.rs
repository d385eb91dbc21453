//! What may be the name or the e-mail address of a person, wherever one is written.

use wire::FieldError;

use crate::field_errors::field_error;

const NAME_CHARS_MAX: usize = 200;
const EMAIL_BYTES_MAX: usize = 254;

/// Of a field of a body.
pub fn fault(field: &str, code: &str, message: String) -> FieldError {
    field_error(field, code, message)
}

pub fn name(name: &str) -> Option<FieldError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return Some(fault("name", "LENGTH", format!("1 to {NAME_CHARS_MAX} characters")));
    }
    if name.chars().any(char::is_control) {
        return Some(fault("name", "CHARACTER", "no control characters".to_owned()));
    }
    None
}

/// The form only: whether somebody reads it is found out by writing to it.
pub fn email(email: &str) -> Option<FieldError> {
    if email.len() > EMAIL_BYTES_MAX {
        return Some(fault("email", "LENGTH", format!("at most {EMAIL_BYTES_MAX} bytes")));
    }
    let is_plain = email.chars().all(|c| !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>' | ',' | '"'));
    let is_address = email.split_once('@').is_some_and(|(local, domain)| {
        (1..=64).contains(&local.len())
            && !domain.contains('@')
            && domain.split('.').count() >= 2
            && domain.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
    });
    if is_plain && is_address {
        None
    } else {
        Some(fault("email", "FORMAT", "an address such as `name@example.org`".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in ["a@b.cd", "first.last+tag@sub.example.org", "ö@bücher.example", "admin@usher.local"] {
            assert!(email(good).is_none(), "{good}");
        }
        let long = format!("{}@b.cd", "a".repeat(65));
        for bad in
            ["", "@", "a@", "@b.cd", "a@b", "a@@b.cd", "a b@c.de", "a@b..cd", "a@-b.cd", "a@b.cd\n", "<a@b.cd>", &long]
        {
            assert!(email(bad).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn a_name_is_counted_in_characters_and_commands_no_terminal() {
        assert!(name("  ").is_some());
        assert!(name(&"ü".repeat(200)).is_none());
        assert!(name(&"ü".repeat(201)).is_some());
        assert!(name("a\u{7}b").is_some());
    }
}
