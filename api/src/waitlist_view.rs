//! An entry of a waitlist as the API shows it.

use persistence::WaitlistStatus as Stored;
use wire::{WaitlistEntry, WaitlistOffer, WaitlistStatus};

use crate::time;

/// Without a place in line.
pub fn render(entry: persistence::WaitlistEntry) -> WaitlistEntry {
    let (section, area) = if entry.is_area { (None, entry.part) } else { (entry.part, None) };
    let offer = entry.hold_id.zip(entry.offered_until);
    WaitlistEntry {
        event_id: entry.event_id.uuid(),
        number: entry.number,
        user_id: entry.customer_id.uuid(),
        tier_id: entry.tier_id.uuid(),
        tier_name: entry.tier_name,
        section,
        area,
        quantity: entry.quantity,
        together: !entry.apart,
        accessible: entry.accessible,
        priority: entry.has_priority,
        status: status(entry.status),
        joined_at: time::utc(entry.joined_at),
        changed_at: time::utc(entry.changed_at),
        position: None,
        offer: offer.map(|(hold, until)| WaitlistOffer { hold_id: hold.uuid(), expires_at: time::utc(until) }),
    }
}

const fn status(status: Stored) -> WaitlistStatus {
    match status {
        Stored::Waiting => WaitlistStatus::Waiting,
        Stored::Offered => WaitlistStatus::Offered,
        Stored::Accepted => WaitlistStatus::Accepted,
        Stored::Lapsed => WaitlistStatus::Lapsed,
        Stored::Left => WaitlistStatus::Left,
        Stored::Removed => WaitlistStatus::Removed,
        Stored::Limited => WaitlistStatus::Limited,
        Stored::Closed => WaitlistStatus::Closed,
    }
}

pub const fn stored(status: WaitlistStatus) -> Stored {
    match status {
        WaitlistStatus::Waiting => Stored::Waiting,
        WaitlistStatus::Offered => Stored::Offered,
        WaitlistStatus::Accepted => Stored::Accepted,
        WaitlistStatus::Lapsed => Stored::Lapsed,
        WaitlistStatus::Left => Stored::Left,
        WaitlistStatus::Removed => Stored::Removed,
        WaitlistStatus::Limited => Stored::Limited,
        WaitlistStatus::Closed => Stored::Closed,
    }
}
