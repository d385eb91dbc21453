#![expect(clippy::unwrap_used, reason = "a test that meets None or Err has failed")]

mod accounts;
mod audit;
mod bad_input;
mod conformance;
mod edge;
mod errors;
mod events;
mod first_start;
mod frozen;
mod full_disk;
mod gate;
mod holds;
mod kill;
mod limits;
mod live;
mod live_hostile;
mod live_limits;
mod live_line;
mod loadgen;
mod openapi;
mod orders;
mod queue_proof;
mod show;
mod tickets;
mod tour;
mod waiting_room;
