//! What fails below the api, as it is told.

use engine::{SubmitError, Unavailable};
use inventory::Rejection;
use persistence::StoreError;

use super::{ApiError, Busy, Conflict};
use crate::auth::PasswordError;

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection, Vec::new())
    }
}

impl From<Unavailable> for ApiError {
    fn from(unavailable: Unavailable) -> Self {
        Self::Busy(Busy::Event(unavailable))
    }
}

impl From<SubmitError> for ApiError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Rejected(rejection) => rejection.into(),
            SubmitError::Unavailable(unavailable) => unavailable.into(),
            SubmitError::OutcomeUnknown => Self::OutcomeUnknown,
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::EmailTaken => Self::Conflict(Conflict::EmailTaken),
            StoreError::TitleTaken => Self::Conflict(Conflict::EventTitleTaken),
            StoreError::Unavailable(_) | StoreError::Timeout => {
                tracing::warn!(error = %chain(&error), "the store is not available: {}", chain(&error));
                Self::Busy(Busy::Store)
            }
            StoreError::OutcomeUnknown(_) => {
                tracing::warn!(error = %chain(&error), "the outcome of a write is unknown: {}", chain(&error));
                Self::OutcomeUnknown
            }
            StoreError::Defect(_) => Self::Defect(chain(&error).into()),
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::QueueFull | PasswordError::TooLate => Self::Busy(Busy::Passwords),
            PasswordError::Hash(_) | PasswordError::Thread(_) => Self::Defect(error.to_string().into()),
        }
    }
}

/// An error with all its causes, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
