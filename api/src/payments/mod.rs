//! Slice `payments`: paying an order, what providers tell of payments, and what admins see of refunds. How providers are
//! asked, and what is done with what they say, is [`crate::gateways`].

mod by_mock;
mod checkout;
mod order_status;
mod pay;
mod refund_done;
mod refund_retry;
mod refunds;
mod stripe_webhook;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(pay::pay))
        .routes(routes!(stripe_webhook::stripe_webhook))
        .routes(routes!(order_status::order_status))
        .routes(routes!(refunds::refunds))
        .routes(routes!(refund_retry::refund_retry))
        .routes(routes!(refund_done::refund_done))
}
