//! The server: HTTP in front of the engine and the store.
//!
//! Slices by noun (`accounts`, …), one file per verb; a handler parses, makes one call, renders. Writes to an event go
//! through its `EventHandle`, reads to the `Store`. A slice never uses another slice: what two need lies here.

pub mod access_code;
pub mod accounts;
pub mod app;
pub mod audit;
pub mod auth;
pub mod cli;
pub mod config;
pub mod demo;
pub mod derived_id;
pub mod digest;
pub mod docs;
pub mod edge;
pub mod error;
pub mod event_access;
mod event_status;
pub mod events;
pub mod extract;
pub mod field_errors;
pub mod first_start;
mod forwarded;
pub mod gate;
pub mod health;
pub mod hex;
pub mod holds;
mod housekeeping;
pub mod idempotency;
pub mod ids;
pub mod in_flight;
pub mod line;
pub mod live;
pub mod metrics;
pub mod order_access;
pub mod orders;
pub mod page_limit;
pub mod payments;
pub mod problems;
pub mod rate_limit;
pub mod request;
pub mod router;
pub mod sale_window;
pub mod seat_maps;
pub mod serve;
mod stall;
pub mod state;
pub mod telemetry;
pub mod terminal;
pub mod ticket_code;
pub mod ticket_view;
pub mod tickets;
pub mod tier_view;
pub mod tiers;
pub mod time;
pub mod verify_queue;
pub mod waiting_room;
