//! Pictures of events and of accounts: taken in, cut to sizes, kept in the object storage, shown.

mod add;
mod avatar;
mod decode;
mod delete;
mod encode;
mod order;
mod orientation;
mod pixels;
mod show;
mod sweep;
mod upload;
mod workers;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use sweep::sweep;
pub use workers::Workers;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(add::add, order::order))
        .routes(routes!(delete::delete))
        .routes(routes!(show::show))
        .routes(routes!(avatar::put, avatar::delete))
}
