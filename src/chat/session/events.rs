//! The words between a session and its driver: what happened, and what is to be done.

use chrono::{DateTime, Utc};

use crate::chat::protocol::{ClientFrame, HistoryPage, ServerFrame};
use crate::chat::{Millis, Outbox};
use crate::domain::{ClientId, Contact, Message, MessageBody, Seq, UserId};

/// How many messages a page of history holds.
pub const PAGE: u32 = 50;

/// What happened, as the driver saw it.
#[derive(Clone, Debug)]
pub enum Input {
    /// The app is interactive: connect.
    Started,
    /// The ticket call failed. `session_over` when the answer was that nobody is logged in.
    TicketRefused {
        /// Whether the log-in is gone, rather than the server out of reach.
        session_over: bool,
    },
    /// The socket is open; `welcome` has not come yet.
    Opened,
    /// A frame came in.
    FrameReceived(ServerFrame),
    /// The socket closed, or could not be opened.
    Closed {
        /// The close code, when there was one.
        code: Option<u16>,
    },
    /// The browser says that there is no network.
    NetworkLost,
    /// The browser says that the network is back.
    NetworkBack,
    /// The page came to the front.
    BecameVisible,
    /// The user sends a message.
    SendRequested {
        /// Whom it is for.
        peer: UserId,
        /// Chosen by the driver, once and for all.
        client_id: ClientId,
        /// The text.
        body: MessageBody,
    },
    /// The user wants a refused message sent after all: it is queued at the end.
    RetryRequested {
        /// Whom it is for.
        peer: UserId,
        /// Which one.
        client_id: ClientId,
    },
    /// The user gives a refused message up.
    DeleteRequested {
        /// Whom it is for.
        peer: UserId,
        /// Which one.
        client_id: ClientId,
    },
    /// The user may open the conversation next: its person's card is on the screen.
    ConversationExpected {
        /// With whom.
        peer: UserId,
    },
    /// The conversation is on the screen now.
    ConversationOpened {
        /// With whom.
        peer: UserId,
    },
    /// The conversation left the screen.
    ConversationClosed {
        /// With whom.
        peer: UserId,
    },
    /// The user wants the failed first page tried again.
    ReloadRequested {
        /// With whom.
        peer: UserId,
    },
    /// The reader comes near the top.
    OlderRequested {
        /// With whom.
        peer: UserId,
    },
    /// A page of history arrived.
    HistoryLoaded {
        /// With whom.
        peer: UserId,
        /// What was asked for.
        query: HistoryQuery,
        /// The answer.
        page: HistoryPage,
    },
    /// There is no such person, said the server instead of a page.
    PeerGone {
        /// Who.
        peer: UserId,
    },
    /// A page of history could not be loaded.
    HistoryFailed {
        /// With whom.
        peer: UserId,
        /// What was asked for.
        query: HistoryQuery,
    },
    /// The user has truly seen everything up to `seq`.
    ReadUpTo {
        /// With whom.
        peer: UserId,
        /// The last position seen.
        seq: Seq,
    },
    /// The server has taken in what the user chose for the peer on this device.
    ContactChanged {
        /// For whom.
        peer: UserId,
        /// What it is now.
        contact: Contact,
    },
    /// The user is typing.
    Typing {
        /// To whom.
        peer: UserId,
    },
    /// The time of the last [`Action::WakeAt`] has come. Early, late or without one it does no harm.
    TimedOut,
    /// Another tab of the user wrote the outbox.
    OutboxChangedElsewhere(Outbox),
}

/// Which page of history; each holds up to [`PAGE`] messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryQuery {
    /// The newest.
    Newest,
    /// The one that ends right before this position.
    Before(Seq),
    /// The one that begins right after this position.
    After(Seq),
}

/// What the driver is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Get a fresh ticket and open a socket with it.
    Connect,
    /// Close the socket, or give up opening it.
    Disconnect,
    /// Send this frame over the open socket.
    Transmit(ClientFrame),
    /// Ask for a page of history; answer with `HistoryLoaded` or `HistoryFailed`.
    FetchHistory {
        /// With whom.
        peer: UserId,
        /// Which page.
        query: HistoryQuery,
    },
    /// Call with `TimedOut` at this time. Replaces the earlier one.
    WakeAt(Millis),
    /// Timeline, typing, presence, unread number or contact of this peer changed.
    ConversationChanged(UserId),
    /// [`Session::connection`](super::Session::connection) changed.
    ConnectionChanged,
    /// Persist [`Session::outbox`](super::Session::outbox), combined with what is found there
    /// ([`Outbox::combined`]) where tabs share the place. Comes before any `Transmit` of what is new
    /// in it.
    SaveOutbox,
    /// A message of a peer is new to this device and not part of a catch-up; of a page that was fetched,
    /// the newest.
    MessageArrived(Message),
    /// The last message or a mark of some conversation changed: lists and totals.
    ActivityChanged,
    /// Nobody is logged in any more. Draft and outbox stay.
    SessionOver,
}

/// How the connection stands, for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// A socket is being opened.
    Connecting,
    /// Connected and told where everything stands.
    Live,
    /// Waiting before the next try.
    BackingOff,
    /// No network.
    Offline,
    /// The log-in ended; there will be no further try.
    Ended,
}

/// What is known of a person one may talk to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerState {
    /// `None` while unknown.
    pub online: Option<bool>,
    /// When their last device went away.
    pub last_seen: Option<DateTime<Utc>>,
    /// Whether they are typing to the user.
    pub typing: bool,
    /// Messages of theirs that the user has not read.
    pub unread: u64,
    /// Whether the server listed their conversation, so that `unread` and `contact` are all there is.
    pub is_listed: bool,
    /// Whether their account is gone.
    pub is_gone: bool,
    /// What the user chose for them.
    pub contact: Contact,
}
