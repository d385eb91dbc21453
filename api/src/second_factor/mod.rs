//! The second factor of an account: codes of an authenticator app, and codes that replace a lost one.

pub mod check;
pub mod recovery;
pub mod totp;

pub use check::{Code, check, is_on};
