//! Every code that names what is wrong with a field: part of the API's contract, as the codes of refusals are. What the
//! event's own rules refuse of a field carries the code of that refusal.

/// Code, meaning, and what to do.
pub const FIELD_CODES: &[(&str, &str, &str)] = &[
    (
        "CATEGORY_UNKNOWN",
        "The seat map's legend has no category of this name.",
        "Add it to categories, or mend the name.",
    ),
    ("CHARACTER", "A character that cannot be there, such as a control character or NUL.", "Leave it out."),
    ("CHECK_DIGITS", "The check digits do not fit.", "Copy the number again: a character is wrong or out of place."),
    ("COLOR", "Not a colour.", "Send # and six hexadecimal digits."),
    ("COUNTRY", "No country of ISO 3166-1 alpha-2.", "Send two capital letters such as DE."),
    ("CURRENCY", "No currency of ISO 4217.", "Send three capital letters such as EUR."),
    ("CURRENCY_MISMATCH", "Another currency than the event's, or the order's.", "Use the one that message names."),
    ("DUPLICATE", "The same is said before.", "Say it once."),
    ("EMAIL", "Not an e-mail address.", "Send one such as name@example.org."),
    (
        "EXACTLY_ONE",
        "None, or more than one, of fields of which one is wanted.",
        "Send one of those that message names.",
    ),
    ("FOREIGN", "It belongs to somebody else.", "Name one of the same owner."),
    ("FORMAT", "The text is not of the form that the field has.", "Write it as message shows."),
    ("FROZEN", "What buyers have paid for stands fast.", "Leave the field out, or send what it is now."),
    (
        "INVALID",
        "Not one that is valid here for this account.",
        "Send the one that was given for this event and account.",
    ),
    (
        "INVALID_TYPE",
        "JSON of another type, or a number out of its type's range.",
        "Send the type that the API document says.",
    ),
    ("LABEL", "Not a label.", "Use ASCII letters, digits, _ and . only, as many as message allows."),
    ("LENGTH", "Too short or too long.", "Keep to the length that message says."),
    ("MISSING_FIELD", "The field is required.", "Send it."),
    ("MONTH", "Not a month.", "Send year and month such as 2026-11."),
    ("NOT_ALL", "The list leaves something out, or has something else in it.", "Send all of them, each once."),
    ("NOT_ALLOWED", "Not for this caller to say.", "Leave the field out."),
    ("NOT_NULL", "Nothing can be without it, so null takes nothing away.", "Leave the field out to keep it as it is."),
    ("ONE_OF", "None, or more than one, of fields of which one is wanted.", "Send one of those that message names."),
    ("ORDER", "Not in the order that the list has.", "Sort the list as message says."),
    ("OUT_OF_RANGE", "A number or a time beyond what is taken.", "Keep to what message says."),
    ("OVERLAP", "Two seats stand on the same spot.", "Move one of them."),
    ("OWN_ADDRESS", "The address is the caller's own.", "Name somebody else."),
    ("POSITION_MISSING", "A seat has no place, but others of its row do.", "Give it at, or the row a line."),
    ("REQUIRED", "Something that is wanted together with the rest is missing.", "Send what message names."),
    ("SEAT_TAKEN", "The seat is held, sold or withheld; message is its id alone.", "Choose another one."),
    ("TIMEZONE", "No time zone of the IANA database, as that writes it.", "Send a name such as Europe/Berlin."),
    ("TOO_MANY", "More than are taken.", "Send as many as message says at most."),
    ("UNAVAILABLE", "This server is not configured for it.", "Choose another one."),
    ("UNEXPECTED", "It says nothing beside the rest of the body.", "Leave it out, or change what message names."),
    ("UNKNOWN", "There is none of this name or id.", "Take one that exists; message says of what."),
    ("UNKNOWN_FIELD", "The body has no such field.", "Mend its name, or leave it out."),
    ("UNKNOWN_VALUE", "Not one of the values that the field has.", "Send one that message names."),
    ("URL", "Not an address to which news can be sent.", "Send an https address that is reachable from the internet."),
    ("VERSION", "A version of the format that this server does not know.", "Send the one that message names."),
    ("WRONG", "Not the account's password.", "Type it again."),
];

pub fn is_known(code: &str) -> bool {
    FIELD_CODES.iter().any(|(known, ..)| *known == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_in_order_each_once_and_told_in_full() {
        assert!(FIELD_CODES.is_sorted_by(|(one, ..), (next, ..)| one < next));
        assert!(FIELD_CODES.iter().all(|(_, meaning, remedy)| meaning.ends_with('.') && remedy.ends_with('.')));
        assert!(is_known("LENGTH") && !is_known("LENGHT"));
    }
}
