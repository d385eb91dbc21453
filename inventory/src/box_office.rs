//! The words of the box office: what staff asks for, and what the journal keeps of a sale.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::change::forms;
use crate::{HoldId, OrderId, PaymentId, PlaceHold, PlacedHold, TimeUs, UserId, bytes16};

/// What a hold for staff may take, and at which price.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoxOffice {
    /// Withheld blocks whose seats and areas may be taken where they are named.
    pub blocks: Vec<String>,
    /// Of one unit, instead of what it would cost and no higher.
    pub price_minor: Option<i64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct BoxOfficeSale {
    pub order: OrderId,
    pub customer: UserId,
    pub sold: Sold,
    pub payment: PaymentId,
    pub tender: Tender,
    /// Random, for the ids of the tickets.
    pub entropy: [u8; 16],
}

/// What the box office sells.
#[derive(Clone, Debug, PartialEq)]
pub enum Sold {
    /// A hold that it has placed, at its prices or at this one.
    Held {
        hold: HoldId,
        price_minor: Option<i64>,
    },
    Fresh(PlaceHold),
}

/// How a sale at the box office was paid. No payment provider of ours has the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tender {
    Cash,
    /// By a terminal that is not connected with us.
    CardTerminal,
    /// Taken elsewhere: by invoice, by bank transfer.
    External,
    /// Nothing is paid.
    Comp,
}

impl Tender {
    pub const ALL: [Self; 4] = [Self::Cash, Self::CardTerminal, Self::External, Self::Comp];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::CardTerminal => "card_terminal",
            Self::External => "external",
            Self::Comp => "comp",
        }
    }
}

/// An order that was paid when it was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoxOfficeOrder {
    pub order: OrderId,
    #[serde(with = "forms::at_discount")]
    pub placed: Arc<PlacedHold>,
    /// The hold that is bought, else the places were free or withheld.
    pub held: Option<HoldId>,
    pub payment: PaymentId,
    pub tender: Tender,
    #[serde(with = "bytes16")]
    pub entropy: [u8; 16],
}

impl PlacedHold {
    /// Kept or sold by staff. Those of customers end.
    pub fn is_of_box_office(&self) -> bool {
        self.expires_at == TimeUs::NEVER
    }
}
