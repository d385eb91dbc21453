//! RELIABILITY T25 and T26: who may call what, and what nobody may set. Both walk the OpenAPI document that the server
//! serves, so that no operation is left out.
//!
//! A new operation is one line in [`table`]: what it is called, who may call it ([`rules::Rule`]) and, where it takes a
//! body, a body that is right for its rightful caller:
//!
//! ```text
//! op("POST /events/{id}/reminders", RUNS).body(|ids| json!({"template": "one", "order_id": ids.paid})),
//! ```
//!
//! - `OPEN`: looks at no token. `ANYBODY`: nobody in particular, but a token that is sent must be good.
//! - `SIGNED_IN`: any account. `ADMINS`, `ORGANIZERS`: of this role or more.
//! - `RUNS`: the event's organizer and admins. `staff(&["door"])`: its staff of these roles as well.
//! - `own("…_NOT_FOUND")`: the buyer whose object it is; to everybody else there is no such thing. `shown(&["door"], "…")`:
//!   the event's staff of these roles sees it as well.
//!
//! `.draft()` calls it about an event that is not published; an operation may have a line for each. What the scopes of API keys
//! are expected to open is read from the document. Ids in paths and bodies come from [`ids::Ids`]: a path with a
//! parameter that `Ids::path` does not know, or a body about an object that it does not have, needs a field there.

pub mod ids;
mod keys;
mod lane;
pub mod matrix;
mod not_json;
mod owned_fields;
pub mod rules;
pub mod scene;
pub mod table;
