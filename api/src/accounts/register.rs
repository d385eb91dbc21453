use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::UserId;
use persistence::{LinkPurpose, Redacted, Role, User, UserStatus};
use secrecy::SecretString;
use uuid::Uuid;
use wire::{Problem, RegisterRequest, Registered};

use super::{check, links, mail_limit, view};
use crate::attempts::is_within;
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict, Noun};
use crate::idempotency::{self, AnonymousWrite, remembered};
use crate::ids;
use crate::request::RequestContext;
use crate::state::AppState;

/// Makes an account of role attendee. Any other role is given by an admin. A mail asks to confirm the address.
///
/// That an address is taken is told, as nowhere else but to who wants it for his account: he has to know. An address that has had its share of
/// mails gets the account without one.
#[utoipa::path(post, path = "/auth/register", tag = "accounts", request_body = RegisterRequest, responses(
    (status = 201, description = "The account", body = Registered),
    (status = 409, description = "EMAIL_TAKEN", body = Problem),
    (status = 422, description = "VALIDATION_FAILED", body = Problem),
))]
pub async fn register(
    State(state): State<AppState>,
    context: RequestContext,
    source: Source,
    write: AnonymousWrite<RegisterRequest>,
) -> Result<Response, ApiError> {
    let AnonymousWrite { key, body, claim: _claim } = write;
    // Without the password: whoever reads the stored digest must not be able to try passwords at its price.
    let key = key.map(|key| idempotency::of_fields(key, &[&body.name, &body.email]));
    let mut made = None;
    let answer = async {
        let user = made.insert(user(&state, body).await?);
        let (token, mail) = links::link(&state, user, LinkPurpose::ConfirmEmail)?;
        let is_sent = is_within(mail_limit::CONFIRMATION.take(&state, &user.email, context.peer).await)?;
        let entry = source.anonymous_entry(Action::UserRegister).object(user.id).row(user.created_at);
        state.store.user_register(user, is_sent.then_some((&token, &mail)), &entry).await?;
        if is_sent {
            state.mail.queued();
        }
        // What is remembered says nothing of a person: it outlives the account by up to a day.
        Ok((StatusCode::CREATED, Json(user.id.uuid())).into_response())
    };
    let response = remembered(&state, key, answer).await?;
    if response.status() != StatusCode::CREATED {
        return Ok(response);
    }
    let (parts, stored) = response.into_parts();
    let user = match made {
        Some(user) => user,
        None => earlier(&state, stored).await?,
    };
    let mut response = (StatusCode::CREATED, Json(Registered { user: view::user(&user) })).into_response();
    idempotency::mark_replayed(&parts.headers, response.headers_mut());
    Ok(response)
}

async fn earlier(state: &AppState, stored: Body) -> Result<User, ApiError> {
    let id: Uuid = idempotency::read_answer(stored).await?;
    state.store.user_find(UserId::from_uuid(id)).await?.ok_or(ApiError::NotFound(Noun::User))
}

async fn user(state: &AppState, body: RegisterRequest) -> Result<User, ApiError> {
    let email = body.email.trim().to_owned();
    check::all([check::name(&body.name), check::email(&email), check::password(&body.password)])?;
    // Before the work of a hash.
    if state.store.user_find_by_email(&email).await?.is_some() {
        return Err(ApiError::Conflict(Conflict::EmailTaken));
    }
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
