//! What our own protocols between threads are built from, in one place: the interleaving tests build the same sources on
//! top of loom instead.

pub(crate) use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use parking_lot::Mutex;
pub(crate) use tokio::sync::Notify;
