//! Money in words.

/// ISO 4217 of those whose minor unit is not a hundredth: currencies, and how many decimals they have.
const OTHER_DECIMALS: [(&str, usize); 2] =
    [("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF", 0), ("BHD IQD JOD KWD LYD OMR TND", 3)];

fn decimals(currency: &str) -> usize {
    let other = OTHER_DECIMALS.iter().find(|(codes, _)| codes.split(' ').any(|code| code == currency));
    other.map_or(2, |(_, decimals)| *decimals)
}

/// `45.00 EUR`.
pub fn text(amount_minor: i64, currency: &str) -> String {
    let decimals = decimals(currency);
    let digits = format!("{:0width$}", amount_minor.unsigned_abs(), width = decimals + 1);
    let (whole, rest) = digits.split_at(digits.len() - decimals);
    let sign = if amount_minor < 0 { "-" } else { "" };
    let point = if decimals == 0 { "" } else { "." };
    format!("{sign}{whole}{point}{rest} {currency}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_currency_has_its_own_decimals() {
        let table = [
            (4_500, "EUR", "45.00 EUR"),
            (5, "EUR", "0.05 EUR"),
            (0, "USD", "0.00 USD"),
            (-250, "CHF", "-2.50 CHF"),
            (4_500, "JPY", "4500 JPY"),
            (0, "JPY", "0 JPY"),
            (4_500, "KWD", "4.500 KWD"),
            (i64::MAX, "EUR", "92233720368547758.07 EUR"),
        ];
        for (amount_minor, currency, expected) in table {
            assert_eq!(text(amount_minor, currency), expected);
        }
    }
}
