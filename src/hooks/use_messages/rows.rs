//! From a timeline to the rows of a log: grouping, day separators, the unread divider, and what is drawn in which
//! frame. Pure, so that the rules can be tested.

use std::sync::Arc;

use super::window::{MAX_BUBBLES, Window};
use crate::chat::{Delivery, Entry, EntryKey, Millis, Shown};
use crate::domain::Seq;

/// How many more lines one frame draws behind those that are drawn already. A device that is too slow for what comes in
/// falls behind, until nothing of what is drawn is in the window any more: then it begins anew at the end.
const AT_ONCE: usize = 5;
/// Messages of one sender further apart than this are two groups.
const GROUP_GAP_MS: u64 = 120_000;

/// Where a bubble stands in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Alone.
    Single,
    /// The first of several.
    First,
    /// Neither first nor last.
    Middle,
    /// The last of several.
    Last,
}

impl Group {
    /// The value of `data-group`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::First => "first",
            Self::Middle => "middle",
            Self::Last => "last",
        }
    }
}

/// What a bubble shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bubble {
    /// The text.
    pub content: Arc<str>,
    /// When it was stored, or written if it is not stored yet.
    pub created_at: Millis,
    /// The position, once stored.
    pub seq: Option<Seq>,
    /// How far it got.
    pub delivery: Delivery,
    /// Its place among its neighbours.
    pub group: Group,
}

/// One row of the log, before it becomes part of the view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Messages before the first one held are missing.
    Gap,
    /// A new day begins; the number of the day, and a moment of it.
    Day(i64, Millis),
    /// What follows was unread when the panel opened.
    Unread,
    /// A message.
    Message(EntryKey, Bubble),
}

/// Leaves the last lines to later frames, where more came in behind those that are drawn already than one frame should
/// draw, and all of them where the frame `has_drawn` its share; whether it left any. What the user has just written is
/// there at once, with all that stands before it.
pub fn hold_back(lines: &mut Vec<Line>, has_drawn: bool, is_drawn: impl Fn(&EntryKey) -> bool) -> bool {
    let last = |is_one: &dyn Fn(&EntryKey) -> bool| {
        lines.iter().rposition(|line| matches!(line, Line::Message(key, _) if is_one(key)))
    };
    let Some(drawn) = last(&is_drawn) else { return false };
    let end = last(&|key| key.mine).map_or(drawn, |own| own.max(drawn)) + 1;
    let share = if has_drawn { 0 } else { AT_ONCE };
    let is_held_back = lines.len() > end + share;
    lines.truncate(end + share);
    is_held_back
}

/// The rows of the part of `entries` that `window` covers.
///
/// `has_gap`: messages between what was held before and the first entry are missing. `divider` is how
/// far the user had read when the panel opened; `day_of` knows the viewer's zone.
pub fn lines(
    entries: &Shown<'_>,
    window: Window,
    has_gap: bool,
    divider: Option<Seq>,
    day_of: impl Fn(Millis) -> i64,
) -> Vec<Line> {
    let mut range = window.range(entries);
    range.start = range.start.max(range.end.saturating_sub(MAX_BUBBLES));
    let unread = divider.and_then(|read| first_of_peer_after(entries, read)?.checked_sub(range.start));
    let shown: Vec<(&Entry, i64)> = entries
        .starting_at(range.start)
        .take(range.len())
        .map(|entry| (entry, day_of(entry.created_at)))
        .collect();
    let joins = |index: usize| {
        let Some((before, day_before)) = index.checked_sub(1).and_then(|before| shown.get(before)) else {
            return false;
        };
        shown.get(index).is_some_and(|(entry, day)| {
            unread != Some(index)
                && day == day_before
                && entry.key.mine == before.key.mine
                && entry.created_at.0.abs_diff(before.created_at.0) < GROUP_GAP_MS
        })
    };
    let mut lines = Vec::with_capacity(range.len() + 4);
    if range.start == 0 && has_gap {
        lines.push(Line::Gap);
    }
    let mut latest = None;
    for (index, (entry, day)) in shown.iter().enumerate() {
        // Only for a later day than any before: what was written yesterday and is not sent yet stands
        // after what came today, and a day has one separator.
        if latest.is_none_or(|latest| *day > latest) {
            latest = Some(*day);
            lines.push(Line::Day(*day, entry.created_at));
        }
        if unread == Some(index) {
            lines.push(Line::Unread);
        }
        let group = match (joins(index), joins(index + 1)) {
            (false, false) => Group::Single,
            (false, true) => Group::First,
            (true, true) => Group::Middle,
            (true, false) => Group::Last,
        };
        lines.push(Line::Message(
            entry.key,
            Bubble {
                content: Arc::clone(&entry.content),
                created_at: entry.created_at,
                seq: entry.seq,
                delivery: entry.delivery.clone(),
                group,
            },
        ));
    }
    lines
}

/// Where the divider stands: messages of the user's own are not unread, so it passes over them.
fn first_of_peer_after(entries: &Shown<'_>, read: Seq) -> Option<usize> {
    let start = entries.partition_point(|entry| entry.seq.is_some_and(|seq| seq <= read));
    let ahead = entries.starting_at(start).position(|entry| !entry.key.mine && entry.seq.is_some())?;
    Some(start + ahead)
}

