//! Two server processes on one store, and a bus between them that drops, doubles, delays and
//! reorders. A process may die at any step, one of its own included.

use axum::extract::ws::Utf8Bytes;
use mosaic::chat::protocol::{ClientFrame, ServerFrame, close_code};
use mosaic::domain::{ClientId, Seq};
use mosaic::server::hub::HeldUp;

use super::network::Socket;
use super::server_end::Turn;
use super::store::{moment, user};
use super::world::{Event, Happening, World};

/// A subscription is waited for no longer than this before the welcome, in milliseconds.
const CONFIRM: u64 = 1000;
/// While the bus is away the store is asked this often, in milliseconds …
const POLL: u64 = 900;
/// … and for this much longer: the others may not have noticed yet.
const LINGER: u64 = 3000;

#[derive(Default)]
pub struct Instance {
    /// Counts processes.
    pub process: u32,
    is_away: bool,
    /// Of each user's channel.
    subscriptions: [Subscription; 2],
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Subscription {
    #[default]
    Absent,
    /// Asked for, under this number; whether it is still waited for.
    Asked {
        number: u64,
        is_awaited: bool,
    },
    Live,
}

/// What a process does not live to see in the middle of a send.
#[derive(PartialEq, Eq)]
enum Death {
    Commit,
    Publication,
    Acknowledgement,
}

impl World {
    pub fn instance_for_a_socket(&mut self) -> Option<usize> {
        let first = usize::from(self.dice.up_to(1) == 0);
        [first, 1 - first].into_iter().find(|instance| !self.instances[*instance].is_away)
    }

    pub fn process_lives(&self, socket: usize) -> bool {
        self.sockets[socket].process == self.instances[self.sockets[socket].instance].process
    }

    /// Registered first, then subscribed, then welcomed.
    pub fn join(&mut self, socket: usize) {
        self.sockets[socket].end.has_joined = true;
        let (instance, user) = (self.sockets[socket].instance, self.sockets[socket].user);
        if self.instances[instance].subscriptions[user] == Subscription::Absent {
            self.subscribe(instance, user);
        }
        let subscription = self.instances[instance].subscriptions[user];
        if !matches!(subscription, Subscription::Asked { is_awaited: true, .. }) {
            self.attach(socket);
        }
    }

    /// Nobody waits for a bus that is known to be away.
    fn subscribe(&mut self, instance: usize, user: usize) {
        self.asked += 1;
        let (number, is_awaited) = (self.asked, !self.bus_is_away);
        self.instances[instance].subscriptions[user] = Subscription::Asked { number, is_awaited };
        if is_awaited {
            let longest = if self.mishap(self.trouble / 4) { 4000 } else { 30 };
            self.soon(longest, Event::Subscribed { instance, user, number });
            self.at(self.now + CONFIRM, Event::WaitedLongEnough { instance, user, number });
        }
    }

    pub fn waited_long_enough(&mut self, instance: usize, user: usize, asked: u64) {
        if let Subscription::Asked { number, is_awaited } = &mut self.instances[instance].subscriptions[user]
            && *number == asked
        {
            *is_awaited = false;
            self.each_socket_of(instance, user, Self::attach);
        }
    }

    /// The channel is live. Who was welcomed before may have missed something.
    pub fn subscribed(&mut self, instance: usize, user: usize, asked: u64) {
        let Subscription::Asked { number, is_awaited } = self.instances[instance].subscriptions[user] else {
            return;
        };
        if number != asked {
            return;
        }
        self.instances[instance].subscriptions[user] = Subscription::Live;
        if is_awaited {
            self.each_socket_of(instance, user, Self::attach);
        } else {
            self.count(Happening::LateSubscription);
            self.each_socket_of(instance, user, Self::lose);
        }
    }

    pub fn leave(&mut self, socket: usize) {
        self.sockets[socket].end.has_joined = false;
        let (instance, user) = (self.sockets[socket].instance, self.sockets[socket].user);
        if self.sockets_of(instance, user).is_empty() {
            self.instances[instance].subscriptions[user] = Subscription::Absent;
        }
    }

    /// The process notices that the line is cut.
    pub fn notice_cut(&mut self, socket: usize) {
        if self.sockets[socket].end.is_open {
            self.leave(socket);
            self.sockets[socket].end.is_open = false;
        }
    }

