use wire::FieldError;

use crate::error::ApiError;
use crate::person::fault;
pub use crate::person::{email, name};

const PASSWORD_CHARS_MIN: usize = 8;
/// Hashing takes as long for a longer one, reading it does not.
const PASSWORD_CHARS_MAX: usize = 256;

/// # Errors
/// All faults that there are.
pub fn all(faults: impl IntoIterator<Item = Option<FieldError>>) -> Result<(), ApiError> {
    let faults: Vec<_> = faults.into_iter().flatten().collect();
    if faults.is_empty() { Ok(()) } else { Err(ApiError::Invalid(faults)) }
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
    fn lengths_are_counted_in_characters() {
        assert!(password("üüüüüüü").is_some());
        assert!(password("üüüüüüüü").is_none());
        assert!(password(&"x".repeat(257)).is_some());
    }
}
