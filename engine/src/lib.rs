//! Actors around the pure core: one per event, started on demand and rebuilt from the journal after any failure.

mod clock;
mod error;
mod journal;

pub use clock::{Clock, SystemClock};
pub use error::{SubmitError, Unavailable};
pub use journal::{Appended, Batch, Chunk, Epoch, Journal, JournalError, Opened, Snapshot};
