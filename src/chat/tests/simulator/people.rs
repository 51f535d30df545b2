//! What people do, and what befalls their devices.

use super::device::Device;
use super::server::user;
use super::world::{Event, World};
use crate::chat::tests::support::client_id;
use crate::chat::{Action, Input, Session};
use crate::domain::{MessageBody, Seq};

#[derive(Clone, Copy)]
pub(super) enum Step {
    Send(usize),
    SendAndCrash(usize),
    Read(usize),
    Open(usize),
    Older(usize),
    Cut(usize),
    Overflow(usize),
    ResyncAll,
    Crash(usize),
    Sleep(usize),
    LoseNetwork(usize),
    FindNetwork(usize),
    Look(usize),
}

impl World {
    pub(super) fn step(&mut self, step: Step) {
        match step {
            Step::Send(device) => {
                let actions = self.request(device);
                self.carry_out(device, actions);
            }
            Step::SendAndCrash(device) => {
                // The process dies somewhere in the middle of carrying out what was asked.
                let mut actions = self.request(device);
                let done = self.dice.up_to(actions.len() as u64) as usize;
                actions.truncate(done);
                if done == 0 && self.now >= self.devices[device].asleep_until {
                    self.requested.pop();
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
            Step::Overflow(device) => {
                if let Some(socket) = self.devices[device].socket
                    && self.sockets[socket].waiting.is_none()
                    && self.devices[device].is_live()
                {
                    self.sockets[socket].epoch += 1;
                    let frame = self.server.resync(self.sockets[socket].user);
                    self.down(socket, frame);
                }
            }
            Step::ResyncAll => {
                for socket in 0..self.sockets.len() {
                    if self.sockets[socket].waiting.is_none() && self.now <= self.sockets[socket].up_cut {
                        let frame = self.server.resync(self.sockets[socket].user);
                        self.down(socket, frame);
                    }
                }
            }
            Step::Crash(device) => self.crash(device),
            Step::Sleep(device) => {
                self.drop_quietly(device);
                self.devices[device].asleep_until = self.now + 130_000 + self.dice.up_to(100_000);
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
        }
    }

    fn request(&mut self, device: usize) -> Vec<Action> {
        if self.now < self.devices[device].asleep_until {
            return Vec::new();
        }
        let number = self.requested.len() as u128 + 1;
        let id = client_id(0xC0DE_0000 + self.serial as u128 * 1000 + number);
        self.requested.push((device, id));
        let body = MessageBody::parse("hello").expect("a short text is a message");
        let peer = self.devices[device].peer();
        self.devices[device].handle(self.now, Input::SendRequested { peer, client_id: id, body })
    }

    fn drop_quietly(&mut self, device: usize) {
        if let Some(socket) = self.devices[device].socket {
            self.cut(socket);
        }
    }

    fn cut_device(&mut self, device: usize) {
        self.drop_quietly(device);
        // Half of the time nobody tells the client, and it has to find out by itself.
        if self.dice.up_to(1) == 0 {
            let generation = self.devices[device].generation;
            let code = [None, Some(1006), Some(1012), Some(4008)][self.dice.up_to(3) as usize];
            self.soon(100, Event::Closed { device, generation, code });
        }
    }

    fn crash(&mut self, device: usize) {
        if self.now < self.devices[device].asleep_until {
            return;
        }
        self.drop_quietly(device);
        let Device { owner, storage, life, .. } = self.devices[device];
        let seed = self.dice.up_to(u64::MAX - 1) ^ u64::from(life);
        let session = Session::new(user(owner), seed, self.storage[storage].clone());
        self.devices[device].reborn(session);
        self.tell(device, None, Input::Started);
        if self.dice.up_to(1) == 0 {
            self.soon(300, Event::Step(Step::Open(device)));
        }
    }
}
