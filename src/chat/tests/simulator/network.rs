//! The network between the devices and the server: sockets that are cut at any step, with frames
//! in flight lost either way, queues that overflow, and a bus that drops, doubles and reorders.

use super::server::{moment, user};
use super::world::{Event, World};
use crate::chat::Input;
use crate::chat::protocol::{ClientFrame, ServerFrame};
use crate::domain::{ClientId, Message, Seq};

pub(super) struct Socket {
    pub(super) device: usize,
    pub(super) generation: u32,
    pub(super) user: usize,
    pub(super) blocked: Option<ClientId>,
    /// Frames that come later than these are lost.
    pub(super) up_cut: u64,
    pub(super) down_cut: u64,
    pub(super) up_at: u64,
    pub(super) down_at: u64,
    /// A queue that overflowed is dropped: its frames carry an older epoch.
    pub(super) epoch: u32,
    /// Until the welcome is out, frames of the bus wait.
    pub(super) waiting: Option<Vec<ServerFrame>>,
}

impl World {
    pub(super) fn transmit(&mut self, device: usize, frame: ClientFrame) {
        if let ClientFrame::Send { client_id, .. } = &frame {
            let saved = &self.storage[self.devices[device].storage];
            let kept = saved.items().iter().any(|item| item.client_id == *client_id);
            assert!(kept || saved.settled().contains(client_id), "persisted before it is sent");
        }
        let Some(socket) = self.devices[device].socket else { return };
        let at = self.sockets[socket].up_at.max(self.now + self.dice.up_to(40));
        self.sockets[socket].up_at = at;
        self.at(at, Event::Up { socket, frame });
    }

    pub(super) fn down(&mut self, socket: usize, frame: ServerFrame) {
        let at = self.sockets[socket].down_at.max(self.now + self.dice.up_to(40));
        self.sockets[socket].down_at = at;
        let epoch = self.sockets[socket].epoch;
        self.at(at, Event::Down { socket, epoch, frame });
    }

    pub(super) fn drop_socket(&mut self, device: usize) {
        self.devices[device].generation += 1;
        if let Some(socket) = self.devices[device].socket.take() {
            self.cut(socket);
        }
    }

    /// From now on the frames in flight are lost, in each direction from some moment on.
    pub(super) fn cut(&mut self, socket: usize) {
        let (up, down) = (self.now + self.dice.up_to(60), self.now + self.dice.up_to(60));
        let socket = &mut self.sockets[socket];
        socket.up_cut = socket.up_cut.min(up);
        socket.down_cut = socket.down_cut.min(down);
    }

    pub(super) fn ticket(&mut self, device: usize, generation: u32) {
        if self.devices[device].offline || self.mishap(self.trouble) {
            return self.tell(device, Some(generation), Input::TicketRefused { session_over: false });
        }
        if self.mishap(self.trouble / 4) || self.devices[device].generation != generation {
            return;
        }
        let socket = self.sockets.len();
        self.sockets.push(Socket {
            device,
            generation,
            user: self.devices[device].owner,
            blocked: None,
            up_cut: u64::MAX,
            down_cut: u64::MAX,
            up_at: 0,
            down_at: 0,
            epoch: 0,
            waiting: Some(Vec::new()),
        });
        self.devices[device].socket = Some(socket);
        self.soon(30, Event::Heads { socket });
        self.tell(device, Some(generation), Input::Opened);
    }

    pub(super) fn welcome(&mut self, socket: usize) {
        let frame = self.server.welcome(self.sockets[socket].user, self.now);
        self.down(socket, frame);
        for frame in self.sockets[socket].waiting.take().into_iter().flatten() {
            self.down(socket, frame);
        }
    }

    pub(super) fn serve(&mut self, socket: usize, frame: ClientFrame) {
        let from = self.sockets[socket].user;
        match frame {
            ClientFrame::Send { client_id, content, .. } => self.store(socket, client_id, &content),
            ClientFrame::Received { seq, .. } => self.hold(from, seq),
            ClientFrame::Read { seq, .. } => {
                if let Some(seq) = self.server.mark_read(from, seq) {
                    for (to, peer) in [(from, user(1 - from)), (1 - from, user(from))] {
                        let read_at = moment(self.now);
                        let frame = ServerFrame::Read { peer_id: peer, reader_id: user(from), seq, read_at };
                        self.publish(to, None, frame);
                    }
                }
            }
            ClientFrame::Typing { .. } => {}
            ClientFrame::Ping { heads } => {
                for (peer, seq) in &heads {
                    assert_eq!(*peer, user(1 - from));
                    self.hold(from, *seq);
                }
                let heads = heads.into_keys().map(|peer| (peer, self.server.last())).collect();
                let conversations = self.server.heads(from);
                self.down(socket, ServerFrame::Pong { server_time: moment(self.now), heads, conversations });
            }
        }
    }

    fn hold(&mut self, from: usize, seq: Seq) {
        if let Some(seq) = self.server.hold(from, seq) {
            self.publish(1 - from, None, ServerFrame::Delivered { peer_id: user(from), seq });
        }
    }

    fn store(&mut self, socket: usize, client_id: ClientId, content: &str) {
        let from = self.sockets[socket].user;
        let held_up = self.sockets[socket].blocked.is_some_and(|blocked| blocked != client_id);
        let refused = held_up || self.mishap(self.trouble);
        if refused {
            self.sockets[socket].blocked.get_or_insert(client_id);
            if !held_up && self.mishap(30) {
                // The commit went through and its confirmation did not: unknown is retryable.
                self.commit(socket, from, client_id, content);
            }
            let (code, message) = (String::from("unavailable"), String::from("Try again."));
            let frame = ServerFrame::Error { code, message, retryable: true, client_id: Some(client_id) };
            return self.down(socket, frame);
        }
        self.sockets[socket].blocked = None;
        let (message, duplicate) = self.commit(socket, from, client_id, content);
        self.down(socket, ServerFrame::Ack { client_id, duplicate, message });
    }

    fn commit(&mut self, socket: usize, from: usize, client_id: ClientId, content: &str) -> (Message, bool) {
        let (message, duplicate) = self.server.store(from, client_id, content, self.now);
        self.publish(from, Some(socket), ServerFrame::Message { message: message.clone() });
        self.publish(1 - from, None, ServerFrame::Message { message: message.clone() });
        (message, duplicate)
    }

    fn publish(&mut self, to: usize, except: Option<usize>, frame: ServerFrame) {
        let copies = if self.mishap(self.trouble) { self.dice.up_to(1) * 2 } else { 1 };
        for _ in 0..copies {
            let most = if self.mishap(self.trouble) { 1500 } else { 20 };
            self.soon(most, Event::Bus { user: to, except, frame: frame.clone() });
        }
    }

    pub(super) fn fan_out(&mut self, to: usize, except: Option<usize>, frame: &ServerFrame) {
        for socket in 0..self.sockets.len() {
            let Socket { user, up_cut, .. } = self.sockets[socket];
            if user != to || Some(socket) == except || self.now > up_cut {
                continue;
            }
            match &mut self.sockets[socket].waiting {
                Some(waiting) => waiting.push(frame.clone()),
                None => self.down(socket, frame.clone()),
            }
        }
    }
}
