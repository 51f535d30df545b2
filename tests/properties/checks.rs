//! What holds for any bytes: a check for each subject, which panics where it does not hold.

pub mod cookies;
pub mod cursors;
pub mod device;
pub mod frames;
pub mod origins;
pub mod outbox;
pub mod payloads;
pub mod queries;
pub mod schedules;
pub mod texts;

/// Panics when something does not hold for these bytes.
pub type Check = fn(&[u8]);

/// What can be given any bytes. Each has a folder of this name in `tests/corpus`.
pub const SUBJECTS: &[(&str, Check)] = &[
    ("cookies", |bytes| cookies::check(&lossy(bytes))),
    ("cursors", |bytes| cursors::check(&lossy(bytes))),
    ("frames", frames::check),
    ("origins", |bytes| origins::check(&lossy(bytes))),
    ("outbox", outbox::check),
    ("payloads", payloads::check),
    ("queries", |bytes| queries::check(&lossy(bytes))),
    ("schedules", schedules::check),
    ("texts", |bytes| texts::check(&lossy(bytes))),
];

/// What is a text by the time it is read.
fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
