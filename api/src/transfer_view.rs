//! Offers of tickets as the API shows them.

use inventory::TimeUs;
use persistence::{EventStatus, TicketState, TicketTransfer, TransferStatus};
use wire::TransferState;

use crate::time;

/// What it is worth now: its row says what was answered, the ticket's whether it can still be had.
pub fn state(transfer: &TicketTransfer, now: TimeUs) -> TransferState {
    match transfer.status {
        TransferStatus::Open if !can_be_had(transfer) => TransferState::Closed,
        TransferStatus::Open if transfer.expires_at <= now => TransferState::Expired,
        TransferStatus::Open => TransferState::Open,
        TransferStatus::Accepting if is_done(transfer) => TransferState::Accepted,
        TransferStatus::Accepting => TransferState::Accepting,
        TransferStatus::Accepted => TransferState::Accepted,
        TransferStatus::Declined => TransferState::Declined,
        TransferStatus::Cancelled => TransferState::Cancelled,
        TransferStatus::Closed => TransferState::Closed,
    }
}

fn can_be_had(transfer: &TicketTransfer) -> bool {
    transfer.ticket_state == TicketState::Issued
        && transfer.ticket_generation == transfer.generation
        && transfer.holder_id == transfer.sender_id
        && transfer.event_status != EventStatus::Cancelled
}

/// Whether the ticket has gone. Nobody else can have taken it: while an offer is being accepted there is no other.
pub fn is_done(transfer: &TicketTransfer) -> bool {
    transfer.ticket_generation > transfer.generation
}

pub fn render(transfer: TicketTransfer, now: TimeUs) -> wire::TicketTransfer {
    let state = state(&transfer, now);
    let (seat, area) = if transfer.is_area { (None, Some(transfer.place)) } else { (Some(transfer.place), None) };
    wire::TicketTransfer {
        id: transfer.id,
        ticket_id: transfer.ticket_id.uuid(),
        state,
        email: transfer.recipient,
        from_name: transfer.sender_name,
        event_id: transfer.event_id.uuid(),
        event_title: transfer.event_title,
        timezone: transfer.timezone,
        starts_at: time::utc(transfer.starts_at),
        seat,
        area,
        tier_name: transfer.tier_name,
        created_at: time::utc(transfer.created_at),
        expires_at: time::utc(transfer.expires_at),
    }
}

#[cfg(test)]
mod tests {
    use inventory::{EventId, OrderId, TicketId, UserId};
    use uuid::Uuid;

    use super::*;

    const NOW: TimeUs = TimeUs(1_000);

    fn transfer(status: TransferStatus) -> TicketTransfer {
        TicketTransfer {
            id: Uuid::nil(),
            ticket_id: TicketId::from_bytes([1; 16]),
            generation: 3,
            sender_id: UserId::from_bytes([1; 16]),
            sender_name: "Ada".to_owned(),
            recipient: "bob@example.org".to_owned(),
            status,
            created_at: TimeUs(1),
            expires_at: TimeUs(1_001),
            accepted_by: None,
            event_id: EventId::from_bytes([1; 16]),
            event_title: "A show".to_owned(),
            event_status: EventStatus::Published,
            timezone: "UTC".to_owned(),
            starts_at: TimeUs(5_000),
            order_id: OrderId::from_bytes([1; 16]),
            place: "F".to_owned(),
            is_area: true,
            tier_name: "Standing".to_owned(),
            ticket_state: TicketState::Issued,
            ticket_generation: 3,
            holder_id: UserId::from_bytes([1; 16]),
        }
    }

    #[test]
    fn an_open_offer_ends_with_its_time_and_with_whatever_becomes_of_the_ticket() {
        let open = || transfer(TransferStatus::Open);
        assert_eq!(state(&open(), NOW), TransferState::Open);
        assert_eq!(state(&open(), TimeUs(1_001)), TransferState::Expired);
        for used in [TicketState::CheckedIn, TicketState::CheckedOut, TicketState::Voided] {
            assert_eq!(state(&TicketTransfer { ticket_state: used, ..open() }, NOW), TransferState::Closed);
        }
        let gone = TicketTransfer { ticket_generation: 4, holder_id: UserId::from_bytes([2; 16]), ..open() };
        let came_back = TicketTransfer { ticket_generation: 5, ..open() };
        let cancelled = TicketTransfer { event_status: EventStatus::Cancelled, ..open() };
        for closed in [gone, came_back, cancelled] {
            assert_eq!(state(&closed, NOW), TransferState::Closed);
        }
    }

    #[test]
    fn an_accepted_offer_does_not_expire_and_is_done_when_the_ticket_has_gone() {
        let accepting = || transfer(TransferStatus::Accepting);
        assert_eq!(state(&accepting(), TimeUs(9_999)), TransferState::Accepting);
        assert_eq!(state(&TicketTransfer { ticket_generation: 4, ..accepting() }, NOW), TransferState::Accepted);
        assert_eq!(state(&transfer(TransferStatus::Declined), TimeUs(9_999)), TransferState::Declined);
    }
}
