//! What staff does at the box office, as one customer of its own.

use inventory::{BoxOffice, BoxOfficeSale, OrderId, PaymentId, PlaceHold, Sold, Tender, UserId, Verb};
use proptest::option;
use proptest::prelude::*;

use super::Pair;
use crate::steps::{Wish, wish};

const DESK: UserId = UserId::from_bytes([50; 16]);

#[derive(Clone, Debug)]
pub enum DeskAct {
    Keep { wishes: Vec<Wish>, blocks: u8, price: Option<i64> },
    Release { hold: u8 },
    Sell { wishes: Vec<Wish>, blocks: u8, price: Option<i64> },
    SellHeld { hold: u8, price: Option<i64>, any: bool },
}

pub fn act() -> impl Strategy<Value = DeskAct> {
    let wishes = || prop::collection::vec(wish(), 1..3);
    let price = || option::weighted(0.4, prop_oneof![1 => Just(0i64), 2 => 1..9_000i64, 1 => Just(-1)]);
    prop_oneof![
        4 => (wishes(), 0..4u8, price()).prop_map(|(wishes, blocks, price)| DeskAct::Keep { wishes, blocks, price }),
        2 => any::<u8>().prop_map(|hold| DeskAct::Release { hold }),
        3 => (wishes(), 0..4u8, price()).prop_map(|(wishes, blocks, price)| DeskAct::Sell { wishes, blocks, price }),
        3 => (any::<u8>(), price(), prop::bool::weighted(0.1))
            .prop_map(|(hold, price, any)| DeskAct::SellHeld { hold, price, any }),
    ]
}

impl Pair<'_> {
    pub(super) fn desk(&mut self, act: &DeskAct) -> Verb {
        match act {
            DeskAct::Keep { wishes, blocks, price } => Verb::PlaceHold(self.at_desk(wishes, *blocks, *price)),
            DeskAct::Release { hold } => {
                let hold = self.kept(*hold, false);
                Verb::ReleaseHold { hold, customer: DESK }
            }
            DeskAct::Sell { wishes, blocks, price } => {
                let sold = Sold::Fresh(self.at_desk(wishes, *blocks, *price));
                self.sale(sold)
            }
            DeskAct::SellHeld { hold, price, any } => {
                let sold = Sold::Held { hold: self.kept(*hold, *any), price_minor: *price };
                self.sale(sold)
            }
        }
    }

    fn sale(&mut self, sold: Sold) -> Verb {
        let order = OrderId::from_bytes(self.id());
        let payment = PaymentId::from_bytes(order.bytes());
        let tender = Tender::ALL[usize::from(order.bytes()[15]) % Tender::ALL.len()];
        let sale = BoxOfficeSale { order, customer: DESK, sold, payment, tender, entropy: self.id() };
        Verb::SellAtBoxOffice(Box::new(sale))
    }

    fn at_desk(&mut self, wishes: &[Wish], blocks: u8, price_minor: Option<i64>) -> PlaceHold {
        let named = ["press", "fans"].into_iter().enumerate().filter(|(at, _)| blocks >> at & 1 == 1);
        let blocks = named.map(|(_, block)| block.to_owned()).collect();
        let box_office = Some(Box::new(BoxOffice { blocks, price_minor }));
        PlaceHold { box_office, ..self.place(DESK, wishes, &[], false) }
    }

    /// One of the last that the desk keeps, or of anybody's.
    fn kept(&mut self, at: u8, any: bool) -> inventory::HoldId {
        let of_desk = self.holds.iter().filter(|(customer, _)| any || *customer == DESK);
        let ids: Vec<_> = of_desk.map(|(_, hold)| *hold).collect();
        crate::named::recent(&ids, at).unwrap_or_else(|| inventory::HoldId::from_bytes(self.id()))
    }
}
