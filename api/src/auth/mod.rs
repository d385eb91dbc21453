//! Who is calling: access tokens, and what their holder may do.

mod api_keys;
mod cache;
mod caller;
mod confirmed;
mod one_time;
mod passwords;
mod refresh_tokens;
pub mod roles;
pub mod scopes;
mod standing;
mod tokens;

pub use api_keys::{ApiKey, ApiKeys, Scanner};
pub use caller::{Admin, Caller, Organizer, bearer, is_machine, is_signed, scheme};
pub use confirmed::{check_confirmed, require_confirmed};
pub use one_time::{OneTimeCode, OneTimeKeys, OneTimeToken};
pub use passwords::{PasswordError, Passwords};
pub use refresh_tokens::{RefreshToken, RefreshTokens};
pub use scopes::Scopes;
pub use standing::{Standing, Standings};
pub use tokens::{Claims, TokenError, Tokens, Verified};
