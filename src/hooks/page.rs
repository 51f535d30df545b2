//! What the page knows of its viewer: visible, focused, narrow, and whether it is interactive yet.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, VisibilityState};

use super::browser::Listener;

/// Whether the page is in front of somebody right now: visible and focused.
#[must_use]
pub fn is_attended() -> bool {
    is_visible() && document().has_focus().unwrap_or(false)
}

/// Whether any of the page can be seen.
#[must_use]
pub fn is_visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

/// How high the window is, in CSS pixels.
#[must_use]
pub fn height() -> f64 {
    window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default()
}

/// Whether a menu is open: then the next Escape is meant for it.
#[must_use]
pub fn has_open_menu() -> bool {
    document().query_selector("[popover=auto]:popover-open").is_ok_and(|menu| menu.is_some())
}

/// False in the first render of both sides, true right after: for what only a browser can know.
#[must_use]
pub fn use_interactive() -> ReadSignal<bool> {
    let (is_interactive, set_interactive) = signal(false);
    Effect::new(move |_| set_interactive.set(true));
    is_interactive
}

/// Whether a media query holds; false in the first render.
#[must_use]
pub fn use_media_query(query: &'static str) -> ReadSignal<bool> {
    let (holds, set_holds) = signal(false);
    Effect::new(move |_| {
        let list = window().match_media(query).ok().flatten()?;
        set_holds.set(list.matches());
        let target = list.clone();
        Some(StoredValue::new_local(Listener::new(&target, "change", move |_| {
            set_holds.try_set(list.matches());
        })))
    });
    holds
}

/// Runs `callback` whenever the page becomes visible or hidden, gains or loses the focus.
pub fn on_attention_change(callback: impl Fn() + Clone + 'static) {
    Effect::new(move |_| {
        let page = document();
        let window = window();
        let listen = |target: &web_sys::EventTarget, event| {
            let callback = callback.clone();
            Listener::new(target, event, move |_| callback())
        };
        StoredValue::new_local([
            listen(&page, "visibilitychange"),
            listen(&window, "focus"),
            listen(&window, "blur"),
        ])
    });
}

/// Calls `callback` once the next frame is painted.
pub fn after_paint(callback: impl FnOnce() + 'static) {
    request_animation_frame(move || set_timeout(callback, Duration::ZERO));
}

/// Gives the focus back to the button that opened the panel, unless somebody is writing elsewhere.
///
/// It runs when a panel is cleaned up, which the server does as well, after each rendering.
pub fn return_focus_to_message_button() {
    // Not `is_server()`: it asks the current owner, and there is none while one is cleaned up.
    if cfg!(feature = "ssr") {
        return;
    }
    set_timeout(
        || {
            let page = document();
            let is_writing =
                page.active_element().is_some_and(|it| it.matches("input, textarea").unwrap_or(false));
            if is_writing || page.query_selector(".chat-panel").ok().flatten().is_some() {
                return;
            }
            let button = page.query_selector(".profile-card__message").ok().flatten();
            if let Some(button) = button.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
                let _ = button.focus();
            }
        },
        Duration::ZERO,
    );
}

/// While `is_sole` holds, nothing but `element` can be focused, clicked or read out: every other part
/// of the page is inert. Toasts stay usable.
pub fn use_sole_interaction(element: NodeRef<html::Section>, is_sole: Signal<bool>) {
    Effect::new(move |_| {
        let element = is_sole.get().then(|| element.get()).flatten();
        element.map(|element| StoredValue::new_local(Silenced::around(&element)))
    });
}

/// Elements made inert; they are themselves again when this is dropped.
struct Silenced(Vec<Element>);

impl Silenced {
    fn around(element: &Element) -> Self {
        let mut silenced = Vec::new();
        let mut inner = element.clone();
        while inner.tag_name() != "BODY"
            && let Some(outer) = inner.parent_element()
        {
            let mut child = outer.first_element_child();
            while let Some(other) = child {
                let stays = other == inner
                    || other.has_attribute("inert")
                    || other.matches(".toaster, script, style").unwrap_or(true);
                if !stays && other.set_attribute("inert", "").is_ok() {
                    silenced.push(other.clone());
                }
                child = other.next_element_sibling();
            }
            inner = outer;
        }
        Self(silenced)
    }
}

impl Drop for Silenced {
    fn drop(&mut self) {
        for element in &self.0 {
            let _ = element.remove_attribute("inert");
        }
    }
}

/// While `is_sheet` holds, tells the style sheet which part of the page the on-screen keyboard leaves:
/// `--vvh` high, beginning at `--vvt`.
pub fn use_visual_viewport(is_sheet: Signal<bool>) {
    Effect::new(move |_| {
        let viewport = is_sheet.get().then(|| window().visual_viewport()).flatten()?;
        let root = document().document_element()?.dyn_into::<HtmlElement>().ok()?;
        let measured = viewport.clone();
        let measure = move || {
            let style = root.style();
            let _ = style.set_property("--vvh", &format!("{}px", measured.height()));
            let _ = style.set_property("--vvt", &format!("{}px", measured.offset_top()));
        };
        measure();
        let on_scroll = measure.clone();
        Some(StoredValue::new_local([
            Listener::new(&viewport, "resize", move |_| measure()),
            Listener::new(&viewport, "scroll", move |_| on_scroll()),
        ]))
    });
}
