//! Real processes, a real PostgreSQL, a real Redis, real sockets, and everything that can happen to
//! them. Clients are the browser's own session machine over native sockets; whatever they do and
//! see becomes a history, which is held against the database and the guarantees of the design.
//!
//! Everything here is private to its test and ends with it. `FAULT_SEED` repeats a run's choices.
#![cfg(feature = "ssr")]

mod badges;
mod client_side;
mod clock;
mod cluster;
#[path = "../bus/deaf_proxy.rs"]
mod deaf_proxy;
mod dice;
mod driver;
#[path = "../history/mod.rs"]
mod history;
mod hostile;
mod load;
mod postgres;
mod postgres_away;
mod postgres_connections;
mod process;
mod processes;
mod proxy;
mod redis;
mod redis_away;
mod rig;
mod slow_lines;
mod storage;
mod tools;
mod unruly_bus;
mod wire;
