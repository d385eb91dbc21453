use inventory::limits::UNITS_PER_HOLD_MAX;
use inventory::{Layout, Rejection, TierId, Wish, WishedPlace};
use wire::{FieldError, WaitlistJoin};

use crate::error::ApiError;
use crate::field_errors::FieldErrors;

/// # Errors
/// Rejected when a name or quantity is no good; invalid when it says two things at once.
pub fn parse(body: &WaitlistJoin, layout: &Layout) -> Result<Wish, ApiError> {
    let mut errors = FieldErrors::default();
    if body.area.is_some() {
        let seats_only = [
            ("section", body.section.is_some()),
            ("together", body.together.is_some()),
            ("accessible", body.accessible),
        ];
        for (field, is_said) in seats_only {
            if is_said {
                errors.add(field, "UNEXPECTED", "only for seats, not with `area`");
            }
        }
    }
    errors.none()?;
    let tier = layout.tier(TierId::from_uuid(body.tier));
    let tier = tier.ok_or_else(|| refused(Rejection::TierUnknown { item: 0 }))?;
    let place = match &body.area {
        Some(area) => {
            let area = layout.area(area);
            WishedPlace::Area(area.ok_or_else(|| refused(Rejection::AreaUnknown { item: 0 }))?)
        }
        None => WishedPlace::Seats {
            section: match &body.section {
                Some(id) => {
                    let section = layout.section(id);
                    Some(section.ok_or_else(|| refused(Rejection::SectionUnknown { item: 0 }))?)
                }
                None => None,
            },
            accessible: body.accessible,
            apart: !body.together.unwrap_or(true),
        },
    };
    match u32::try_from(body.quantity) {
        Ok(quantity) if (1..=UNITS_PER_HOLD_MAX).contains(&quantity) => Ok(Wish { tier, place, quantity }),
        Ok(_) | Err(_) => Err(refused(Rejection::QuantityInvalid { item: 0, max: UNITS_PER_HOLD_MAX })),
    }
}

/// With the field that is at fault, if it is one alone.
pub fn refused(rejection: Rejection) -> ApiError {
    let field = match rejection {
        Rejection::TierUnknown { .. }
        | Rejection::TierNotForPlace { .. }
        | Rejection::NotPriced { .. }
        | Rejection::AccessCodeRequired { .. } => "tier",
        Rejection::AreaUnknown { .. } => "area",
        Rejection::SectionUnknown { .. } => "section",
        Rejection::QuantityInvalid { .. } | Rejection::WaitlistNeverTogether { .. } => "quantity",
        _ => return rejection.into(),
    };
    let fault =
        FieldError { field: field.to_owned(), code: rejection.code().to_owned(), message: rejection.to_string() };
    ApiError::Rejected(rejection, vec![fault])
}
