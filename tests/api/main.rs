//! The contract over real sockets: every endpoint and frame, good input and bad.
#![cfg(feature = "ssr")]
#![expect(clippy::unwrap_used, reason = "the helpers of tests may fail the test")]

mod accounts;
mod attach;
mod authorisation;
mod bad_input;
mod contacts;
mod conversations;
mod corpus;
mod cross_site;
mod cut_off;
mod drain;
mod expiry;
mod harness;
mod instances;
mod limits;
mod messages;
mod openapi;
mod operations;
mod own_account;
mod pages;
mod people;
mod plain;
mod process;
mod proxies;
mod reports;
mod retention;
mod socket;
mod upgrade;
