//! Where the log stands, and what stays where it is while rows come and go.
//!
//! Two rules. *Pinned*: the reader is at the end and has not touched the log since; the end stays in
//! view whatever grows. *Anchored* otherwise: the first visible message stays where it is on the screen.
//! The browser's own scroll anchoring is off in this log: it knows neither rule.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlCollection, HtmlElement, ResizeObserver};

use super::day_chip::DayChip;
use crate::chat::{EntryKey, Loading};
use crate::domain::Seq;
use crate::hooks::browser::Timer;
use crate::hooks::page;
use crate::hooks::use_messages::UseMessages;

/// Closer to the end than this counts as being there …
const ENTER_BOTTOM_PX: f64 = 96.0;
/// … until one is further away than this.
const LEAVE_BOTTOM_PX: f64 = 160.0;
/// More rows are fetched when less than this is left.
const PREFETCH_PX: f64 = 300.0;
/// Rounding of fractional layout.
const SLACK_PX: f64 = 3.0;
/// Room above the divider when the panel opens at it.
const DIVIDER_TOP_PX: f64 = 72.0;
/// A message counts as read after it was in view for this long.
const DWELL_MS: u64 = 700;

/// What the panel shows of the position.
#[derive(Clone, Copy)]
pub(super) struct Position {
    /// Whether the end is in view.
    pub(super) is_at_bottom: RwSignal<bool>,
    /// Whether the end is more than a screen away.
    pub(super) is_far: RwSignal<bool>,
    /// The highest position that was in view since the panel opened.
    pub(super) seen: RwSignal<Seq>,
}

impl Position {
    pub(super) fn new() -> Self {
        Self {
            is_at_bottom: RwSignal::new(true),
            is_far: RwSignal::new(false),
            seen: RwSignal::new(Seq::ZERO),
        }
    }
}

/// Keeps one log's position. See the module.
pub(super) struct Scroller {
    log: HtmlElement,
    rows: HtmlElement,
    day: DayChip,
    chat: UseMessages,
    position: Position,
    is_placed: Cell<bool>,
    is_pinned: Cell<bool>,
    /// The first visible message, and how far below the log's upper edge it begins. Not kept up while pinned.
    anchor: RefCell<Option<(Element, f64)>>,
    /// How far the log was scrolled when this looked at what is in view.
    looked_at: Cell<f64>,
    newest: Cell<Option<EntryKey>>,
    /// What is about to count as read, while the timer runs.
    candidate: Cell<Option<Seq>>,
    dwell: RefCell<Timer>,
    observer: ResizeObserver,
    _on_resize: Closure<dyn FnMut()>,
}

impl Scroller {
    pub(super) fn new(
        log: HtmlElement,
        rows: HtmlElement,
        day: HtmlElement,
        chat: UseMessages,
        position: Position,
    ) -> Rc<Self> {
        Rc::new_cyclic(|this: &Weak<Self>| {
            let (for_resize, for_dwell) = (Weak::clone(this), Weak::clone(this));
            let on_resize = Closure::<dyn FnMut()>::new(move || {
                if let Some(scroller) = for_resize.upgrade() {
                    scroller.settle();
                }
            });
            let dwell = Timer::new(move || {
                if let Some(scroller) = for_dwell.upgrade() {
                    scroller.dwelt();
                }
            });
            // The constructor fails only for something that is no function.
            let observer =
                ResizeObserver::new(on_resize.as_ref().unchecked_ref()).expect("a closure is a function");
            let style = log.style();
            let _ = style.set_property("overflow-anchor", "none");
            observer.observe(&log);
            observer.observe(&rows);
            Self {
                log,
                rows,
                day: DayChip::new(day),
                chat,
                position,
                is_placed: Cell::new(false),
                is_pinned: Cell::new(true),
                anchor: RefCell::default(),
                looked_at: Cell::new(0.0),
                newest: Cell::new(None),
                candidate: Cell::new(None),
                dwell: RefCell::new(dwell),
                observer,
                _on_resize: on_resize,
            }
        })
    }

    /// Before the rows change: the reader may have moved the log since the last event told of it.
    pub(super) fn hold(&self) {
        if self.is_pinned.get() {
            return;
        }
        let moved = self.above() - self.looked_at.get();
        self.looked_at.set(self.above());
        if let Some((_, offset)) = &mut *self.anchor.borrow_mut() {
            *offset -= moved;
        }
    }

