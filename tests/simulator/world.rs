//! The hostile world: virtual time, the events in it, and the drivers of the devices.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use mosaic::chat::protocol::{ClientFrame, HistoryPage, ServerFrame};
use mosaic::chat::{Action, HistoryQuery, Input, Outbox, Session};

use super::device::Device;
use super::instance::Instance;
use super::network::Socket;
use super::people::Step;
use super::server_end::Turn;
use super::store::{Store, user};
use crate::dice::Dice;
use crate::history::record::{Event as Noted, History, Record, Row};

pub enum Event {
    Up {
        socket: usize,
        frame: ClientFrame,
    },
    Down {
        socket: usize,
        frame: ServerFrame,
    },
    DownClosed {
        socket: usize,
        code: u16,
    },
    /// The server notices that a line is cut.
    CutNoticed {
        socket: usize,
    },
    /// Something happens at the server's end of a socket.
    Turn {
        socket: usize,
        turn: Turn,
    },
    Bus {
        instance: usize,
        user: usize,
        text: Utf8Bytes,
    },
    BusBack,
    Poll,
    WaitedLongEnough {
        instance: usize,
        user: usize,
        number: u64,
    },
    Subscribed {
        instance: usize,
        user: usize,
        number: u64,
    },
    InstanceBack {
        instance: usize,
    },
    Ticket {
        device: usize,
        generation: u32,
    },
    Closed {
        device: usize,
        generation: u32,
        code: Option<u16>,
    },
    Fetch {
        device: usize,
        life: u32,
        query: HistoryQuery,
    },
    Fetched {
        device: usize,
        life: u32,
        query: HistoryQuery,
        page: Option<HistoryPage>,
    },
    Wake {
        device: usize,
        timer: u32,
    },
    Saved {
        device: usize,
        life: u32,
        outbox: Outbox,
    },
    Step(Step),
}

pub struct World {
    pub now: u64,
    pub dice: Dice,
    pub calm: bool,
    pub store: Store,
    pub instances: [Instance; 2],
    pub bus_is_away: bool,
    /// How much had changed in the store when it was last polled.
    pub polled: u64,
    pub poll_until: u64,
    /// Counts subscriptions.
    pub asked: u64,
    pub devices: Vec<Device>,
    pub storage: Vec<Outbox>,
    pub sockets: Vec<Socket>,
    /// How many messages were written.
    pub written: u128,
    pub history: History,
    queue: BTreeMap<(u64, u64), Box<Event>>,
    serial: u64,
    /// Chances in percent.
    pub trouble: u64,
    /// What waits in queues, by number.
    frames: Vec<ServerFrame>,
    pub tally: Tally,
}

/// What a run is to meet with now and then; otherwise it shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Happening {
    Overflow,
    TooSlow,
    DeathInMidSend,
    HeldUp,
    /// A frame had its effect when its socket was gone.
    LateEffect,
    LateSubscription,
    Poll,
    LogOut,
    /// A device that was online held everything in time.
    CaughtUp,
}

impl Happening {
    pub const ALL: [Self; 9] = [
        Self::Overflow,
        Self::TooSlow,
        Self::DeathInMidSend,
        Self::HeldUp,
        Self::LateEffect,
        Self::LateSubscription,
        Self::Poll,
        Self::LogOut,
        Self::CaughtUp,
    ];
}

/// How often.
pub type Tally = BTreeMap<Happening, u64>;

