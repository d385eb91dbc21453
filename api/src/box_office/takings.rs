use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use inventory::{EventId, TimeUs, UserId};
use persistence::BoxOfficeTakings;
use serde::Deserialize;
use utoipa::IntoParams;
use wire::{BoxOfficeTaking, Money};

use super::view;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::event_access::{self, Capability};
use crate::extract::{PathId, Query};
use crate::problems::Read;
use crate::state::AppState;
use crate::time;

/// Accounts, each with every way to pay.
const ROWS_MAX: u32 = 2_000;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TakingsQuery {
    /// Taken or paid out from here on.
    from: Option<DateTime<Utc>>,
    /// And before this.
    until: Option<DateTime<Utc>>,
}

/// Sums up what the box office has taken in and paid out
///
/// For each account that worked there and each way to pay, to settle accounts by.
#[utoipa::path(get, path = "/events/{id}/box-office/takings", tag = "box office",
    params(("id" = Uuid, Path, description = "Event"), TakingsQuery), security(("bearer" = [])),
    responses((status = 200, description = "The takings", body = wire::BoxOfficeTakings), Read))]
pub async fn takings(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    Query(query): Query<TakingsQuery>,
) -> Result<Json<wire::BoxOfficeTakings>, ApiError> {
    let event = EventId::from_uuid(event);
    event_access::allow(&state, caller, event, Capability::SellAtBoxOffice).await?;
    let handle = event_access::handle(&state, event).await?;
    let from = query.from.map_or(TimeUs::MIN, time::time_us);
    let until = query.until.map_or(TimeUs::MAX, time::time_us);
    let (taken, paid_out) = state.store.box_office_takings(event, from, until, ROWS_MAX).await?;
    let currency = handle.layout().policy().currency.code().to_owned();
    Ok(Json(wire::BoxOfficeTakings { items: render(&taken, &paid_out, &currency) }))
}

fn render(taken: &[BoxOfficeTakings], paid_out: &[BoxOfficeTakings], currency: &str) -> Vec<BoxOfficeTaking> {
    let money = |amount_minor| Money { amount_minor, currency: currency.to_owned() };
    let mut items: BTreeMap<(Option<UserId>, &str), BoxOfficeTaking> = BTreeMap::new();
    let mut item = |row: &BoxOfficeTakings, add: &dyn Fn(&mut BoxOfficeTaking)| {
        add(items.entry((row.user_id, row.tender.name())).or_insert_with(|| BoxOfficeTaking {
            user_id: row.user_id.map(UserId::uuid),
            payment: view::payment(row.tender),
            sales: 0,
            taken: money(0),
            payouts: 0,
            paid_out: money(0),
        }));
    };
    for row in taken {
        item(row, &|item| (item.sales, item.taken) = (row.count, money(row.amount_minor)));
    }
    for row in paid_out {
        item(row, &|item| (item.payouts, item.paid_out) = (row.count, money(row.amount_minor)));
    }
    items.into_values().collect()
}
