//! Sale windows between the wire and the core: of a whole event and of one tier alike.

use inventory::SaleWindow;

use crate::time;

pub fn parse(window: &wire::SaleWindow) -> SaleWindow {
    SaleWindow { from: window.starts_at.map(time::time_us), until: window.ends_at.map(time::time_us) }
}

pub fn render(window: SaleWindow) -> wire::SaleWindow {
    wire::SaleWindow { starts_at: window.from.map(time::utc), ends_at: window.until.map(time::utc) }
}
