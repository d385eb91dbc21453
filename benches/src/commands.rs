//! A reproducible stream of buyers: a small generator of our own, so that benches need no random crate and every run
//! asks for the same.

use inventory::{
    AreaIx, BestAvailable, CallerKey, Command, HoldId, OrderId, Origin, PaymentId, PaymentOutcome, PlaceHold,
    RequestId, SeatIx, SettlePayment, UserId, Verb, Want,
};

use crate::arena;

/// SplitMix64 (Steele, Lea, Flood 2014): tiny, seedable, good enough to spread buyers.
pub struct Stream {
    state: u64,
}

impl Stream {
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u32) -> u32 {
        ((u128::from(self.draw()) * u128::from(bound)) >> 64) as u32
    }

    pub fn id(&mut self) -> [u8; 16] {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.draw().to_le_bytes());
        id[8..].copy_from_slice(&self.draw().to_le_bytes());
        id
    }

    /// A caller as the API makes one: with a request id and an idempotency key.
    pub fn origin(&mut self, customer: UserId) -> Origin {
        Origin {
            user: Some(customer),
            request: Some(RequestId::from_bytes(self.id())),
            key: Some(CallerKey { key: self.id(), body: self.id() }),
        }
    }

    fn hold(&mut self, wants: Vec<Want>) -> Command {
        let customer = UserId::from_bytes(self.id());
        Command {
            origin: self.origin(customer),
            verb: Verb::PlaceHold(PlaceHold {
                hold: HoldId::from_bytes(self.id()),
                customer,
                wants,
                access_codes: Vec::new(),
                discount_codes: Box::default(),
                box_office: None,
            }),
        }
    }

    /// One to four seats, wherever they are best.
    pub fn best_available(&mut self) -> Command {
        let quantity = 1 + self.below(4);
        self.party_of(quantity)
    }

    pub fn party_of(&mut self, quantity: u32) -> Command {
        self.hold(vec![Want::BestAvailable(BestAvailable { quantity, tier: None, section: None, accessible: false })])
    }

    /// One to four neighbouring seats by name, anywhere among `seats`.
    pub fn named(&mut self, seats: u32) -> Command {
        let quantity = 1 + self.below(4);
        let first = self.below(seats - 4);
        let wants = (first..first + quantity).map(|seat| Want::Seat { seat: SeatIx(seat), tier: None }).collect();
        self.hold(wants)
    }

    /// One to four places in the first area.
    pub fn standing(&mut self) -> Command {
        self.standing_in(AreaIx(0))
    }

    pub fn standing_in(&mut self, area: AreaIx) -> Command {
        let quantity = 1 + self.below(4);
        self.hold(vec![Want::Area { area, quantity, tier: None }])
    }

    /// The whole price of an order arrives.
    pub fn pay(&mut self, order: OrderId, amount_minor: i64) -> Command {
        let outcome = PaymentOutcome::Paid { amount_minor, currency: arena::currency() };
        let settle = SettlePayment { order, payment: PaymentId::from_bytes(self.id()), outcome, entropy: self.id() };
        Command { origin: Origin::ENGINE, verb: Verb::SettlePayment(settle) }
    }
}
