//! What the pages are made of. One component a file, named like its block of CSS.
//!
//! Views with many parts end in `into_any`: without it the type of a page holds the types of all its
//! parts, and to render it takes more stack than a thread of the server has.

pub mod app_header;
pub mod auth_card;
pub mod chat;
pub mod form;
pub mod inbox_item;
pub mod local_time;
pub mod profile;
pub mod settings;
pub mod ui;
pub mod unread_badge;
