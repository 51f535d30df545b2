//! What the browser does beyond drawing: the socket, storage, timers, focus and visibility.
//!
//! Nothing here runs on the server: everything starts in an `Effect` or an event handler.

pub mod browser;
pub mod local_time;
pub mod messenger;
pub mod notices;
pub mod page;
pub mod panic_bar;
pub mod parts;
pub mod preferences;
pub mod storage;
pub mod use_messages;
