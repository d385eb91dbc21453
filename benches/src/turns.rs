//! One command through the core as the event actor does it: decide, encode the record, apply it.

use inventory::{
    Answer, Change, Command, Direction, HoldId, HoldView, Inventory, OrderId, Origin, PlaceOrder, Record, Rejection,
    ScanTicket, TicketId, TimeUs, UserId, Verb,
};

use crate::arena::NOW;
use crate::commands::Stream;

pub struct Core {
    pub inventory: Inventory,
    buffer: Vec<u8>,
}

impl Core {
    pub const fn new(inventory: Inventory) -> Self {
        Self { inventory, buffer: Vec::new() }
    }

    /// # Errors
    /// The core's own refusal.
    #[inline]
    pub fn submit(&mut self, now: TimeUs, command: &Command) -> Result<Answer, Rejection> {
        if let Some(repeated) = self.inventory.repeat(now, command) {
            return repeated;
        }
        let change = self.inventory.decide(now, command)?;
        let record = Record { lsn: self.inventory.lsn().next(), at: now, origin: command.origin, change };
        if self.buffer.len() > 1 << 16 {
            self.buffer.clear();
        }
        record.encode(&mut self.buffer);
        Ok(self.inventory.apply(&record))
    }

    /// Places the hold, or `None` when the house is full.
    pub fn place(&mut self, now: TimeUs, command: &Command) -> Option<(HoldId, UserId)> {
        match self.submit(now, command) {
            Ok(Answer::HoldPlaced(placed)) => Some((placed.hold, placed.customer)),
            Ok(_) | Err(_) => None,
        }
    }

    /// Holds seats by name all over the house until no more than `1 - share` of them are free.
    pub fn fill(&mut self, stream: &mut Stream, share: f64) {
        loop {
            let (free, seats) = self.seats();
            if f64::from(free) <= f64::from(seats) * (1.0 - share) {
                return;
            }
            for _ in 0..50 {
                self.place(NOW, &stream.named(seats));
            }
        }
    }

    /// Free ones and all, without areas.
    fn seats(&self) -> (u32, u32) {
        let availability = self.inventory.availability();
        let rows = availability.sections.iter().filter(|section| !section.is_area);
        rows.fold((0, 0), |(free, all), section| (free + section.counts.free, all + section.counts.capacity()))
    }

    pub fn release(&mut self, now: TimeUs, (hold, customer): (HoldId, UserId)) {
        let command = Command { origin: Origin::ENGINE, verb: Verb::ReleaseHold { hold, customer } };
        self.submit(now, &command).expect("a live hold is released");
    }

    pub fn order(&mut self, now: TimeUs, order: OrderId, (hold, customer): (HoldId, UserId)) {
        let place = PlaceOrder { order, hold, customer, accept_other_seats: false };
        let command = Command { origin: Origin::ENGINE, verb: Verb::PlaceOrder(place) };
        self.submit(now, &command).expect("a live hold is ordered");
    }

    /// Zero unless the hold is live.
    pub fn held_total(&self, hold: HoldId) -> i64 {
        match self.inventory.hold(hold) {
            Some(HoldView::Live { placed, .. }) => placed.total_minor(),
            Some(_) | None => 0,
        }
    }

    pub fn scan(&mut self, now: TimeUs, ticket: TicketId, direction: Direction) {
        let nonce = self.inventory.lsn().0;
        let scan = ScanTicket::live(ticket, 1, direction, nonce);
        let command = Command { origin: Origin::ENGINE, verb: Verb::ScanTicket(scan) };
        self.submit(now, &command).expect("a valid ticket passes the gate");
    }

    pub fn apply(&mut self, change: Change, now: TimeUs) {
        let record = Record { lsn: self.inventory.lsn().next(), at: now, origin: Origin::ENGINE, change };
        self.inventory.apply(&record);
    }
}
