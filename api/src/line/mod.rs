//! Waiting rooms: joins, calls and the tokens they hand out, for every slice that must know.

pub mod pace;
pub mod tokens;
