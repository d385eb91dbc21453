mod accounts;
mod conformance;
mod errors;
mod limits;
