//! The client's end of `GET /events/{id}/live`. Client and server share the machine's cores, so most sockets only look at
//! the head of each frame ([`scan`]); a few are read in full and fold every frame into the state of the house ([`board`]).

pub mod board;
pub mod dial;
pub mod head;
pub mod scan;
