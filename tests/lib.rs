pub mod frozen;
pub mod live;
pub mod openid;
pub mod postgres;
pub mod process;
pub mod s3;
pub mod server;
pub mod smtp;
