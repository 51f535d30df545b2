//! The texts that both halves show, by name, and how they travel to the browser.

use super::{Counted, Phrase, isolated};

/// A part of the catalogue as lines of text.
trait Lines {
    /// Its lines, in order.
    #[cfg(feature = "ssr")]
    fn write(&self, lines: &mut Vec<&'static str>);

    /// The same from the lines that follow; empty where there are none.
    #[cfg(any(test, not(feature = "ssr")))]
    fn read(lines: &mut std::str::Split<'static, char>) -> Self;
}

impl Lines for &'static str {
    #[cfg(feature = "ssr")]
    fn write(&self, lines: &mut Vec<&'static str>) {
        lines.push(self);
    }

    #[cfg(any(test, not(feature = "ssr")))]
    #[inline(never)]
    fn read(lines: &mut std::str::Split<'static, char>) -> Self {
        lines.next().unwrap_or_default()
    }
}

impl Lines for Phrase {
    #[cfg(feature = "ssr")]
    fn write(&self, lines: &mut Vec<&'static str>) {
        self.0.write(lines);
    }

    #[cfg(any(test, not(feature = "ssr")))]
    fn read(lines: &mut std::str::Split<'static, char>) -> Self {
        Self(Lines::read(lines))
    }
}

impl Lines for Counted {
    #[cfg(feature = "ssr")]
    fn write(&self, lines: &mut Vec<&'static str>) {
        self.0.write(lines);
    }

    #[cfg(any(test, not(feature = "ssr")))]
    fn read(lines: &mut std::str::Split<'static, char>) -> Self {
        Self(Lines::read(lines))
    }
}

impl<T: Lines> Lines for [T; 2] {
    #[cfg(feature = "ssr")]
    fn write(&self, lines: &mut Vec<&'static str>) {
        self.iter().for_each(|part| part.write(lines));
    }

    #[cfg(any(test, not(feature = "ssr")))]
    fn read(lines: &mut std::str::Split<'static, char>) -> Self {
        [T::read(lines), T::read(lines)]
    }
}

impl<T: Lines> Lines for [T; 3] {
    #[cfg(feature = "ssr")]
    fn write(&self, lines: &mut Vec<&'static str>) {
        self.iter().for_each(|part| part.write(lines));
    }

