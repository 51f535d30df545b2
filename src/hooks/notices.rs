//! Being heard outside of the page: the browser's notifications, and a tone.

use crate::reactive::spawn;
use js_sys::Reflect;
use leptos::prelude::window;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlAudioElement, Notification, NotificationOptions, NotificationPermission};

/// What the browser lets a page do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// It has no notifications.
    Unsupported,
    /// Nobody was asked yet.
    NotAsked,
    /// Notifications may be shown.
    Granted,
    /// The user, or the browser, said no. Only the browser's own settings change that.
    Denied,
}

/// What the browser lets this page do now.
#[must_use]
pub fn permission() -> Permission {
    if !Reflect::has(&window(), &"Notification".into()).unwrap_or(false) {
        return Permission::Unsupported;
    }
    match Notification::permission() {
        NotificationPermission::Granted => Permission::Granted,
        NotificationPermission::Denied => Permission::Denied,
        // Browsers that show none from a page, as on Android, throw; others do nothing without leave.
        _ if Notification::new("Mosaic").is_err() => Permission::Unsupported,
        _ => Permission::NotAsked,
    }
}

/// Has the browser ask its user. Only ever from a click.
pub async fn ask() -> Permission {
    if let Ok(asking) = Notification::request_permission() {
        // However it ends, what counts is the permission.
        let _ = JsFuture::from(asking).await;
    }
    permission()
}

/// A notification that is on show. Dropping it takes it away.
pub struct Notice {
    notification: Notification,
    _on_click: Closure<dyn FnMut()>,
}

impl Notice {
    /// Shows one. `None` where the browser shows none from a page.
    pub fn show(
        tag: &str,
        title: &str,
        body: &str,
        icon: Option<&str>,
        on_click: impl Fn() + 'static,
    ) -> Option<Self> {
        let options = NotificationOptions::new();
        options.set_tag(tag);
        options.set_body(body);
        if let Some(icon) = icon {
            options.set_icon(icon);
        }
        // The tone, where it is wanted, is ours.
        options.set_silent(Some(true));
        let notification = Notification::new_with_options(title, &options).ok()?;
        let on_click = Closure::<dyn FnMut()>::new(move || {
            // Fails where the browser lets nobody come to the front.
            let _ = window().focus();
            on_click();
        });
        notification.set_onclick(Some(on_click.as_ref().unchecked_ref()));
        Some(Self { notification, _on_click: on_click })
    }
}

impl Drop for Notice {
    fn drop(&mut self) {
        self.notification.set_onclick(None);
        self.notification.close();
    }
}

/// A short tone. A browser that was never clicked in stays silent.
pub fn chime() {
    if let Ok(tone) = HtmlAudioElement::new_with_src("/message.wav")
        && let Ok(playing) = tone.play()
    {
        spawn(async move {
            let _ = JsFuture::from(playing).await;
        });
    }
}
