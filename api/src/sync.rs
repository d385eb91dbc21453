//! What our own protocols between threads are built from, in one place: the interleaving tests build the same sources on
//! top of loom instead.

pub use parking_lot::Mutex;
pub use tokio::sync::Notify;
