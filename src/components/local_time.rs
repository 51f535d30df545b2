//! A moment, shown in the viewer's zone.
//!
//! The server does not know the zone, so the first render on both sides is in UTC, and the text
//! turns local once the page is hydrated. The `datetime` attribute never changes.

use chrono::{DateTime, SecondsFormat, Utc};
use leptos::prelude::*;

use crate::chat::Millis;
use crate::hooks::local_time;
use crate::hooks::page::use_interactive;

/// A `<time>` element: the hour for today, `Yesterday`, otherwise the date.
#[component]
pub fn LocalTime(
    /// The moment.
    #[prop(into)]
    at: Signal<DateTime<Utc>>,
    /// The class that places it within its block.
    #[prop(optional)]
    class: Option<&'static str>,
) -> impl IntoView {
    let is_interactive = use_interactive();
    let text = move || {
        let at = at.get();
        if is_interactive.get() { local_text(at) } else { utc_text(at) }
    };
    view! {
        <time class=class datetime=move || iso(at.get())>
            {text}
        </time>
    }
}

/// RFC 3339 in UTC, to the millisecond.
fn iso(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// `2026-03-03 10:31 UTC`, the same on both sides.
fn utc_text(at: DateTime<Utc>) -> String {
    let iso = iso(at);
    match iso.split_once('T') {
        Some((day, time)) => format!("{day} {} UTC", time.get(..5).unwrap_or(time)),
        None => iso,
    }
}

/// The hour for today, otherwise the day. Browser only, like the functions it uses.
fn local_text(at: DateTime<Utc>) -> String {
    local_time::short_label(Millis(u64::try_from(at.timestamp_millis()).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_first_say_utc() {
        let at = DateTime::from_timestamp(1_772_533_860, 123_456_789).expect("a moment in range");
        assert_eq!(iso(at), "2026-03-03T10:31:00.123Z");
        assert_eq!(utc_text(at), "2026-03-03 10:31 UTC");
    }
}
