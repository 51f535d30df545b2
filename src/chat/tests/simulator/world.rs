//! The hostile world: virtual time, the events in it, and the drivers of the devices.

use std::collections::BTreeMap;

use super::device::Device;
use super::network::Socket;
use super::people::Step;
use super::server::{Server, user};
use crate::chat::backoff::Dice;
use crate::chat::protocol::{ClientFrame, HistoryPage, ServerFrame};
use crate::chat::{Action, HistoryQuery, Input, Loading, Outbox, Session};
use crate::domain::ClientId;

pub(super) enum Event {
    Up { socket: usize, frame: ClientFrame },
    Down { socket: usize, epoch: u32, frame: ServerFrame },
    Bus { user: usize, except: Option<usize>, frame: ServerFrame },
    Heads { socket: usize },
    Ticket { device: usize, generation: u32 },
    Closed { device: usize, generation: u32, code: Option<u16> },
    Fetch { device: usize, life: u32, query: HistoryQuery },
    Fetched { device: usize, life: u32, query: HistoryQuery, page: Option<HistoryPage> },
    Wake { device: usize, timer: u32 },
    Written { device: usize, life: u32, outbox: Outbox },
    Step(Step),
}

pub(super) struct World {
    pub(super) now: u64,
    pub(super) dice: Dice,
    pub(super) calm: bool,
    pub(super) server: Server,
    pub(super) devices: Vec<Device>,
    pub(super) storage: Vec<Outbox>,
    /// Which device asked for which message, in order; only what was persisted counts.
    pub(super) requested: Vec<(usize, ClientId)>,
    pub(super) sockets: Vec<Socket>,
    queue: BTreeMap<(u64, u64), Event>,
    pub(super) serial: u64,
    /// Chances in percent.
    pub(super) trouble: u64,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let tabs = dice.up_to(1) == 0;
        let trouble = dice.up_to(2) * 12;
        let devices = (0..4).map(|index| {
            let owner = index / 2;
            let storage = if tabs { owner } else { index };
            Device::new(owner, storage, Session::new(user(owner), seed ^ index as u64, Outbox::default()))
        });
        Self {
            now: 1_000_000,
            devices: devices.collect(),
            dice,
            calm: false,
            server: Server::default(),
            storage: vec![Outbox::default(); 4],
            requested: Vec::new(),
            sockets: Vec::new(),
            queue: BTreeMap::new(),
            serial: 0,
            trouble,
        }
    }

    pub(super) fn at(&mut self, time: u64, event: Event) {
        self.serial += 1;
        self.queue.insert((time.max(self.now), self.serial), event);
    }

    pub(super) fn soon(&mut self, most: u64, event: Event) {
        let wait = self.dice.up_to(most);
        self.at(self.now + wait, event);
    }

    /// Whether something goes wrong here.
    pub(super) fn mishap(&mut self, percent: u64) -> bool {
        !self.calm && self.dice.up_to(99) < percent
    }

    pub(super) fn run_until(&mut self, end: u64) {
        while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= end) {
            let ((time, _), event) = entry.remove_entry();
            self.now = time;
            self.happen(event);
        }
        self.now = end;
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Up { socket, frame } => {
                if self.now <= self.sockets[socket].up_cut {
                    self.serve(socket, frame);
                }
            }
            Event::Down { socket, epoch, frame } => {
                let Socket { device, generation, down_cut, .. } = self.sockets[socket];
                if epoch == self.sockets[socket].epoch && self.now <= down_cut {
                    self.tell(device, Some(generation), Input::FrameReceived(frame));
                }
            }
            Event::Bus { user, except, frame } => self.fan_out(user, except, &frame),
            Event::Heads { socket } => self.welcome(socket),
            Event::Ticket { device, generation } => self.ticket(device, generation),
            Event::Closed { device, generation, code } => {
                self.tell(device, Some(generation), Input::Closed { code });
            }
            Event::Fetch { device, life, query } => {
                let page = self.server.page(self.devices[device].owner, query);
                let page = (!self.mishap(self.trouble)).then_some(page);
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
            Event::Written { device, life, outbox } => {
                if life == self.devices[device].life {
                    self.tell(device, None, Input::OutboxChangedElsewhere(outbox));
                }
            }
            Event::Step(step) => self.step(step),
        }
    }

    /// The device's driver: hands in an input and carries out what is asked.
    pub(super) fn tell(&mut self, device: usize, generation: Option<u32>, input: Input) {
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
        let actions = self.devices[device].handle(self.now, input);
        for key in std::mem::take(&mut self.devices[device].gone) {
            // An unsent message may turn out to be stored since long, before the first page.
            let row = self.server.rows.iter().find(|row| row.client_id == key.client_id);
            let first = self.devices[device].timeline().map(|timeline| timeline.first_seq());
            assert!(row.is_some_and(|row| Some(row.seq) < first), "what is shown stays");
        }
        self.carry_out(device, actions);
    }

    pub(super) fn carry_out(&mut self, device: usize, actions: Vec<Action>) {
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
                Action::SessionOver => panic!("nobody logged out"),
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
                self.at(self.now + 5, Event::Written { device: other, life, outbox });
            }
        }
    }
    /// Whether the device's first page is held.
    pub(super) fn is_ready(&self, device: usize) -> bool {
        self.devices[device].timeline().is_some_and(|timeline| timeline.loading() == Loading::Ready)
    }
}
