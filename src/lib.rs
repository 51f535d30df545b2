//! Mosaic: one-to-one messaging for two matched people.
//!
//! One crate, two builds. With the feature `hydrate` it becomes the WASM module that runs in the
//! browser; with `ssr` the server. Reading order:
//!
//! - [`domain`]: what a profile, a message and their ids are, and how text from outside becomes one.
//! - [`chat`]: the delivery machine, free of I/O and clocks, the same code on both sides.
//! - [`app`]: the document and its routes; from there [`pages`], [`components`], [`hooks`], [`state`].
//! - [`i18n`]: every word that people read.
//! - [`api`]: what the pages ask the server for.
#![cfg_attr(feature = "ssr", doc = "- [`server`]: use cases, routes, stores and the bus.")]
// The types of views nest as deeply as the pages do.
#![recursion_limit = "256"]

pub mod api;
pub mod app;
pub mod chat;
pub mod components;
pub mod domain;
pub mod hooks;
pub mod i18n;
pub mod pages;
#[cfg(test)]
mod properties;
pub mod reactive;
#[cfg(feature = "ssr")]
pub mod server;
pub mod state;

/// Where the browser starts: makes the page the server rendered interactive.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    hooks::panic_bar::install();
    leptos::mount::hydrate_body(app::App);
}
