//! Which part of a long conversation is in the document. Pure, as the rows are.

use crate::chat::{EntryKey, Shown};
use crate::domain::Seq;

/// At most this many bubbles are in the document, whatever the length of the history.
pub const MAX_BUBBLES: usize = 80;
/// How many bubbles come in at either end at a time.
const STEP: usize = 40;
/// How many bubbles there are at first.
const FIRST: usize = 30;
/// How many more there may be before the oldest leave, where the reader follows the end.
const SPARE: usize = 10;
/// What has to be there above the screen at rest, in CSS pixels.
const ABOVE_PX: f64 = 400.0;
/// The panel's header and its composer have together at least this height, in CSS pixels.
const BARS_PX: f64 = 112.0;
/// No bubble is lower than this, in CSS pixels.
const LOWEST_PX: f64 = 38.0;

/// The part of a conversation that is in the document, by positions.
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
        Self::newest(entries, filling(height))
    }

    /// What to have where the reader follows the end of a screen of `height` CSS pixels, once there is time: as many
    /// as there are at first, or as the screen and what is right above it need, and a few more.
    #[must_use]
    pub fn rested(self, entries: &Shown<'_>, height: f64) -> Self {
        let enough = enough(height);
        let needed = enough - SPARE;
        let is_right = (needed..=enough).contains(&self.range(entries).len());
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

    /// After messages came in at the end: whoever reads there sees them, and the oldest leave where there are more
    /// than `most_at_end`; for whoever reads further up, which is `None`, nothing moves.
    ///
    /// `start` is the first position held without a hole, zero while there is none: a conversation
    /// that started over is held from further on, and what comes in before that is earlier.
    #[must_use]
    pub fn grown(mut self, entries: &Shown<'_>, start: Seq, most_at_end: Option<usize>) -> Self {
        self.first = self.first.max(start);
        let range = self.range(entries);
        if range.is_empty() && !entries.is_empty() {
            // What it covered is no longer held: the conversation moved on while the device was away.
            Self::at_end(entries)
        } else if self.last.is_some() || range.len() <= most_at_end.unwrap_or(MAX_BUBBLES) {
            self
        } else if let Some(most) = most_at_end {
            // One leaves for each that comes, until there is time for more.
            Self::newest(entries, most)
        } else {
            Self { first: self.first, last: last_at(entries, range.start + MAX_BUBBLES) }
        }
    }

    /// The entries it covers.
    pub(super) fn range(self, entries: &Shown<'_>) -> std::ops::Range<usize> {
        let before = |limit: Seq| entries.partition_point(|entry| entry.seq.is_some_and(|seq| seq < limit));
        let end = self.last.map_or(entries.len(), |last| before(last.next()));
        before(self.first).min(end)..end
    }
}

/// How many stored messages came in behind those that are drawn, as far as that matters.
pub fn waiting(entries: &Shown<'_>, is_drawn: impl Fn(&EntryKey) -> bool) -> usize {
    let newest = (0..entries.len()).rev().map_while(|index| entries.get(index));
    let stored = newest.skip_while(|entry| entry.seq.is_none()).take(MAX_BUBBLES);
    stored.take_while(|entry| !is_drawn(&entry.key)).count()
}

/// How many bubbles there may be where the reader follows the end of a screen of `height` CSS pixels, while `waiting`
/// ones are not drawn yet. While nothing comes nothing leaves; and where nothing of what is drawn would stay, it begins
/// as an opening does.
pub fn most_at_end(height: f64, waiting: usize) -> usize {
    match waiting {
        0 => MAX_BUBBLES,
        MAX_BUBBLES.. => filling(height),
        _ => (enough(height) + waiting).min(MAX_BUBBLES),
    }
}

/// How many bubbles surely fill the panel on a screen of `height` CSS pixels.
fn filling(height: f64) -> usize {
    bubbles_in(height - BARS_PX).min(MAX_BUBBLES)
}

/// How many bubbles fill a screen of `height` CSS pixels and what is right above it, and a few more.
fn enough(height: f64) -> usize {
    bubbles_in(height + ABOVE_PX).clamp(FIRST, MAX_BUBBLES) + SPARE
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::use_messages::rows::tests::{DAY, conversation, entry};
    use crate::hooks::use_messages::rows::{Line, lines};

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
        assert_eq!(shown(&all, window.grown(&all, Seq(1), None)), (131, 210, 80));
        assert_eq!(shown(&all, window.grown(&all, Seq(1), Some(80))), (221, 300, 80));
    }

    #[test]
    fn whoever_follows_the_end_has_enough_and_what_is_not_drawn_yet() {
        let entries = conversation(300);
        let all = Shown::from(&entries[..]);
        let window = Window::at_end(&Shown::from(&entries[..270]));
        assert_eq!(shown(&all, window), (241, 300, 60));
        assert_eq!(most_at_end(800.0, 12), 42 + 12);
        assert_eq!(shown(&all, window.grown(&all, Seq(1), Some(54))), (247, 300, 54));
        assert_eq!(most_at_end(800.0, 79), 80, "never more than there may be at all");
        assert_eq!(most_at_end(800.0, 80), 19, "nothing of what is drawn would stay");
        assert_eq!(most_at_end(800.0, 0), 80);
        let is_drawn = |count: u128| move |key: &EntryKey| key.client_id.0.as_u128() >> 32 <= count * 1_000;
        assert_eq!(waiting(&all, is_drawn(290)), 10);
        assert_eq!(waiting(&all, is_drawn(0)), 80);
        let unsent = [&entries[..], &[entry(None, true, DAY)][..]].concat();
        assert_eq!(waiting(&Shown::from(&unsent[..]), is_drawn(290)), 10, "one's own stands last");
    }

    #[test]
    fn after_starting_over_earlier_messages_come_in_as_ever() {
        let entries = conversation(300);
        let part = |from: usize| Shown::from(&entries[from..]);
        let (before, over) = (Window::at_end(&Shown::from(&entries[..3])), part(250));
        let window = before.grown(&over, Seq(251), Some(80));
        assert_eq!(shown(&over, window), (251, 300, 50));
        let older = part(200);
        let window = window.grown(&older, Seq(201), None);
        assert_eq!(shown(&older, window), (251, 300, 50));
        assert!(!window.is_at_start(&older));
        assert_eq!(shown(&older, window.earlier(&older)), (211, 290, 80));
    }

    #[test]
    fn a_first_message_that_comes_late_is_not_hidden_behind_ones_own() {
        let entries = [entry(Some(1), false, 1), entry(Some(2), true, 2)];
        let all = Shown::from(&entries[..]);
        let window =
            Window::at_end(&Shown::from(&[][..])).grown(&Shown::from(&entries[1..]), Seq::ZERO, Some(80));
        assert_eq!(shown(&all, window.grown(&all, Seq(1), Some(80))), (1, 2, 2));
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
        let window = Window::at_end(&all).grown(&all, Seq(1), Some(80));
        let lines = lines(&all, window, false, None, |_| 0);
        let bubbles = lines.iter().filter(|line| matches!(line, Line::Message(..))).count();
        assert!(bubbles <= MAX_BUBBLES, "{bubbles}");
        assert!(matches!(lines.last(), Some(Line::Message(key, _)) if *key == entries[159].key));
    }
}
