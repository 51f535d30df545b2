//! One connection of a client, in a task of its own. Dropping it hangs up.

use futures::{SinkExt as _, StreamExt as _};
use mosaic::chat::protocol::ClientFrame;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

use super::Happening;
use crate::wire::{Caller, Door, Heard, WebSocket, encoded, understood};

pub struct Socket {
    frames: UnboundedSender<ClientFrame>,
    task: AbortHandle,
}

impl Socket {
    pub fn open(caller: Caller, door: Door, attempt: u64, happenings: UnboundedSender<Happening>) -> Self {
        let (frames, waiting) = unbounded_channel();
        let task = tokio::spawn(async move {
            let last = match caller.open(door).await {
                Ok(socket) => {
                    let heard = exchange(socket, waiting, attempt, &happenings).await;
                    Happening::Heard { attempt, heard }
                }
                Err(refused) => Happening::NotOpened { attempt, refused },
            };
            // The client may be gone by now.
            let _ = happenings.send(last);
        });
        Self { frames, task: task.abort_handle() }
    }

    /// Sends a frame, if the connection still stands when its turn comes.
    pub fn transmit(&self, frame: ClientFrame) {
        // What is not sent is sent again by the session.
        let _ = self.frames.send(frame);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Passes frames on in both directions until the connection ends; returns how.
async fn exchange(
    socket: WebSocket,
    mut waiting: UnboundedReceiver<ClientFrame>,
    attempt: u64,
    happenings: &UnboundedSender<Happening>,
) -> Heard {
    let (mut sink, mut stream) = socket.split();
    loop {
        tokio::select! {
            message = stream.next() => {
                let Some(heard) = understood(message) else { continue };
                if let Heard::Closed(_) = heard {
                    // The answer to the server's good-bye; it may be gone already.
                    let _ = sink.close().await;
                    return heard;
                }
                if happenings.send(Happening::Heard { attempt, heard }).is_err() {
                    return Heard::Closed(None);
                }
            }
            Some(frame) = waiting.recv() => {
                if sink.send(encoded(&frame)).await.is_err() {
                    return Heard::Closed(None);
                }
            }
        }
    }
}
