//! What is shown at a gate, and the nonce that a scan of it goes by.

use inventory::{Direction, EventId, TicketId};
use uuid::Uuid;
use wire::ScanDirection;

use crate::auth::Caller;
use crate::digest;
use crate::error::{ApiError, Noun};
use crate::field_errors::FieldErrors;
use crate::state::AppState;
use crate::ticket_code::Claim;

const NONCE_CHARS_MAX: usize = 64;

/// `path` leads to the fields, with a dot at its end.
///
/// # Errors
/// Neither a code nor a ticket, or both; a nonce that is none.
pub fn check(path: &str, code: Option<&str>, ticket: Option<Uuid>, nonce: Option<&str>) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    if code.is_some() == ticket.is_some() {
        errors.add(format!("{path}code"), "ONE_OF", "either `code` or `ticket_id`");
    }
    if nonce.is_some_and(|nonce| !(1..=NONCE_CHARS_MAX).contains(&nonce.chars().count())) {
        errors.add(format!("{path}nonce"), "LENGTH", format!("1 to {NONCE_CHARS_MAX} characters"));
    }
    errors.none()
}

/// Of what was checked: the ticket that is shown. `None`: a code that proves nothing here.
///
/// # Errors
/// The event has no ticket of this id; the store is not available.
pub async fn claim(
    state: &AppState,
    event: EventId,
    code: Option<&str>,
    ticket: Option<Uuid>,
) -> Result<Option<Claim>, ApiError> {
    let Some(ticket) = ticket else {
        return Ok(code.and_then(|code| state.ticket_signer.verify(event, code).ok()));
    };
    let found = state.store.ticket_find(TicketId::from_uuid(ticket)).await?;
    let found = found.filter(|found| found.event_id == event).ok_or(ApiError::NotFound(Noun::Ticket))?;
    Ok(Some(Claim { ticket: found.id, generation: found.generation }))
}

/// Scanners make their nonces up: a digest gives every one the same size. Two machines that count from 1 do not meet.
pub fn nonce(caller: Caller, nonce: &str) -> u64 {
    let device = caller.scopes.map(|_| caller.session.into_bytes());
    let digest = match &device {
        Some(device) => digest::of(&[b"nonce", device, nonce.as_bytes()]),
        None => digest::of(&[b"nonce", nonce.as_bytes()]),
    };
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(bytes)
}

pub fn direction(asked: Option<ScanDirection>) -> Direction {
    match asked.unwrap_or(ScanDirection::Entry) {
        ScanDirection::Entry => Direction::Entry,
        ScanDirection::Exit => Direction::Exit,
    }
}

pub const fn told(direction: Direction) -> ScanDirection {
    match direction {
        Direction::Entry => ScanDirection::Entry,
        Direction::Exit => ScanDirection::Exit,
    }
}

pub const fn stored(direction: persistence::GateDirection) -> ScanDirection {
    match direction {
        persistence::GateDirection::Entry => ScanDirection::Entry,
        persistence::GateDirection::Exit => ScanDirection::Exit,
    }
}

pub const fn ticket_state(state: persistence::TicketState) -> wire::TicketState {
    match state {
        persistence::TicketState::Issued => wire::TicketState::Issued,
        persistence::TicketState::CheckedIn => wire::TicketState::CheckedIn,
        persistence::TicketState::CheckedOut => wire::TicketState::CheckedOut,
        persistence::TicketState::Voided => wire::TicketState::Voided,
    }
}

#[cfg(test)]
mod tests {
    use inventory::UserId;
    use wire::{ApiScope, Role, UserStatus};

    use super::*;

    fn machine(id: u8) -> Caller {
        Caller {
            user: UserId::from_bytes([1; 16]),
            role: Role::Organizer,
            status: UserStatus::Active,
            session: Uuid::from_bytes([id; 16]),
            scopes: Some([ApiScope::Scan].into_iter().collect()),
            scanner: None,
        }
    }

    #[test]
    fn two_devices_that_count_from_one_do_not_send_one_scan() {
        assert_eq!(nonce(machine(1), "1"), nonce(machine(1), "1"));
        assert_ne!(nonce(machine(1), "1"), nonce(machine(2), "1"));
        assert_ne!(nonce(machine(1), "1"), nonce(machine(1), "2"));
        // Somebody who signs in again in the midst of a shift still sends the same scan.
        let person = |id| Caller { scopes: None, ..machine(id) };
        assert_eq!(nonce(person(1), "1"), nonce(person(2), "1"));
    }

    #[test]
    fn a_scan_names_its_ticket_in_one_way() {
        let ticket = Some(Uuid::nil());
        assert!(check("", Some("x"), None, Some("1")).is_ok() && check("", None, ticket, Some("1")).is_ok());
        for (code, ticket, nonce) in [(None, None, "1"), (Some("x"), ticket, "1"), (Some("x"), None, "")] {
            assert!(check("", code, ticket, Some(nonce)).is_err());
        }
        let errors = check("scans[3].", None, None, Some(&"n".repeat(65))).unwrap_err().into_vec();
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["scans[3].code", "scans[3].nonce"]);
    }
}
