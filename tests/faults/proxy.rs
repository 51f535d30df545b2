//! A stretch of network before a server, which does to what travels over it what it is told.
//!
//! What it is told holds for the connections of that moment and for later ones, until it is told
//! something else. Everything it holds ends when it is dropped.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// What the network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// Bytes go through.
    Fair,
    /// After this many more bytes in this direction every connection is cut; then it is fair.
    Cut(Way, usize),
    /// Bytes of this direction vanish.
    Lossy(Way),
    /// Nothing gets through, and nobody is told.
    Dead,
    /// One byte a second in this direction.
    Trickle(Way),
}

pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

/// What becomes of some bytes.
enum Fate {
    Carried,
    Lost,
    /// This many of them are carried, then everything is cut.
    CutAfter(usize),
}

struct Shared {
    weather: Mutex<Weather>,
    /// Counts cuts; each connection ends when it changes.
    cuts: watch::Sender<usize>,
}

impl Proxy {
    pub async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared { weather: Mutex::new(Weather::Fair), cuts: watch::channel(0).0 });
        let of_connections = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                connections.spawn(carry(near, server, Arc::clone(&of_connections)));
            }
        });
        Self { address, shared, task: task.abort_handle() }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn becomes(&self, weather: Weather) {
        *self.shared.weather() = weather;
    }

    /// Ends every connection now.
    pub fn cut(&self) {
        self.shared.cut();
    }

    /// How often connections were cut.
    pub fn cuts(&self) -> usize {
        *self.shared.cuts.borrow()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn weather(&self) -> MutexGuard<'_, Weather> {
        self.weather.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// What becomes of this many bytes. Takes them off what is left until a cut.
    fn admit(&self, way: Way, bytes: usize) -> Fate {
        let mut weather = self.weather();
        match &mut *weather {
            Weather::Cut(cut, left) if *cut == way && bytes >= *left => {
                let last = *left;
                *weather = Weather::Fair;
                Fate::CutAfter(last)
            }
            Weather::Cut(cut, left) if *cut == way => {
                *left -= bytes;
                Fate::Carried
            }
            Weather::Lossy(lossy) if *lossy == way => Fate::Lost,
            Weather::Dead => Fate::Lost,
            _ => Fate::Carried,
        }
    }

    fn is_silent(&self, way: Way) -> bool {
        let weather = *self.weather();
        weather == Weather::Dead || weather == Weather::Lossy(way)
    }

    fn is_trickle(&self, way: Way) -> bool {
        *self.weather() == Weather::Trickle(way)
    }

    /// Writes one byte after the other for as long as they trickle, then the rest.
    async fn carry(&self, to: &mut OwnedWriteHalf, mut bytes: &[u8], way: Way) -> std::io::Result<()> {
        while let [first, rest @ ..] = bytes
            && self.is_trickle(way)
        {
            sleep(Duration::from_secs(1)).await;
            to.write_all(&[*first]).await?;
            bytes = rest;
        }
        to.write_all(bytes).await
    }
}

async fn carry(near: TcpStream, server: SocketAddr, shared: Arc<Shared>) {
    let mut cuts = shared.cuts.subscribe();
    let Ok(far) = TcpStream::connect(server).await else { return };
    // Losing bytes to an algorithm that waits for more is not the weather that was ordered.
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let (near, far) = (near.into_split(), far.into_split());
    tokio::select! {
        _ = cuts.changed() => {}
        () = async { tokio::join!(pump(near.0, far.1, Way::Up, &shared), pump(far.0, near.1, Way::Down, &shared)); } => {}
    }
}

/// Carries bytes one way until their sender ends.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, way: Way, shared: &Shared) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let (carried, is_last) = match shared.admit(way, read) {
            Fate::Carried => (read, false),
            Fate::CutAfter(left) => (left, true),
            Fate::Lost => continue,
        };
        let written = shared.carry(&mut to, &buffer[..carried], way).await;
        if is_last {
            shared.cut();
        }
        if is_last || written.is_err() {
            break;
        }
    }
    if shared.is_silent(way) {
        // That the sender hung up gets lost like everything else.
        std::future::pending::<()>().await;
    }
    // The other half may be gone.
    let _ = to.shutdown().await;
}
