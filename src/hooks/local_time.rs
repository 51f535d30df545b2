//! Times in the viewer's zone and habit, in the language of the page. Browser only: the server cannot
//! know the zone, so it writes none of this (see [`super::page::use_interactive`]).

use std::time::Duration;

use chrono::{DateTime, Utc};
use js_sys::{Array, Date, Intl::DateTimeFormat, Object, Reflect};
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::browser;
use crate::chat::Millis;
use crate::i18n::{use_locale, use_words};
use crate::reactive::effect;

/// Timers of a device that sleeps are late; one to midnight would be as late as it slept.
const LOOK_EVERY: Duration = Duration::from_secs(30);
const DAY_MS: f64 = 86_400_000.0;
const MINUTE_MS: f64 = 60_000.0;

thread_local! {
    // Making a formatter costs far more than using it, and a log has hundreds of times.
    static CLOCK: DateTimeFormat = formatter(&[("hour", "2-digit"), ("minute", "2-digit")]);
    static DATE: DateTimeFormat =
        formatter(&[("day", "numeric"), ("month", "long"), ("year", "numeric")]);
}

/// Makes the formatters while nobody waits for a time: it takes twenty milliseconds.
pub fn prepare() {
    CLOCK.with(|_| ());
    DATE.with(|_| ());
}

fn formatter(options: &[(&str, &str)]) -> DateTimeFormat {
    let object = Object::new();
    for (name, value) in options {
        // Setting a property of a fresh plain object cannot fail.
        let _ = Reflect::set(&object, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    DateTimeFormat::new(&languages(), &object)
}

/// The language of the page, in the way the viewer's browser asks for: British times differ from American ones.
fn languages() -> Array {
    let tag = use_locale().tag();
    let is_it = |asked: &JsValue| asked.as_string().is_some_and(|asked| asked.starts_with(tag));
    let asked = window().navigator().languages().iter().find(is_it);
    Array::of1(&asked.unwrap_or_else(|| JsValue::from_str(tag)))
}

#[expect(clippy::cast_precision_loss, reason = "times are far below 2^53 ms")]
fn date(at: Millis) -> Date {
    Date::new(&JsValue::from_f64(at.0 as f64))
}

fn format(formatter: &DateTimeFormat, at: Millis) -> String {
    formatter
        .format()
        .call1(&JsValue::UNDEFINED, &date(at))
        .ok()
        .and_then(|it| it.as_string())
        .unwrap_or_default()
}

/// The day of the viewer's calendar, counted from 1970.
#[must_use]
pub fn day_of(at: Millis) -> i64 {
    let date = date(at);
    #[expect(clippy::cast_possible_truncation, reason = "a day number is small")]
    let day = ((date.get_time() - date.get_timezone_offset() * MINUTE_MS) / DAY_MS).floor() as i64;
    day
}

/// The time of day, as the viewer writes it.
#[must_use]
pub fn clock_time(at: Millis) -> String {
    CLOCK.with(|formatter| format(formatter, at))
}

/// `Today`, `Yesterday`, or the date.
#[must_use]
pub fn day_label(at: Millis) -> String {
    match days_ago(at) {
        0 => use_words().today.to_owned(),
        1 => use_words().yesterday.to_owned(),
        _ => DATE.with(|formatter| format(formatter, at)),
    }
}

/// The time of day for today, otherwise `Yesterday`, or the date.
#[must_use]
pub fn short_label(at: Millis) -> String {
    if days_ago(at) == 0 { clock_time(at) } else { day_label(at) }
}

fn days_ago(at: Millis) -> i64 {
    day_of(browser::now()) - day_of(at)
}

/// The day it is, as it changes.
#[must_use]
pub fn use_today() -> ReadSignal<i64> {
    let (today, set_today) = signal(0);
    effect(move || {
        let look = move || {
            let day = day_of(browser::now());
            if today.try_get_untracked().is_some_and(|known| known != day) {
                set_today.set(day);
            }
        };
        look();
        if let Ok(looking) = set_interval_with_handle(look, LOOK_EVERY) {
            on_cleanup(move || looking.clear());
        }
    });
    today
}

/// RFC 3339 in UTC, for `datetime`.
#[must_use]
pub fn rfc3339(at: Millis) -> String {
    date(at).to_iso_string().into()
}

/// `Last seen …`, when somebody was here.
#[must_use]
pub fn seen_label(at: DateTime<Utc>) -> String {
    let at = Millis(u64::try_from(at.timestamp_millis()).unwrap_or_default());
    let words = use_words();
    match days_ago(at) {
        0 => words.last_seen_today.with(&clock_time(at)),
        1 => words.last_seen_yesterday.with(&clock_time(at)),
        _ => words.last_seen_on.with(&day_label(at)),
    }
}
