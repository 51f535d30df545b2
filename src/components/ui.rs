//! Parts that belong to no page.

pub mod avatar;
pub mod icon;
pub mod toast;
