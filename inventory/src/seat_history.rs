//! The history of one seat, told from the journal: what it was after each change that touched it.

use crate::house::Holder;
use crate::{
    Change, DoorChange, HoldId, Inventory, Lsn, OrderId, Place, Record, RequestId, SeatIx, SeatState, TicketId,
    TicketState, TimeUs, UserId,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatEvent {
    /// A seat map with the seat was set.
    LaidOut,
    /// A seat map without it was set.
    Removed,
    Held,
    /// An order was placed for its hold.
    Ordered,
    /// Its hold was released or the order cancelled.
    Released,
    Expired,
    Sold,
    /// Its ticket was refunded: it is for sale again, or its block withholds it.
    Returned,
    Withheld,
    /// Its block went on sale.
    Offered,
    CheckedIn,
    CheckedOut,
    ScanUndone,
    Voided,
    Transferred,
}

impl SeatEvent {
    pub const fn name(self) -> &'static str {
        match self {
            Self::LaidOut => "laid_out",
            Self::Removed => "removed",
            Self::Held => "held",
            Self::Ordered => "ordered",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Sold => "sold",
            Self::Returned => "returned",
            Self::Withheld => "withheld",
            Self::Offered => "offered",
            Self::CheckedIn => "checked_in",
            Self::CheckedOut => "checked_out",
            Self::ScanUndone => "scan_undone",
            Self::Voided => "voided",
            Self::Transferred => "transferred",
        }
    }
}

/// One line of a seat's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatEntry {
    pub lsn: Lsn,
    pub at: TimeUs,
    /// Who asked for the change; `None` for the engine's own, such as expiry.
    pub by: Option<UserId>,
    pub request: Option<RequestId>,
    pub event: SeatEvent,
    /// `None` after [`SeatEvent::Removed`].
    pub state: Option<SeatState>,
    /// Whose the seat became, or had been when it went back.
    pub hold: Option<HoldId>,
    pub order: Option<OrderId>,
    pub ticket: Option<TicketId>,
    pub customer: Option<UserId>,
}

/// What can be told of a seat at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    state: SeatState,
    hold: Option<HoldId>,
    order: Option<OrderId>,
    ticket: Option<(TicketId, u32, TicketState)>,
    /// Of the hold, or the holder of the ticket.
    customer: Option<UserId>,
}

/// Follows one seat through the records of its event, from the first on.
#[derive(Debug)]
pub struct SeatHistory {
    seat: String,
    at: Option<SeatIx>,
    seen: Option<Seen>,
}

impl SeatHistory {
    /// `seat` is `section-row-number`, in whatever seat map has it.
    pub const fn new(seat: String) -> Self {
        Self { seat, at: None, seen: None }
    }

    /// Whether the seat is in the seat map, as of the last record.
    pub const fn is_there(&self) -> bool {
        self.at.is_some()
    }

    /// What `record` did to the seat. Call it right after the record was applied, for each record in turn.
    pub fn after(&mut self, inventory: &Inventory, record: &Record) -> Option<SeatEntry> {
        if matches!(record.change, Change::SeatMapSet(_)) {
            self.at = inventory.layout.seat(&self.seat);
        }
        let was = self.seen;
        let is = self.at.map(|seat| inventory.see(seat));
        self.seen = is;
        if was == is {
            return None;
        }
        let event = event(was, is, &record.change)?;
        // What goes back is told with whose it was.
        let whose = is.filter(|is| is.hold.is_some() || is.order.is_some()).or(was);
        Some(SeatEntry {
            lsn: record.lsn,
            at: record.at,
            by: record.origin.user,
            request: record.origin.request,
            event,
            state: is.map(|is| is.state),
            hold: whose.and_then(|it| it.hold),
            order: whose.and_then(|it| it.order),
            ticket: whose.and_then(|it| it.ticket).map(|(ticket, ..)| ticket),
            customer: whose.and_then(|it| it.customer),
        })
    }
}

fn event(was: Option<Seen>, is: Option<Seen>, change: &Change) -> Option<SeatEvent> {
    use SeatState::{Blocked, Free, Held, Sold};
    let (was, is) = match (was, is) {
        (None, None) => return None,
        (None, Some(_)) => return Some(SeatEvent::LaidOut),
        (Some(_), None) => return Some(SeatEvent::Removed),
        (Some(was), Some(is)) => (was, is),
    };
    Some(match (was.state, is.state) {
        (Held, Free | Blocked) if matches!(change, Change::HoldsExpired { .. }) => SeatEvent::Expired,
        (Held, Free | Blocked) => SeatEvent::Released,
        (Sold, Free | Blocked) => SeatEvent::Returned,
        (Free, Blocked) => SeatEvent::Withheld,
        (Blocked, Free) => SeatEvent::Offered,
        (Held, Held) if was.hold == is.hold => SeatEvent::Ordered,
        (_, Held) => SeatEvent::Held,
        (Sold, Sold) if was.order == is.order => return ticket_event(was, is, change),
        (_, Sold) => SeatEvent::Sold,
        (Free, Free) | (Blocked, Blocked) => return None,
    })
}

