use inventory::{Layout, TierId};
use uuid::Uuid;

use crate::field_errors::FieldErrors;

const WORDS_CHARS_MAX: usize = 100;

/// What a list says, checked against its event.
pub struct Spec {
    pub name: String,
    pub gate: Option<String>,
    pub tiers: String,
    pub sections: String,
}

/// # Errors
/// The fields at fault.
pub fn check(
    layout: &Layout,
    name: &str,
    gate: Option<&str>,
    tiers: &[Uuid],
    sections: &[String],
) -> Result<Spec, FieldErrors> {
    let mut errors = FieldErrors::default();
    let name = words(&mut errors, "name", name);
    let gate = gate.map(|gate| words(&mut errors, "gate", gate));
    for (at, tier) in tiers.iter().enumerate() {
        if tiers[..at].contains(tier) {
            errors.add(format!("tiers[{at}]"), "DUPLICATE", "named before");
        } else if layout.tier(TierId::from_uuid(*tier)).is_none() {
            errors.add(format!("tiers[{at}]"), "UNKNOWN", "the event has no such tier");
        }
    }
    for (at, section) in sections.iter().enumerate() {
        if sections[..at].contains(section) {
            errors.add(format!("sections[{at}]"), "DUPLICATE", "named before");
        } else if layout.section(section).is_none() && layout.area(section).is_none() {
            errors.add(format!("sections[{at}]"), "UNKNOWN", "the seat map has no such section or area");
        }
    }
    errors.none()?;
    let tiers: Vec<String> = tiers.iter().map(Uuid::to_string).collect();
    Ok(Spec { name, gate, tiers: tiers.join(" "), sections: sections.join(" ") })
}

fn words(errors: &mut FieldErrors, field: &str, text: &str) -> String {
    let text = text.trim();
    if !(1..=WORDS_CHARS_MAX).contains(&text.chars().count()) {
        errors.add(field, "LENGTH", format!("1 to {WORDS_CHARS_MAX} characters"));
    } else if text.chars().any(char::is_control) {
        errors.add(field, "CHARACTER", "no control characters");
    }
    text.to_owned()
}
