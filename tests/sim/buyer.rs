//! A client: holds, pays, cancels, goes in, changes its mind, clicks twice, gives up. Asks again under the same key when
//! it does not know what happened, and only then or when nothing did.

use std::sync::Arc;
use std::time::Duration;

use engine::Submitted;
use inventory::{
    Answer, AreaIx, BestAvailable, CallerKey, Command, Direction, EventId, HoldId, OrderId, Origin, PaymentId,
    PaymentOutcome, PlaceHold, PlaceOrder, QueuedScan, RefundOrder, RefundRight, RefundTo, ScanTicket, SeatIx,
    SettlePayment, TicketId, TimeUs, UndoReason, UserId, Verb, Want,
};
use tokio::time::sleep;

use crate::history::{Op, Outcome, request_id};
use crate::line::Ticket;
use crate::rng::Rng;
use crate::show::{EVENTS, SEATS, currency};
use crate::world::World;

const TRIES_MAX: u64 = 7;

#[derive(Clone, Copy)]
struct Mine {
    event: EventId,
    hold: HoldId,
    total_minor: i64,
    order: Option<OrderId>,
}

#[derive(Clone, Copy)]
struct Entry {
    event: EventId,
    order: OrderId,
    ticket: TicketId,
    generation: u32,
}

pub struct Buyer {
    pub world: Arc<World>,
    pub rng: Rng,
    pub user: UserId,
    pub place: Ticket,
    holds: Vec<Mine>,
    tickets: Vec<Entry>,
    last_key: Option<CallerKey>,
}

impl Buyer {
    pub fn new(world: Arc<World>, rng: Rng, number: u8) -> Self {
        let user = UserId::from_bytes([number + 10; 16]);
        Self { world, rng, user, place: Ticket::default(), holds: Vec::new(), tickets: Vec::new(), last_key: None }
    }

    /// Goes on until the run has begun `ops` operations.
    pub async fn shop(mut self, ops: u32) {
        while self.world.ops_begun() < ops {
            self.pause(0, 250).await;
            if self.world.plan.has_line && self.rng.percent(25) {
                self.queue().await;
                continue;
            }
            match self.rng.below(100) {
                0..40 => self.place().await,
                40..72 => self.buy().await,
                72..80 => self.let_go().await,
                _ => self.use_ticket().await,
            }
        }
    }

    async fn pause(&mut self, low_ms: u64, high_ms: u64) {
        let pause_ms = self.rng.between(low_ms, high_ms);
        sleep(Duration::from_millis(pause_ms)).await;
    }

    async fn place(&mut self) {
        let event = EVENTS[self.rng.below(2) as usize];
        let hold = HoldId::from_bytes(self.rng.bytes());
        let wants = (0..self.rng.between(1, 3)).flat_map(|_| self.wants()).collect();
        let place = PlaceHold {
            hold,
            customer: self.user,
            wants,
            access_codes: vec![],
            discount_codes: Box::default(),
            box_office: None,
        };
        let Some(Submitted { answer: Answer::HoldPlaced(placed), .. }) = self.ask(event, Verb::PlaceHold(place)).await
        else {
            return;
        };
        self.world.note(if placed.adjacent { "hold_adjacent" } else { "hold_split" });
        self.holds.push(Mine { event, hold, total_minor: placed.total_minor(), order: None });
    }

    fn wants(&mut self) -> Vec<Want> {
        match self.rng.below(10) {
            0..4 => {
                let first = self.rng.below(u64::from(SEATS) + 1) as u32;
                (first..first + self.rng.between(1, 3) as u32)
                    .map(|seat| Want::Seat { seat: SeatIx(seat), tier: None })
                    .collect()
            }
            4..7 => vec![Want::Area { area: AreaIx(0), quantity: self.rng.between(1, 3) as u32, tier: None }],
            _ => {
                let quantity = self.rng.between(1, 4) as u32;
                vec![Want::BestAvailable(BestAvailable { quantity, tier: None, section: None, accessible: false })]
            }
        }
    }

