//! Telling organizers' own servers what has happened to their events. What is told and in which order lies in the store;
//! here is where it may be sent to, how it is signed, and the sending itself. See docs/webhooks.md.

mod address;
mod secret;
mod sender;
mod view;

pub use address::check;
pub use secret::Secret;
pub use sender::{Sender, run};
pub use view::shown;
