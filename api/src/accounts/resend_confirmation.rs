use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use persistence::LinkPurpose;
use wire::EmailRequest;

use super::{check, links, mail_limit};
use crate::error::ApiError;
use crate::idempotency::{AnonymousWrite, remembered};
use crate::problems::Written;
use crate::request::RequestContext;
use crate::state::AppState;

/// Sends the mail again that confirms an address
///
/// To an account that has not confirmed it yet; the answer does not tell whether there is one. Four in half an hour asked
/// for from one network address, six in all, the one that registering sent among them.
#[utoipa::path(post, path = "/auth/resend-confirmation", tag = "accounts", request_body = EmailRequest,
    responses((status = 202, description = "Sent, if there is anything to confirm"), Written))]
pub async fn resend_confirmation(
    State(state): State<AppState>,
    context: RequestContext,
    write: AnonymousWrite<EmailRequest>,
) -> Result<Response, ApiError> {
    remembered(&state, write.key, async {
        let email = write.body.email;
        check::all([check::email(&email)])?;
        mail_limit::CONFIRMATION.take(&state, &email, context.peer).await?;
        state.aside.run(send(state.clone(), email))?;
        Ok(StatusCode::ACCEPTED.into_response())
    })
    .await
}

async fn send(state: AppState, email: String) -> Result<(), ApiError> {
    match state.store.user_find_by_email(&email).await? {
        Some(user) if user.email_confirmed_at.is_none() => links::send(&state, &user, LinkPurpose::ConfirmEmail).await,
        _ => Ok(()),
    }
}