    /// SIGKILL: whatever it had in hand is gone.
    pub fn kill(&mut self, instance: usize) {
        for socket in 0..self.sockets.len() {
            let Socket { instance: its, end, .. } = &mut self.sockets[socket];
            if *its == instance && end.is_open {
                (end.is_open, end.has_joined) = (false, false);
                self.cut(socket);
                self.notify_of_cut(socket);
            }
        }
        let process = self.instances[instance].process + 1;
        self.instances[instance] = Instance { process, is_away: true, ..Instance::default() };
        self.soon(3000, Event::InstanceBack { instance });
    }

    /// SIGTERM: no new sockets, and a farewell to those that are here.
    pub fn drain(&mut self, instance: usize) {
        for socket in 0..self.sockets.len() {
            if self.sockets[socket].instance == instance && self.sockets[socket].end.has_joined {
                self.close(socket, close_code::RESTARTING);
            }
        }
        self.instances[instance].is_away = true;
        self.soon(3000, Event::InstanceBack { instance });
    }

    pub fn instance_back(&mut self, instance: usize) {
        self.instances[instance].is_away = false;
    }

    pub fn is_anybody_there(&self) -> bool {
        self.instances.iter().any(|instance| !instance.is_away)
    }

    /// The bus is gone for everybody: what is published is lost, and the store is polled.
    pub fn bus_gone(&mut self) {
        if std::mem::replace(&mut self.bus_is_away, true) {
            return;
        }
        for instance in 0..self.instances.len() {
            for user in 0..2 {
                if self.instances[instance].subscriptions[user] != Subscription::Absent {
                    self.subscribe(instance, user);
                    self.each_socket_of(instance, user, Self::attach);
                }
            }
        }
        self.polled = self.store.changes();
        self.at(self.now + POLL, Event::Poll);
        self.soon(4000, Event::BusBack);
    }

    /// Everybody is subscribed again, and whoever was here may have missed something.
    pub fn bus_back(&mut self) {
        if !std::mem::take(&mut self.bus_is_away) {
            return;
        }
        self.poll_until = self.now + LINGER;
        for instance in 0..self.instances.len() {
            for user in 0..2 {
                if self.instances[instance].subscriptions[user] != Subscription::Absent {
                    self.instances[instance].subscriptions[user] = Subscription::Live;
                    self.each_socket_of(instance, user, Self::lose);
                }
            }
        }
    }

    /// Tells everybody where their conversations stand, if anything happened since the last time.
    pub fn poll(&mut self) {
        if !self.bus_is_away && self.now > self.poll_until {
            return;
        }
        self.at(self.now + POLL, Event::Poll);
        if std::mem::replace(&mut self.polled, self.store.changes()) == self.store.changes() {
            return;
        }
        self.count(Happening::Poll);
        for user in 0..2 {
            let text = self.text_of(ServerFrame::Resync { conversations: self.store.heads(user) });
            for instance in 0..self.instances.len() {
                self.deliver(instance, user, &text, None);
            }
        }
    }

    /// The log-in of a device ended; its sockets are closed soon. What lies unread on a line was handed
    /// out before, and is of no interest.
    pub fn revoke(&mut self, device: usize) {
        for socket in 0..self.sockets.len() {
            let Socket { device: its, line, .. } = &self.sockets[socket];
            if *its == device && line.stalled_until > self.now {
                self.cut(socket);
            } else if *its == device {
                self.turn_soon(socket, 1900, Turn::Revoked);
            }
        }
    }

    /// What a frame does; returns the answer to it, unless nobody is left to give it.
    pub fn serve(&mut self, socket: usize, frame: ClientFrame) -> Option<ServerFrame> {
        let from = self.sockets[socket].user;
        match frame {
            ClientFrame::Send { client_id, content, .. } => return self.send(socket, client_id, &content),
            ClientFrame::Received { seq, .. } => self.hold(socket, seq),
            ClientFrame::Read { seq, .. } => {
                if let Some(seq) = self.store.mark_read(from, seq) {
                    for (to, peer) in [(from, user(1 - from)), (1 - from, user(from))] {
                        let read_at = moment(self.now);
                        let frame = ServerFrame::Read { peer_id: peer, reader_id: user(from), seq, read_at };
                        self.publish(socket, to, false, frame);
                    }
                }
            }
            ClientFrame::Typing { .. } => {}
            ClientFrame::Ping { heads } => {
                for (peer, seq) in &heads {
                    assert_eq!(*peer, user(1 - from));
                    self.hold(socket, *seq);
                }
                let heads = heads.into_keys().map(|peer| (peer, self.store.last())).collect();
                let (server_time, conversations) = (moment(self.now), self.store.heads(from));
                return Some(ServerFrame::Pong { server_time, heads, conversations });
            }
        }
        None
    }

