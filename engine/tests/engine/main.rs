//! The engine through its public face, on a journal in memory that fails as told, under paused time.

#![expect(clippy::unwrap_used, reason = "a test that meets a surprise should stop there")]

mod failures;
mod feed;
mod leases;
mod lifecycle;
mod replies;
mod support;
mod waitlist;
