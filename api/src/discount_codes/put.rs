use std::borrow::Cow;

use axum::Json;
use axum::extract::State;
use inventory::limits::{PRICE_MINOR_MAX, TIERS_PER_EVENT_MAX};
use inventory::{Discount, DiscountCodeSpec, EventId, Layout, SaleWindow, TierId};
use wire::{DiscountCode, DiscountCodePut, Money};

use super::view;
use crate::audit_log::{self, Action, Source};
use crate::error::ApiError;
use crate::extract::PathId;
use crate::field_errors::FieldErrors;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::{access_code, event_access, sale_window};

/// Adds a discount code, or changes it
///
/// Prices that were held or paid stay as they are. `uses_max` and `tickets_max` cannot be lower than what was used.
#[utoipa::path(put, path = "/events/{id}/discount-codes", tag = "tiers", request_body = DiscountCodePut,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "The code as it is now", body = DiscountCode), Written))]
pub async fn put(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<DiscountCodePut>,
) -> Result<Json<DiscountCode>, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let handle = event_access::handle(&state, event.id).await?;
    let digest = state.access_codes.discount_digest_of(&body.code);
    let stored = handle.discount_code(digest).await?;
    let asker = event_access::asker(caller.user, origin);
    let layout = handle.layout();
    let done = match parse(body, digest, stored.as_ref().map(|code| &code.spec), &layout) {
        Ok(spec) => handle.set_discount_code(asker, spec).await?,
        Err(faults) => event_access::recalled(&state, &handle, asker, faults.into()).await?,
    };
    let currency = layout.policy().currency;
    let before = stored.map(|code| view::render(code, currency.code()));
    // What is unknown now is known to have happened.
    let code = handle.discount_code(digest).await.map_err(|_| ApiError::OutcomeUnknown)?;
    let code = code.ok_or(ApiError::Defect(Cow::Borrowed("a code that was set is gone")))?;
    let code = view::render(code, currency.code());
    let entry = source.entry(&caller, Action::DiscountCodeSet).event(event.id).object(code.id).once_per(done.lsn);
    audit_log::write(&state, entry.change(&before, &code)).await;
    Ok(Json(code))
}

/// `stored`: the code as it is. It may go on naming its tiers, whatever has become of them.
fn parse(
    wanted: DiscountCodePut,
    digest: [u8; 16],
    stored: Option<&DiscountCodeSpec>,
    layout: &Layout,
) -> Result<DiscountCodeSpec, FieldErrors> {
    let mut errors = FieldErrors::default();
    access_code::check_named(&mut errors, &wanted.code, &wanted.label, wanted.tiers.len());
    for (at, id) in wanted.tiers.iter().take(TIERS_PER_EVENT_MAX).enumerate() {
        let id = TierId::from_uuid(*id);
        let is_stored = stored.is_some_and(|stored| stored.tiers.contains(&id));
        if !is_stored && layout.tier(id).is_none() {
            errors.add(format!("tiers[{at}]"), "UNKNOWN", "the event has no such tier");
        }
    }
    if wanted.per_customer_max == Some(0) {
        errors.add("per_customer_max", "OUT_OF_RANGE", "at least 1");
    }
    let discount = discount(&mut errors, &wanted, layout);
    let window = wanted.window.as_ref().map_or(SaleWindow::ALWAYS, sale_window::parse);
    if let (Some(from), Some(until)) = (window.from, window.until)
        && from >= until
    {
        errors.add("window.ends_at", "OUT_OF_RANGE", "after `starts_at`");
    }
    errors.none()?;
    Ok(DiscountCodeSpec {
        digest,
        label: wanted.label,
        discount,
        tiers: wanted.tiers.into_iter().map(TierId::from_uuid).collect(),
        uses_max: wanted.uses_max,
        units_max: wanted.tickets_max,
        per_customer_max: wanted.per_customer_max,
        window,
        open: wanted.open.unwrap_or(true),
    })
}

/// Of no meaning when an error was added.
fn discount(errors: &mut FieldErrors, wanted: &DiscountCodePut, layout: &Layout) -> Discount {
    match (wanted.percent_basis_points, &wanted.amount_off, &wanted.fixed_price) {
        (Some(basis_points), None, None) => {
            if !(1..=Discount::BASIS_POINTS_MAX).contains(&basis_points) {
                let range = format!("1 to {}", Discount::BASIS_POINTS_MAX);
                errors.add("percent_basis_points", "OUT_OF_RANGE", range);
            }
            Discount::Percent { basis_points }
        }
        (None, Some(off), None) => Discount::Amount { minor: amount(errors, "amount_off", off, 1, layout) },
        (None, None, Some(price)) => Discount::Fixed { minor: amount(errors, "fixed_price", price, 0, layout) },
        _ => {
            let choice = "exactly one of `percent_basis_points`, `amount_off` and `fixed_price`";
            errors.add("percent_basis_points", "EXACTLY_ONE", choice);
            Discount::Fixed { minor: 0 }
        }
    }
}

fn amount(errors: &mut FieldErrors, field: &str, amount: &Money, least: i64, layout: &Layout) -> i64 {
    let currency = layout.policy().currency;
    if amount.currency != currency.code() {
        errors.add(format!("{field}.currency"), "CURRENCY_MISMATCH", format!("the event sells in {}", currency.code()));
    }
    if !(least..=PRICE_MINOR_MAX).contains(&amount.amount_minor) {
        errors.add(format!("{field}.amount_minor"), "OUT_OF_RANGE", format!("{least} to {PRICE_MINOR_MAX}"));
    }
    amount.amount_minor
}
