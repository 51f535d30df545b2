//! Small owners of browser things, so that each goes away with what made it.

use js_sys::Promise;
use leptos::prelude::*;
use leptos::reactive::owner::LocalStorage;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, EventTarget};

use crate::chat::Millis;

/// The wall clock.
#[must_use]
pub fn now() -> Millis {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a browser's clock is a positive integer far below 2^53"
    )]
    Millis(js_sys::Date::now() as u64)
}

/// An event listener that is removed when dropped.
pub struct Listener {
    target: EventTarget,
    event: &'static str,
    callback: Closure<dyn FnMut(Event)>,
}

impl Listener {
    /// Calls `callback` for each `event` of `target`.
    pub fn new(target: &EventTarget, event: &'static str, callback: impl FnMut(Event) + 'static) -> Self {
        let callback = Closure::<dyn FnMut(Event)>::new(callback);
        // Fails only for a null callback.
        let _ = target.add_event_listener_with_callback(event, callback.as_ref().unchecked_ref());
        Self { target: target.clone(), event, callback }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let callback = self.callback.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback(self.event, callback);
    }
}

/// A timer that runs once, can be set again, and is cleared when dropped.
pub struct Timer {
    callback: Closure<dyn FnMut()>,
    handle: Option<i32>,
}

impl Timer {
    /// A timer that will call `callback`; not running yet.
    pub fn new(callback: impl FnMut() + 'static) -> Self {
        Self { callback: Closure::new(callback), handle: None }
    }

    /// Runs `millis` from now, instead of whenever it was set to.
    pub fn set(&mut self, millis: u64) {
        self.clear();
        let millis = i32::try_from(millis).unwrap_or(i32::MAX);
        let callback = self.callback.as_ref().unchecked_ref();
        self.handle = window().set_timeout_with_callback_and_timeout_and_arguments_0(callback, millis).ok();
    }

    /// Does not run.
    pub fn clear(&mut self) {
        if let Some(handle) = self.handle.take() {
            window().clear_timeout_with_handle(handle);
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Waits.
pub async fn pause(millis: i32) {
    let timeout = Promise::new(&mut |done, _| {
        // Fails only for a detached window, where nothing waits any more.
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&done, millis);
    });
    let _ = JsFuture::from(timeout).await;
}

/// A place for a value that exists in the browser only and may not cross threads. On the server the
/// place stays empty, so it can be part of what the server renders.
pub struct BrowserCell<T: 'static>(StoredValue<Option<StoredValue<T, LocalStorage>>>);

impl<T> Clone for BrowserCell<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for BrowserCell<T> {}

impl<T> Default for BrowserCell<T> {
    fn default() -> Self {
        Self(StoredValue::new(None))
    }
}

impl<T> BrowserCell<T> {
    /// Puts the value in. The value lives as long as the `Effect` this is called from.
    pub fn fill(self, value: T) {
        self.0.try_set_value(Some(StoredValue::new_local(value)));
    }

    /// Looks at the value; `None` before it was put in and after it went away.
    pub fn with<R>(self, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.0.try_get_value().flatten()?.try_with_value(look)
    }
}
