//! What waits to be written to one socket, and how the socket comes to its end. No task, no clock:
//! only the rules.

use std::collections::VecDeque;

use axum::extract::ws::Utf8Bytes;

/// Frames that may wait for a device.
pub const QUEUE_FRAMES: usize = 256;
/// Bytes that may wait.
const QUEUE_BYTES: usize = 256 * 1024;

/// How a socket is to be closed: the code and the reason.
pub type Closing = (u16, &'static str);

/// What a socket's writer is to do next.
#[derive(Debug, PartialEq, Eq)]
pub struct Batch {
    /// Write these, in order.
    pub frames: Vec<Utf8Bytes>,
    /// Then close.
    pub close: Option<Closing>,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Queue {
    /// Frames that may wait.
    room: usize,
    frames: VecDeque<Queued>,
    bytes: usize,
    lost: bool,
    stage: Stage,
}

#[derive(Debug)]
struct Queued {
    text: Utf8Bytes,
    is_reply: bool,
}

/// A socket only moves down this list.
#[derive(Clone, Copy, Debug, Default)]
enum Stage {
    #[default]
    Open,
    /// No further frame of the device is taken; the one in hand is still answered.
    Closing(Closing),
    /// Everything is answered: what waits is the last that is written.
    Answered(Closing),
    /// Nothing is written any more, whatever waited.
    Silenced(Closing),
}

impl Default for Queue {
    fn default() -> Self {
        Self::with_room(QUEUE_FRAMES)
    }
}

impl Queue {
    /// Nothing waits yet, and this many frames may.
    #[must_use]
    pub fn with_room(room: usize) -> Self {
        Self { room, frames: VecDeque::new(), bytes: 0, lost: false, stage: Stage::Open }
    }

    /// Queues what others have to say. When it does not fit, all such frames are dropped, which is
    /// a loss, and the answer is `false`.
    pub fn offer(&mut self, text: Utf8Bytes) -> bool {
        if matches!(self.stage, Stage::Answered(_) | Stage::Silenced(_)) {
            return true;
        }
        let fits = self.frames.len() < self.room && self.bytes + text.len() <= QUEUE_BYTES;
        if fits {
            self.push(text, false);
        } else {
            self.frames.retain(|queued| queued.is_reply);
            self.bytes = self.frames.iter().map(|queued| queued.text.len()).sum();
            self.lost = true;
        }
        fits
    }

    /// Queues the answer to the device's own frame; `false` while there is no room for it.
    pub fn answer(&mut self, text: &Utf8Bytes) -> bool {
        if matches!(self.stage, Stage::Silenced(_)) {
            return true;
        }
        let fits = self.frames.len() < self.room && self.bytes < QUEUE_BYTES;
        if fits {
            self.push(text.clone(), true);
        }
        fits
    }

    /// Something may have been missed.
    pub fn lose(&mut self) {
        self.lost = true;
    }

    /// Whether something was lost since the last time this was asked. Whoever is being closed
    /// compares when they come back.
    pub fn take_loss(&mut self) -> bool {
        matches!(self.stage, Stage::Open) && std::mem::take(&mut self.lost)
    }

    /// The socket is to be closed. The first reason stands.
    pub fn close(&mut self, closing: Closing) {
        if matches!(self.stage, Stage::Open) {
            self.stage = Stage::Closing(closing);
        }
    }

    /// No answer follows any more: what waits may be written and the socket closed.
    pub fn finish(&mut self) {
        if let Stage::Closing(closing) = self.stage {
            self.stage = Stage::Answered(closing);
        }
    }

    /// The socket is to be closed and told nothing more. Goes before every other reason.
    pub fn silence(&mut self, closing: Closing) {
        self.frames.clear();
        self.bytes = 0;
        self.stage = Stage::Silenced(closing);
    }

    /// How the socket is to be closed, once it is.
    #[must_use]
    pub fn closing(&self) -> Option<Closing> {
        match self.stage {
            Stage::Open => None,
            Stage::Closing(closing) | Stage::Answered(closing) | Stage::Silenced(closing) => Some(closing),
        }
    }

    /// Whether nothing may be written any more.
    #[must_use]
    pub fn is_silenced(&self) -> bool {
        matches!(self.stage, Stage::Silenced(_))
    }

    /// All there is to do for the writer, if anything.
    pub fn take(&mut self) -> Option<Batch> {
        let close = match self.stage {
            Stage::Open | Stage::Closing(_) => None,
            Stage::Answered(closing) | Stage::Silenced(closing) => Some(closing),
        };
        if self.frames.is_empty() && close.is_none() {
            return None;
        }
        self.bytes = 0;
        Some(Batch { frames: self.frames.drain(..).map(|queued| queued.text).collect(), close })
    }

    fn push(&mut self, text: Utf8Bytes, is_reply: bool) {
        self.bytes += text.len();
        self.frames.push_back(Queued { text, is_reply });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESTART: Closing = (1012, "restarting");
    const ENDED: Closing = (4401, "session ended");

    fn batch(frames: &[&'static str], close: Option<Closing>) -> Option<Batch> {
        Some(Batch { frames: frames.iter().copied().map(Utf8Bytes::from_static).collect(), close })
    }

    fn with_reply(text: &'static str) -> Queue {
        let mut queue = Queue::default();
        assert!(queue.answer(&text.into()));
        queue
    }

    #[test]
    fn overflow_drops_what_others_say_keeps_replies_and_is_a_loss() {
        for frame in ["x".to_owned(), "x".repeat(QUEUE_BYTES / 4)] {
            let mut queue = with_reply("ack");
            let fitted = (0..QUEUE_FRAMES).take_while(|_| queue.offer(frame.clone().into())).count();
            assert!((1..QUEUE_FRAMES).contains(&fitted), "{fitted} fitted");
            assert!(queue.take_loss());
            assert!(!queue.take_loss(), "told once");
            assert_eq!(queue.take(), batch(&["ack"], None));
        }
    }

    #[test]
    fn answers_are_bounded_also_while_closing() {
        for is_closing in [false, true] {
            let mut queue = Queue::default();
            if is_closing {
                queue.close(RESTART);
            }
            let answered = (0..10 * QUEUE_FRAMES).take_while(|_| queue.answer(&"ack".into())).count();
            assert_eq!(answered, QUEUE_FRAMES);
            queue.take();
            assert!(queue.answer(&"ack".into()), "there is room again");
        }
    }

    #[test]
    fn the_close_waits_for_the_last_answer() {
        let mut queue = with_reply("first");
        queue.close(RESTART);
        queue.close((4409, "too many devices"));
        assert_eq!(queue.take(), batch(&["first"], None));
        assert_eq!(queue.take(), None);
        assert!(queue.answer(&"last".into()));
        queue.finish();
        assert!(queue.offer("too late".into()));
        assert_eq!(queue.take(), batch(&["last"], Some(RESTART)));
    }

    #[test]
    fn whoever_is_being_closed_is_not_asked_to_compare() {
        let mut queue = Queue::default();
        queue.lose();
        queue.close(RESTART);
        assert!(!queue.take_loss());
    }

    #[test]
    fn silence_clears_what_waits_and_lets_nothing_in() {
        for is_closing in [false, true] {
            let mut queue = with_reply("ack");
            queue.offer("message".into());
            if is_closing {
                queue.close(RESTART);
            }
            queue.silence(ENDED);
            assert!(queue.is_silenced());
            assert!(queue.answer(&"another ack".into()) && queue.offer("another message".into()));
            assert_eq!(queue.take(), batch(&[], Some(ENDED)));
        }
    }
}