    /// The next step of a purchase, or two at once.
    async fn buy(&mut self) {
        let Some(mine) = self.rng.pick(&self.holds).copied() else { return };
        let Some(order) = mine.order else {
            let order = OrderId::from_bytes(self.rng.bytes());
            let accept_other_seats = self.rng.percent(50);
            let place = PlaceOrder { order, hold: mine.hold, customer: self.user, accept_other_seats };
            match self.ask(mine.event, Verb::PlaceOrder(place)).await {
                Some(_) => {
                    self.holds.iter_mut().filter(|it| it.hold == mine.hold).for_each(|it| it.order = Some(order))
                }
                None => self.holds.retain(|it| it.hold != mine.hold),
            }
            return;
        };
        let payment = PaymentId::from_bytes(self.rng.bytes());
        match self.rng.below(10) {
            0 => drop(self.ask(mine.event, Verb::StartPayment { order, customer: self.user, payment }).await),
            1 => {
                let outcome = PaymentOutcome::Declined;
                self.settle(mine, order, payment, outcome).await;
            }
            2 => {
                self.pause(1_000, 9_000).await;
                self.world.note("slow_payer");
                self.pay(mine, order, payment).await;
            }
            _ => self.pay(mine, order, payment).await,
        }
    }

    async fn pay(&mut self, mine: Mine, order: OrderId, payment: PaymentId) {
        let off_minor = if self.rng.percent(3) { 1 } else { 0 };
        let outcome = PaymentOutcome::Paid { amount_minor: mine.total_minor + off_minor, currency: currency() };
        let first = self.settle(mine, order, payment, outcome).await;
        if self.rng.percent(15) {
            // The provider's notice comes twice, under a key of its own.
            let again = self.settle(mine, order, payment, outcome).await;
            if first.is_some() && again.is_some() {
                self.world.note("notice_repeated");
            }
        }
        if first.is_some() {
            self.holds.retain(|it| it.hold != mine.hold);
        }
    }

    async fn settle(
        &mut self,
        mine: Mine,
        order: OrderId,
        payment: PaymentId,
        outcome: PaymentOutcome,
    ) -> Option<Submitted> {
        let settle = SettlePayment { order, payment, outcome, entropy: self.rng.bytes() };
        let submitted = self.ask(mine.event, Verb::SettlePayment(settle)).await?;
        match &submitted.answer {
            Answer::OrderPaid(paid) => {
                self.world.note(if paid.reseated { "late_other_places" } else { "paid" });
                for &ticket in &paid.tickets {
                    if !self.tickets.iter().any(|known| known.ticket == ticket) {
                        self.tickets.push(Entry { event: mine.event, order, ticket, generation: 1 });
                    }
                }
            }
            Answer::PaymentRefused { .. } => self.world.note("payment_refused"),
            _ => {}
        }
        Some(submitted)
    }

    async fn let_go(&mut self) {
        let Some(mine) = self.rng.pick(&self.holds).copied() else { return };
        let customer = if self.rng.percent(5) { UserId::from_bytes([99; 16]) } else { self.user };
        let verb = match (mine.order, self.rng.below(3)) {
            (_, 0) => Verb::ExtendHold { hold: mine.hold, customer },
            // Not so, while there is an order.
            (Some(_), 1) if self.rng.percent(20) => Verb::ReleaseHold { hold: mine.hold, customer },
            (Some(order), _) => Verb::CancelOrder { order, customer },
            (None, _) => Verb::ReleaseHold { hold: mine.hold, customer },
        };
        let is_end = !matches!(verb, Verb::ExtendHold { .. });
        if self.ask(mine.event, verb).await.is_some() && is_end && self.rng.percent(80) {
            self.holds.retain(|it| it.hold != mine.hold);
        }
    }

