//! The delivery machine, free of I/O, clocks and randomness; compiled for browser and server alike.

pub mod protocol;
