//! Who did what to which object, from where, with old and new values. Every change of who may do what or of what is for
//! sale writes one entry; holds and orders of customers do not, their log is the journal.
//!
//! An entry goes into the transaction of the change where the change is a row: store methods take it. Where the change is
//! a record of the journal, [`write`] adds it once the event has acknowledged. A repetition under the same idempotency key
//! finds the same change: it adds nothing, and adds what the first time could not.
//!
//! Refused logins and the like come by the thousand: [`Security`] counts them.

mod action;
mod entry;
mod security;
mod source;
mod view;

pub use action::Action;
pub use entry::Entry;
pub use security::{Incident, Security, run as security};
pub use source::Source;
pub use view::shown;

use crate::metrics;
use crate::state::AppState;

/// After a change that cannot be undone: an entry that the store does not take goes to the log instead, whole.
pub async fn write(state: &AppState, entry: Entry) {
    let entry = entry.row(state.now());
    if let Err(error) = state.store.audit_append(std::slice::from_ref(&entry)).await {
        metrics::count_audit_lost(1);
        tracing::error!(%error, ?entry, "an entry of the audit log could not be kept: {error}");
    }
}
