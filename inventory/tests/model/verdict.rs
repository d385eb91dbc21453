//! When a refusal of the twin is the refusal of the fast core.

use inventory::reference::Verdict;
use inventory::{Command, Rejection};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::pair::Checked;

/// The same code, and where more is said than the code the same, but for the wording of problems and the number of seats
/// that were left.
pub fn check_rejection(verdict: &Verdict, rejection: &Rejection, command: &Command) -> Checked {
    let Verdict::Rejected(expected) = verdict else {
        return Err(TestCaseError::fail(format!("{rejection:?}, but the twin says {verdict:?} to {command:?}")));
    };
    prop_assert_eq!(expected.code(), rejection.code(), "{:?} or {:?}: {:?}", expected, rejection, command);
    let is_loose = matches!(
        rejection,
        Rejection::SeatMapInvalid { .. }
            | Rejection::TierInvalid { .. }
            | Rejection::PolicyInvalid { .. }
            | Rejection::AccessCodeInvalid { .. }
            | Rejection::DiscountCodeInvalid { .. }
            | Rejection::WaitlistInvalid { .. }
            | Rejection::NotEnoughSeats { .. }
            | Rejection::SaleNotStarted { .. }
    );
    prop_assert!(is_loose || expected == rejection, "{:?} or {:?}: {:?}", expected, rejection, command);
    Ok(())
}
