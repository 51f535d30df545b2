//! Mosaic: one-to-one messaging for two matched people.
//!
//! One crate, two builds. With the feature `hydrate` it becomes the WASM module that runs in the
//! browser; with `ssr` the server. Reading order:
//!
//! - [`domain`]: what a profile, a message and their ids are, and how text from outside becomes one.
//! - [`chat`]: the delivery machine, free of I/O and clocks, the same code on both sides.
#![cfg_attr(feature = "ssr", doc = "- [`server`]: use cases, routes, stores and the bus.")]

pub mod chat;
pub mod domain;
#[cfg(feature = "ssr")]
pub mod server;
