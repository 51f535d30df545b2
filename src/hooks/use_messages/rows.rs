//! From a timeline to the rows of a log: grouping, day separators, the unread divider, and which part
//! of a long conversation is in the document. Pure, so that the rules can be tested.

use std::sync::Arc;

use crate::chat::{Delivery, Entry, EntryKey, Millis, Shown};
use crate::domain::Seq;

/// At most this many bubbles are in the document, whatever the length of the history.
pub const MAX_BUBBLES: usize = 80;
/// How many bubbles come in at either end at a time.
const STEP: usize = 40;
/// How many bubbles there are at first.
const FIRST: usize = 30;
/// How many more there may be before the oldest leave, where the reader follows the end.
const SPARE: usize = 10;
/// How many more lines one frame draws behind those that are drawn already …
const AT_ONCE: usize = 5;
/// … or this part of them, so that a slow device does not fall behind ever further.
const PARTS: usize = 3;
/// What has to be there above the screen at rest, in CSS pixels.
const ABOVE_PX: f64 = 400.0;
/// The panel's header and its composer have together at least this height, in CSS pixels.
const BARS_PX: f64 = 112.0;
/// No bubble is lower than this, in CSS pixels.
const LOWEST_PX: f64 = 38.0;
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

/// The part of a conversation that is in the document: indices into its entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The first position shown. Messages not stored yet come after all positions.
    first: Seq,
    /// The last position shown; `None`: everything to the end.
    last: Option<Seq>,
}

impl Window {
    /// The newest messages.
    #[must_use]
    pub fn at_end(entries: &Shown<'_>) -> Self {
        Self::newest(entries, FIRST)
    }

    /// As many of the newest messages as fill the panel on a screen of `height` CSS pixels, whatever they are.
    #[must_use]
    pub fn filling(entries: &Shown<'_>, height: f64) -> Self {
        Self::newest(entries, bubbles_in(height - BARS_PX).min(MAX_BUBBLES))
    }

    /// What to have where the reader follows the end of a screen of `height` CSS pixels, once there is time: as many
    /// as there are at first, or as the screen and what is right above it need, and a few more.
    #[must_use]
    pub fn rested(self, entries: &Shown<'_>, height: f64) -> Self {
        let needed = bubbles_in(height + ABOVE_PX).clamp(FIRST, MAX_BUBBLES);
        let is_right = (needed..=needed + SPARE).contains(&self.range(entries).len());
        if self.is_at_end() && !is_right { Self::newest(entries, needed) } else { self }
    }

    fn newest(entries: &Shown<'_>, count: usize) -> Self {
        Self { first: seq_at(entries, entries.len().saturating_sub(count)), last: None }
    }

    /// The messages around the first one after `read`: a few before it, the rest after.
    #[must_use]
    pub fn around(entries: &Shown<'_>, read: Seq) -> Self {
        let index = entries.partition_point(|entry| entry.seq.is_some_and(|seq| seq <= read));
        if entries.len() - index < FIRST {
            return Self::at_end(entries);
        }
        let start = index.saturating_sub(STEP / 2);
        Self { first: seq_at(entries, start), last: last_at(entries, start + MAX_BUBBLES) }
    }

    /// Whether the newest message is part of it.
    #[must_use]
    pub fn is_at_end(self) -> bool {
        self.last.is_none()
    }

    /// Whether it begins where the held messages begin.
    #[must_use]
    pub fn is_at_start(self, entries: &Shown<'_>) -> bool {
        self.range(entries).start == 0
    }

    /// With more of what came before.
    #[must_use]
    pub fn earlier(self, entries: &Shown<'_>) -> Self {
        let range = self.range(entries);
        let start = range.start.saturating_sub(STEP);
        let last =
            if range.end - start > MAX_BUBBLES { last_at(entries, start + MAX_BUBBLES) } else { self.last };
        Self { first: seq_at(entries, start), last }
    }

    /// With more of what came after.
    #[must_use]
    pub fn later(self, entries: &Shown<'_>) -> Self {
        let range = self.range(entries);
        let end = (range.end + STEP).min(entries.len());
        let start = range.start.max(end.saturating_sub(MAX_BUBBLES));
        Self { first: seq_at(entries, start), last: last_at(entries, end) }
    }

