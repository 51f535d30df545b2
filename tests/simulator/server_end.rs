//! The server's end of a socket, a step at a time: a reader that handles one frame after the other,
//! a writer that empties the queue, and whoever tells the device to compare. Queue and order of sends
//! are the server's own.

use std::collections::VecDeque;

use axum::extract::ws::Utf8Bytes;
use mosaic::chat::protocol::{ClientFrame, ServerFrame, close_code};
use mosaic::server::hub::{Queue, SendOrder};

use super::store::{moment, user};
use super::world::{Event, Happening, World};

/// Few, so that a short stall is enough to overflow it.
const ROOM: usize = 4;
/// A device that takes longer to read what was written is too slow, in milliseconds.
const WRITE_TIME: u64 = 10_000;

pub struct ServerEnd {
    pub queue: Queue,
    pub order: SendOrder,
    inbox: VecDeque<ClientFrame>,
    reader: Reader,
    writer: Writer,
    comparison: Comparison,
    /// Whether the user's sockets here include this one.
    pub has_joined: bool,
    pub is_open: bool,
}

/// How far it is with telling the device to compare.
#[derive(PartialEq, Eq)]
enum Comparison {
    NotDue,
    Asked,
    /// There is no room for this.
    Waiting(Utf8Bytes),
}

enum Reader {
    Reading,
    /// A frame is in hand.
    Handling,
    /// There is no room for this answer.
    Answering(Utf8Bytes),
    Ended,
}

#[derive(PartialEq, Eq)]
enum Writer {
    /// Not welcomed yet, and the heads not even asked for.
    Waiting,
    /// Not welcomed yet.
    Attaching,
    Idle,
    Writing,
    Ended,
}

/// What happens next at the server's end of a socket, if its process still lives.
pub enum Turn {
    Handled(ClientFrame),
    /// The heads are read: for the welcome, or to compare.
    HeadsRead,
    /// What was read is said.
    HeadsTold(ServerFrame),
    Written,
    TooSlow,
    Revoked,
}

impl ServerEnd {
    pub fn new() -> Self {
        Self {
            queue: Queue::with_room(ROOM),
            order: SendOrder::default(),
            inbox: VecDeque::new(),
            reader: Reader::Reading,
            writer: Writer::Waiting,
            comparison: Comparison::NotDue,
            has_joined: false,
            is_open: true,
        }
    }

    fn is_welcomed(&self) -> bool {
        !matches!(self.writer, Writer::Waiting | Writer::Attaching)
    }
}

impl World {
    pub fn turn(&mut self, socket: usize, turn: Turn) {
        if !self.process_lives(socket) {
            return;
        }
        match turn {
            Turn::Handled(frame) => self.handled(socket, frame),
            _ if !self.sockets[socket].end.is_open => {}
            Turn::HeadsRead => self.heads_read(socket),
            Turn::HeadsTold(frame) => self.heads_told(socket, frame),
            Turn::Written => {
                self.end(socket).writer = Writer::Idle;
                self.write_on(socket);
            }
            Turn::TooSlow => {
                self.count(Happening::TooSlow);
                self.hang_up(socket, close_code::TOO_SLOW);
            }
            Turn::Revoked => self.silence(socket),
        }
    }

    /// A frame of the device is here.
    pub fn hear(&mut self, socket: usize, frame: ClientFrame) {
        if self.sockets[socket].end.is_open {
            self.end(socket).inbox.push_back(frame);
            self.read_on(socket);
        }
    }

    /// The channel is subscribed, or waited for no longer: the store is asked.
    pub fn attach(&mut self, socket: usize) {
        if self.sockets[socket].end.writer == Writer::Waiting {
            self.end(socket).writer = Writer::Attaching;
            self.turn_soon(socket, 30, Turn::HeadsRead);
        }
    }

    /// Others have something to say to this device.
    pub fn offer(&mut self, socket: usize, text: Utf8Bytes) {
        if self.end(socket).queue.offer(text) {
            self.write_on(socket);
        } else {
            self.count(Happening::Overflow);
            self.fill_room(socket);
            self.compare(socket);
        }
    }

    /// Something may have been missed.
    pub fn lose(&mut self, socket: usize) {
        self.end(socket).queue.lose();
        self.compare(socket);
    }

    /// The process wants the socket gone, after the frame in hand.
    pub fn close(&mut self, socket: usize, code: u16) {
        self.end(socket).queue.close((code, "closed"));
        if self.sockets[socket].end.is_welcomed() {
            self.read_on(socket);
        } else {
            self.hang_up(socket, code);
        }
    }

    /// Nothing can be written any more, or nothing was yet.
    pub fn hang_up(&mut self, socket: usize, code: u16) {
        self.leave(socket);
        let end = self.end(socket);
        (end.reader, end.writer, end.is_open) = (Reader::Ended, Writer::Ended, false);
        self.down_close(socket, code);
    }

    /// The log-in ended: nothing more is read, nothing more is written but the close.
    fn silence(&mut self, socket: usize) {
        self.leave(socket);
        let end = self.end(socket);
        end.queue.silence((close_code::SESSION_ENDED, "session ended"));
        (end.reader, end.writer) = (Reader::Ended, Writer::Idle);
        self.write_on(socket);
    }

