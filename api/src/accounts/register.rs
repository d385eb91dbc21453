use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::UserId;
use persistence::{LinkPurpose, Redacted, Role, User, UserStatus};
use secrecy::SecretString;
use wire::{Problem, RegisterRequest, Registered};

use super::{check, links, view};
use crate::error::ApiError;
use crate::idempotency::{AnonymousWrite, remembered};
use crate::ids;
use crate::state::AppState;

/// Makes an account of role attendee. Any other role is given by an admin. A mail asks to confirm the address.
#[utoipa::path(post, path = "/auth/register", tag = "accounts", request_body = RegisterRequest, responses(
    (status = 201, description = "The account", body = Registered),
    (status = 409, description = "EMAIL_TAKEN", body = Problem),
    (status = 422, description = "VALIDATION_FAILED", body = Problem),
))]
pub async fn register(
    State(state): State<AppState>,
    write: AnonymousWrite<RegisterRequest>,
) -> Result<Response, ApiError> {
    remembered(&state, write.key, async {
        let user = user(&state, write.body).await?;
        let (token, mail) = links::link(&state, &user, LinkPurpose::ConfirmEmail)?;
        state.store.user_register(&user, &token, &mail).await?;
        state.mail.queued();
        Ok((StatusCode::CREATED, Json(Registered { user: view::user(&user) })).into_response())
    })
    .await
}

async fn user(state: &AppState, body: RegisterRequest) -> Result<User, ApiError> {
    let email = body.email.trim().to_owned();
    check::all([check::name(&body.name), check::email(&email), check::password(&body.password)])?;
    let now = state.now();
    Ok(User {
        id: UserId::from_uuid(ids::mint(now)),
        name: body.name.trim().to_owned(),
        email,
        password_hash: Redacted(state.passwords.hash(SecretString::from(body.password)).await?),
        role: Role::Attendee,
        status: UserStatus::Active,
        created_at: now,
        whitelisted: false,
        email_confirmed_at: None,
        avatar: None,
    })
}
