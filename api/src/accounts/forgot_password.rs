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

/// Sends a link to choose a new password with
///
/// If the address has an account, which the answer does not tell. Three in half an hour from one network address, six to
/// one e-mail address.
#[utoipa::path(post, path = "/auth/forgot-password", tag = "accounts", request_body = EmailRequest,
    responses((status = 202, description = "Sent, if there is such an account"), Written))]
pub async fn forgot_password(
    State(state): State<AppState>,
    context: RequestContext,
    write: AnonymousWrite<EmailRequest>,
) -> Result<Response, ApiError> {
    remembered(&state, write.key, async {
        let email = write.body.email;
        check::all([check::email(&email)])?;
        mail_limit::RESET.take(&state, &email, context.peer).await?;
        state.aside.run(send(state.clone(), email))?;
        Ok(StatusCode::ACCEPTED.into_response())
    })
    .await
}

async fn send(state: AppState, email: String) -> Result<(), ApiError> {
    match state.store.user_find_by_email(&email).await? {
        Some(user) => links::send(&state, &user, LinkPurpose::ResetPassword).await,
        None => Ok(()),
    }
}
