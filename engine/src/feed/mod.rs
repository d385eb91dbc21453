//! The feed of durable changes: what one event's watchers see. A [`Tap`] starts from a [`Picture`] of the whole state and
//! goes on with [`Changes`]; picture and changes folded up to an LSN are the state at that LSN, and nothing is told before
//! it is durable.
//!
//! An event that nobody watches pays nothing. The actor never waits for a tap: one that is not emptied is closed, and
//! whoever still wants to know taps anew.

mod exchange;
mod source;
mod tap;

use std::sync::Arc;

use inventory::{AreaIx, Counts, HoldNews, Inventory, Layout, Lsn, Phase, SeatIx, SeatState, ShopperNews, TimeUs};

pub(crate) use source::Source;
pub use tap::Tap;

/// Taps of one event at the same time. A server needs one, and another while it replaces that.
pub(crate) const TAPS_MAX: usize = 8;
/// Changes that lie in a tap. One more closes it.
pub const TAP_CHANGES_MAX: usize = 65_536;

/// The whole state that watchers may see, at one LSN.
#[derive(Clone, Debug)]
pub struct Picture {
    pub lsn: Lsn,
    pub phase: Phase,
    pub layout: Arc<Layout>,
    /// By [`SeatIx`].
    pub seats: Vec<SeatState>,
    /// By [`AreaIx`].
    pub areas: Vec<Counts>,
    /// Live holds, each as [`inventory::HoldKind::Placed`].
    pub holds: Vec<HoldNews>,
    /// Who has a session in the waiting room. Those that are over by time may be among them.
    pub shoppers: Vec<ShopperNews>,
}

impl Picture {
    pub(crate) fn of(inventory: &Inventory) -> Self {
        let layout = inventory.layout();
        let areas = u16::try_from(layout.area_count()).unwrap_or(u16::MAX);
        Self {
            lsn: inventory.lsn(),
            phase: inventory.phase(),
            layout: Arc::clone(layout),
            seats: (0..layout.seat_count()).map(|seat| inventory.seat_state(SeatIx(seat))).collect(),
            areas: (0..areas).map(|area| inventory.area_counts(AreaIx(area))).collect(),
            holds: inventory.live_holds().collect(),
            shoppers: inventory.shoppers().collect(),
        }
    }
}

/// What has become durable since the last [`Tap::take`]. Apply `picture` first when there is one, then the rest in its
/// order. A place may come several times; the last state counts.
#[derive(Clone, Debug)]
pub struct Changes {
    /// Everything up to here is contained. May have grown when nothing else has.
    pub lsn: Lsn,
    /// When the event heard that the oldest of these changes is durable, by the engine's clock. `None`: there are none.
    pub oldest: Option<TimeUs>,
    /// Seat map, tiers or policy have changed: everything starts anew from here.
    pub picture: Option<Box<Picture>>,
    pub phase: Option<Phase>,
    pub seats: Vec<(SeatIx, SeatState)>,
    pub areas: Vec<(AreaIx, Counts)>,
    /// In LSN order. With a `picture` there may be some older than it.
    pub holds: Vec<HoldNews>,
    /// As `holds`.
    pub shoppers: Vec<ShopperNews>,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            lsn: Lsn::ZERO,
            oldest: None,
            picture: None,
            phase: None,
            seats: Vec::new(),
            areas: Vec::new(),
            holds: Vec::new(),
            shoppers: Vec::new(),
        }
    }
}

impl Changes {
    /// Keeps the memory for the next [`Tap::take`].
    pub fn clear(&mut self) {
        self.lsn = Lsn::ZERO;
        self.oldest = None;
        self.picture = None;
        self.phase = None;
        self.seats.clear();
        self.areas.clear();
        self.holds.clear();
        self.shoppers.clear();
    }

    fn len(&self) -> usize {
        self.seats.len() + self.areas.len() + self.holds.len() + self.shoppers.len()
    }
}
