//! Who is calling: access tokens, and what their holder may do.

mod cache;
mod caller;
mod passwords;
mod refresh_tokens;
pub mod roles;
mod standing;
mod tokens;

pub use caller::{Admin, Caller, Organizer, bearer};
pub use passwords::{PasswordError, Passwords};
pub use refresh_tokens::{RefreshToken, RefreshTokens};
pub use standing::{Standing, Standings};
pub use tokens::{Claims, TokenError, Tokens, Verified};
