use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Avatar;
use crate::patch::not_null;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    /// 1 to 200 characters.
    pub name: String,
    /// Unique, compared without regard to case.
    pub email: String,
    /// 8 to 256 characters.
    pub password: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Registered {
    pub user: User,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    pub email: String,
    pub password: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    pub refresh_token: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogoutRequest {
    pub refresh_token: String,
    /// Every login of the account, not only this one.
    #[serde(default)]
    pub all: bool,
}

/// A login of the caller's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    pub id: Uuid,
    pub created_at: DateTime<Utc>,
    /// When it was last refreshed.
    pub last_used_at: DateTime<Utc>,
    /// However often it is refreshed.
    pub expires_at: DateTime<Utc>,
    /// Where it was last refreshed from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The one that asks.
    pub is_current: bool,
}

/// Who the account is at another provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkedIdentity {
    pub id: Uuid,
    /// The provider.
    #[schema(example = "https://accounts.google.com")]
    pub issuer: String,
    /// As the provider told it when the two were linked.
    pub email: String,
    pub linked_at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Identities {
    pub items: Vec<LinkedIdentity>,
}

/// `DELETE /me/sessions`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionsEnd {
    /// All but the one that asks.
    #[serde(default)]
    pub keep_current: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds until the access token expires.
    pub expires_in: u64,
    pub user: User,
}

/// Whether logins of the account ask for a second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecondFactor {
    pub is_on: bool,
    pub recovery_codes_left: u32,
}

/// `POST /me/second-factor`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorStart {
    pub password: String,
}

/// For an authenticator app: the same secret three times.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SecondFactorSecret {
    /// Base32, to be typed.
    pub secret: String,
    pub otpauth_url: String,
    /// The URL as a picture.
    pub qr_svg: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorConfirm {
    /// The six digits that the app shows.
    pub code: String,
}

/// Shown once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RecoveryCodes {
    pub recovery_codes: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorRemove {
    pub password: String,
    /// Six digits, or a recovery code.
    pub code: String,
}

/// `POST /auth/google/exchange`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GoogleExchange {
    /// What follows `#sign_in=` in the page's address.
    pub code: String,
}

/// `POST /auth/second-factor`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorSignIn {
    /// Of the problem SECOND_FACTOR_REQUIRED. Good for five minutes and five guesses.
    pub challenge: String,
    /// Six digits, or a recovery code.
    pub code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    pub id: Uuid,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub status: UserStatus,
    /// Whether somebody has shown that he reads what is sent to the address.
    #[serde(default)]
    pub email_confirmed: bool,
    pub created_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<Avatar>,
    /// Spared by the rules against abuse. Told to admins only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whitelisted: Option<bool>,
    /// Whether it is reminded by mail of what it has tickets for. Told by `/me` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminders: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Attendee,
    Organizer,
    Admin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    Active,
    /// May not sign in, hold, buy or change anything; looks for as long as its access token lives.
    Suspended,
}

/// `PATCH /me`. What is absent stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MePatch {
    /// 1 to 200 characters.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// Whether a mail comes a day before an event that the account has a ticket for. On at first.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reminders: Option<bool>,
}

/// `PUT /me/email`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeEmail {
    pub email: String,
    /// Of an account without a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Of the second factor, or a recovery code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// `DELETE /me`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeErase {
    /// Of an account without a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Of the second factor, or a recovery code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// `PATCH /users/{id}` by an admin.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPatch {
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub role: Option<Role>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub status: Option<UserStatus>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub whitelisted: Option<bool>,
}

/// Of calls that send a mail.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailRequest {
    pub email: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmEmailRequest {
    /// Behind `#token=` of the link.
    pub token: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPasswordRequest {
    /// Behind `#token=` of the link.
    pub token: String,
    /// 8 to 256 characters.
    pub password: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePasswordRequest {
    pub current_password: String,
    /// 8 to 256 characters.
    pub new_password: String,
    /// End the account's API keys as well.
    #[serde(default)]
    pub revoke_api_keys: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRequest {
    pub email: String,
    /// Six digits.
    #[schema(example = "012345")]
    pub code: String,
    /// 1 to 200 characters. Of an account that is made by this; without it the address says what its owner is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}
