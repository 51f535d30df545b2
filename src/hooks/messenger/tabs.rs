//! What the tabs of one browser agree on: a log-out is everybody's, a toast is one tab's.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Function, Object, Promise, Reflect};
use leptos::prelude::window;
use serde::{Deserialize, Serialize};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{BroadcastChannel, MessageEvent};

use crate::domain::{MessageId, UserId};
use crate::hooks::browser::Listener;
use crate::hooks::page;

const CHANNEL: &str = "mosaic";
/// How long a tab that nobody can see waits for a better one to take a toast.
const HIDDEN_WAIT_MS: i32 = 200;
/// The same for a tab that is visible but not focused.
const UNFOCUSED_WAIT_MS: i32 = 90;
/// The same for one in front that shows no toasts yet: several windows may claim to be in front.
const FRESH_WAIT_MS: i32 = 40;
/// How long a claim is held: a tab whose socket lost the message learns of it by a ping, which a hidden
/// tab sends once a minute.
const CLAIM_MS: i32 = 180_000;

/// What a tab tells the others of the same user.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) enum News {
    /// The user logged out.
    LoggedOut,
    /// A toast for this person is on show, so no other tab needs one.
    Toasted(UserId),
}

/// The channel between the tabs.
pub(super) struct Tabs {
    me: UserId,
    channel: BroadcastChannel,
    _listener: Listener,
}

impl Tabs {
    /// Joins the channel; `on_news` hears what other tabs of `me` announce.
    pub(super) fn join(me: UserId, on_news: impl Fn(News) + 'static) -> Option<Self> {
        let channel = BroadcastChannel::new(CHANNEL).ok()?;
        let listener = Listener::new(&channel, "message", move |event| {
            let text = event.unchecked_into::<MessageEvent>().data().as_string();
            match text.and_then(|text| serde_json::from_str::<(UserId, News)>(&text).ok()) {
                Some((user, news)) if user == me => on_news(news),
                _ => {}
            }
        });
        Some(Self { me, channel, _listener: listener })
    }

    /// Tells the other tabs of this user.
    pub(super) fn announce(&self, news: News) {
        if let Ok(text) = serde_json::to_string(&(self.me, news)) {
            let _ = self.channel.post_message(&JsValue::from_str(&text));
        }
    }
}

impl Drop for Tabs {
    fn drop(&mut self) {
        self.channel.close();
    }
}

/// While this lives, every tab knows that the conversation is in view here and toasts none of its messages. Of several
/// tabs that have it in view one holds the lock and the others wait for it, which is as good.
pub(super) struct View {
    pub(super) peer: UserId,
    release: Option<Function>,
}

impl View {
    /// The conversation of `me` with `peer` is in view from now on.
    pub(super) fn of(me: UserId, peer: UserId) -> Self {
        let mut release = None;
        let released = Promise::new(&mut |resolve, _| release = Some(resolve));
        if let Some((locks, request)) = lock_manager() {
            let granted = Closure::once_into_js(move |_: JsValue| released);
            let _ = request.call2(&locks, &JsValue::from_str(&view_of(me, peer)), &granted);
        }
        Self { peer, release }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        if let Some(release) = &self.release {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}

fn view_of(me: UserId, peer: UserId) -> String {
    format!("mosaic.view.{me}.{peer}")
}

/// Whether this tab is the one to toast a message of `peer` to `me`: it is in view nowhere, neither now nor when its
/// turn has come. The tab somebody looks at asks first, and of several such tabs the one that is toasting already.
///
/// Web Locks decide; a browser that keeps them from an insecure origin toasts in every tab.
pub(super) async fn claim(me: UserId, peer: UserId, message: MessageId, is_toasting: bool) -> bool {
    let view = view_of(me, peer);
    if !is_free(&view).await {
        return false;
    }
    match (page::is_attended(), page::is_visible()) {
        (true, _) if is_toasting => {}
        (true, _) => sleep(FRESH_WAIT_MS).await,
        (false, true) => sleep(UNFOCUSED_WAIT_MS).await,
        (false, false) => sleep(HIDDEN_WAIT_MS).await,
    }
    is_free(&view).await && is_taken(&format!("mosaic.toast.{message}")).await
}

/// Whether no tab holds the lock, or waits for it. Those who ask are in nobody's way.
async fn is_free(name: &str) -> bool {
    lock(name, "shared", || JsValue::UNDEFINED).await
}

/// Takes the lock for a while; whether no other tab had it.
async fn is_taken(name: &str) -> bool {
    lock(name, "exclusive", || delay(CLAIM_MS).into()).await
}

/// Takes a lock if it can be had at once, for as long as the promise that `until` makes is pending; whether it could.
async fn lock(name: &str, mode: &str, until: fn() -> JsValue) -> bool {
    let Some((locks, request)) = lock_manager() else { return true };
    let is_mine = Rc::new(Cell::new(false));
    let mut held = None;
    let answered = Promise::new(&mut |answer, _| {
        let is_mine = Rc::clone(&is_mine);
        let granted = Closure::<dyn FnMut(JsValue) -> JsValue>::new(move |lock: JsValue| {
            is_mine.set(!lock.is_null());
            let _ = answer.call0(&JsValue::UNDEFINED);
            if lock.is_null() { JsValue::UNDEFINED } else { until() }
        });
        let options = Object::new();
        let _ = Reflect::set(&options, &JsValue::from_str("ifAvailable"), &JsValue::TRUE);
        let _ = Reflect::set(&options, &JsValue::from_str("mode"), &JsValue::from_str(mode));
        let asked = request.call3(&locks, &JsValue::from_str(name), &options, granted.as_ref());
        held = Some((granted, asked));
    });
    if !matches!(held, Some((_, Ok(_)))) {
        return true;
    }
    let _ = JsFuture::from(answered).await;
    is_mine.get()
}

/// `navigator.locks` and its `request`: `web-sys` offers them to builds with unstable APIs only.
fn lock_manager() -> Option<(JsValue, Function)> {
    let locks = Reflect::get(&window().navigator(), &JsValue::from_str("locks")).ok()?;
    let request = Reflect::get(&locks, &JsValue::from_str("request")).ok()?;
    Some((locks, request.dyn_into().ok()?))
}

fn delay(millis: i32) -> Promise {
    Promise::new(&mut |resolve, _| {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis);
    })
}

async fn sleep(millis: i32) {
    let _ = JsFuture::from(delay(millis)).await;
}
