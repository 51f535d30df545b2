//! The crowd that means harm, over bare TCP and from many addresses of this machine, so that each
//! stays below the number that one address may have: the limits are on, and what is seen is what is
//! left when they are kept to. It lives in a runtime of its own: what it costs to be hostile is not to
//! be mistaken for what it costs to be its neighbour.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

use crate::wire::Person;

/// People whose devices do not read, and devices of each.
const STALLED_PEOPLE: usize = 250;
const STALLED_EACH: usize = 4;
/// So many of them write to each other besides, until the buffers of their devices are full.
const LOUD: usize = 50;
/// Devices that something is written to.
pub const WRITTEN_TO: usize = LOUD * STALLED_EACH;
/// What each of the loud writes, and how often.
const LOUD_BYTES: usize = 15_000;
const LOUD_PAUSE: Duration = Duration::from_secs(1);
/// Connections that say little or nothing, and say it slowly.
const SLOW: usize = 2000;
const SLOW_PAUSE: Duration = Duration::from_secs(1);
/// People who ping as fast as they can.
pub const FLOODS: usize = 200;
/// Everybody with an account.
pub const PEOPLE: usize = STALLED_PEOPLE + FLOODS;
/// Connections that last: all but the floods, which are ended within a moment of every attempt.
pub const LASTING: usize = STALLED_PEOPLE * STALLED_EACH + SLOW;

/// The addresses they come from: 127.0.1.1 and so many that follow.
const ADDRESSES: usize = 60;
/// Who does not read does not see that they were hung up on, either: a device that is written to is
/// given up by its owner after this, and comes back; the server is done with it by then.
const WRITTEN_TO_FOR: Duration = Duration::from_secs(30);
/// The others come back after this.
const SILENT_FOR: Duration = Duration::from_secs(60);
/// Between the end of a flood and its next attempt.
const FLOOD_PAUSE: Duration = Duration::from_secs(10);
/// Between being hung up on and coming back.
const PAUSE: Duration = Duration::from_secs(1);
/// They arrive over this time: a burst of accounts is no part of what is measured.
const ARRIVAL: Duration = Duration::from_secs(15);
/// Takes as little of what is sent to them as the system allows.
const RECEIVE_BUFFER: u32 = 4096;

pub struct Crowd {
    runtime: Option<Runtime>,
    shared: Arc<Shared>,
}

struct Shared {
    server: SocketAddr,
    /// Whether nobody comes back any more.
    is_retired: AtomicBool,
    floods_ended: AtomicUsize,
}

impl Shared {
    /// Whoever was still on their way when everybody else retired goes home.
    fn is_wanted(&self) -> io::Result<()> {
        if self.is_retired.load(Ordering::SeqCst) { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
    }
}

impl Crowd {
    /// Everybody arrives, and comes back whenever they are hung up on.
    pub fn start(server: SocketAddr, people: &[Person]) -> Self {
        assert_eq!(people.len(), PEOPLE);
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let shared = Arc::new(Shared {
            server,
            is_retired: AtomicBool::new(false),
            floods_ended: AtomicUsize::new(0),
        });
        let (stalled, flooding) = people.split_at(STALLED_PEOPLE);
        let mut nos = 0..;
        let mut enlist = |what: What| {
            let (no, shared) = (nos.next().expect("there is no end of numbers"), Arc::clone(&shared));
            runtime.spawn(async move { harass(no, what, &shared).await });
        };
        for (index, person) in stalled.iter().enumerate() {
            let hold = if index < LOUD { WRITTEN_TO_FOR } else { SILENT_FOR };
            (0..STALLED_EACH).for_each(|_| enlist(What::Stall { person: person.clone(), hold }));
            if index < LOUD {
                enlist(What::Write { person: person.clone(), to: stalled[index ^ 1].clone() });
            }
        }
        (0..SLOW).for_each(|index| enlist(What::Dawdle(SLOWNESS[index % SLOWNESS.len()])));
        flooding.iter().for_each(|person| enlist(What::Flood(person.clone())));
        Self { runtime: Some(runtime), shared }
    }

    /// Nobody comes back from now on, and nobody leaves of their own accord.
    pub fn retire(&self) {
        self.shared.is_retired.store(true, Ordering::SeqCst);
    }

    /// How many floods were ended by the server so far.
    pub fn floods_ended(&self) -> usize {
        self.shared.floods_ended.load(Ordering::SeqCst)
    }