    async fn use_ticket(&mut self) {
        let Some(entry) = self.rng.pick(&self.tickets).copied() else { return };
        let Entry { event, order, ticket, generation } = entry;
        match self.rng.below(10) {
            0..5 => {
                let direction = if self.rng.percent(70) { Direction::Entry } else { Direction::Exit };
                let live = ScanTicket::live(ticket, generation, direction, self.rng.next());
                // Some devices were offline.
                let scanned_at = TimeUs(0);
                let queued = self.rng.percent(20).then_some(QueuedScan { scanned_at, forced: false });
                let scan = ScanTicket { queued, ..live };
                if self.ask(event, Verb::ScanTicket(scan.clone())).await.is_none() || self.rng.percent(60) {
                    return;
                }
                if self.rng.percent(30) {
                    let undo = Verb::UndoScan { ticket, nonce: scan.nonce, reason: UndoReason::Mistake };
                    self.ask(event, undo).await;
                    return;
                }
                // The other gate reads the same code, or this one tries again with its nonce.
                let nonce = if self.rng.percent(50) { scan.nonce } else { self.rng.next() };
                self.ask(event, Verb::ScanTicket(ScanTicket { nonce, ..scan })).await;
            }
            5 => {
                let to = self.user;
                if let Some(Submitted { answer: Answer::TicketTransferred { generation, .. }, .. }) =
                    self.ask(event, Verb::TransferTicket { ticket, from: self.user, to }).await
                {
                    self.tickets.iter_mut().filter(|it| it.ticket == ticket).for_each(|it| it.generation = generation);
                }
            }
            6 => drop(self.ask(event, Verb::VoidTicket { ticket }).await),
            _ => {
                let tickets = if self.rng.percent(50) { vec![] } else { vec![ticket] };
                let right = RefundRight::Organizer { amount_minor: Some(0) };
                let refund = RefundOrder { order, tickets, right, to: RefundTo::Original };
                self.ask(event, Verb::RefundOrder(refund)).await;
            }
        }
    }

    /// Asks until there is an answer, or patience is at its end.
    pub async fn ask(&mut self, event: EventId, verb: Verb) -> Option<Submitted> {
        self.ask_whatever(event, verb).await.done().map(|(submitted, _)| submitted.clone())
    }

    pub async fn ask_whatever(&mut self, event: EventId, verb: Verb) -> Op {
        let id = self.world.next_op();
        let mut key = self.rng.percent(90).then(|| CallerKey { key: self.rng.bytes(), body: self.rng.bytes() });
        if let (Some(last), true) = (self.last_key, self.rng.percent(2)) {
            key = Some(CallerKey { key: last.key, body: self.rng.bytes() });
        }
        let origin = Origin { user: Some(self.user), request: Some(request_id(id)), key };
        let command = Command { origin, verb };
        let mut sent = command.clone();
        self.world.plan.bug.falsify(&mut sent);
        let mut op = Op { id, event, command, attempts: Vec::new() };
        for attempt in 0..self.rng.between(1, TRIES_MAX) {
            if attempt > 0 {
                self.world.note("retry");
                self.pause(10, 600).await;
            }
            if key.is_some() && self.rng.percent(6) {
                self.world.note("double_click");
                let (mut one, mut other) = (self.rng.fork(), self.rng.fork());
                let both = tokio::join!(
                    self.world.attempt(&mut one, id, event, &sent),
                    self.world.attempt(&mut other, id, event, &sent),
                );
                op.attempts.extend(<[_; 2]>::from(both));
            } else {
                op.attempts.push(self.world.attempt(&mut self.rng, id, event, &sent).await);
            }
            let is_over = op.attempts.iter().any(|it| matches!(it.outcome, Outcome::Done(_) | Outcome::Rejected(_)));
            let may_not_repeat = key.is_none() && op.attempts.iter().any(|it| matches!(it.outcome, Outcome::Unknown));
            if is_over || may_not_repeat {
                break;
            }
        }
        let is_done = op.done().is_some();
        if is_done {
            self.last_key = key.or(self.last_key);
        }
        if is_done && op.attempts.iter().any(|it| matches!(it.outcome, Outcome::Unknown)) {
            self.world.note("unknown_resolved");
        }
        self.world.record(op.clone());
        op
    }
}