    fn read_on(&mut self, socket: usize) {
        let end = self.end(socket);
        if !matches!(end.reader, Reader::Reading) || !end.is_welcomed() {
            return;
        }
        if end.queue.closing().is_some() {
            end.reader = Reader::Ended;
            end.queue.finish();
            self.leave(socket);
            self.write_on(socket);
        } else if let Some(frame) = end.inbox.pop_front() {
            end.reader = Reader::Handling;
            let longest = if self.mishap(self.trouble / 8) { 6000 } else { 15 };
            self.turn_soon(socket, longest, Turn::Handled(frame));
        }
    }

    /// The frame in hand had its effect; its answer is queued once there is room. When nobody waits for
    /// the answer any more, the effect was under way, or it was not.
    fn handled(&mut self, socket: usize, frame: ClientFrame) {
        let is_awaited = |world: &Self| {
            let ServerEnd { reader, is_open, .. } = &world.sockets[socket].end;
            *is_open && matches!(reader, Reader::Handling)
        };
        if !is_awaited(self) {
            if self.dice.up_to(1) == 0 {
                return;
            }
            self.count(Happening::LateEffect);
        }
        let answer = self.serve(socket, frame);
        if !is_awaited(self) {
            return;
        }
        match answer {
            Some(answer) => {
                let text = self.text_of(answer);
                self.answer(socket, text);
            }
            None => {
                self.end(socket).reader = Reader::Reading;
                self.read_on(socket);
            }
        }
    }

    fn answer(&mut self, socket: usize, text: Utf8Bytes) {
        let end = self.end(socket);
        if end.queue.answer(&text) {
            end.reader = Reader::Reading;
            self.write_on(socket);
            self.read_on(socket);
        } else {
            end.reader = Reader::Answering(text);
        }
    }

    /// There is room again for what waits to be answered.
    fn fill_room(&mut self, socket: usize) {
        if let Reader::Answering(text) = &self.end(socket).reader {
            let text = text.clone();
            self.answer(socket, text);
        }
        if let Comparison::Waiting(text) = &self.end(socket).comparison {
            let text = text.clone();
            self.tell_to_compare(socket, text);
        }
    }

    fn write_on(&mut self, socket: usize) {
        if self.sockets[socket].end.writer != Writer::Idle {
            return;
        }
        let Some(batch) = self.end(socket).queue.take() else { return };
        self.end(socket).writer = Writer::Writing;
        for text in batch.frames {
            let frame = self.frame_of(&text);
            self.down(socket, frame);
        }
        match batch.close {
            Some((code, _)) => self.hang_up(socket, code),
            None => {
                self.until_written(socket);
                self.fill_room(socket);
            }
        }
    }

    /// The writer is busy until the device has read what it wrote, or for as long as it waits for that.
    fn until_written(&mut self, socket: usize) {
        let stalled = self.sockets[socket].line.stalled_until.saturating_sub(self.now);
        if stalled > WRITE_TIME {
            self.at(self.now + WRITE_TIME, Event::Turn { socket, turn: Turn::TooSlow });
        } else {
            let took = stalled.max(self.dice.up_to(5));
            self.at(self.now + took, Event::Turn { socket, turn: Turn::Written });
        }
    }

    fn compare(&mut self, socket: usize) {
        let end = self.end(socket);
        if end.is_welcomed() && end.comparison == Comparison::NotDue && end.queue.take_loss() {
            end.comparison = Comparison::Asked;
            self.turn_soon(socket, 30, Turn::HeadsRead);
        }
    }

    /// What is read is old by the time it is said.
    fn heads_read(&mut self, socket: usize) {
        if self.mishap(self.trouble / 4) {
            return self.close(socket, close_code::RESTARTING);
        }
        let index = self.sockets[socket].user;
        let conversations = self.store.heads(index);
        let frame = if self.sockets[socket].end.is_welcomed() {
            ServerFrame::Resync { conversations }
        } else {
            ServerFrame::Welcome { user_id: user(index), server_time: moment(self.now), conversations }
        };
        self.turn_soon(socket, 10, Turn::HeadsTold(frame));
    }

    fn heads_told(&mut self, socket: usize, frame: ServerFrame) {
        if self.sockets[socket].end.is_welcomed() {
            let text = self.text_of(frame);
            return self.tell_to_compare(socket, text);
        }
        self.down(socket, frame);
        self.end(socket).writer = Writer::Writing;
        self.until_written(socket);
        self.read_on(socket);
        self.compare(socket);
    }

    fn tell_to_compare(&mut self, socket: usize, text: Utf8Bytes) {
        let end = self.end(socket);
        if end.queue.answer(&text) {
            end.comparison = Comparison::NotDue;
            self.write_on(socket);
            self.compare(socket);
        } else {
            end.comparison = Comparison::Waiting(text);
        }
    }

    pub fn turn_soon(&mut self, socket: usize, most: u64, turn: Turn) {
        self.soon(most, Event::Turn { socket, turn });
    }

    fn end(&mut self, socket: usize) -> &mut ServerEnd {
        &mut self.sockets[socket].end
    }
}
