//! The delivery core under test: every rule on a virtual clock, every order of small inputs, and
//! two users with two devices each in a hostile world.

mod connection;
mod history;
mod marks;
mod permutations;
mod receiving;
mod sending;
mod simulator;
mod support;
mod tabs;
