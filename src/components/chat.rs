//! The chat panel and its parts.

mod announcer;
pub mod chat_panel;
pub mod composer;
mod conversation_menu;
pub mod conversation_start;
mod day_chip;
pub mod message_bubble;
pub mod message_log;
pub mod panel_frame;
#[cfg(feature = "ssr")]
mod plain_chat;
mod rich_text;
mod scroller;
pub mod status_strip;
