//! Amounts of money as people read them.

/// ISO 4217: those whose minor unit is not a hundredth, with the digits that it has.
const DIGITS: [(&str, usize); 25] = [
    ("BHD", 3),
    ("BIF", 0),
    ("CLF", 4),
    ("CLP", 0),
    ("DJF", 0),
    ("GNF", 0),
    ("IQD", 3),
    ("ISK", 0),
    ("JOD", 3),
    ("JPY", 0),
    ("KMF", 0),
    ("KRW", 0),
    ("KWD", 3),
    ("LYD", 3),
    ("OMR", 3),
    ("PYG", 0),
    ("RWF", 0),
    ("TND", 3),
    ("UGX", 0),
    ("UYI", 0),
    ("UYW", 4),
    ("VND", 0),
    ("VUV", 0),
    ("XAF", 0),
    ("XOF", 0),
];

/// `45.00 EUR`.
pub fn text(amount_minor: i64, currency: &str) -> String {
    let digits = DIGITS.iter().find(|(code, _)| *code == currency).map_or(2, |(_, digits)| *digits);
    let sign = if amount_minor < 0 { "-" } else { "" };
    let plain = format!("{:0>width$}", amount_minor.unsigned_abs(), width = digits + 1);
    let (whole, parts) = plain.split_at(plain.len() - digits);
    let point = if digits == 0 { "" } else { "." };
    format!("{sign}{whole}{point}{parts} {currency}")
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn an_amount_has_the_digits_of_its_currency() {
        let rows = [
            (4_500, "EUR", "45.00 EUR"),
            (5, "EUR", "0.05 EUR"),
            (0, "EUR", "0.00 EUR"),
            (1_200, "JPY", "1200 JPY"),
            (12_345, "KWD", "12.345 KWD"),
            (7, "CLF", "0.0007 CLF"),
            (-150, "USD", "-1.50 USD"),
            (0, "JPY", "0 JPY"),
            (i64::MAX, "EUR", "92233720368547758.07 EUR"),
            (i64::MIN, "JPY", "-9223372036854775808 JPY"),
        ];
        for (amount_minor, currency, expected) in rows {
            assert_eq!(text(amount_minor, currency), expected);
        }
    }
}