    /// After messages came in at the end: whoever reads there sees them, and the oldest leave;
    /// for whoever reads further up nothing moves.
    ///
    /// `start` is the first position held without a hole, zero while there is none: a conversation
    /// that started over is held from further on, and what comes in before that is earlier.
    #[must_use]
    pub fn grown(mut self, entries: &Shown<'_>, start: Seq, follows_end: bool) -> Self {
        self.first = self.first.max(start);
        let range = self.range(entries);
        if range.is_empty() && !entries.is_empty() {
            // What it covered is no longer held: the conversation moved on while the device was away.
            Self::at_end(entries)
        } else if self.last.is_some() || range.len() <= MAX_BUBBLES {
            self
        } else if follows_end {
            // One leaves for each that comes, until there is time for more.
            Self::newest(entries, MAX_BUBBLES)
        } else {
            Self { first: self.first, last: last_at(entries, range.start + MAX_BUBBLES) }
        }
    }

    /// The entries it covers.
    fn range(self, entries: &Shown<'_>) -> std::ops::Range<usize> {
        let before = |limit: Seq| entries.partition_point(|entry| entry.seq.is_some_and(|seq| seq < limit));
        let end = self.last.map_or(entries.len(), |last| before(last.next()));
        before(self.first).min(end)..end
    }
}

/// How many bubbles surely are higher than this together.
fn bubbles_in(height: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the height of a screen is small, and none is below zero"
    )]
    let count = (height / LOWEST_PX).ceil() as usize;
    count
}

fn seq_at(entries: &Shown<'_>, index: usize) -> Seq {
    // Beyond the stored ones, the first position not taken yet: all unsent messages are after it.
    let stored = entries.partition_point(|entry| entry.seq.is_some());
    let beyond =
        || stored.checked_sub(1).and_then(|last| entries.get(last)?.seq).map_or(Seq::ZERO, Seq::next);
    entries.get(index).map_or_else(beyond, |entry| entry.seq.unwrap_or_else(beyond))
}

