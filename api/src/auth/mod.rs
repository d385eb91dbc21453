//! Who is calling: access tokens, and what their holder may do.

mod caller;
mod passwords;
mod standing;
mod tokens;
mod verified;

pub use caller::{Admin, Caller, Organizer};
pub use passwords::{PasswordError, Passwords};
pub use standing::{Standing, Standings};
pub use tokens::{Claims, TokenError, Tokens};
