//! What those who were there say of an event.

mod list;
mod post;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::Feedback;

use crate::state::AppState;
use crate::time;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(post::post, list::list))
}

fn render(feedback: persistence::Feedback) -> Feedback {
    Feedback {
        author: feedback.name,
        rating: feedback.rating,
        text: feedback.text,
        created_at: time::utc(feedback.created_at),
        changed_at: time::utc(feedback.changed_at),
    }
}