    #[cfg(any(test, not(feature = "ssr")))]
    fn read(lines: &mut std::str::Split<'static, char>) -> Self {
        [T::read(lines), T::read(lines), T::read(lines)]
    }
}

/// Declares [`Words`]: a list of names, each with the kind of its text.
macro_rules! words {
    ($($(#[$attribute:meta])* $name:ident: $kind:ty,)*) => {
        /// All texts that both halves show, in one language. The English one says what each is.
        #[derive(Debug, PartialEq, Eq)]
        pub struct Words {
            $($(#[$attribute])* pub(crate) $name: $kind,)*
        }

        impl Words {
            /// One line for each text: what a page brings along for the browser.
            #[cfg(feature = "ssr")]
            #[must_use]
            pub fn to_lines(&self) -> String {
                let mut lines = Vec::new();
                $(self.$name.write(&mut lines);)*
                lines.join("\n")
            }

            /// The texts that [`Self::to_lines`] wrote.
            #[cfg(any(test, not(feature = "ssr")))]
            #[must_use]
            pub(super) fn from_lines(lines: &'static str) -> Self {
                let mut lines = lines.split('\n');
                Self { $($name: Lines::read(&mut lines),)* }
            }
        }
    };
}

type Text = &'static str;

words! {
    // The header.
    main_nav: Text,
    matches: Text,
    messages: Text,
    log_out: Text,
    /// After the number 1, and after any other.
    unread: [Text; 2],

    // The settings.
    settings: Text,
    language: Text,
    theme: Text,
    theme_system: Text,
    theme_light: Text,
    theme_dark: Text,
    reduce_transparency: Text,
    reduce_transparency_hint: Text,
    sound: Text,
    sound_hint: Text,
    notifications: Text,
    notifications_hint: Text,
    notifications_ask: Text,
    turn_on_notifications: Text,
    notifications_unsupported: Text,
    notifications_denied: Text,
    your_account: Text,

    // The matches.
    your_matches: Text,
    search_matches: Text,
    name_or_interest: Text,
    nobody_yet: Text,
    nobody_matches: Phrase,
    show_more: Text,
    try_again: Text,
    percent_match: Phrase,

    // The stage and the card.
    nobody_chosen: Text,
    nobody_chosen_text: Text,
    no_such_person: Text,
    no_such_person_text: Text,
    back_to_matches: Text,
    profile_not_loaded: Text,
    close_profile: Text,
    message: Text,
    interests: Text,
    you_too: Text,

    // Presence and times.
    online: Text,
    last_seen_today: Phrase,
    last_seen_yesterday: Phrase,
    last_seen_on: Phrase,
    last_seen_long_ago: Text,
    today: Text,
    yesterday: Text,

    // The panel.
    chat_with: Phrase,
    close_chat: Text,
    account_gone: Text,
    you_blocked: Phrase,
    unblock: Text,
    not_reached: Text,
    offline: Text,
    reconnecting: Text,
    message_to: Phrase,
    write_a_message: Text,
    send: Text,

    // The log.
    messages_with: Phrase,
    loading_earlier: Text,
    messages_not_loaded: Text,
    retry: Text,
    new_messages: Text,
    new_message_from: Phrase,
    is_typing: Phrase,
    gap: Counted,
    jump_to_latest: Text,
    new: Counted,
    /// Who wrote an own message, for screen readers.
    you: Text,
    sending: Text,
    sent: Text,
    delivered: Text,
    read: Text,
    not_sent: Text,
    refused_blocked: Text,
    refused: Text,
    delete: Text,

    // The beginning of a conversation.
    say_hi: Phrase,
    both_like: Phrase,
    /// Before the last of several.
    and: Text,
    suggestions: Text,
    openers_about: [Phrase; 3],
    openers: [Text; 3],

    // What else one can do with a conversation.
    more: Text,
    conversation_with: Phrase,
    mark_as_unread: Text,
    mute: Text,
    unmute: Text,
    block_person: Text,
    report_person: Text,
    block_means: Phrase,
    block: Text,
    cancel: Text,
    what_is_wrong: Phrase,
    report_means: Text,
    send_report: Text,
    reported: Text,

    // The inbox.
    conversations: Text,
    /// Before the last message, when it is one's own.
    you_said: Text,
    muted: Text,
    marked_as_unread: Text,
    no_conversations: Text,
    no_conversations_text: Text,
    see_matches: Text,

    // The toasts.
    several_new: Counted,
    open: Text,
    dismiss: Text,
    still_logged_in: Text,
    still_logged_in_text: Text,

    // Log-in and sign-up.
    log_in: Text,
    welcome_back: Text,
    log_in_lead: Text,
    new_here: Text,
    create_an_account: Text,
    username: Text,
    password: Text,
    show_password: Text,
    wrong_credentials: Text,
    too_many_attempts: Text,
    session_over: Text,
    log_in_failed: Text,
    create_your_account: Text,
    sign_up_lead: Text,
    already_here: Text,
    display_name: Text,
    display_name_hint: Text,
    username_hint: Text,
    password_hint: Text,
    create_account: Text,
    username_taken: Text,
    invalid_username: Text,
    invalid_display_name: Text,
    weak_password: Text,
    invalid_form: Text,
    sign_up_failed: Text,

    // What is not there, or did not work.
    not_found: Text,
    page_not_found: Text,
    page_not_found_text: Text,
    not_logged_in: Text,
    signed_out: Text,
    nothing_found: Text,
    not_accepted: Text,
    too_fast: Text,
    unreachable: Text,
    broken: Text,
    reload: Text,
}

impl Words {
    /// The title of the page about `what`.
    #[must_use]
    pub fn title(&self, what: &str) -> String {
        [what, " · Mosaic"].concat()
    }

    /// `a`, `a and b`, `a, b and c`, each in its own direction; `None` for nothing.
    #[must_use]
    pub fn list(&self, items: &[String]) -> Option<String> {
        let items: Vec<_> = items.iter().map(|item| isolated(item)).collect();
        let (last, others) = items.split_last()?;
        Some(if others.is_empty() { last.clone() } else { [&others.join(", "), self.and, last].concat() })
    }
}
