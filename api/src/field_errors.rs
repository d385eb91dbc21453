//! Which fields of a body are at fault, gathered so that a client can mend all of them at once.

use wire::FieldError;

use crate::error::ApiError;
use crate::field_codes;

/// More are counted out: nobody reads a thousand, and a bad body must not make a large answer.
const ERRORS_MAX: usize = 20;

/// `code` is one of [`crate::field_codes`].
pub fn field_error(field: impl Into<String>, code: &str, message: impl Into<String>) -> FieldError {
    debug_assert!(field_codes::is_known(code), "field_codes.rs does not have {code}");
    FieldError { field: field.into(), code: code.to_owned(), message: message.into() }
}

#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// `field` is the path into the body, for instance `items[2].seat`.
    pub fn add(&mut self, field: impl Into<String>, code: &str, message: impl Into<String>) {
        if self.0.len() < ERRORS_MAX {
            self.0.push(field_error(field, code, message));
        }
    }

    /// Those of another look at the same body.
    pub fn append(&mut self, more: Self) {
        self.0.extend(more.0);
        self.0.truncate(ERRORS_MAX);
    }

    /// # Errors
    /// Itself, unless it is empty.
    pub fn none(&mut self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(std::mem::take(self)) }
    }

    pub fn into_vec(self) -> Vec<FieldError> {
        self.0
    }
}

impl From<FieldErrors> for ApiError {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors.0)
    }
}
