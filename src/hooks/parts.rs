//! The two parts of the browser's code: what the page of matches needs until it reacts, and the rest.
//!
//! The build cuts the WASM in two (`scripts/split`). On the page of matches the second part is fetched
//! once the page is interactive; any other page has both from the start. A call into the second part
//! before it is there would hold up the page until it is, so what needs much of it waits here.

use js_sys::{Promise, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::reactive::spawn;

/// Whether all of the code is there. True on the server, and in a build that was not cut.
#[must_use]
pub fn use_whole() -> ReadSignal<bool> {
    let missing = if cfg!(feature = "ssr") { None } else { missing() };
    let (is_whole, set_whole) = signal(missing.is_none());
    if let Some(missing) = missing {
        spawn(async move {
            // Keeps trying until it is there: it only ever resolves.
            let _ = JsFuture::from(missing).await;
            set_whole.try_set(true);
        });
    }
    is_whole
}

/// Resolves when the second part is there; `None` if it is.
fn missing() -> Option<Promise> {
    let window = JsValue::from(window());
    Reflect::get(&window, &JsValue::from_str("mosaicRest")).ok()?.dyn_into().ok()
}
