use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use persistence::{EventStatus, OrderStatus};
use wire::{AdminSummary, EventCount, Money, OrderCount, Revenue, UserCount};

use crate::auth::{Admin, roles};
use crate::error::ApiError;
use crate::order_access;
use crate::problems::Read;
use crate::state::AppState;

/// Counts accounts, events, orders and money
///
/// As the tables have it at this moment. For admins.
#[utoipa::path(get, path = "/admin/summary", tag = "admin", security(("bearer" = [])),
    responses((status = 200, description = "The counts", body = AdminSummary), Read))]
pub async fn summary(State(state): State<AppState>, _: Admin) -> Result<Json<AdminSummary>, ApiError> {
    Ok(Json(render(state.store.summary().await?)))
}

fn render(summary: persistence::Summary) -> AdminSummary {
    let users = summary.users.into_iter().map(|row| UserCount {
        role: roles::role(row.role),
        status: roles::status(row.status),
        count: row.count,
    });
    let events = summary.events.into_iter().map(|row| EventCount { status: status(row.status), count: row.count });
    AdminSummary {
        users: users.collect(),
        events: events.collect(),
        revenue: revenue(&summary.orders),
        orders: orders(&summary.orders),
    }
}

const fn status(status: EventStatus) -> wire::EventStatus {
    match status {
        EventStatus::Draft => wire::EventStatus::Draft,
        EventStatus::Published => wire::EventStatus::Published,
        EventStatus::Cancelled => wire::EventStatus::Cancelled,
    }
}

/// Rows of one status follow each other, one per currency.
fn orders(rows: &[persistence::OrderCount]) -> Vec<OrderCount> {
    let of_a_status = rows.chunk_by(|one, next| one.status == next.status);
    let counted = of_a_status.filter_map(|rows| {
        let status = order_access::status(rows.first()?.status);
        Some(OrderCount { status, count: rows.iter().map(|row| row.count).sum() })
    });
    counted.collect()
}

fn revenue(rows: &[persistence::OrderCount]) -> Vec<Revenue> {
    let mut sums: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for row in rows.iter().filter(|row| is_paid(row.status)) {
        let (paid, refunded) = sums.entry(&row.currency).or_default();
        *paid += row.total_minor;
        *refunded += row.refunded_minor;
    }
    let revenue = sums.into_iter().map(|(currency, (paid, refunded))| {
        let money = |amount_minor| Money { amount_minor, currency: currency.to_owned() };
        Revenue { paid: money(paid), refunded: money(refunded), net: money(paid - refunded) }
    });
    revenue.collect()
}

const fn is_paid(status: OrderStatus) -> bool {
    match status {
        OrderStatus::Paid | OrderStatus::PartiallyRefunded | OrderStatus::Refunded => true,
        OrderStatus::Draft | OrderStatus::PendingPayment | OrderStatus::Cancelled | OrderStatus::Expired => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(status: OrderStatus, currency: &str, total_minor: i64, refunded_minor: i64) -> persistence::OrderCount {
        persistence::OrderCount { status, currency: currency.to_owned(), count: 2, total_minor, refunded_minor }
    }

    #[test]
    fn money_is_counted_per_currency_and_only_what_was_paid() {
        let rows = [
            row(OrderStatus::Paid, "EUR", 900, 0),
            row(OrderStatus::Paid, "USD", 50, 0),
            row(OrderStatus::PartiallyRefunded, "EUR", 100, 30),
            row(OrderStatus::PendingPayment, "EUR", 7_000, 0),
            row(OrderStatus::Refunded, "EUR", 10, 10),
        ];
        let revenue: Vec<_> = revenue(&rows)
            .into_iter()
            .map(|sum| (sum.net.currency, sum.paid.amount_minor, sum.refunded.amount_minor, sum.net.amount_minor))
            .collect();
        assert_eq!(revenue, [("EUR".to_owned(), 1_010, 40, 970), ("USD".to_owned(), 50, 0, 50)]);
        let counts: Vec<u64> = orders(&rows).into_iter().map(|row| row.count).collect();
        assert_eq!(counts, [4, 2, 2, 2]);
    }
}
