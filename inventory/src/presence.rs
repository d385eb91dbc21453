//! Who is inside, counted by tier and by section or area: never stored, counted again from the tickets.

use hashbrown::HashMap;

use crate::tickets::{Ticket, TicketState};
use crate::{AreaIx, Inventory, Layout, Place, SectionIx, TierIx};

/// Tickets of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Headcount {
    pub inside: u32,
    /// Have been inside and are out now.
    pub left: u32,
}

impl Headcount {
    fn side(&mut self, state: TicketState) -> Option<&mut u32> {
        match state {
            TicketState::CheckedIn => Some(&mut self.inside),
            TicketState::CheckedOut => Some(&mut self.left),
            TicketState::Issued | TicketState::Voided => None,
        }
    }
}

/// A tier's tickets in a section or an area, as far as anybody came with one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartHeadcount {
    pub tier: TierIx,
    /// The id of a section or an area.
    pub part: String,
    pub count: Headcount,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Part {
    Section(u16),
    Area(u16),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Presence {
    counts: HashMap<(u8, Part), Headcount>,
}

impl Presence {
    pub fn of<'a>(layout: &Layout, tickets: impl Iterator<Item = &'a Ticket>) -> Self {
        let mut presence = Self::default();
        for ticket in tickets {
            presence.follow(layout, ticket, TicketState::Issued);
        }
        presence
    }

    /// The ticket was in the state `before`.
    pub fn follow(&mut self, layout: &Layout, ticket: &Ticket, before: TicketState) {
        let is_counted = |state| Headcount::default().side(state).is_some();
        if before == ticket.state || !(is_counted(before) || is_counted(ticket.state)) {
            return;
        }
        let part = match ticket.place {
            Place::Seat(seat) => Part::Section(layout.section_of(seat).0),
            Place::Area { area, .. } => Part::Area(area.0),
        };
        let key = (ticket.tier.0, part);
        let count = self.counts.entry(key).or_default();
        if let Some(side) = count.side(before) {
            *side -= 1;
        }
        if let Some(side) = count.side(ticket.state) {
            *side += 1;
        }
        if *count == Headcount::default() {
            self.counts.remove(&key);
        }
    }
}

impl Inventory {
    /// Who is inside, by tier and part of the house, in no particular order. Costs as much as there are such pairs, however
    /// many tickets there are.
    pub fn headcounts(&self) -> Vec<PartHeadcount> {
        let counts = self.presence.counts.iter();
        let part_id = |part| match part {
            Part::Section(at) => self.layout.section_id(SectionIx(at)).to_owned(),
            Part::Area(at) => self.layout.area_id(AreaIx(at)).to_owned(),
        };
        counts
            .map(|((tier, part), count)| PartHeadcount { tier: TierIx(*tier), part: part_id(*part), count: *count })
            .collect()
    }
}
