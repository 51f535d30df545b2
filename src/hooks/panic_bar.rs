//! What the user sees when the page's code breaks: after a panic nothing reacts any more, and only a
//! reload helps. The outbox and the drafts are in storage and survive it.

use leptos::prelude::document;
use wasm_bindgen::JsValue;

use crate::i18n::use_words;

/// Says what happened in the console and, for the user, in a bar with a link that reloads the page.
///
/// A link, because it needs no code of ours.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        leptos::logging::error!("{info}");
        // There is nobody left to tell if this fails as well.
        let _ = show();
    }));
}

fn show() -> Result<(), JsValue> {
    let words = use_words();
    let page = document();
    let (Some(body), None) = (page.body(), page.query_selector(".panic-bar")?) else { return Ok(()) };
    let bar = page.create_element("div")?;
    bar.set_class_name("panic-bar");
    bar.set_attribute("role", "alert")?;
    bar.append_child(&page.create_text_node(words.broken))?;
    bar.append_child(&page.create_text_node(" "))?;
    let reload = page.create_element("a")?;
    reload.set_class_name("button");
    // The empty address is this page; `_self` keeps the router, which is part of what broke, out of it.
    reload.set_attribute("href", "")?;
    reload.set_attribute("target", "_self")?;
    reload.set_text_content(Some(words.reload));
    bar.append_child(&reload)?;
    body.append_child(&bar)?;
    Ok(())
}
