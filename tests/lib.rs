pub mod frozen;
pub mod postgres;
pub mod process;
pub mod server;
