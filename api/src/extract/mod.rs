//! From a request to domain types. What does not fit is a problem that names the field.

mod body;
mod cursor;
mod objects;
mod path;
mod query;
mod trail;

pub use body::{Body, BodyLimit, Empty, collect, decode, read};
pub use cursor::{Cursor, PAGE_DEFAULT, PAGE_MAX, page};
pub use path::{IdOrSlug, PathId, PathIdOrSlug, PathIds, PathName, PathText};
pub use query::Query;
