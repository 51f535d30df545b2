//! How many messages are unread, for the eye: those that come in before it are not counted.

use leptos::prelude::*;

use super::Driver;
use crate::domain::UserId;
use crate::hooks::messenger::tabs::View;
use crate::hooks::page;

impl Driver {
    /// Whose conversation is in front of the user right now. Also tells the other tabs.
    pub(super) fn in_view(&self) -> Option<UserId> {
        let seen = self.open.get().filter(|_| page::is_attended());
        let mut view = self.view.borrow_mut();
        if view.as_ref().map(|view| view.peer) != seen {
            *view = seen.map(|peer| View::of(self.me, peer));
        }
        seen
    }

    /// The newest row of the open conversation came into view, or went out of it.
    pub(in super::super) fn set_shows_end(&self, shows_end: bool) {
        if self.shows_end.replace(shows_end) != shows_end {
            self.count();
        }
    }

    /// Tells the components how many messages are unread, after that changed or the user looks elsewhere. Not of those
    /// that come in before the user's eyes: in a moment they are read.
    pub(super) fn count(&self) {
        let unread_of = |peer| self.session.borrow().peer(peer).unread;
        let told_of = |peer| self.signals.of(peer).state.with_untracked(|state| state.unread);
        let read_now = self.read_now();
        let held_back = read_now.map_or(0, |peer| unread_of(peer).saturating_sub(told_of(peer)));
        let mut uncounted = self.uncounted.take();
        uncounted.retain(|&peer| {
            let is_held_back = read_now == Some(peer) && held_back > 0;
            let unread = unread_of(peer);
            if !is_held_back && unread != told_of(peer) {
                self.signals.of(peer).state.update(|state| state.unread = unread);
            }
            is_held_back
        });
        self.uncounted.borrow_mut().append(&mut uncounted);
        let total = self.session.borrow().total_unread().saturating_sub(held_back);
        if self.signals.total_unread.try_get_untracked() != Some(total) {
            self.signals.total_unread.try_set(total);
        }
    }

    /// With whom the user has a conversation in view of which everything is there, down to the newest message.
    fn read_now(&self) -> Option<UserId> {
        let peer = self.in_view().filter(|_| self.shows_end.get())?;
        self.with_timeline(peer, |timeline| timeline.contiguous() == timeline.last_seq())?.then_some(peer)
    }
}
