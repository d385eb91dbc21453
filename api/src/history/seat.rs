use std::ops::ControlFlow;

use axum::Json;
use axum::extract::State;
use inventory::{
    EventId, HoldId, Inventory, Lsn, OrderId, Record, RequestId, SeatEntry, SeatHistory, TicketId, UserId,
};
use uuid::Uuid;
use wire::{Page, SeatHistoryEntry};

use super::replay::Watch;
use crate::auth::Caller;
use crate::error::{ApiError, Malformed};
use crate::event_access::{self, Capability};
use crate::extract::{PathName, Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;
use crate::time;

/// Tells the history of a seat
///
/// Whatever became of it, the earliest first: held, expired, sold, checked in, returned, and by whose request. Read from the
/// event's journal, where nothing is ever changed. For the event's organizer and admins.
#[utoipa::path(get, path = "/events/{id}/history/seats/{seat}", tag = "events",
    params(("id" = Uuid, Path, description = "Event"), ("seat" = String, Path, description = "As `A-12-7`"), PageQuery),
    security(("bearer" = [])),
    responses((status = 200, description = "One page; empty for a seat that never was", body = Page<SeatHistoryEntry>),
        Read))]
pub async fn seat(
    State(state): State<AppState>,
    PathName(event, seat): PathName,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<SeatHistoryEntry>>, ApiError> {
    let event = event_access::allow(&state, caller, EventId::from_uuid(event), Capability::SeeReports).await?.id;
    let after = query.cursor.map(|cursor| u64::try_from(cursor.0.as_u128()).map(Lsn)).transpose();
    let after = after.map_err(|_| ApiError::Malformed(Malformed::Cursor))?.unwrap_or(Lsn::ZERO);
    let limit = query.limit.get();
    let search = Search { history: SeatHistory::new(seat), after, entries: Vec::new(), most: limit as usize + 1 };
    let found = state.replays.all(&state.store, event, search).await?.entries;
    Ok(Json(page(found, limit, |entry| Uuid::from_u128(entry.lsn.0.into()), render)))
}

struct Search {
    history: SeatHistory,
    after: Lsn,
    entries: Vec<SeatEntry>,
    most: usize,
}

impl Watch for Search {
    fn saw(&mut self, inventory: &Inventory, record: &Record) -> ControlFlow<()> {
        let entry = self.history.after(inventory, record).filter(|entry| entry.lsn > self.after);
        self.entries.extend(entry);
        if self.entries.len() == self.most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn render(entry: SeatEntry) -> SeatHistoryEntry {
    SeatHistoryEntry {
        seq: entry.lsn.0,
        at: time::utc(entry.at),
        event: entry.event.name().to_owned(),
        state: entry.state.map(|state| state.letter().to_string()),
        hold_id: entry.hold.map(HoldId::uuid),
        order_id: entry.order.map(OrderId::uuid),
        ticket_id: entry.ticket.map(TicketId::uuid),
        customer_id: entry.customer.map(UserId::uuid),
        by: entry.by.map(UserId::uuid),
        request_id: entry.request.map(RequestId::uuid),
    }
}
