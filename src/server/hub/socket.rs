//! One device's connection, seen from those who want to tell it something and from the two tasks
//! that serve it: the rules of its queue, and who waits for what.

use std::sync::Mutex;

use axum::extract::ws::Utf8Bytes;
use tokio::sync::Notify;

use super::lock;
use super::queue::{Batch, Closing, Queue};
use crate::chat::protocol::close_code;
use crate::server::auth::Viewer;

/// Names a socket within this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SocketId(pub(super) u64);

/// See the module's documentation.
#[derive(Debug)]
pub struct Socket {
    /// Names it.
    pub id: SocketId,
    /// Whose it is, and by which log-in.
    pub viewer: Viewer,
    queue: Mutex<Queue>,
    /// There is something for the writer.
    filled: Notify,
    /// There is room again for answers.
    emptied: Notify,
    /// Something was lost, or the socket is to be closed.
    turned: Notify,
}

impl Socket {
    /// Nothing waits yet.
    pub fn new(id: SocketId, viewer: Viewer) -> Self {
        Self {
            id,
            viewer,
            queue: Mutex::default(),
            filled: Notify::new(),
            emptied: Notify::new(),
            turned: Notify::new(),
        }
    }

    /// Queues what others have to say. When it does not fit, all such frames are dropped and the
    /// device is told to compare.
    pub fn offer(&self, frames: &[Utf8Bytes]) {
        let mut queue = lock(&self.queue);
        let have_room = frames.iter().all(|frame| queue.offer(frame.clone()));
        drop(queue);
        if have_room {
            self.filled.notify_one();
        } else {
            metrics::counter!("mosaic_resyncs_total", "cause" => "overflow").increment(1);
            self.turned.notify_waiters();
            self.emptied.notify_one();
        }
    }

    /// Queues the answer to the device's own frame, once there is room: back-pressure on its reader.
    pub async fn reply(&self, text: Utf8Bytes) {
        self.once(&self.emptied, |queue| queue.answer(&text).then_some(())).await;
        self.filled.notify_one();
    }

    /// The bus may have lost something: the device will be told to compare.
    pub fn resync(&self) {
        metrics::counter!("mosaic_resyncs_total", "cause" => "bus").increment(1);
        lock(&self.queue).lose();
        self.turned.notify_waiters();
    }

    /// Waits until something was lost since the last time.
    pub async fn lost(&self) {
        self.once(&self.turned, |queue| queue.take_loss().then_some(())).await;
    }

    /// Closes the connection: no further frame is taken, the one in hand is answered, and what waits
    /// is written. The first reason stands.
    pub fn close(&self, code: u16, reason: &'static str) {
        lock(&self.queue).close((code, reason));
        self.turned.notify_waiters();
    }

    /// Says that no answer follows any more, so that a connection that is to be closed may be.
    pub fn finish(&self) {
        lock(&self.queue).finish();
        self.filled.notify_one();
    }

    /// Closes the connection of a log-in that ended: at once, and nothing more is handed out.
    pub fn end_session(&self) {
        lock(&self.queue).silence((close_code::SESSION_ENDED, "session ended"));
        self.turned.notify_waiters();
        self.emptied.notify_waiters();
        self.filled.notify_one();
    }

    /// Waits until the connection is to be closed.
    pub async fn closing(&self) -> Closing {
        self.once(&self.turned, |queue| queue.closing()).await
    }

    /// Waits until nothing may be handed out any more.
    pub async fn silenced(&self) {
        self.once(&self.turned, |queue| queue.is_silenced().then_some(())).await;
    }

    /// All there is to do; waits until there is something. Nothing is lost when the future is dropped.
    pub async fn next(&self) -> Batch {
        let batch = self.once(&self.filled, Queue::take).await;
        self.emptied.notify_one();
        batch
    }

    /// Asks the queue, and again after each change, until it has an answer.
    async fn once<T>(&self, change: &Notify, mut ask: impl FnMut(&mut Queue) -> Option<T>) -> T {
        loop {
            let changed = change.notified();
            let answer = ask(&mut lock(&self.queue));
            match answer {
                Some(answer) => return answer,
                None => changed.await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt as _;
    use tokio::time::timeout;
    use uuid::Uuid;

    use super::super::queue::QUEUE_FRAMES;
    use super::*;
    use crate::domain::{SessionId, UserId};

    const SOON: Duration = Duration::from_secs(5);

    fn socket() -> Socket {
        Socket::new(SocketId(0), Viewer { user_id: UserId(Uuid::nil()), session_id: SessionId(Uuid::nil()) })
    }

    #[tokio::test]
    async fn what_does_not_fit_wakes_whoever_tells_the_device_to_compare() {
        let socket = socket();
        let mut lost = Box::pin(socket.lost());
        assert!(lost.as_mut().now_or_never().is_none());
        (0..=QUEUE_FRAMES).for_each(|_| socket.offer(&["x".into()]));
        timeout(SOON, lost).await.expect("nobody is woken");
    }

    #[tokio::test]
    async fn a_reply_waits_for_room_also_while_the_socket_closes() {
        for is_closing in [false, true] {
            let socket = socket();
            if is_closing {
                socket.close(close_code::RESTARTING, "restarting");
            }
            for _ in 0..QUEUE_FRAMES {
                socket.reply("r".into()).await;
            }
            let mut waiting = Box::pin(socket.reply("late".into()));
            assert!(waiting.as_mut().now_or_never().is_none());
            assert_eq!(socket.next().await.frames.len(), QUEUE_FRAMES);
            timeout(SOON, waiting).await.expect("there is room, and nobody is woken");
            assert_eq!(socket.next().await.frames.len(), 1);
        }
    }

    #[tokio::test]
    async fn the_end_of_a_log_in_lets_a_waiting_reply_go() {
        let socket = socket();
        for _ in 0..QUEUE_FRAMES {
            socket.reply("r".into()).await;
        }
        let mut waiting = Box::pin(socket.reply("late".into()));
        assert!(waiting.as_mut().now_or_never().is_none());
        socket.end_session();
        timeout(SOON, waiting).await.expect("nobody is woken");
        let last = socket.next().await;
        assert_eq!(
            (last.frames.len(), last.close.map(|(code, _)| code)),
            (0, Some(close_code::SESSION_ENDED))
        );
    }
}
