use inventory::CodeView;
use uuid::Uuid;
use wire::AccessCode;

use crate::sale_window;

pub fn render(code: CodeView) -> AccessCode {
    let CodeView { spec, used } = code;
    AccessCode {
        id: Uuid::from_bytes(spec.digest),
        label: spec.label,
        tiers: spec.tiers.into_iter().map(inventory::TierId::uuid).collect(),
        units_max: spec.units_max,
        used,
        window: sale_window::render(spec.window),
        open: spec.open,
    }
}
