//! Stripe counts most currencies in minor units as ISO 4217 does. <https://docs.stripe.com/currencies>

/// Of these ISO knows no minor unit, and Stripe wants hundredths.
const HUNDREDFOLD: [&str; 2] = ["ISK", "UGX"];
/// ISO counts these in hundredths, and Stripe wants whole ones.
const WHOLE: [&str; 1] = ["MGA"];
/// In thousandths, of which Stripe takes tens.
const THOUSANDTHS: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];

/// As Stripe is told. `None`: it cannot be said.
pub fn told(amount_minor: i64, currency: &str) -> Option<i64> {
    if HUNDREDFOLD.contains(&currency) {
        amount_minor.checked_mul(100)
    } else if WHOLE.contains(&currency) {
        (amount_minor % 100 == 0).then_some(amount_minor / 100)
    } else if THOUSANDTHS.contains(&currency) {
        (amount_minor % 10 == 0).then_some(amount_minor)
    } else {
        Some(amount_minor)
    }
}

/// As Stripe tells. `None`: it is no amount of ours.
pub fn heard(amount: i64, currency: &str) -> Option<i64> {
    if HUNDREDFOLD.contains(&currency) {
        (amount % 100 == 0).then_some(amount / 100)
    } else if WHOLE.contains(&currency) {
        amount.checked_mul(100)
    } else {
        Some(amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_heard_back_and_what_cannot_be_said_is_not() {
        let table = [
            ("EUR", 4_500, Some(4_500)),
            ("JPY", 4_500, Some(4_500)),
            ("ISK", 4_500, Some(450_000)),
            ("MGA", 4_500, Some(45)),
            ("MGA", 4_501, None),
            ("KWD", 4_510, Some(4_510)),
            ("KWD", 4_511, None),
            ("UGX", i64::MAX, None),
        ];
        for (currency, amount_minor, expected) in table {
            assert_eq!(told(amount_minor, currency), expected, "{currency} {amount_minor}");
            if let Some(amount) = expected {
                assert_eq!(heard(amount, currency), Some(amount_minor), "{currency} {amount}");
            }
        }
        assert_eq!(heard(450_001, "ISK"), None);
    }
}
