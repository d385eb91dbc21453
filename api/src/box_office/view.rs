use std::collections::BTreeMap;

use inventory::{EventId, Layout, PlacedHold, Tender, TimeUs};
use wire::{BoxOfficeHold, BoxOfficePayment, Money};

use crate::{hold_items, time};

/// `said`: what staff said of it, if that is known.
pub fn hold(
    event: EventId,
    hold: &PlacedHold,
    placed_at: TimeUs,
    said: Option<persistence::BoxOfficeHold>,
    layout: &Layout,
) -> BoxOfficeHold {
    let currency = layout.policy().currency.code().to_owned();
    let placed_by = said.as_ref().map(|said| said.placed_by.uuid());
    let (reason, label) = said.map_or((None, None), |said| (Some(said.reason), said.label));
    BoxOfficeHold {
        id: hold.hold.uuid(),
        event_id: event.uuid(),
        items: hold_items::render(hold, layout, &BTreeMap::new()),
        total: Money { amount_minor: hold.total_minor(), currency },
        placed_at: time::utc(placed_at),
        placed_by,
        reason,
        label,
    }
}

pub const fn tender(payment: BoxOfficePayment) -> Tender {
    match payment {
        BoxOfficePayment::Cash => Tender::Cash,
        BoxOfficePayment::CardTerminal => Tender::CardTerminal,
        BoxOfficePayment::External => Tender::External,
        BoxOfficePayment::Comp => Tender::Comp,
    }
}

pub const fn payment(tender: Tender) -> BoxOfficePayment {
    match tender {
        Tender::Cash => BoxOfficePayment::Cash,
        Tender::CardTerminal => BoxOfficePayment::CardTerminal,
        Tender::External => BoxOfficePayment::External,
        Tender::Comp => BoxOfficePayment::Comp,
    }
}
