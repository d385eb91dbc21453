use axum::Json;
use axum::extract::State;
use wire::{Problem, SecondFactorSignIn, Tokens};

use crate::accounts::session;
use crate::audit_log::{Action, Incident, Source};
use crate::error::{ApiError, Unauthorized};
use crate::extract::Body;
use crate::second_factor::Code;
use crate::state::AppState;

/// Finishes a login that was answered with SECOND_FACTOR_REQUIRED: by a code of the app, or a recovery code. Five guesses.
#[utoipa::path(post, path = "/auth/second-factor", tag = "accounts", request_body = SecondFactorSignIn, responses(
    (status = 200, description = "Tokens", body = Tokens),
    (status = 401, description = "CHALLENGE_INVALID or SECOND_FACTOR_WRONG", body = Problem),
    (status = 422, description = "VALIDATION_FAILED", body = Problem),
    (status = 429, description = "RATE_LIMITED: too many wrong codes of this account", body = Problem),
))]
pub async fn sign_in(
    State(state): State<AppState>,
    source: Source,
    Body(body): Body<SecondFactorSignIn>,
) -> Result<Json<Tokens>, ApiError> {
    let code = Code::parse(&body.code)?;
    let answer = session::answer(&state, &body.challenge, &code, &source).await;
    if let Err(error @ ApiError::Unauthorized(Unauthorized::SecondFactorWrong)) = &answer {
        let path = "/api/v1/auth/second-factor";
        let incident = Incident { action: Action::LoginFailed, code: error.code(), account: None, path };
        state.security.note(incident, source, state.now());
    }
    answer.map(Json)
}
