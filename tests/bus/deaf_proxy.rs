//! A stretch of network before Redis that can lose what is sent to those who are subscribed, and
//! only that: every connection stands, commands are answered.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

pub struct DeafProxy {
    port: u16,
    deafen: Arc<AtomicBool>,
    task: AbortHandle,
}

impl DeafProxy {
    pub async fn before(redis_port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let deafen = Arc::new(AtomicBool::new(false));
        let switch = Arc::clone(&deafen);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                connections.spawn(forward(near, redis_port, Arc::clone(&switch)));
            }
        });
        Self { port, deafen, task: task.abort_handle() }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// From now on, or no longer.
    pub fn deafen(&self, deaf: bool) {
        self.deafen.store(deaf, Ordering::SeqCst);
    }
}

impl Drop for DeafProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(near: TcpStream, redis_port: u16, deafen: Arc<AtomicBool>) -> io::Result<()> {
    let far = TcpStream::connect(("127.0.0.1", redis_port)).await?;
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = far.into_split();
    let subscribed = AtomicBool::new(false);
    let up = async {
        let mut buffer = [0; 4096];
        loop {
            let read = from_near.read(&mut buffer).await?;
            if read == 0 {
                return to_far.shutdown().await;
            }
            if buffer[..read].windows(9).any(|word| word == b"SUBSCRIBE") {
                subscribed.store(true, Ordering::SeqCst);
            }
            to_far.write_all(&buffer[..read]).await?;
        }
    };
    let down = async {
        let mut buffer = [0; 4096];
        loop {
            let read = from_far.read(&mut buffer).await?;
            if read == 0 {
                return to_near.shutdown().await;
            }
            // Confirmations go through, messages do not.
            let message = buffer[..read].windows(7).any(|word| word == b"message");
            if !(message && subscribed.load(Ordering::SeqCst) && deafen.load(Ordering::SeqCst)) {
                to_near.write_all(&buffer[..read]).await?;
            }
        }
    };
    tokio::try_join!(up, down).map(|_| ())
}
