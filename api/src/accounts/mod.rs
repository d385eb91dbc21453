//! Slice `accounts`: registering, signing in, who one is, and what admins do about users.

mod change_password;
mod check;
mod code_send;
mod code_verify;
mod confirm_email;
mod email_change;
mod erase;
mod export;
mod exported;
mod forgot_password;
mod google;
mod identities;
mod links;
mod list;
mod login;
mod logout;
mod mail_limit;
mod me;
mod me_patch;
mod newcomer;
mod patch;
mod refresh;
mod register;
mod remove;
mod resend_confirmation;
mod reset_password;
mod second_factor;
mod session;
mod session_end;
mod sessions;
mod show;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use check::{email, name, password};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(login::login))
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::logout))
        .routes(routes!(me::me, me_patch::me_patch, erase::erase))
        .routes(routes!(sessions::sessions, session_end::sessions_end))
        .routes(routes!(session_end::session_end))
        .routes(routes!(export::export))
        .merge(google::routes())
        .routes(routes!(identities::identities))
        .routes(routes!(identities::identity_unlink))
        .merge(second_factor::routes())
        .routes(routes!(code_send::code_send))
        .routes(routes!(code_verify::code_verify))
        .routes(routes!(confirm_email::confirm_email))
        .routes(routes!(email_change::email_change))
        .routes(routes!(email_change::email_change_confirm))
        .routes(routes!(resend_confirmation::resend_confirmation))
        .routes(routes!(forgot_password::forgot_password))
        .routes(routes!(reset_password::reset_password))
        .routes(routes!(change_password::change_password))
        .routes(routes!(list::list))
        .routes(routes!(show::show, patch::patch, remove::remove))
}
