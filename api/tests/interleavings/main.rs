//! Every order in which the threads of our own protocols may run: here those between an event's publisher, its crew and the
//! task of one socket; the engine has models of its own. The sources are the server's; what they are built from is loom's here,
//! which runs each model through its interleavings and stops at one that hangs, races or breaks an assertion.
//!
//! tokio's `Notify` is trusted: it stands here as what it promises, one permit and one who waits.

#![expect(clippy::unwrap_used, reason = "a test that meets a surprise should stop there")]

use loom::model::Builder;
use usher::line;

#[path = "../../src/live/inbox.rs"]
#[expect(dead_code, reason = "the models need a part of it")]
mod inbox;
mod inboxes;
mod sync;
#[path = "../../src/live/way.rs"]
#[expect(dead_code, reason = "the models need a part of it")]
mod way;
mod ways;

/// In place of the reasons for which the server ends a socket.
mod bye {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Bye;
}

/// How often one run may take the turn from a thread that could go on. A fault that takes more of it is rare, and three threads
/// have far too many such runs.
const PREEMPTIONS_MAX: usize = 4;

/// Runs `scene` in all orders of its threads with up to so many such turns.
fn model(scene: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS_MAX);
    builder.check(scene);
}
