//! The day of what is read, floating over the upper edge of the log while the log is scrolled.
//!
//! It repeats the words of the separator that was scrolled away, so it is for the eye only. What it says
//! is an attribute that the style sheet shows, and no second text in the document.

use std::cell::RefCell;

use web_sys::{Element, HtmlElement};

use crate::hooks::browser::Timer;

/// It goes this long after the last movement.
const REST_MS: u64 = 1_000;
/// The strip along the log's upper edge that it lies in.
const STRIP_PX: f64 = 36.0;

/// Shows and hides the chip. See the module.
pub(super) struct DayChip {
    chip: HtmlElement,
    rest: RefCell<Timer>,
}

impl DayChip {
    pub(super) fn new(chip: HtmlElement) -> Self {
        let shown = chip.clone();
        let rest = Timer::new(move || hide(&shown));
        Self { chip, rest: RefCell::new(rest) }
    }

    /// The log moved, and `row` is now the first message in view below its upper edge at `edge`.
    pub(super) fn moved(&self, row: &Element, edge: f64) {
        match passed_separator(row, edge) {
            Some(separator) => {
                let day = separator.text_content().unwrap_or_default();
                // Setting attributes with valid names cannot fail.
                let _ = self.chip.set_attribute("data-day", &day);
                let _ = self.chip.set_attribute("data-shown", "");
                self.rest.borrow_mut().set(REST_MS);
            }
            None => hide(&self.chip),
        }
    }
}

/// Without taking its words away: it fades.
fn hide(chip: &HtmlElement) {
    let _ = chip.remove_attribute("data-shown");
}

/// The separator of the row's day, unless that one or the next can be seen where the chip would lie.
fn passed_separator(row: &Element, edge: f64) -> Option<Element> {
    let mut candidate = row.next_element_sibling().or_else(|| Some(row.clone()));
    while let Some(above) = candidate {
        if above.class_name() == "day-separator" {
            let place = above.get_bounding_client_rect();
            if place.top() < edge + STRIP_PX {
                return (place.bottom() <= edge).then_some(above);
            }
        }
        candidate = above.previous_element_sibling();
    }
    None
}
