use wire::FieldError;

use crate::error::ApiError;

const NAME_CHARS_MAX: usize = 200;
const EMAIL_BYTES_MAX: usize = 254;
const PASSWORD_CHARS_MIN: usize = 8;
/// Hashing takes as long for a longer one, reading it does not.
const PASSWORD_CHARS_MAX: usize = 256;

fn fault(field: &str, code: &str, message: String) -> FieldError {
    FieldError { field: field.to_owned(), code: code.to_owned(), message }
}

/// # Errors
/// All faults that there are.
pub fn all(faults: impl IntoIterator<Item = Option<FieldError>>) -> Result<(), ApiError> {
    let faults: Vec<_> = faults.into_iter().flatten().collect();
    if faults.is_empty() { Ok(()) } else { Err(ApiError::Invalid(faults)) }
}

pub fn name(name: &str) -> Option<FieldError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return Some(fault("name", "LENGTH", format!("1 to {NAME_CHARS_MAX} characters")));
    }
    if name.chars().any(char::is_control) {
        return Some(fault("name", "CHARACTERS", "no control characters".to_owned()));
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

pub fn password(password: &str) -> Option<FieldError> {
    let chars = password.chars().count();
    if (PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&chars) {
        None
    } else {
        let message = format!("{PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters");
        Some(fault("password", "LENGTH", message))
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
    fn lengths_are_counted_in_characters() {
        assert!(password("üüüüüüü").is_some());
        assert!(password("üüüüüüüü").is_none());
        assert!(password(&"x".repeat(257)).is_some());
        assert!(name("  ").is_some());
        assert!(name(&"ü".repeat(200)).is_none());
        assert!(name(&"ü".repeat(201)).is_some());
        assert!(name("a\u{7}b").is_some());
    }
}
