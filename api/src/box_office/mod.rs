//! Sales at the venue: places kept without a time limit, orders paid at the counter, and tickets given away. All of it
//! through the event's actor, past sale windows, waiting room and limits per customer, and never past what there is.

mod asked;
mod hold;
mod list;
mod pay_out;
mod release;
mod sales;
mod sell;
mod takings;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(hold::hold, list::list))
        .routes(routes!(release::release))
        .routes(routes!(sell::sell, sales::sales))
        .routes(routes!(pay_out::pay_out))
        .routes(routes!(takings::takings))
}
