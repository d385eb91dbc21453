//! A published event with its journal, driven as the engine drives it.

use inventory::{
    Answer, AreaIx, Command, Currency, EventId, HoldId, Inventory, OrderId, Origin, PaidOrder, PaymentId,
    PaymentOutcome, Place, PlaceHold, PlaceOrder, Policy, QuotaSpec, Record, Rejection, RowSpec, SeatIx, SeatMapSpec,
    SeatSpec, SectionKind, SectionSpec, SettlePayment, TierId, TierSpec, TimeUs, UserId, Verb, Want,
};

pub const SECOND_US: i64 = 1_000_000;
pub const MINUTE_US: i64 = 60 * SECOND_US;
pub const PRICE_MINOR: i64 = 5_000;
pub const STANDING: AreaIx = AreaIx(0);

pub struct Show {
    pub inventory: Inventory,
    pub now: TimeUs,
    pub journal: Vec<Record>,
    ids: u8,
}

impl Show {
    /// One row of `seats`, a standing area of `standing`, one tier over both that sells at most `quota`.
    pub fn new(seats: usize, standing: u32, quota: u32) -> Self {
        let mut show = Self {
            inventory: Inventory::new(EventId::from_bytes([1; 16])),
            now: TimeUs(1_800_000_000 * SECOND_US),
            journal: Vec::new(),
            ids: 0,
        };
        show.must(Verb::SetPolicy(Box::new(policy())));
        show.must(Verb::SetSeatMap(Box::new(map(seats, standing))));
        show.must(Verb::SetTier(Box::new(tier(quota))));
        show.must(Verb::Publish);
        show
    }

    pub fn wait(&mut self, us: i64) {
        self.now = self.now.plus_us(us);
    }

    pub fn send(&mut self, command: Command) -> Result<Answer, Rejection> {
        if let Some(repeat) = self.inventory.repeat(self.now, &command) {
            return repeat;
        }
        let change = self.inventory.decide(self.now, &command)?;
        let record = Record { lsn: self.inventory.lsn().next(), at: self.now, origin: command.origin, change };
        let answer = self.inventory.apply(&record);
        self.journal.push(record);
        self.inventory.verify().expect("the invariants hold after every change");
        Ok(answer)
    }

    pub fn ask(&mut self, verb: Verb) -> Result<Answer, Rejection> {
        self.send(Command { origin: Origin::ENGINE, verb })
    }

    pub fn must(&mut self, verb: Verb) -> Answer {
        self.ask(verb).expect("the rules allow it")
    }

    pub fn refusal(&mut self, verb: Verb) -> &'static str {
        let before = self.inventory.digest();
        let code = self.ask(verb).expect_err("the rules forbid it").code();
        assert_eq!(self.inventory.digest(), before, "a refusal changes nothing");
        code
    }

    pub fn id(&mut self) -> [u8; 16] {
        self.ids += 1;
        [self.ids; 16]
    }

    pub fn hold(&mut self, customer: UserId, wants: Vec<Want>) -> Result<HoldId, Rejection> {
        let hold = HoldId::from_bytes(self.id());
        self.ask(Verb::PlaceHold(PlaceHold {
            hold,
            customer,
            wants,
            access_codes: vec![],
            discount_codes: Box::default(),
            box_office: None,
        }))
        .map(|_| hold)
    }

    pub fn order(&mut self, customer: UserId, hold: HoldId, accept_other_seats: bool) -> OrderId {
        let order = OrderId::from_bytes(self.id());
        self.must(Verb::PlaceOrder(PlaceOrder { order, hold, customer, accept_other_seats }));
        order
    }

    pub fn pay(&mut self, order: OrderId) -> Verb {
        let total_minor = self.inventory.order(order).expect("the order is there").total_minor;
        self.settle(order, PaymentOutcome::Paid { amount_minor: total_minor, currency: euro() })
    }

    pub fn settle(&mut self, order: OrderId, outcome: PaymentOutcome) -> Verb {
        let payment = PaymentId::from_bytes(self.id());
        Verb::SettlePayment(SettlePayment { order, payment, outcome, entropy: self.id() })
    }

    pub fn buy(&mut self, customer: UserId, wants: Vec<Want>) -> (OrderId, PaidOrder) {
        let hold = self.hold(customer, wants).expect("the places are free");
        let order = self.order(customer, hold, false);
        let pay = self.pay(order);
        let Answer::OrderPaid(paid) = self.must(pay) else { panic!("a payment in time buys") };
        (order, paid.as_ref().clone())
    }

    /// Free, held and sold units.
    pub fn counts(&self) -> (u32, u32, u32) {
        let totals = self.inventory.availability().totals;
        (totals.free, totals.held, totals.sold)
    }

    pub fn status(&self, order: OrderId) -> &'static str {
        self.inventory.order(order).expect("the order is there").status.name()
    }

    pub fn places(&self, order: OrderId) -> Vec<Place> {
        self.inventory.order(order).expect("the order is there").items.iter().map(|item| item.place).collect()
    }
}

pub fn buyer(number: u8) -> UserId {
    UserId::from_bytes([number; 16])
}

pub const fn seat(ix: u32) -> Want {
    Want::Seat { seat: SeatIx(ix), tier: None }
}

pub const fn standing(quantity: u32) -> Want {
    Want::Area { area: STANDING, quantity, tier: None }
}

pub fn euro() -> Currency {
    Currency::new("EUR").expect("three letters")
}

pub fn policy() -> Policy {
    Policy { holds_per_customer_max: 1_000, ..Policy::new(euro()) }
}

pub fn tier(quota: u32) -> TierSpec {
    TierSpec {
        quotas: vec![QuotaSpec { id: "house".into(), limit: quota }],
        ..TierSpec::new(TierId::from_bytes([1; 16]), "entry".into(), PRICE_MINOR)
    }
}

pub fn map(seats: usize, standing: u32) -> SeatMapSpec {
    let seat = |number: usize| SeatSpec {
        number: number.to_string(),
        category: None,
        accessible: false,
        companion: false,
        block: None,
    };
    let row = RowSpec { id: "1".into(), seats: (1..=seats).map(|number| Some(seat(number))).collect() };
    let section = |id: &str, kind: SectionKind| SectionSpec {
        id: id.into(),
        name: id.into(),
        position: (0, 0),
        block: None,
        kind,
    };
    let sections = vec![
        section("A", SectionKind::Rows(vec![row])),
        section("F", SectionKind::Area { capacity: standing, category: None }),
    ];
    SeatMapSpec { sections, focal_point: (0, 0) }
}
