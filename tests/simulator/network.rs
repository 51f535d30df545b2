//! The network between the devices and the server: tickets that are refused or never come, and
//! sockets that are cut at any moment, with what is under way lost either way.

use mosaic::chat::Input;
use mosaic::chat::protocol::{ClientFrame, ServerFrame};

use super::server_end::ServerEnd;
use super::world::{Event, World};

/// A socket: two ends and the line between them.
pub struct Socket {
    pub device: usize,
    /// Which of the device's sockets it is.
    pub generation: u32,
    pub user: usize,
    pub instance: usize,
    /// Which process of the instance.
    pub process: u32,
    pub line: Line,
    pub end: ServerEnd,
}

/// Frames keep their order in each direction.
pub struct Line {
    /// What comes later than this is lost.
    up_cut: u64,
    down_cut: u64,
    up_at: u64,
    down_at: u64,
    /// The device reads nothing before this.
    pub stalled_until: u64,
}

impl Line {
    fn new() -> Self {
        Self { up_cut: u64::MAX, down_cut: u64::MAX, up_at: 0, down_at: 0, stalled_until: 0 }
    }

    /// Whether it carries everything without delay, both ways.
    pub fn is_whole(&self, now: u64) -> bool {
        self.up_cut == u64::MAX && self.down_cut == u64::MAX && self.stalled_until <= now
    }

    pub fn carries_up(&self, now: u64) -> bool {
        now <= self.up_cut
    }

    pub fn carries_down(&self, now: u64) -> bool {
        now <= self.down_cut
    }
}

impl World {
    /// A device says something.
    pub fn transmit(&mut self, device: usize, frame: ClientFrame) {
        if let ClientFrame::Send { client_id, .. } = &frame {
            let saved = &self.storage[self.devices[device].storage];
            let kept = saved.items().iter().any(|item| item.client_id == *client_id);
            assert!(kept || saved.settled().contains(client_id), "persisted before it is sent");
        }
        let Some(socket) = self.devices[device].socket else { return };
        let at = self.sockets[socket].line.up_at.max(self.now + self.dice.up_to(40));
        self.sockets[socket].line.up_at = at;
        self.at(at, Event::Up { socket, frame });
    }

    /// The server says something.
    pub fn down(&mut self, socket: usize, frame: ServerFrame) {
        let at = self.down_at(socket);
        self.at(at, Event::Down { socket, frame });
    }

    /// The server closes the socket, behind everything it said.
    pub fn down_close(&mut self, socket: usize, code: u16) {
        let at = self.down_at(socket);
        self.at(at, Event::DownClosed { socket, code });
    }

    fn down_at(&mut self, socket: usize) -> u64 {
        let latency = self.dice.up_to(40);
        let line = &mut self.sockets[socket].line;
        line.down_at = line.down_at.max(self.now + latency).max(line.stalled_until);
        line.down_at
    }

    pub fn drop_socket(&mut self, device: usize) {
        self.devices[device].generation += 1;
        if let Some(socket) = self.devices[device].socket.take() {
            self.cut(socket);
        }
    }

    /// From some moment on, what is under way is lost, in each direction. The server learns of it
    /// soon, or when it has heard nothing for long enough.
    pub fn cut(&mut self, socket: usize) {
        let (up, down) = (self.now + self.dice.up_to(60), self.now + self.dice.up_to(60));
        let line = &mut self.sockets[socket].line;
        line.up_cut = line.up_cut.min(up);
        line.down_cut = line.down_cut.min(down);
        let noticed = if self.mishap(self.trouble) { 45_000 } else { self.dice.up_to(100) };
        self.at(up + noticed, Event::CutNoticed { socket });
    }

    /// A ticket is asked for, and with it a socket.
    pub fn ticket(&mut self, device: usize, generation: u32) {
        let session_over = self.devices[device].is_logged_out;
        let instance = self.instance_for_a_socket();
        if session_over || self.devices[device].offline || instance.is_none() || self.mishap(self.trouble) {
            return self.tell(device, Some(generation), Input::TicketRefused { session_over });
        }
        let never_comes = self.mishap(self.trouble / 4) || self.devices[device].generation != generation;
        let Some(instance) = instance.filter(|_| !never_comes) else { return };
        let socket = self.sockets.len();
        let user = self.devices[device].owner;
        let (process, line, end) = (self.instances[instance].process, Line::new(), ServerEnd::new());
        self.sockets.push(Socket { device, generation, user, instance, process, line, end });
        self.devices[device].socket = Some(socket);
        self.tell(device, Some(generation), Input::Opened);
        self.join(socket);
    }

    /// The device stops reading for a while, and so, in the end, does the server stop writing.
    pub fn stall(&mut self, socket: usize) {
        let longest = if self.mishap(self.trouble) { 14_000 } else { 1500 };
        let until = self.now + self.dice.up_to(longest);
        let line = &mut self.sockets[socket].line;
        line.stalled_until = line.stalled_until.max(until);
    }
}
