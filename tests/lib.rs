pub mod frozen;
pub mod live;
pub mod postgres;
pub mod process;
pub mod server;
pub mod smtp;
