//! What every store must do, run on each. A case is a function over a fixture; `on_every_store!` makes a test of it per
//! backend.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod access;
mod api_keys;
mod append;
pub mod audit_log;
mod backlogs;
mod box_office;
mod events;
mod fencing;
mod finding;
pub mod fixture;
mod leases;
mod mails;
mod money;
mod one_time;
mod outbox;
mod payments;
mod prices;
mod projection;
mod recovery;
mod refresh;
mod refund_entries;
mod relational;
mod schema;
mod staff;
mod start;
mod waiting;
mod waitlist;
mod ways;
