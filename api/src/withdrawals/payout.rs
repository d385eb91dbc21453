//! Where money of a wallet is paid out to: checked when it is asked for, sealed at rest, masked wherever it is shown but to
//! the admin who pays.

use iban::{Iban, IbanLike, ParseBaseIbanError, ParseIbanError};
use uuid::Uuid;
use wire::Payout;

use crate::error::ApiError;
use crate::field_errors::FieldErrors;
use crate::sealed::Seals;

/// So much of a name a bank transfer carries.
const HOLDER_CHARS_MAX: usize = 70;
/// Of a number as it is written, spaces included.
const WRITTEN_CHARS_MAX: usize = 64;
const SHOWN_CHARS: usize = 4;

/// As it is kept: without spaces, in capital letters. `None`: its faults are among the errors.
pub fn read(asked: &Payout, errors: &mut FieldErrors) -> Option<Payout> {
    let holder = asked.holder.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_name = (1..=HOLDER_CHARS_MAX).contains(&holder.chars().count());
    let is_plain = !holder.chars().any(char::is_control);
    if !is_name {
        errors.add("payout.holder", "LENGTH", format!("1 to {HOLDER_CHARS_MAX} characters"));
    } else if !is_plain {
        errors.add("payout.holder", "CHARACTER", "no control characters");
    }
    let iban = number(&asked.iban, errors)?;
    (is_name && is_plain).then_some(Payout { iban, holder })
}

fn number(written: &str, errors: &mut FieldErrors) -> Option<String> {
    let compact = written.chars().take(WRITTEN_CHARS_MAX + 1).filter(|c| !c.is_whitespace());
    let compact = compact.collect::<String>().to_ascii_uppercase();
    let (code, message) = match compact.parse::<Iban>() {
        Ok(iban) => return Some(iban.electronic_str().to_owned()),
        // Its check digits fit, and an admin looks at it: the list of countries grows.
        Err(ParseIbanError::UnknownCountry(iban)) => return Some(iban.electronic_str().to_owned()),
        Err(ParseIbanError::InvalidBban(_)) => ("FORMAT", "account numbers of this country have another form"),
        Err(ParseIbanError::InvalidBaseIban { source: ParseBaseIbanError::InvalidChecksum }) => {
            ("CHECK_DIGITS", "the check digits do not fit: a character is wrong or out of place")
        }
        Err(ParseIbanError::InvalidBaseIban { .. }) => ("FORMAT", "an IBAN such as `DE44 5001 0517 5407 3249 31`"),
    };
    errors.add("payout.iban", code, message);
    None
}

/// Enough to know it again, and not enough to use it.
pub fn masked(payout: &Payout) -> Payout {
    let characters: Vec<char> = payout.iban.chars().collect();
    let (country, end) = (&characters[..2.min(characters.len())], characters.len().saturating_sub(SHOWN_CHARS));
    let iban = country.iter().chain(&['…']).chain(&characters[end..]).collect();
    let initial = |word: &str| word.chars().next().map(|first| format!("{first}…"));
    Payout { iban, holder: payout.holder.split(' ').filter_map(initial).collect::<Vec<_>>().join(" ") }
}

/// As it is kept, for this withdrawal alone.
///
/// # Errors
/// Only a defect.
pub fn sealed(seals: &Seals, withdrawal: Uuid, payout: &Payout) -> Result<Vec<u8>, ApiError> {
    let defect = |error: &dyn std::fmt::Display| ApiError::Defect(format!("a payout cannot be sealed: {error}").into());
    let plain = serde_json::to_vec(payout).map_err(|error| defect(&error))?;
    seals.payout.seal(withdrawal.as_bytes(), &plain).map_err(|error| defect(&error))
}

/// `None`: it was not sealed by this server for this withdrawal.
pub fn open(seals: &Seals, withdrawal: Uuid, sealed: &[u8]) -> Option<Payout> {
    serde_json::from_slice(&seals.payout.open(withdrawal.as_bytes(), sealed)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payout(iban: &str, holder: &str) -> Payout {
        Payout { iban: iban.to_owned(), holder: holder.to_owned() }
    }

    /// What is kept, or the faults.
    fn read_as(iban: &str, holder: &str) -> Result<Payout, Vec<(String, String)>> {
        let mut errors = FieldErrors::default();
        let read = read(&payout(iban, holder), &mut errors);
        match (read, errors.none()) {
            (Some(read), Ok(())) => Ok(read),
            (_, Err(errors)) => Err(errors.into_vec().into_iter().map(|error| (error.field, error.code)).collect()),
            (None, Ok(())) => panic!("refused without a reason"),
        }
    }

    #[test]
    fn numbers_whose_check_digits_fit_are_kept_in_one_form() {
        for (written, kept) in [
            ("DE44 5001 0517 5407 3249 31", "DE44500105175407324931"),
            ("gb29nwbk60161331926819", "GB29NWBK60161331926819"),
            (" FR14 2004 1010 0505 0001 3M02 606 ", "FR1420041010050500013M02606"),
            ("NO93 8601 1117 947", "NO9386011117947"),
        ] {
            assert_eq!(read_as(written, "  Ada   Lovelace "), Ok(payout(kept, "Ada Lovelace")), "{written}");
        }
    }

    #[test]
    fn each_mistyped_character_is_noticed_and_each_fault_named() {
        let one = |field: &str, code: &str| Err(vec![(field.to_owned(), code.to_owned())]);
        let good = "DE44500105175407324931";
        for at in 4..good.len() {
            let mut wrong = good.to_owned();
            let digit = char::from(b'0' + (good.as_bytes()[at] - b'0' + 1) % 10);
            wrong.replace_range(at..=at, &digit.to_string());
            assert_eq!(read_as(&wrong, "Ada"), one("payout.iban", "CHECK_DIGITS"), "{wrong}");
        }
        for (iban, code) in [
            ("", "FORMAT"),
            ("44 5001", "FORMAT"),
            ("DE44-5001-0517-5407-3249-31", "FORMAT"),
            ("DE4450010517540732493", "CHECK_DIGITS"),
            (&"DE44500105175407324931 ".repeat(9), "FORMAT"),
        ] {
            assert_eq!(read_as(iban, "Ada"), one("payout.iban", code), "{iban}");
        }
        assert_eq!(read_as(good, " "), one("payout.holder", "LENGTH"));
        assert_eq!(read_as(good, &"x".repeat(71)), one("payout.holder", "LENGTH"));
        assert_eq!(read_as(good, "A\u{7}da"), one("payout.holder", "CHARACTER"));
        assert_eq!(read_as("", "").unwrap_err().len(), 2, "both at once");
    }

    #[test]
    fn what_is_shown_names_neither_the_number_nor_the_person() {
        let shown = masked(&payout("DE44500105175407324931", "Ada Ünal"));
        assert_eq!(shown, payout("DE…4931", "A… Ü…"));
    }

    #[test]
    fn what_is_kept_comes_back_to_its_withdrawal_alone() {
        let (seals, ada) = (Seals::new(&[1; 32]).unwrap(), payout("DE44500105175407324931", "Ada"));
        let (own, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let kept = sealed(&seals, own, &ada).unwrap();
        assert!(!kept.windows(8).any(|bytes| bytes == b"50010517"));
        assert_eq!((open(&seals, own, &kept), open(&seals, other, &kept)), (Some(ada), None));
    }
}