    /// How many connections of the crowd the server holds, by the tables of the system: one that the
    /// server has closed belongs to no process any more, and has no inode.
    pub fn open(&self) -> usize {
        let table = std::fs::read_to_string("/proc/net/tcp").expect("the system's connections");
        let ours = |line: &&str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [_, local, remote, _, _, _, _, _, _, inode, ..] = fields[..] else { return false };
            local.ends_with(&format!(":{:04X}", self.shared.server.port()))
                && remote.get(2..8) == Some("01007F")
                && inode != "0"
        };
        table.lines().skip(1).filter(ours).count()
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

enum What {
    /// A device that never reads.
    Stall {
        person: Person,
        hold: Duration,
    },
    /// Somebody who fills such devices.
    Write {
        person: Person,
        to: Person,
    },
    Dawdle(&'static str),
    Flood(Person),
}

/// What slow connections begin with, before they go on by a byte a second: a head, a body, nothing.
const SLOWNESS: &[&str] = &[
    "GET / HTTP/1.1\r\nhost: mosaic\r\nx-filler: ",
    "POST /auth/login HTTP/1.1\r\nhost: mosaic\r\ncontent-type: application/json\r\n\
     content-length: 1000\r\n\r\n{",
    "",
];

async fn harass(no: usize, what: What, shared: &Shared) {
    sleep(ARRIVAL.mul_f64((no % 100) as f64 / 100.0)).await;
    while !shared.is_retired.load(Ordering::SeqCst) {
        // However it ends: being hung up on is what they are here for.
        let _ = attempt(no, &what, shared).await;
        sleep(PAUSE).await;
    }
}

async fn attempt(no: usize, what: &What, shared: &Shared) -> io::Result<()> {
    let mut stream = connect(no, shared.server).await?;
    match what {
        What::Stall { person, hold } => {
            upgrade(&mut stream, person).await?;
            shared.is_wanted()?;
            sleep(*hold).await;
            while shared.is_retired.load(Ordering::SeqCst) {
                sleep(PAUSE).await;
            }
            Ok(())
        }
        What::Write { person, to } => {
            for number in 0.. {
                send(&mut stream, person, to, number).await?;
                if shared.is_retired.load(Ordering::SeqCst) {
                    break;
                }
                sleep(LOUD_PAUSE).await;
            }
            Ok(())
        }
        What::Dawdle(beginning) => {
            stream.write_all(beginning.as_bytes()).await?;
            let mut answer = [0; 256];
            loop {
                match timeout(SLOW_PAUSE, stream.read(&mut answer)).await {
                    Ok(Ok(0)) => return Ok(()),
                    Ok(read) => drop(read?),
                    Err(_) if beginning.is_empty() => {}
                    Err(_) => stream.write_all(b"x").await?,
                }
            }
        }
        What::Flood(person) => {
            upgrade(&mut stream, person).await?;
            shared.is_wanted()?;
            let frames = [PING, TEXT_PING].concat().repeat(50);
            while stream.write_all(&frames).await.is_ok() {}
            shared.floods_ended.fetch_add(1, Ordering::SeqCst);
            sleep(FLOOD_PAUSE).await;
            Ok(())
        }
    }
}

/// Frames of a client (RFC 6455), masked by zeros: a ping of the protocol, and one of ours.
const PING: &[u8] = &[0x89, 0x80, 0, 0, 0, 0];
const TEXT_PING: &[u8] = b"\x81\x8f\0\0\0\0{\"type\":\"ping\"}";

async fn connect(no: usize, server: SocketAddr) -> io::Result<TcpStream> {
    let host = u8::try_from(1 + no % ADDRESSES).expect("a number of one byte");
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.bind((Ipv4Addr::new(127, 0, 1, host), 0).into())?;
    socket.connect(server).await
}

/// Turns a connection into a socket of somebody's, and reads no further than that.
async fn upgrade(stream: &mut TcpStream, person: &Person) -> io::Result<()> {
    let token = &person.token;
    let request = format!(
        "POST /messages/ws-ticket HTTP/1.1\r\nhost: mosaic\r\nauthorization: Bearer {token}\r\n\
         content-length: 0\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let answer = read_until(stream, "}", 1).await?;
    let ticket = answer.split("\"ticket\":\"").nth(1).and_then(|rest| rest.split('"').next());
    let ticket = ticket.ok_or_else(|| io::Error::other(answer.clone()))?;
    let request = format!(
        "GET /messages/ws/{}?token={ticket} HTTP/1.1\r\nhost: mosaic\r\nconnection: upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        person.id
    );
    stream.write_all(request.as_bytes()).await?;
    let answer = read_until(stream, "\r\n\r\n", 1).await?;
    if answer.starts_with("HTTP/1.1 101") { Ok(()) } else { Err(io::Error::other(answer)) }
}

async fn send(stream: &mut TcpStream, person: &Person, to: &Person, number: usize) -> io::Result<()> {
    let (token, receiver) = (&person.token, to.id);
    // No two alike: what is stored is held against the guarantees as well.
    let content =
        format!("{} {} {number} {}", person.id, uuid::Uuid::new_v4(), "\u{1F980}".repeat(LOUD_BYTES / 4));
    let body = serde_json::json!({"receiver_id": receiver, "content": content}).to_string();
    let request = format!(
        "POST /messages/send HTTP/1.1\r\nhost: mosaic\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    read_until(stream, "}", 4096).await.map(drop)
}

/// Reads so many bytes at once until what was read ends like this; by single bytes nothing after it
/// is read.
async fn read_until(stream: &mut TcpStream, end: &str, at_once: usize) -> io::Result<String> {
    let (mut read, mut buffer) = (Vec::new(), vec![0; at_once]);
    while !read.ends_with(end.as_bytes()) {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        read.extend_from_slice(&buffer[..count]);
    }
    Ok(String::from_utf8_lossy(&read).into_owned())
}