#[cfg(test)]
pub(super) mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::ClientId;

    const MINUTE: u64 = 60_000;
    pub const DAY: u64 = 24 * 60 * MINUTE;

    pub fn entry(seq: Option<u64>, mine: bool, at: u64) -> Entry {
        Entry {
            key: EntryKey {
                mine,
                client_id: ClientId(Uuid::from_u128(u128::from(at) << 32 | u128::from(seq.unwrap_or(0)))),
            },
            content: Arc::from("text"),
            created_at: Millis(at),
            seq: seq.map(Seq),
            delivery: if mine { Delivery::Sent } else { Delivery::Received },
        }
    }

    fn show(lines: &[Line]) -> String {
        let word = |line: &Line| match line {
            Line::Gap => "gap".to_owned(),
            Line::Day(day, _) => format!("day{day}"),
            Line::Unread => "unread".to_owned(),
            Line::Message(_, bubble) => bubble.group.as_str().to_owned(),
        };
        lines.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    fn day_of(at: Millis) -> i64 {
        i64::try_from(at.0 / DAY).expect("a test's day is small")
    }

    pub fn conversation(length: u64) -> Vec<Entry> {
        (1..=length).map(|n| entry(Some(n), false, n * 1_000)).collect()
    }

    #[test]
    fn groups_break_at_sender_gap_day_and_divider() {
        let entries = [
            entry(Some(1), false, 0),
            entry(Some(2), false, MINUTE),
            entry(Some(3), false, 2 * MINUTE),
            entry(Some(4), true, 2 * MINUTE),
            entry(Some(5), false, 3 * MINUTE),
            entry(Some(6), false, 5 * MINUTE),
            entry(Some(7), false, DAY - 1),
            entry(Some(8), false, DAY),
            entry(Some(9), false, DAY + 1),
        ];
        let all = Shown::from(&entries[..]);
        assert_eq!(
            show(&lines(&all, Window::at_end(&all), false, Some(Seq(8)), day_of)),
            "day0 first middle last single single single single day1 single unread single"
        );
    }

    #[test]
    fn a_day_has_one_separator_although_unsent_messages_stand_last() {
        let entries =
            [entry(Some(1), false, DAY), entry(Some(2), false, 2 * DAY), entry(None, true, DAY + MINUTE)];
        let all = Shown::from(&entries[..]);
        assert_eq!(
            show(&lines(&all, Window::at_end(&all), false, None, day_of)),
            "day1 single day2 single single"
        );
    }

    #[test]
    fn the_divider_stands_before_the_first_message_of_the_peer_that_was_unread() {
        let entries =
            [entry(Some(1), false, 0), entry(Some(2), true, MINUTE), entry(Some(3), false, 2 * MINUTE)];
        let all = Shown::from(&entries[..]);
        let show_after = |read| show(&lines(&all, Window::at_end(&all), false, read, day_of));
        assert_eq!(show_after(Some(Seq(1))), "day0 single single unread single");
        assert_eq!(show_after(Some(Seq(3))), "day0 single single single");
        assert_eq!(show_after(None), "day0 single single single");
    }

    #[test]
    fn the_gap_stands_first_and_only_where_the_held_messages_begin() {
        let entries = conversation(100);
        let all = Shown::from(&entries[..]);
        let first = |window, has_gap| lines(&all, window, has_gap, None, |_| 0).swap_remove(0);
        let at_end = Window::at_end(&all);
        let at_start = Window::around(&all, Seq::ZERO);
        assert_eq!(first(at_start, true), Line::Gap);
        assert_eq!(first(at_start, false), Line::Day(0, Millis(1_000)));
        assert_eq!(first(at_end, true), Line::Day(0, Millis(71_000)));
        let few = Shown::from(&entries[..2]);
        let shown = lines(&few, Window::at_end(&few), true, Some(Seq::ZERO), day_of);
        assert_eq!(show(&shown), "gap day0 unread first last");
    }

    #[test]
    fn what_comes_in_behind_the_drawn_is_drawn_a_few_at_a_time() {
        let drawn = |count: u64| move |key: &EntryKey| key.client_id.0.as_u128() >> 32 <= u128::from(count);
        let came = |count| (1..=count).map(|seq| entry(Some(seq), false, seq)).collect::<Vec<_>>();
        let left_after = |entries: &[Entry], count, has_drawn| {
            let all = Shown::from(entries);
            let mut lines = lines(&all, Window::default(), false, None, day_of);
            let is_held_back = hold_back(&mut lines, has_drawn, drawn(count));
            (lines.len(), is_held_back)
        };
        let left = |entries: &[Entry], count| left_after(entries, count, false);
        let entries = came(20);
        // One line is that of the day.
        assert_eq!(left(&entries, 10), (1 + 15, true));
        assert_eq!(left(&entries, 15), (1 + 20, false));
        assert_eq!(left(&entries, 0), (1 + 20, false), "nothing was drawn yet");
        assert_eq!(left_after(&entries, 15, true), (1 + 15, true));
        assert_eq!(left(&came(60), 10), (1 + 10 + 5, true), "however many wait");
        let mine = [&entries[..], &[entry(None, true, 21)][..]].concat();
        assert_eq!(left(&mine, 10), (1 + 21, false));
    }
}
