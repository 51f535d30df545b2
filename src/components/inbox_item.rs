//! One conversation, as the inbox lists it.

use leptos::prelude::*;

use crate::components::local_time::LocalTime;
use crate::components::ui::avatar::Avatar;
use crate::components::ui::icon::{Icon, IconName};
use crate::components::unread_badge::UnreadBadge;
use crate::domain::{Contact, Message, Profile};
use crate::hooks::messenger::{Presence, use_presence_text};
use crate::i18n::{isolated, use_words};
use crate::reactive::dynamic;

/// A list item that holds one link: to the chat with `peer`.
///
/// It stays the same element while messages come and go, so that focus is not lost.
#[component]
pub fn InboxItem(
    /// The other member.
    peer: Profile,
    /// The newest message, of either member.
    #[prop(into)]
    last_message: Signal<Message>,
    /// How many messages of the peer are unread.
    #[prop(into)]
    unread: Signal<u64>,
    /// What the user chose for the peer.
    #[prop(into)]
    contact: Signal<Contact>,
) -> impl IntoView {
    let words = use_words();
    let loaded = Signal::stored(Some(Presence::from(&peer)));
    let Profile { id, display_name, avatar_url, .. } = peer;
    let (online, _) = use_presence_text(id, loaded);

    view! {
        <li>
            <a class="inbox-item" href=format!("/?profile={id}&chat=open")>
                <span class="inbox-item__avatar">
                    <Avatar url=avatar_url size=48 online/>
                </span>
                <span class="inbox-item__body">
                    <span class="inbox-item__name" dir="auto">
                        {display_name}
                    </span>
                    " "
                    <span class="inbox-item__last" dir="auto">
                        {dynamic(move || {
                            last_message
                                .with(|Message { sender_id, content, .. }| {
                                    if *sender_id == id {
                                        content.clone()
                                    } else {
                                        [words.you_said, &isolated(content)].concat()
                                    }
                                })
                        })}
                    </span>
                </span>
                " "
                <LocalTime
                    at=Signal::derive(move || last_message.with(|message| message.created_at))
                    class="inbox-item__time"
                />
                {dynamic(move || {
                    contact
                        .get()
                        .muted
                        .then(|| {
                            view! {
                                <span class="inbox-item__muted">
                                    <Icon name=IconName::Mute/>
                                    <span class="visually-hidden">" " {words.muted}</span>
                                </span>
                            }
                        })
                })}
                {dynamic(move || {
                    (contact.get().marked_unread && unread.get() == 0)
                        .then(|| {
                            view! {
                                " "
                                <span class="badge inbox-item__unread inbox-item__mark">
                                    <span class="visually-hidden">{words.marked_as_unread}</span>
                                </span>
                            }
                        })
                })}
                <UnreadBadge
                    count=unread
                    is_quiet=Signal::derive(move || contact.get().muted)
                    class="inbox-item__unread"
                />
            </a>
        </li>
    }
    .into_any()
}