fn ticket_event(was: Seen, is: Seen, change: &Change) -> Option<SeatEvent> {
    let ((_, generation_was, _), (_, generation, state)) = (was.ticket?, is.ticket?);
    if matches!(change, Change::Door(DoorChange::ScanUndone { .. })) {
        return Some(SeatEvent::ScanUndone);
    }
    if generation != generation_was {
        return Some(SeatEvent::Transferred);
    }
    Some(match state {
        TicketState::CheckedIn => SeatEvent::CheckedIn,
        TicketState::CheckedOut => SeatEvent::CheckedOut,
        TicketState::Voided => SeatEvent::Voided,
        TicketState::Issued => return None,
    })
}

impl Inventory {
    fn see(&self, seat: SeatIx) -> Seen {
        let state = self.seat_state(seat);
        match self.house.owner(seat).holder() {
            Holder::Nobody => Seen { state, hold: None, order: None, ticket: None, customer: None },
            Holder::Hold(slot) => {
                let hold = self.holds.live(slot);
                Seen {
                    state,
                    hold: Some(hold.placed.hold),
                    order: hold.order.map(|order| self.orders.get(order).id),
                    ticket: None,
                    customer: Some(hold.placed.customer),
                }
            }
            Holder::Order(order) => {
                let order = self.orders.get(order);
                let tickets = self.tickets.range(order.tickets.clone());
                let ticket = tickets.iter().find(|ticket| ticket.place == Place::Seat(seat));
                Seen {
                    state,
                    hold: Some(order.placed.hold),
                    order: Some(order.id),
                    ticket: ticket.map(|ticket| (ticket.id, ticket.generation, ticket.state)),
                    customer: Some(ticket.map_or(order.placed.customer, |ticket| ticket.holder)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::Stage;

    /// The names of what happened to the seat, replayed from the stage's journal.
    fn told(stage: &Stage, seat: &str) -> Vec<SeatEntry> {
        let mut inventory = Inventory::new(stage.inventory.event());
        let mut history = SeatHistory::new(seat.to_owned());
        let mut entries = Vec::new();
        for record in stage.records() {
            inventory.apply(&record);
            entries.extend(history.after(&inventory, &record));
        }
        assert_eq!(inventory.digest(), stage.inventory.digest());
        entries
    }

    fn names(entries: &[SeatEntry]) -> Vec<&'static str> {
        entries.iter().map(|entry| entry.event.name()).collect()
    }

    const ROW: &str = "A 1000 | ooo";

    #[test]
    fn a_seat_tells_all_that_became_of_it_and_its_neighbour_nothing() {
        let mut stage = Stage::on_sale(ROW);
        stage.play(
            "hold h1 ann A-1-1    -> A-1-1
             tick 10m
             expire               -> expired 1
             hold h2 bob A-1-1    -> A-1-1
             release h2 bob       -> released
             hold h3 ann A-1-1    -> A-1-1
             order o1 h3 ann      -> pending until 1200s
             pay o1 p1 1000       -> paid 1 tickets A-1-1
             in o1.1              -> in at 600s
             out o1.1             -> out at 600s",
        );
        let entries = told(&stage, "A-1-1");
        let expected =
            ["laid_out", "held", "expired", "held", "released", "held", "ordered", "sold", "checked_in", "checked_out"];
        assert_eq!(names(&entries), expected);
        assert!(entries.windows(2).all(|pair| pair[0].lsn < pair[1].lsn && pair[0].at <= pair[1].at));
        let (held, expired, sold) = (entries[1], entries[2], entries[7]);
        assert_eq!((expired.hold, expired.customer), (held.hold, held.customer));
        assert_eq!(expired.state, Some(SeatState::Free));
        assert!(sold.order.is_some() && sold.ticket.is_some() && sold.state == Some(SeatState::Sold));
        assert_eq!(names(&told(&stage, "A-1-2")), ["laid_out"]);
        assert!(told(&stage, "A-1-9").is_empty());
    }

    #[test]
    fn a_refunded_seat_is_returned_from_the_order_that_had_it() {
        let mut stage = Stage::on_sale(ROW);
        stage.play(
            "hold h1 ann A-1-1 A-1-2 -> A-1-1 A-1-2
             order o1 h1 ann         -> pending until 600s
             pay o1 p1 2000          -> paid 2 tickets A-1-1 A-1-2
             void o1.1               -> voided
             refund o1 1000 o1.1     -> partially_refunded 1000
             hold h2 bob A-1-1       -> A-1-1",
        );
        let entries = told(&stage, "A-1-1");
        assert_eq!(names(&entries), ["laid_out", "held", "ordered", "sold", "voided", "returned", "held"]);
        assert_eq!((entries[5].order, entries[5].ticket), (entries[3].order, entries[3].ticket));
        assert_eq!(entries[6].order, None);
    }
}