impl World {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let tabs = dice.up_to(1) == 0;
        let trouble = dice.up_to(2) * 12;
        let mut device = |index| {
            let owner = index / 2;
            let storage = if tabs { owner } else { index };
            Device::new(owner, storage, Session::new(user(owner), dice.roll(), Outbox::default()))
        };
        let devices: Vec<_> = (0..4).map(&mut device).collect();
        let people = devices.iter().map(|device| user(device.owner)).collect();
        Self {
            now: 1_000_000,
            dice,
            calm: false,
            store: Store::default(),
            instances: Default::default(),
            bus_is_away: false,
            polled: 0,
            poll_until: 0,
            asked: 0,
            devices,
            storage: vec![Outbox::default(); 4],
            sockets: Vec::new(),
            written: 0,
            history: History { people, records: Vec::new() },
            queue: BTreeMap::new(),
            serial: 0,
            trouble,
            frames: Vec::new(),
            tally: Tally::new(),
        }
    }

    pub fn count(&mut self, what: Happening) {
        *self.tally.entry(what).or_default() += 1;
    }

    pub fn at(&mut self, time: u64, event: Event) {
        self.serial += 1;
        self.queue.insert((time.max(self.now), self.serial), Box::new(event));
    }

    pub fn soon(&mut self, most: u64, event: Event) {
        let wait = self.dice.up_to(most);
        self.at(self.now + wait, event);
    }

    /// Whether something goes wrong here.
    pub fn mishap(&mut self, percent: u64) -> bool {
        !self.calm && self.dice.up_to(99) < percent
    }

    pub fn run_until(&mut self, end: u64) {
        while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= end) {
            let ((time, _), event) = entry.remove_entry();
            self.now = time;
            self.happen(*event);
        }
        self.now = end;
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Up { socket, frame } => {
                if self.sockets[socket].line.carries_up(self.now) {
                    self.hear(socket, frame);
                }
            }
            Event::Down { socket, frame } => self.arrives(socket, Input::FrameReceived(frame)),
            Event::DownClosed { socket, code } => self.arrives(socket, Input::Closed { code: Some(code) }),
            Event::CutNoticed { socket } => self.notice_cut(socket),
            Event::Turn { socket, turn } => self.turn(socket, turn),
            Event::Bus { instance, user, text } => self.heard(instance, user, &text),
            Event::BusBack => self.bus_back(),
            Event::Subscribed { instance, user, number } => self.subscribed(instance, user, number),
            Event::WaitedLongEnough { instance, user, number } => {
                self.waited_long_enough(instance, user, number);
            }
            Event::Poll => self.poll(),
            Event::InstanceBack { instance } => self.instance_back(instance),
            Event::Ticket { device, generation } => self.ticket(device, generation),
            Event::Closed { device, generation, code } => {
                self.tell(device, Some(generation), Input::Closed { code });
            }
            Event::Fetch { device, life, query } => {
                let page = self.store.page(self.devices[device].owner, query);
                let Device { is_logged_out, offline, .. } = self.devices[device];
                let is_out_of_reach = is_logged_out || offline || !self.is_anybody_there();
                let is_refused = is_out_of_reach || self.mishap(self.trouble);
                let page = (!is_refused).then_some(page);
                if !self.mishap(self.trouble / 4) {
                    self.soon(200, Event::Fetched { device, life, query, page });
                }
            }
            Event::Fetched { device, life, query, page } => {
                let peer = self.devices[device].peer();
                if life == self.devices[device].life {
                    let input = match page {
                        Some(page) => Input::HistoryLoaded { peer, query, page },
                        None => Input::HistoryFailed { peer, query },
                    };
                    self.tell(device, None, input);
                }
            }
            Event::Wake { device, timer } => {
                if timer == self.devices[device].timer {
                    self.tell(device, None, Input::TimedOut);
                }
            }
            Event::Saved { device, life, outbox } => {
                if life == self.devices[device].life {
                    self.tell(device, None, Input::OutboxChangedElsewhere(outbox));
                }
            }
            Event::Step(step) => self.step(step),
        }
    }

    /// The device's driver: hands in an input and carries out what is asked.
    pub fn tell(&mut self, device: usize, generation: Option<u32>, input: Input) {
        let asleep_until = self.devices[device].asleep_until;
        if self.now < asleep_until {
            // Whatever a sleeping device should have seen, it sees on waking; its socket is gone.
            if generation.is_none() {
                let timer = self.devices[device].timer;
                self.at(asleep_until, Event::Wake { device, timer });
            }
            return;
        }
        if generation.is_some_and(|generation| generation != self.devices[device].generation) {
            return;
        }
        self.write_down(device, &input);
        let actions = self.devices[device].handle(self.now, input);
        for key in std::mem::take(&mut self.devices[device].gone) {
            // An unsent message may turn out to be stored since long, before the first page.
            let row = self.store.rows().iter().find(|row| row.client_id == key.client_id);
            let first = self.devices[device].timeline().and_then(|timeline| timeline.entries().next()?.seq);
            assert!(row.is_some_and(|row| Some(row.seq) < first), "what is shown stays");
        }
        self.look(device);
        self.carry_out(device, actions);
    }

    /// Something comes out of a line at the device.
    fn arrives(&mut self, socket: usize, input: Input) {
        let Socket { device, generation, line, .. } = &self.sockets[socket];
        if line.carries_down(self.now) {
            self.tell(*device, Some(*generation), input);
        }
    }

    fn write_down(&mut self, device: usize, input: &Input) {
        match input {
            Input::FrameReceived(ServerFrame::Welcome { .. }) => self.note(device, Noted::Opened),
            Input::FrameReceived(ServerFrame::Ack { client_id, message, .. }) => {
                self.note(device, Noted::Ok { client_id: *client_id, id: message.id, seq: message.seq });
                self.note(device, Noted::Told(Row::from(message)));
            }
            Input::FrameReceived(ServerFrame::Message { message }) => {
                self.note(device, Noted::Told(Row::from(message)));
            }
            Input::FrameReceived(ServerFrame::Error { client_id: Some(client_id), .. }) => {
                self.note(device, Noted::Unknown { client_id: *client_id });
            }
            Input::HistoryLoaded { page, .. } => {
                page.messages.iter().for_each(|message| self.note(device, Noted::Told(Row::from(message))));
            }
            Input::Closed { code } => self.note(device, Noted::Closed { code: *code }),
            _ => {}
        }
    }

    fn look(&mut self, device: usize) {
        let Device { session, screen, .. } = &mut self.devices[device];
        let peer = user(1 - device / 2);
        let news = session.timeline(peer).map(|timeline| screen.look(peer, timeline));
        news.into_iter().flatten().for_each(|event| self.note(device, event));
    }

    pub fn note(&mut self, client: usize, event: Noted) {
        let instance = self.devices[client].socket.map_or(0, |socket| self.sockets[socket].instance);
        self.history.records.push(Record { at: Duration::from_millis(self.now), client, instance, event });
    }

    /// A frame as it waits in a queue: its number.
    pub fn text_of(&mut self, frame: ServerFrame) -> Utf8Bytes {
        self.frames.push(frame);
        (self.frames.len() - 1).to_string().into()
    }

    pub fn frame_of(&self, text: &Utf8Bytes) -> ServerFrame {
        let number: usize = text.parse().expect("queues hold numbers of frames");
        self.frames[number].clone()
    }

    pub fn carry_out(&mut self, device: usize, actions: Vec<Action>) {
        let life = self.devices[device].life;
        for action in actions {
            match action {
                Action::Connect => {
                    self.drop_socket(device);
                    let generation = self.devices[device].generation;
                    self.soon(80, Event::Ticket { device, generation });
                }
                Action::Disconnect => self.drop_socket(device),
                Action::Transmit(frame) => self.transmit(device, frame),
                Action::FetchHistory { query, .. } => {
                    self.soon(150, Event::Fetch { device, life, query });
                }
                Action::WakeAt(at) => {
                    self.devices[device].timer += 1;
                    let timer = self.devices[device].timer;
                    self.at(at.0, Event::Wake { device, timer });
                }
                Action::SaveOutbox => self.save(device),
                Action::SessionOver => assert!(self.devices[device].is_logged_out, "nobody logged out"),
                Action::ConversationChanged(_)
                | Action::ConnectionChanged
                | Action::MessageArrived(_)
                | Action::ActivityChanged => {}
            }
        }
    }

    fn save(&mut self, device: usize) {
        let storage = self.devices[device].storage;
        let stored = std::mem::take(&mut self.storage[storage]);
        self.storage[storage] = self.devices[device].session.outbox().combined(stored);
        for other in 0..self.devices.len() {
            if other != device && self.devices[other].storage == storage {
                let (life, outbox) = (self.devices[other].life, self.storage[storage].clone());
                self.at(self.now + 5, Event::Saved { device: other, life, outbox });
            }
        }
    }
}
