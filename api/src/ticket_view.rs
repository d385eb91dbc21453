//! Tickets as the API shows them. The code is for the holder alone: who has it gets in.

use inventory::UserId;
use persistence::{Ticket, TicketState};
use wire::Money;

use crate::state::AppState;
use crate::ticket_code::Claim;
use crate::time;

pub fn render(state: &AppState, viewer: UserId, ticket: Ticket) -> wire::Ticket {
    let code = (ticket.holder_id == viewer && ticket.state != TicketState::Voided).then(|| code(state, &ticket));
    let (seat, area) = if ticket.is_area { (None, Some(ticket.place)) } else { (Some(ticket.place), None) };
    wire::Ticket {
        id: ticket.id.uuid(),
        order_id: ticket.order_id.uuid(),
        event_id: ticket.event_id.uuid(),
        seat,
        area,
        tier_id: ticket.tier_id.uuid(),
        tier_name: ticket.tier_name,
        price: Money { amount_minor: ticket.price_minor, currency: ticket.currency },
        state: match ticket.state {
            TicketState::Issued => wire::TicketState::Issued,
            TicketState::CheckedIn => wire::TicketState::CheckedIn,
            TicketState::CheckedOut => wire::TicketState::CheckedOut,
            TicketState::Voided => wire::TicketState::Voided,
        },
        code,
        issued_at: time::utc(ticket.issued_at),
        scanned_at: ticket.scanned_at.map(time::utc),
    }
}

pub fn code(state: &AppState, ticket: &Ticket) -> String {
    state.ticket_signer.code(ticket.event_id, Claim { ticket: ticket.id, generation: ticket.generation })
}
