//! What happened in a run with faults, as plain data; what the database holds after it; and the
//! verdict on both. Knows nothing of servers, sockets or time-outs.

pub mod checker;
#[cfg(test)]
mod forged;
pub mod record;
pub mod report;
pub mod screen;
