//! The icons: strokes on a 20 px grid, drawn in the colour of the text around them.
//!
//! An icon never carries meaning alone: it is hidden from assistive technology, and the control or the
//! text beside it says the same in words. Size and line width live in `style/components/icon.css`; the
//! attributes here are what an icon looks like before the style sheet has arrived.

use leptos::prelude::*;

/// What an icon shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IconName {
    /// A paper plane: send the message.
    Send,
    /// A cross: close or dismiss.
    Close,
    /// A magnifying glass.
    Search,
    /// One tick: sent.
    Check,
    /// Two ticks: delivered, or read.
    DoubleCheck,
    /// A clock: on its way.
    Clock,
    /// A ringed exclamation mark: something went wrong.
    Alert,
    /// An arrow down: to the newest message.
    ArrowDown,
    /// A speech bubble.
    Message,
    /// An arrow out of a door.
    LogOut,
    /// An open eye: show.
    Eye,
    /// A crossed eye: hide.
    EyeOff,
    /// A four-pointed star: a match.
    Spark,
    /// A circling arrow: try again.
    Retry,
    /// A tray: the list of conversations.
    Inbox,
    /// Two sliders: settings.
    Settings,
    /// Three dots: what else one can do.
    More,
    /// A crossed bell: no attention.
    Mute,
}

impl IconName {
    /// The outline, as the `d` of one SVG path on a 20 × 20 grid.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Send => "M17.2 2.8 8.9 11.1M17.2 2.8l-5.1 14.4-3.2-6.1-6.1-3.2Z",
            Self::Close => "m5 5 10 10M15 5 5 15",
            Self::Search => "M14.5 8.8a5.7 5.7 0 1 1-11.4 0 5.7 5.7 0 0 1 11.4 0ZM17 17l-4.2-4.2",
            Self::Check => "m4 10.6 4 4 8-9.2",
            Self::DoubleCheck => "m1.8 10.8 3.6 3.7 7-8.4M8.8 14l.6.5 8.8-8.4",
            Self::Clock => "M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0ZM10 6v4.2l2.8 1.7",
            Self::Alert => "M17.3 10a7.3 7.3 0 1 1-14.6 0 7.3 7.3 0 0 1 14.6 0ZM10 6.3v4.2M10 13.6v.1",
            Self::ArrowDown => "M10 3.5v13M4.5 11l5.5 5.5 5.5-5.5",
            Self::Message => {
                "M17.2 9.4c0 3.6-3.2 6.3-7.2 6.3-.9 0-1.8-.1-2.6-.4L3.5 17l1-3.5a6.3 6.3 0 0 1-1.7-4.1c0-3.6 3.2-6.4 7.2-6.4s7.2 2.8 7.2 6.4Z"
            }
            Self::LogOut => "M8 3.5H5.5a2 2 0 0 0-2 2v9a2 2 0 0 0 2 2H8M12.8 13.7l3.7-3.7-3.7-3.7M16.5 10H8",
            Self::Eye => {
                "M1.8 10S4.8 4.5 10 4.5s8.2 5.5 8.2 5.5-3 5.5-8.2 5.5S1.8 10 1.8 10ZM12.4 10a2.4 2.4 0 1 1-4.8 0 2.4 2.4 0 0 1 4.8 0Z"
            }
            Self::EyeOff => {
                "m3 3 14 14M8.3 4.7a8 8 0 0 1 1.7-.2c5.2 0 8.2 5.5 8.2 5.5a14 14 0 0 1-2.3 2.9M5.4 6.3A13.6 13.6 0 0 0 1.8 10s3 5.5 8.2 5.5a8 8 0 0 0 3.7-.9M8.3 8.3a2.4 2.4 0 0 0 3.4 3.4"
            }
            Self::Spark => {
                "M10 2.6c.6 4.3 3.1 6.8 7.4 7.4-4.3.6-6.8 3.1-7.4 7.4-.6-4.3-3.1-6.8-7.4-7.4 4.3-.6 6.8-3.1 7.4-7.4Z"
            }
            Self::Retry => "M16.5 3.5v4.3h-4.3M16.3 7.8A6.7 6.7 0 1 0 16.7 11",
            Self::Inbox => {
                "M2.5 11 5 4.5h10l2.5 6.5v4a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 15ZM2.5 11h4.2L8 13.3h4l1.3-2.3h4.2"
            }
            Self::More => {
                "M4.9 10a.7.7 0 1 1-1.4 0 .7.7 0 0 1 1.4 0ZM10.7 10a.7.7 0 1 1-1.4 0 .7.7 0 0 1 1.4 0ZM16.5 10a.7.7 0 1 1-1.4 0 .7.7 0 0 1 1.4 0Z"
            }
            Self::Mute => {
                "M5.3 8a4.7 4.7 0 0 1 7.6-3.7M14.6 7.6c.3 4 1.9 5.4 1.9 5.4h-4M9.4 13H3.5s1.8-1.5 1.8-5M8.3 15.8a1.9 1.9 0 0 0 3.4 0M3 3l14 14"
            }
            Self::Settings => {
                "M3 6.5h6.2M13.8 6.5H17M3 13.5h3.2M10.8 13.5H17M13.8 6.5a2.3 2.3 0 1 1-4.6 0 2.3 2.3 0 0 1 4.6 0ZM10.8 13.5a2.3 2.3 0 1 1-4.6 0 2.3 2.3 0 0 1 4.6 0Z"
            }
        }
    }
}

/// One icon. Give the control it sits in a name of its own: the icon has none.
#[component]
pub fn Icon(
    /// What to show.
    name: IconName,
) -> impl IntoView {
    view! {
        <svg
            class="icon"
            viewBox="0 0 20 20"
            width="20"
            height="20"
            fill="none"
            stroke="currentColor"
            stroke-width="1.6"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
            focusable="false"
        >
            <path d=name.path()></path>
        </svg>
    }
}
