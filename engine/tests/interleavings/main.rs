//! Every order in which the threads of our own protocols may run: the lane between an actor and the committer, and the
//! exchange between an actor and a tap. The sources are the engine's; what they are built from is loom's here, which runs
//! each model through all interleavings and stops at one that hangs, races or breaks an assertion.
//!
//! tokio's `Notify` is trusted: it stands here as what it promises, one permit and one who waits.

#![expect(clippy::unwrap_used, reason = "a test that meets a surprise should stop there")]

use engine::{Batch, Epoch, Owned, Unavailable};

#[path = "../../src/feed/exchange.rs"]
mod exchange;
mod exchanges;
#[path = "../../src/lane.rs"]
#[expect(dead_code, reason = "the models need a part of it")]
mod lane;
mod lanes;
mod sync;
