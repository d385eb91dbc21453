//! What the benches share: an arena of any size, a stream of commands, and a journal that is a plain file.

pub mod arena;
pub mod commands;
pub mod database;
pub mod file_journal;
pub mod rounds;
pub mod turns;
