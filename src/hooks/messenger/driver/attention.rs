//! News from outside of the open conversation: toasts, sound, and the browser's notifications.
//!
//! One tab of several tells of a message, and none when it is in view somewhere.

use std::rc::Weak;

use leptos::prelude::*;

use super::Driver;
use crate::domain::{Message, Profile, UserId};
use crate::hooks::messenger::tabs::{self, News};
use crate::hooks::messenger::{Toast, ToastView, rest};
use crate::hooks::notices::{self, Notice, Permission};
use crate::hooks::{browser, page, preferences};
use crate::reactive::spawn;

/// More toasts than this at once would cover what one is reading.
const MAX_TOASTS: usize = 3;
/// How long to wait after each failed request for a sender's name, in milliseconds.
const PROFILE_PAUSES: [i32; 3] = [1_000, 4_000, 0];

impl Driver {
    pub(super) fn drop_toast(&self, peer: UserId) {
        self.notices.borrow_mut().remove(&peer);
        self.hide_toast(peer);
    }

    pub(super) fn hide_toast(&self, peer: UserId) {
        let is_shown = |toasts: &Vec<Toast>| toasts.iter().any(|toast| toast.peer == peer);
        if self.signals.toasts.try_with_untracked(is_shown) == Some(true) {
            self.signals.toasts.try_update(|toasts| toasts.retain(|toast| toast.peer != peer));
        }
    }

    pub(super) fn message_arrived(&self, message: Message) {
        let peer = message.peer_of(self.me);
        if self.session.borrow().peer(peer).contact.muted {
            return;
        }
        if self.in_view() == Some(peer) {
            return;
        }
        let (this, me) = (Weak::clone(&self.this), self.me);
        let is_toasting = self.signals.toasts.try_with_untracked(Vec::is_empty) == Some(false);
        spawn(async move {
            if !tabs::claim(me, peer, message.id, is_toasting).await {
                return;
            }
            let Some(profile) = Self::profile(&this, peer).await else { return };
            let Some(driver) = this.upgrade() else { return };
            let was_read = driver.session.borrow().peer(peer).unread == 0;
            if was_read || driver.is_over.get() {
                return;
            }
            driver.call(&profile, &message.content);
            if driver.open.get() != Some(peer) {
                driver.show_toast(&profile, first_line(&message.content).to_owned());
                driver.announce(News::Toasted(peer));
            }
        });
    }

    /// Draws attention from outside of the page, as far as the user wants that.
    fn call(&self, profile: &Profile, text: &str) {
        // As they are kept: another tab may have changed them.
        let wanted = preferences::kept().unwrap_or_default();
        if wanted.sound {
            notices::chime();
        }
        if wanted.notifications && !page::is_attended() && notices::permission() == Permission::Granted {
            let (peer, called) = (profile.id, self.signals.called);
            // Before the next one is on show: a browser may close by person, not by notice.
            self.notices.borrow_mut().remove(&peer);
            let notice = Notice::show(
                &peer.to_string(),
                &profile.display_name,
                first_line(text),
                profile.avatar_url.as_deref(),
                move || {
                    called.try_set(Some(peer));
                },
            );
            self.notices.borrow_mut().extend(notice.map(|notice| (peer, notice)));
        }
    }

    fn show_toast(&self, profile: &Profile, text: String) {
        let peer = profile.id;
        self.signals.toasts.try_update(|toasts| {
            if let Some(toast) = toasts.iter().find(|toast| toast.peer == peer) {
                toast.view.update(|view| {
                    view.text = text;
                    view.count += 1;
                });
                return;
            }
            toasts.push(Toast {
                peer,
                view: ArcRwSignal::new(ToastView {
                    name: profile.display_name.clone(),
                    avatar_url: profile.avatar_url.clone(),
                    text,
                    count: 1,
                }),
            });
            let excess = toasts.len().saturating_sub(MAX_TOASTS);
            toasts.drain(..excess);
        });
    }

    /// Who `person` is, asked for once if all is well. Messages do not say their sender's name.
    async fn profile(this: &Weak<Self>, person: UserId) -> Option<Profile> {
        let known = this.upgrade()?.profiles.borrow().get(&person).cloned();
        if known.is_some() {
            return known;
        }
        for pause in PROFILE_PAUSES {
            if let Ok(found) = rest::profile(person).await {
                this.upgrade()?.profiles.borrow_mut().insert(person, found.profile.clone());
                return Some(found.profile);
            }
            browser::pause(pause).await;
        }
        None
    }
}

/// What is told of a message outside of its conversation.
fn first_line(text: &str) -> &str {
    text.trim_start().lines().next().unwrap_or_default()
}