    fn hold(&mut self, socket: usize, seq: Seq) {
        let from = self.sockets[socket].user;
        if let Some(seq) = self.store.mark_delivered(from, seq) {
            self.publish(socket, 1 - from, false, ServerFrame::Delivered { peer_id: user(from), seq });
        }
    }

    fn send(&mut self, socket: usize, client_id: ClientId, content: &str) -> Option<ServerFrame> {
        let from = self.sockets[socket].user;
        let to = user(1 - from);
        let refusal = |held: &HeldUp| {
            let (code, message) = (held.code.to_owned(), held.message.clone());
            ServerFrame::Error { code, message, retryable: true, client_id: Some(client_id) }
        };
        if let Some(held) = self.sockets[socket].end.order.obstacle(to, client_id) {
            return Some(refusal(held));
        }
        if self.mishap(self.trouble) {
            if self.mishap(30) {
                // The commit went through and its confirmation did not: unknown is retryable.
                self.store.insert(from, client_id, content, self.now);
            }
            let held = HeldUp { by: client_id, code: "unavailable", message: String::from("Try again.") };
            let refusal = refusal(&held);
            self.sockets[socket].end.order.hold_up(to, held);
            self.count(Happening::HeldUp);
            return Some(refusal);
        }
        let death = self.death_in_mid_send();
        if death == Some(Death::Commit) {
            return self.die(socket);
        }
        let (message, duplicate) = self.store.insert(from, client_id, content, self.now);
        self.sockets[socket].end.order.settle(to);
        if death == Some(Death::Publication) {
            return self.die(socket);
        }
        self.publish(socket, from, true, ServerFrame::Message { message: message.clone() });
        self.publish(socket, 1 - from, true, ServerFrame::Message { message: message.clone() });
        if death == Some(Death::Acknowledgement) {
            return self.die(socket);
        }
        Some(ServerFrame::Ack { client_id, duplicate, message })
    }

    fn death_in_mid_send(&mut self) -> Option<Death> {
        let deaths = [Death::Commit, Death::Publication, Death::Acknowledgement];
        let which = self.dice.up_to(2);
        self.mishap(self.trouble / 8).then(|| deaths.into_iter().nth(which as usize)).flatten()
    }

    fn die(&mut self, socket: usize) -> Option<ServerFrame> {
        self.count(Happening::DeathInMidSend);
        self.kill(self.sockets[socket].instance);
        None
    }

    /// At once to the sockets of this process, through the bus to those of the other one.
    fn publish(&mut self, by: usize, to: usize, except_itself: bool, frame: ServerFrame) {
        let instance = self.sockets[by].instance;
        let text = self.text_of(frame);
        self.deliver(instance, to, &text, except_itself.then_some(by));
        if self.bus_is_away {
            return;
        }
        let copies = if self.mishap(self.trouble) { self.dice.up_to(1) * 2 } else { 1 };
        for _ in 0..copies {
            let most = if self.mishap(self.trouble) { 1500 } else { 20 };
            self.soon(most, Event::Bus { instance: 1 - instance, user: to, text: text.clone() });
        }
    }

    pub fn heard(&mut self, instance: usize, user: usize, text: &Utf8Bytes) {
        if self.instances[instance].subscriptions[user] == Subscription::Live {
            self.deliver(instance, user, text, None);
        }
    }

    fn deliver(&mut self, instance: usize, user: usize, text: &Utf8Bytes, except: Option<usize>) {
        for socket in self.sockets_of(instance, user) {
            if Some(socket) != except {
                self.offer(socket, text.clone());
            }
        }
    }

    fn each_socket_of(&mut self, instance: usize, user: usize, what: fn(&mut Self, usize)) {
        self.sockets_of(instance, user).into_iter().for_each(|socket| what(self, socket));
    }

    fn sockets_of(&self, instance: usize, user: usize) -> Vec<usize> {
        let is_here = |socket: &usize| {
            let socket = &self.sockets[*socket];
            (socket.instance, socket.user, socket.end.has_joined) == (instance, user, true)
        };
        (0..self.sockets.len()).filter(is_here).collect()
    }
}
