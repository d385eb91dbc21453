//! The server: HTTP in front of the engine and the store.
//!
//! Slices by noun (`accounts`, …), one file per verb; a handler parses, makes one call, renders. Writes to an event go
//! through its `EventHandle`, reads to the `Store`. A slice never uses another slice: what two need lies here.

pub mod auth;
pub mod config;
pub mod digest;
pub mod error;
pub mod extract;
pub mod idempotency;
pub mod ids;
pub mod in_flight;
pub mod rate_limit;
pub mod request;
pub mod router;
pub mod state;
pub mod time;