    /// After what is newest changed. Far up it is not among the rows, and nothing has to be laid out for it.
    pub(super) fn newest_changed(&self) {
        let newest = self.chat.tail.get_untracked().last;
        if !self.is_placed.get() || self.newest.replace(newest) == newest {
            return;
        }
        if newest.is_some_and(|key| key.mine) || self.position.is_at_bottom.get_untracked() {
            self.chat.jump_to_end();
            if !self.is_pinned.replace(true) {
                self.settle();
            }
        }
    }

    /// After the rows changed.
    pub(super) fn rows_changed(self: &Rc<Self>) {
        self.hold();
        if !self.is_placed.get() {
            self.newest.set(self.chat.tail.get_untracked().last);
            self.place();
        }
        // Laid out here, the rows need not be in the task that paints them, and are painted where they belong.
        self.settle();
        if self.is_placed.get() && self.is_pinned.get() {
            // Rows that come into the document later than this are seen by the observer.
            return;
        }
        // The rows may be in the document only after the effects of this turn.
        let this = Rc::downgrade(self);
        request_animation_frame(move || {
            if let Some(scroller) = this.upgrade() {
                scroller.place();
                scroller.settle();
                // A page that arrived while the reader waits at the top moves nothing by itself.
                if scroller.is_placed.get() && scroller.above() < PREFETCH_PX {
                    scroller.chat.show_held_older();
                }
            }
        });
    }

    /// After the reader, or this, moved the log.
    pub(super) fn scrolled(&self) {
        let has_looked = self.is_pinned.get() && (self.above() - self.looked_at.get()).abs() < 1.0;
        if !has_looked {
            self.look();
        }
        if !self.is_placed.get() {
            return;
        }
        self.name_day();
        let is_at_end = self.chat.is_at_end.get_untracked();
        if is_at_end && self.below() <= SLACK_PX {
            self.is_pinned.set(true);
        }
        self.fetch_above();
        if self.below() < PREFETCH_PX && !is_at_end {
            self.chat.load_newer();
        }
    }

    /// Says which day is in view while the reader moves the log, not while it follows its end.
    fn name_day(&self) {
        if !self.is_pinned.get()
            && let Some((row, _)) = &*self.anchor.borrow()
        {
            self.day.moved(row, self.log.get_bounding_client_rect().top());
        }
    }

    /// The reader took hold of the log by wheel, touch or key.
    pub(super) fn touched(&self) {
        if self.is_pinned.replace(false) {
            self.remember_anchor();
        }
        // At the very top pulling further scrolls nothing.
        if self.is_placed.get() {
            self.fetch_above();
        }
    }

    fn fetch_above(&self) {
        if self.above() < PREFETCH_PX
            && self.chat.has_older.get_untracked()
            && !self.chat.is_loading_older.get_untracked()
        {
            self.chat.load_older();
        }
    }

    /// Goes to the newest message.
    pub(super) fn jump(&self) {
        self.is_pinned.set(true);
        self.chat.jump_to_end();
        self.settle();
    }

    /// Looks again at what is in view: the page became visible or focused, or is not any more.
    pub(super) fn look(&self) {
        let below = self.below();
        let is_at_end = self.chat.is_at_end.get_untracked();
        let was_at_bottom = self.position.is_at_bottom.get_untracked();
        let limit = if was_at_bottom { LEAVE_BOTTOM_PX } else { ENTER_BOTTOM_PX };
        let is_at_bottom = is_at_end && below <= limit;
        if is_at_bottom != was_at_bottom {
            self.position.is_at_bottom.set(is_at_bottom);
            self.chat.follows_end.set(is_at_bottom);
        }
        let is_far = !is_at_end || below > f64::from(self.log.client_height());
        if is_far != self.position.is_far.get_untracked() {
            self.position.is_far.set(is_far);
        }
        let shows_end = is_at_end && (self.is_pinned.get() || below <= SLACK_PX);
        self.chat.set_shows_end(shows_end && self.is_placed.get());
        self.looked_at.set(self.above());
        if !self.is_pinned.get() {
            self.remember_anchor();
        }
        self.note_seen();
    }

