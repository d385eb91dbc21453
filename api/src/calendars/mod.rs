//! Events as calendars show them: a month of them, and as iCalendar (RFC 5545) for one event, an organizer, an account.

mod bookings;
mod event;
mod feed;
mod month;
mod organizer;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(month::month))
        .routes(routes!(event::event))
        .routes(routes!(organizer::organizer))
        .routes(routes!(feed::show, feed::make, feed::revoke))
        .routes(routes!(bookings::bookings))
}
