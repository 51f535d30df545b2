//! What people do, and what befalls their devices.

use mosaic::chat::{Action, Input, Session};
use mosaic::domain::{ClientId, MessageBody, Seq};
use uuid::Uuid;

use super::device::Device;
use super::store::user;
use super::world::{Event, Happening, World};
use crate::history::record::Event as Noted;

#[derive(Clone, Copy)]
pub enum Step {
    Send(usize),
    SendAndCrash(usize),
    Read(usize),
    Open(usize),
    Older(usize),
    Cut(usize),
    StopReading(usize),
    BusGone,
    Kill(usize),
    Drain(usize),
    Crash(usize),
    Sleep(usize),
    LoseNetwork(usize),
    FindNetwork(usize),
    Look(usize),
    LogOut(usize),
}

impl World {
    pub fn step(&mut self, step: Step) {
        match step {
            Step::Send(device) => {
                if let Some(input) = self.writes(device) {
                    self.tell(device, None, input);
                }
            }
            Step::SendAndCrash(device) => {
                // The process dies somewhere in the middle of carrying out what was asked.
                let before = self.history.records.len();
                let Some(input) = self.writes(device) else { return };
                let mut actions = self.devices[device].handle(self.now, input);
                let done = self.dice.up_to(actions.len() as u64);
                actions.truncate(usize::try_from(done).expect("a few actions"));
                let is_saved = actions.iter().any(|action| matches!(action, Action::SaveOutbox));
                if !is_saved {
                    // Nobody was promised anything.
                    self.history.records.truncate(before);
                }
                self.carry_out(device, actions);
                self.crash(device);
            }
            Step::Read(device) => {
                let end = self.devices[device].timeline().map_or(Seq::ZERO, |timeline| timeline.contiguous());
                let (peer, seq) = (self.devices[device].peer(), Seq(self.dice.up_to(end.0)));
                self.tell(device, None, Input::ReadUpTo { peer, seq });
            }
            Step::Open(device) => {
                let peer = self.devices[device].peer();
                self.tell(device, None, Input::ConversationOpened { peer });
            }
            Step::Older(device) => {
                let peer = self.devices[device].peer();
                self.tell(device, None, Input::OlderRequested { peer });
            }
            Step::Cut(device) => self.cut_device(device),
            Step::StopReading(device) => {
                let Device { socket, is_logged_out, .. } = self.devices[device];
                if let Some(socket) = socket.filter(|_| !is_logged_out) {
                    self.stall(socket);
                }
            }
            Step::BusGone => self.bus_gone(),
            Step::Kill(instance) => self.kill(instance),
            Step::Drain(instance) => self.drain(instance),
            Step::Crash(device) => self.crash(device),
            Step::Sleep(device) => {
                self.drop_quietly(device);
                self.devices[device].asleep_until = self.now + 125_000 + self.dice.up_to(5_000);
            }
            Step::LoseNetwork(device) => {
                self.devices[device].offline = true;
                self.cut_device(device);
                self.tell(device, None, Input::NetworkLost);
            }
            Step::FindNetwork(device) => {
                self.devices[device].offline = false;
                self.tell(device, None, Input::NetworkBack);
            }
            Step::Look(device) => self.tell(device, None, Input::BecameVisible),
            Step::LogOut(device) => self.log_out(device),
        }
    }

    /// Somebody writes something, if they can.
    fn writes(&mut self, device: usize) -> Option<Input> {
        if self.now < self.devices[device].asleep_until || self.devices[device].is_logged_out {
            return None;
        }
        self.written += 1;
        let client_id = ClientId(Uuid::from_u128(0xC0DE_0000 + self.written));
        let (peer, text) = (self.devices[device].peer(), format!("text {}", self.written));
        let body = MessageBody::parse(text.clone()).expect("a short text is a message");
        self.note(device, Noted::Invoke { peer, client_id, text });
        Some(Input::SendRequested { peer, client_id, body })
    }

    fn drop_quietly(&mut self, device: usize) {
        if let Some(socket) = self.devices[device].socket {
            self.cut(socket);
        }
    }

    fn cut_device(&mut self, device: usize) {
        self.drop_quietly(device);
        if let Some(socket) = self.devices[device].socket {
            self.notify_of_cut(socket);
        }
    }

    /// Half of the time nobody tells the device, and it has to find out by itself.
    pub fn notify_of_cut(&mut self, socket: usize) {
        if self.dice.up_to(1) == 0 {
            let (device, generation) = (self.sockets[socket].device, self.sockets[socket].generation);
            let code = if self.dice.up_to(1) == 0 { None } else { Some(1006) };
            self.soon(100, Event::Closed { device, generation, code });
        }
    }

    fn crash(&mut self, device: usize) {
        if self.now < self.devices[device].asleep_until || self.devices[device].is_logged_out {
            return;
        }
        self.drop_quietly(device);
        self.note(device, Noted::Reloaded);
        let Device { owner, storage, .. } = self.devices[device];
        let session = Session::new(user(owner), self.dice.roll(), self.storage[storage].clone());
        self.devices[device].reborn(session);
        self.tell(device, None, Input::Started);
        if self.dice.up_to(1) == 0 {
            self.soon(300, Event::Step(Step::Open(device)));
        }
    }

    /// The log-in of a browser ends, and with it all its tabs.
    fn log_out(&mut self, device: usize) {
        let storage = self.devices[device].storage;
        for tab in 0..self.devices.len() {
            if self.devices[tab].storage == storage && !self.devices[tab].is_logged_out {
                self.devices[tab].is_logged_out = true;
                self.count(Happening::LogOut);
                self.note(tab, Noted::LoggedOut);
                self.revoke(tab);
            }
        }
    }
}
