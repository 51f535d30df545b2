//! The fields of the log-in and the sign-up form. Plain form controls: they are sent by the browser
//! itself and need no WASM.

mod password_field;
mod text_field;

pub use password_field::PasswordField;
pub use text_field::TextField;

/// The `id` of the text that says what went wrong with a form; fields to blame refer to it.
pub const ALERT_ID: &str = "auth-alert";