    /// Brings the log to where it belongs after its layout changed.
    fn settle(&self) {
        if self.is_pinned.get() {
            if self.chat.is_at_end.get_untracked() {
                self.log.set_scroll_top(self.log.scroll_height());
            }
        } else if let Some((row, offset)) = &*self.anchor.borrow()
            && row.is_connected()
        {
            self.scroll_by(self.top_of(row) - offset);
        }
        self.look();
    }

    /// Goes to where reading begins, once the first page is there: the divider, otherwise the end.
    fn place(&self) {
        if self.is_placed.get() || self.chat.loading.get_untracked() != Loading::Ready {
            return;
        }
        if self.chat.tail.get_untracked().last.is_some() && self.rows.child_element_count() == 0 {
            return;
        }
        self.is_placed.set(true);
        if let Ok(Some(divider)) = self.rows.query_selector(".unread-divider") {
            self.is_pinned.set(false);
            self.scroll_by(self.top_of(&divider) - DIVIDER_TOP_PX);
            self.is_pinned.set(self.below() <= SLACK_PX && self.chat.is_at_end.get_untracked());
            self.remember_anchor();
        }
    }

    fn above(&self) -> f64 {
        f64::from(self.log.scroll_top())
    }

    fn below(&self) -> f64 {
        f64::from(self.log.scroll_height() - self.log.scroll_top() - self.log.client_height())
    }

    /// How far below the log's upper edge a row begins.
    fn top_of(&self, row: &Element) -> f64 {
        row.get_bounding_client_rect().top() - self.log.get_bounding_client_rect().top()
    }

    fn scroll_by(&self, distance: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "a distance on a screen is small")]
        let whole = distance.round() as i32;
        if whole != 0 {
            self.log.set_scroll_top(self.log.scroll_top() + whole);
        }
    }

    fn remember_anchor(&self) {
        let log_top = self.log.get_bounding_client_rect().top();
        self.looked_at.set(self.above());
        let rows = self.rows.children();
        let mut row = rows.item(ended_above(&rows, log_top));
        while let Some(candidate) = row {
            // Only messages: a day's separator moves up when more of that day comes in above.
            if candidate.has_attribute("data-direction") {
                let offset = candidate.get_bounding_client_rect().top() - log_top;
                self.anchor.replace(Some((candidate, offset)));
                return;
            }
            row = candidate.next_element_sibling();
        }
    }

    /// The highest position whose bubble ends inside the log.
    fn visible_seq(&self) -> Option<Seq> {
        let log = self.log.get_bounding_client_rect();
        let rows = self.rows.children();
        let mut row = rows.item(ended_above(&rows, log.bottom() + SLACK_PX).checked_sub(1)?);
        while let Some(candidate) = row.filter(|row| row.get_bounding_client_rect().bottom() > log.top()) {
            if let Some(seq) = candidate.get_attribute("data-seq").and_then(|seq| seq.parse().ok()) {
                return Some(Seq(seq));
            }
            row = candidate.previous_element_sibling();
        }
        None
    }

    fn note_seen(&self) {
        if !self.is_placed.get() {
            return;
        }
        let Some(visible) = self.visible_seq() else { return };
        if visible > self.position.seen.get_untracked() {
            self.position.seen.set(visible);
        }
        if page::is_attended() {
            if self.candidate.get().is_none() && self.chat.is_unread(visible) {
                self.candidate.set(Some(visible));
                self.dwell.borrow_mut().set(DWELL_MS);
            }
        } else if self.candidate.take().is_some() {
            self.dwell.borrow_mut().clear();
        }
    }

    fn dwelt(&self) {
        if let Some(candidate) = self.candidate.take()
            && page::is_attended()
            && let Some(visible) = self.visible_seq()
        {
            self.chat.mark_seen(candidate.min(visible));
            self.note_seen();
        }
    }
}

/// How many rows end above `edge`. They lie one below the other, so few of them have to be looked at.
fn ended_above(rows: &HtmlCollection, edge: f64) -> u32 {
    let (mut from, mut to) = (0, rows.length());
    while from < to {
        let middle = from.midpoint(to);
        if rows.item(middle).is_some_and(|row| row.get_bounding_client_rect().bottom() <= edge) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    from
}

impl Drop for Scroller {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
