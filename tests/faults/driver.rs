//! One client: the session machine of the browser, driven over native sockets, and everything it
//! does and shows written down.
//!
//! Each new connection goes to the next of its doors. The outbox is kept as it was last saved, and
//! survives a reload; nothing else does.

mod client;
mod socket;

use std::collections::BTreeSet;
use std::time::Duration;

use mosaic::chat::protocol::{ClientFrame, ServerFrame};
use mosaic::chat::{Action, Input, Millis, Outbox, Session};
use mosaic::domain::{ClientId, MessageBody, Seq, UserId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use crate::history::record::{ClientNo, Event, Recorder, Row};
use crate::tools::Dice;
use crate::wire::{Caller, Door, Heard, Refused};

use crate::history::screen::Screen;
use client::View;
pub use client::{Client, Place, Reads, connected};
use socket::Socket;

/// Wall time at the start of a client, in milliseconds: any will do.
const EPOCH: Millis = Millis(1_800_000_000_000);
/// The user reads on when this many messages are new.
const READ_EVERY: u64 = 5;

/// What a driver is told, by the user, by its sockets, by its calls.
enum Happening {
    Say(String),
    Read(Seq),
    Reload,
    /// The network goes away and comes back.
    Reconnect,
    /// The ticket was refused, or the socket could not be opened.
    NotOpened {
        attempt: u64,
        refused: Refused,
    },
    Heard {
        attempt: u64,
        heard: Heard,
    },
    Called {
        life: u64,
        input: Input,
    },
}

struct Driver {
    no: ClientNo,
    peer: UserId,
    caller: Caller,
    doors: Vec<Door>,
    home: usize,
    reads: Reads,
    recorder: Recorder,
    dice: Dice,
    begun: Instant,
    session: Session,
    saved: Outbox,
    screen: Screen,
    /// Counts reloads: what was asked before one is of no interest after it.
    life: u64,
    /// Counts connections: a superseded one is inert.
    attempt: u64,
    socket: Option<Socket>,
    wake_at: Option<Instant>,
    taken: usize,
    in_flight: BTreeSet<ClientId>,
    happenings: UnboundedSender<Happening>,
    view: watch::Sender<View>,
}

impl Driver {
    fn new(place: Place, recorder: Recorder, mut dice: Dice, happenings: UnboundedSender<Happening>) -> Self {
        let Place { person, peer, doors, home, reads } = place;
        let session = Session::new(person.id, dice.roll(), Outbox::default());
        let view = View {
            connection: session.connection(),
            shown: Seq::ZERO,
            read: Seq::ZERO,
            peer_read: Seq::ZERO,
            unread: (0, 0),
            waiting: 0,
            instance: home,
            taken: 0,
        };
        Self {
            no: recorder.enlist(person.id),
            peer,
            caller: Caller::new(person),
            doors,
            home,
            reads,
            recorder,
            dice,
            begun: Instant::now(),
            session,
            saved: Outbox::default(),
            screen: Screen::default(),
            life: 0,
            attempt: 0,
            socket: None,
            wake_at: None,
            taken: 0,
            in_flight: BTreeSet::new(),
            happenings,
            view: watch::channel(view).0,
        }
    }

    async fn run(mut self, mut happenings: UnboundedReceiver<Happening>) {
        self.start();
        loop {
            // Without a timer there is still somebody who may say something.
            let wake = self.wake_at.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            tokio::select! {
                happening = happenings.recv() => match happening {
                    Some(happening) => self.take(happening),
                    None => return,
                },
                () = sleep_until(wake) => {
                    self.wake_at = None;
                    self.feed(Input::TimedOut);
                }
            }
        }
    }

    fn start(&mut self) {
        self.feed(Input::Started);
        self.feed(Input::ConversationOpened { peer: self.peer });
    }

    fn take(&mut self, happening: Happening) {
        match happening {
            Happening::Say(text) => {
                self.taken += 1;
                self.say(text);
            }
            Happening::Read(seq) => {
                self.taken += 1;
                self.feed(Input::ReadUpTo { peer: self.peer, seq });
            }
            Happening::Reload => {
                self.taken += 1;
                self.reload();
            }
            Happening::Reconnect => {
                self.taken += 1;
                self.feed(Input::NetworkLost);
                self.feed(Input::NetworkBack);
            }
            Happening::NotOpened { attempt, refused } if attempt == self.attempt => {
                self.feed(Input::TicketRefused { session_over: refused == Refused::Unauthenticated });
            }
            Happening::Heard { attempt, heard } if attempt == self.attempt => match heard {
                Heard::Frame(frame) => {
                    self.write_down(&frame);
                    self.feed(Input::FrameReceived(frame));
                }
                Heard::Closed(code) => {
                    self.note(Event::Closed { code });
                    self.lose_socket();
                    self.feed(Input::Closed { code });
                }
            },
            Happening::Called { life, input } if life == self.life => {
                if let Input::HistoryLoaded { page, .. } = &input {
                    page.messages.iter().for_each(|message| self.note(Event::Told(Row::from(message))));
                }
                self.feed(input);
            }
            Happening::NotOpened { .. } | Happening::Heard { .. } | Happening::Called { .. } => {}
        }
    }

    fn say(&mut self, text: String) {
        let (peer, client_id) = (self.peer, ClientId(Uuid::new_v4()));
        let body = MessageBody::parse(text.clone()).expect("the load writes what may be sent");
        self.note(Event::Invoke { peer, client_id, text });
        self.feed(Input::SendRequested { peer, client_id, body });
    }

    fn reload(&mut self) {
        self.life += 1;
        self.attempt += 1;
        self.lose_socket();
        self.wake_at = None;
        self.note(Event::Reloaded);
        self.screen = Screen::default();
        self.session = Session::new(self.caller.person.id, self.dice.roll(), self.saved.clone());
        self.start();
    }

    fn feed(&mut self, input: Input) {
        self.session.handle(self.now(), input);
        while let Some(action) = self.session.poll() {
            self.perform(action);
        }
        self.look();
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Connect => self.connect(),
            Action::Disconnect => {
                self.attempt += 1;
                self.lose_socket();
            }
            Action::Transmit(frame) => self.transmit(frame),
            Action::FetchHistory { peer, query } => {
                let (caller, door) = (self.caller.clone(), self.doors[self.instance()]);
                let (life, happenings) = (self.life, self.happenings.clone());
                tokio::spawn(async move {
                    let input = match caller.history(door, peer, query).await {
                        Ok(page) => Input::HistoryLoaded { peer, query, page },
                        Err(_) => Input::HistoryFailed { peer, query },
                    };
                    // The client may be gone by now.
                    let _ = happenings.send(Happening::Called { life, input });
                });
            }
            Action::WakeAt(at) => {
                self.wake_at = Some(self.begun + Duration::from_millis(at.since(EPOCH)));
            }
            Action::SaveOutbox => self.saved = self.session.outbox().clone(),
            Action::SessionOver
            | Action::ConversationChanged(_)
            | Action::ConnectionChanged
            | Action::MessageArrived(_)
            | Action::ActivityChanged => {}
        }
    }

    fn connect(&mut self) {
        self.attempt += 1;
        self.lose_socket();
        let door = self.doors[self.instance()];
        self.socket = Some(Socket::open(self.caller.clone(), door, self.attempt, self.happenings.clone()));
    }

    fn transmit(&mut self, frame: ClientFrame) {
        let Some(socket) = &self.socket else { return };
        if let ClientFrame::Send { client_id, .. } = &frame {
            self.in_flight.insert(*client_id);
        }
        socket.transmit(frame);
    }

    fn lose_socket(&mut self) {
        self.socket = None;
        for client_id in std::mem::take(&mut self.in_flight) {
            self.note(Event::Unknown { client_id });
        }
    }

    fn write_down(&mut self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Welcome { .. } => self.note(Event::Opened),
            ServerFrame::Ack { client_id, message, .. } => {
                self.in_flight.remove(client_id);
                self.note(Event::Ok { client_id: *client_id, id: message.id, seq: message.seq });
                self.note(Event::Told(Row::from(message)));
            }
            ServerFrame::Message { message } => self.note(Event::Told(Row::from(message))),
            ServerFrame::Error { client_id: Some(client_id), code, retryable, .. } => {
                self.in_flight.remove(client_id);
                let (client_id, code) = (*client_id, code.clone());
                self.note(if *retryable {
                    Event::Unknown { client_id }
                } else {
                    Event::Fail { client_id, code }
                });
            }
            _ => {}
        }
    }

    /// Looks at everything that is shown, and reads on.
    fn look(&mut self) {
        let Some(timeline) = self.session.timeline(self.peer) else { return };
        let events = self.screen.look(self.peer, timeline);
        let (shown, read) = (timeline.contiguous(), timeline.read_seq());
        events.into_iter().for_each(|event| self.note(event));
        let view = View {
            connection: self.session.connection(),
            shown,
            read,
            peer_read: timeline.peer_read_seq(),
            unread: (self.session.peer(self.peer).unread, self.session.total_unread()),
            waiting: self.session.outbox().items().len(),
            instance: self.instance(),
            taken: self.taken,
        };
        self.view.send_replace(view);
        if self.reads == Reads::Along && shown.0 >= read.0 + READ_EVERY {
            self.feed(Input::ReadUpTo { peer: self.peer, seq: shown });
        }
    }

    fn instance(&self) -> usize {
        let connections = usize::try_from(self.attempt.saturating_sub(1)).expect("few connections");
        (self.home + connections) % self.doors.len()
    }

    fn note(&self, event: Event) {
        self.recorder.note(self.no, self.instance(), event);
    }

    fn now(&self) -> Millis {
        EPOCH.after(u64::try_from(self.begun.elapsed().as_millis()).expect("a short run"))
    }
}
