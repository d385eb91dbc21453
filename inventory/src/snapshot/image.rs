//! What a snapshot holds, borrowed for writing and owned for reading: both have the same fields in the same order.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::holds::{End, Ended, Hold, OrderAt};
use crate::keys::{Answered, Remembered};
use crate::orders::Order;
use crate::tickets::Ticket;
use crate::{EventId, HoldId, Inventory, Lsn, Phase, PlacedHold, Policy, SeatMapSpec, TierSpec, TimeUs, UserId};

#[derive(Serialize)]
pub(super) struct ImageRef<'a> {
    event: EventId,
    lsn: Lsn,
    phase: PhaseImage,
    policy: &'a Policy,
    seat_map: Option<SeatMapSpec>,
    tiers: &'a [TierSpec],
    blocks_withheld: u64,
    /// By id.
    live: Vec<HoldRef<'a>>,
    /// The older generation and the younger, each oldest first.
    ended: [Vec<EndedImage>; 2],
    orders: &'a [Order],
    tickets: &'a [Ticket],
    /// Oldest first.
    keys: Vec<&'a Remembered>,
}

#[derive(Deserialize)]
pub(super) struct Image {
    pub event: EventId,
    pub lsn: Lsn,
    pub phase: PhaseImage,
    pub policy: Policy,
    pub seat_map: Option<SeatMapSpec>,
    pub tiers: Vec<TierSpec>,
    pub blocks_withheld: u64,
    pub live: Vec<HoldImage>,
    pub ended: [Vec<EndedImage>; 2],
    pub orders: Vec<Order>,
    pub tickets: Vec<Ticket>,
    pub keys: Vec<Answered>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) enum PhaseImage {
    Draft,
    Published,
    Cancelled,
}

#[derive(Serialize)]
struct HoldRef<'a> {
    placed: &'a PlacedHold,
    placed_at: TimeUs,
    expires_at: TimeUs,
    payment_extended: bool,
    order: Option<OrderAt>,
}

#[derive(Deserialize)]
pub(super) struct HoldImage {
    pub placed: Arc<PlacedHold>,
    placed_at: TimeUs,
    expires_at: TimeUs,
    payment_extended: bool,
    order: Option<OrderAt>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct EndedImage {
    hold: HoldId,
    customer: UserId,
    end: EndImage,
    order: Option<OrderAt>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum EndImage {
    Released,
    Expired,
    Confirmed,
}

impl<'a> ImageRef<'a> {
    pub fn of(inventory: &'a Inventory) -> Self {
        let mut live: Vec<&Hold> = inventory.holds.iter_live().map(|(_, hold)| hold).collect();
        live.sort_unstable_by_key(|hold| hold.placed.hold);
        Self {
            event: inventory.event,
            lsn: inventory.lsn,
            phase: inventory.phase.into(),
            policy: inventory.layout.policy(),
            seat_map: inventory.layout.seat_map(),
            tiers: inventory.layout.tiers(),
            blocks_withheld: inventory.house.blocks_withheld(),
            live: live.into_iter().map(HoldRef::of).collect(),
            ended: inventory
                .holds
                .ended()
                .map(|generation| generation.iter().map(|it| EndedImage::from(*it)).collect()),
            orders: inventory.orders.all(),
            tickets: inventory.tickets.all(),
            keys: inventory.keys.iter().collect(),
        }
    }

    /// Appends the image to `out`.
    pub fn encode(&self, out: Vec<u8>) -> Vec<u8> {
        // Encoding into memory fails only when an allocation does.
        postcard::to_extend(self, out).expect("postcard encodes images into memory")
    }
}

impl<'a> HoldRef<'a> {
    fn of(hold: &'a Hold) -> Self {
        Self {
            placed: &hold.placed,
            placed_at: hold.placed_at,
            expires_at: hold.expires_at,
            payment_extended: hold.payment_extended,
            order: hold.order,
        }
    }
}

impl From<HoldImage> for Hold {
    fn from(image: HoldImage) -> Self {
        let HoldImage { placed, placed_at, expires_at, payment_extended, order } = image;
        Self { placed, placed_at, expires_at, payment_extended, order }
    }
}

impl From<(HoldId, Ended)> for EndedImage {
    fn from((hold, ended): (HoldId, Ended)) -> Self {
        let end = match ended.end {
            End::Released => EndImage::Released,
            End::Expired => EndImage::Expired,
            End::Confirmed => EndImage::Confirmed,
        };
        Self { hold, customer: ended.customer, end, order: ended.order }
    }
}

impl From<EndedImage> for (HoldId, Ended) {
    fn from(image: EndedImage) -> Self {
        let end = match image.end {
            EndImage::Released => End::Released,
            EndImage::Expired => End::Expired,
            EndImage::Confirmed => End::Confirmed,
        };
        (image.hold, Ended { customer: image.customer, end, order: image.order })
    }
}

impl From<Phase> for PhaseImage {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Draft => Self::Draft,
            Phase::Published => Self::Published,
            Phase::Cancelled => Self::Cancelled,
        }
    }
}

impl From<PhaseImage> for Phase {
    fn from(image: PhaseImage) -> Self {
        match image {
            PhaseImage::Draft => Self::Draft,
            PhaseImage::Published => Self::Published,
            PhaseImage::Cancelled => Self::Cancelled,
        }
    }
}
