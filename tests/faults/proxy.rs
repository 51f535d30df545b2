//! A stretch of network before a server, which does to what travels over it what it is told.
//!
//! What it is told holds for the connections of that moment and for later ones, until it is told
//! something else. Everything it holds ends when it is dropped.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

use crate::tools::Dice;

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
    /// Whatever arrives, either way, is held up by about this long.
    Slow(Duration),
    /// Nobody reads from the sender of this direction, who has to wait. Nothing is lost.
    Stuck(Way),
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
    weather: watch::Sender<Weather>,
    /// Counts cuts; each connection ends when it changes.
    cuts: watch::Sender<usize>,
    /// Bytes that came through upwards.
    carried: AtomicUsize,
}

impl Proxy {
    /// Fair until it is told otherwise. What it leaves to chance comes from these dice.
    pub async fn before(server: SocketAddr, dice: &mut Dice) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (weather, cuts) = (watch::channel(Weather::Fair).0, watch::channel(0).0);
        let shared = Arc::new(Shared { weather, cuts, carried: AtomicUsize::new(0) });
        let (of_connections, mut dice) = (Arc::clone(&shared), dice.fork());
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                connections.spawn(carry(near, server, Arc::clone(&of_connections), dice.fork()));
            }
        });
        Self { address, shared, task: task.abort_handle() }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn becomes(&self, weather: Weather) {
        self.shared.weather.send_replace(weather);
    }

    /// Ends every connection now.
    pub fn cut(&self) {
        self.shared.cut();
    }

    /// How many bytes reached the server so far.
    pub fn carried(&self) -> usize {
        self.shared.carried.load(Ordering::SeqCst)
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
    fn weather(&self) -> Weather {
        *self.weather.borrow()
    }

    fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// What becomes of this many bytes. Takes them off what is left until a cut.
    fn admit(&self, way: Way, bytes: usize) -> Fate {
        let mut fate = Fate::Carried;
        self.weather.send_modify(|weather| match weather {
            Weather::Cut(cut, left) if *cut == way && bytes >= *left => {
                fate = Fate::CutAfter(*left);
                *weather = Weather::Fair;
            }
            Weather::Cut(cut, left) if *cut == way => *left -= bytes,
            Weather::Lossy(lossy) if *lossy == way => fate = Fate::Lost,
            Weather::Dead => fate = Fate::Lost,
            _ => {}
        });
        fate
    }

    fn is_silent(&self, way: Way) -> bool {
        let weather = self.weather();
        weather == Weather::Dead || weather == Weather::Lossy(way)
    }

    fn is_trickle(&self, way: Way) -> bool {
        self.weather() == Weather::Trickle(way)
    }

    /// Waits until this direction is stuck, or until it is not.
    async fn turns(&self, way: Way, stuck: bool) {
        let mut weather = self.weather.subscribe();
        // Fails only when nobody can change the weather any more, and that is done through `self`.
        let _ = weather.wait_for(|weather| (*weather == Weather::Stuck(way)) == stuck).await;
    }

    /// Reads what the sender has written, but nothing while the direction is stuck.
    async fn read(&self, from: &mut OwnedReadHalf, buffer: &mut [u8], way: Way) -> std::io::Result<usize> {
        loop {
            self.turns(way, false).await;
            tokio::select! {
                read = from.read(buffer) => return read,
                () = self.turns(way, true) => {}
            }
        }
    }

    /// Holds the bytes up, then writes one after the other for as long as they trickle, then the rest.
    async fn write(
        &self,
        to: &mut OwnedWriteHalf,
        mut bytes: &[u8],
        way: Way,
        dice: &mut Dice,
    ) -> std::io::Result<()> {
        if let Weather::Slow(time) = self.weather() {
            sleep(dice.about(time)).await;
        }
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

async fn carry(near: TcpStream, server: SocketAddr, shared: Arc<Shared>, mut dice: Dice) {
    let mut cuts = shared.cuts.subscribe();
    let Ok(far) = TcpStream::connect(server).await else { return };
    // Losing bytes to an algorithm that waits for more is not the weather that was ordered.
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let (near, far) = (near.into_split(), far.into_split());
    let up = pump(near.0, far.1, Way::Up, &shared, dice.fork());
    let down = pump(far.0, near.1, Way::Down, &shared, dice.fork());
    tokio::select! {
        _ = cuts.changed() => {}
        _ = join(up, down) => {}
    }
}

/// Carries bytes one way until their sender ends.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, way: Way, shared: &Shared, mut dice: Dice) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = shared.read(&mut from, &mut buffer, way).await {
        let (carried, is_last) = match shared.admit(way, read) {
            Fate::Carried => (read, false),
            Fate::CutAfter(left) => (left, true),
            Fate::Lost => continue,
        };
        let written = shared.write(&mut to, &buffer[..carried], way, &mut dice).await;
        if way == Way::Up {
            shared.carried.fetch_add(carried, Ordering::SeqCst);
        }
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