fn last_at(entries: &Shown<'_>, end: usize) -> Option<Seq> {
    if end >= entries.len() { None } else { entries.get(end.checked_sub(1)?)?.seq }
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
    let share = if has_drawn { 0 } else { AT_ONCE.max((lines.len() - end) / PARTS) };
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
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::ClientId;

    const MINUTE: u64 = 60_000;
    const DAY: u64 = 24 * 60 * MINUTE;

    fn entry(seq: Option<u64>, mine: bool, at: u64) -> Entry {
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

    fn conversation(length: u64) -> Vec<Entry> {
        (1..=length).map(|n| entry(Some(n), false, n * 1_000)).collect()
    }

    fn shown(entries: &Shown<'_>, window: Window) -> (u64, u64, usize) {
        let lines = lines(entries, window, false, None, |_| 0);
        let seqs: Vec<u64> = lines
            .iter()
            .filter_map(|line| match line {
                Line::Message(_, bubble) => bubble.seq.map(|seq| seq.0),
                _ => None,
            })
            .collect();
        (seqs[0], seqs[seqs.len() - 1], seqs.len())
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
            let mut lines = lines(&all, Window::at_end(&all), false, None, day_of);
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
        assert_eq!(left(&came(30), 3), (1 + 3 + 9, true), "a third of what waits");
        let mine = [&entries[..], &[entry(None, true, 21)][..]].concat();
        assert_eq!(left(&mine, 10), (1 + 21, false));
    }

    #[test]
    fn a_long_history_is_walked_through_a_bounded_window() {
        let entries = conversation(500);
        let all = Shown::from(&entries[..]);
        let mut window = Window::at_end(&all);
        assert_eq!(shown(&all, window), (471, 500, 30));
        window = window.earlier(&all);
        assert_eq!(shown(&all, window), (431, 500, 70));
        window = window.earlier(&all);
        assert_eq!(shown(&all, window), (391, 470, 80));
        assert!(!window.is_at_end());
        for _ in 0..20 {
            window = window.earlier(&all);
        }
        assert!(window.is_at_start(&all));
        assert_eq!(shown(&all, window), (1, 80, 80));
        for _ in 0..20 {
            window = window.later(&all);
        }
        assert!(window.is_at_end());
        assert_eq!(shown(&all, window), (421, 500, 80));
    }

    #[test]
    fn what_fills_the_screen_comes_first_and_the_rest_before_it() {
        let entries = conversation(300);
        let all = Shown::from(&entries[..]);
        let part = Window::filling(&all, 720.0);
        assert_eq!(shown(&all, part), (285, 300, 16));
        assert!(part.is_at_end());
        assert_eq!(shown(&all, part.rested(&all, 720.0)), (271, 300, 30));
        let high = Window::filling(&all, 2_160.0);
        assert_eq!(shown(&all, high), (247, 300, 54));
        assert_eq!(shown(&all, high.rested(&all, 2_160.0)), (233, 300, 68));
        let further_up = Window::around(&all, Seq(100));
        assert_eq!(further_up.rested(&all, 720.0), further_up);
    }

    #[test]
    fn what_is_far_above_the_end_leaves_when_there_is_time() {
        let entries = conversation(300);
        let all = Shown::from(&entries[..]);
        let grown_by = |count: usize| Window::at_end(&Shown::from(&entries[..300 - count]));
        assert_eq!(grown_by(10).rested(&all, 720.0), grown_by(10));
        assert_eq!(shown(&all, grown_by(11).rested(&all, 720.0)), (271, 300, 30));
        let few = Shown::from(&entries[..5]);
        let whole = Window::at_end(&few);
        assert_eq!(whole.rested(&few, 720.0), whole);
    }

    #[test]
    fn new_messages_move_nothing_for_whoever_reads_further_up() {
        let entries = conversation(300);
        let all = Shown::from(&entries[..]);
        let before = Shown::from(&entries[..160]);
        let window = Window::at_end(&before);
        assert_eq!(shown(&before, window), (131, 160, 30));
        assert_eq!(shown(&all, window.grown(&all, Seq(1), false)), (131, 210, 80));
        assert_eq!(shown(&all, window.grown(&all, Seq(1), true)), (221, 300, 80));
    }

    #[test]
    fn after_starting_over_earlier_messages_come_in_as_ever() {
        let entries = conversation(300);
        let part = |from: usize| Shown::from(&entries[from..]);
        let (before, over) = (Window::at_end(&Shown::from(&entries[..3])), part(250));
        let window = before.grown(&over, Seq(251), true);
        assert_eq!(shown(&over, window), (251, 300, 50));
        let older = part(200);
        let window = window.grown(&older, Seq(201), false);
        assert_eq!(shown(&older, window), (251, 300, 50));
        assert!(!window.is_at_start(&older));
        assert_eq!(shown(&older, window.earlier(&older)), (211, 290, 80));
    }

    #[test]
    fn a_first_message_that_comes_late_is_not_hidden_behind_ones_own() {
        let entries = [entry(Some(1), false, 1), entry(Some(2), true, 2)];
        let all = Shown::from(&entries[..]);
        let window =
            Window::at_end(&Shown::from(&[][..])).grown(&Shown::from(&entries[1..]), Seq::ZERO, true);
        assert_eq!(shown(&all, window.grown(&all, Seq(1), true)), (1, 2, 2));
    }

    #[test]
    fn opening_at_the_first_unread_shows_some_of_what_came_before() {
        let entries = conversation(300);
        let all = Shown::from(&entries[..]);
        assert_eq!(shown(&all, Window::around(&all, Seq(100))), (81, 160, 80));
        assert_eq!(shown(&all, Window::around(&all, Seq(290))), (271, 300, 30));
        assert_eq!(shown(&all, Window::around(&all, Seq(0))), (1, 80, 80));
    }

    #[test]
    fn unsent_messages_are_at_the_end_and_bounded_too() {
        let mut entries = conversation(10);
        entries.extend((0..150).map(|n| entry(None, true, DAY + n)));
        let all = Shown::from(&entries[..]);
        let window = Window::at_end(&all).grown(&all, Seq(1), true);
        let lines = lines(&all, window, false, None, |_| 0);
        let bubbles = lines.iter().filter(|line| matches!(line, Line::Message(..))).count();
        assert!(bubbles <= MAX_BUBBLES, "{bubbles}");
        assert!(matches!(lines.last(), Some(Line::Message(key, _)) if *key == entries[159].key));
    }
}
