//! Actors around the pure core: one per event, started on demand and rebuilt from the journal after any failure.
//!
//! A command's way: [`EventHandle`] → mailbox → actor turn (decide, apply, hand over, park the reply) → committer (one
//! transaction for whatever has gathered, over all events) → replies in LSN order. Nothing is known outside before it is
//! durable; after a failure nothing is undone: the actor dies and another is built from what the journal holds.
//!
//! The crate knows no SQL and no HTTP. Time comes from [`Clock`] alone, deadlines from tokio's timer, so that everything
//! runs under virtual time too.

mod actor;
mod clock;
mod committer;
mod config;
mod directory;
mod error;
mod feed;
mod handle;
mod journal;
mod lane;
mod lease;
mod memory;
pub mod metrics;
mod pace;
mod pending;
mod recovery;
mod restart;
mod serving;
mod slot;
mod supervisor;
mod sync;
mod turn;
mod vacancy;
mod waiter;

pub use clock::{Clock, SystemClock};
pub use config::EngineConfig;
pub use directory::{Directory, Stopped};
pub use error::{SubmitError, Unavailable};
pub use feed::{Changes, Picture, TAP_CHANGES_MAX, Tap};
pub use handle::{Caller, EventHandle, Shown};
pub use journal::{Appended, Batch, Chunk, Epoch, Journal, JournalError, Opened, Owned, Snapshot};
pub use memory::MemoryJournal;
pub use pace::Pace;
pub use waiter::Submitted;
