//! The delivery core under test: every rule on a virtual clock, and every order of small inputs.

mod connection;
mod gone;
mod history;
mod marks;
mod permutations;
mod receiving;
mod retention;
mod sending;
mod support;
mod tabs;
