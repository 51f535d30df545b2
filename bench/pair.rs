//! Two people, one of whom writes to the other: both devices in one task, so that the books need no lock.

use anyhow::{Context as _, Result, bail};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::ledger::{Ledger, Samples, Span};
use crate::system::{Person, System};
use crate::wire::{Device, Heard, PATIENCE, send_frame};

/// What everybody writes.
pub const CONTENT: &str = "What a coincidence: I was about to ask you the very same thing. Shall we say Thursday \
                       at seven, by the old harbour?";
/// After the last message both sockets are watched for this long: nothing may come twice.
const AFTERWARDS: std::time::Duration = std::time::Duration::from_millis(200);

/// When the next message is due.
pub enum Pace {
    /// At once, whenever fewer than so many are under way, until the span ends.
    Window(usize),
    /// When told so, however many are under way. Ends when nobody tells any more.
    Told(UnboundedReceiver<Instant>),
}

/// See the module.
pub struct Pair {
    sender: Device,
    receiver: Device,
    receiver_id: Uuid,
    /// Where their conversation stands.
    before: u64,
}

impl Pair {
    /// Both on their sockets, the receiver at the instance after that of the sender.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub async fn open(system: &System, n: usize, sender: &Person, receiver: &Person) -> Result<Self> {
        let receiver_id = receiver.id;
        let receiver = Device::open(&system.socket_address(n + 1, receiver).await?).await?;
        let sender = Device::open(&system.socket_address(n, sender).await?).await?;
        let head = sender.heads.iter().find(|head| head.peer_id == receiver_id);
        let before = head.map_or(0, |head| head.last_seq);
        Ok(Self { sender, receiver, receiver_id, before })
    }

    /// Writes until it is over and everything arrived.
    ///
    /// # Errors
    /// When a message is lost, doubled or out of order, or a socket ends.
    pub async fn run(mut self, pace: Pace, span: Span) -> Result<Samples> {
        let mut ledger = Ledger::new(span, self.before);
        let limit = span.until.saturating_duration_since(Instant::now()) + PATIENCE;
        match timeout(limit, self.talk(pace, span, &mut ledger)).await {
            Ok(outcome) => outcome?,
            Err(_) => bail!("lost: {} after {PATIENCE:?}", ledger.missing()),
        }
        self.stay_quiet().await?;
        Ok(ledger.close())
    }

    async fn talk(&mut self, mut pace: Pace, span: Span, ledger: &mut Ledger) -> Result<()> {
        let mut is_over = false;
        loop {
            if let Pace::Window(window) = pace {
                is_over = Instant::now() >= span.until;
                while !is_over && ledger.in_flight() < window {
                    self.send(Instant::now(), ledger).await?;
                }
                self.sender.flush().await?;
            }
            if is_over && ledger.in_flight() == 0 {
                return Ok(());
            }
            tokio::select! {
                heard = self.receiver.next() => deliver(heard?, ledger)?,
                heard = self.sender.next() => acknowledge(heard?, ledger)?,
                due = told(&mut pace), if !is_over => match due {
                    Some(due) => {
                        self.send(due, ledger).await?;
                        self.sender.flush().await?;
                    }
                    None => is_over = true,
                },
            }
            // What came together is answered together.
            while let Some(heard) = self.receiver.next_now()? {
                deliver(heard, ledger)?;
            }
            while let Some(heard) = self.sender.next_now()? {
                acknowledge(heard, ledger)?;
            }
        }
    }

    async fn send(&mut self, due: Instant, ledger: &mut Ledger) -> Result<()> {
        let client_id = ledger.send(due, Instant::now());
        self.sender.feed(send_frame(client_id, self.receiver_id, CONTENT)).await
    }

    async fn stay_quiet(&mut self) -> Result<()> {
        let mut enough = std::pin::pin!(sleep(AFTERWARDS));
        loop {
            let heard = tokio::select! {
                heard = self.receiver.next() => heard,
                heard = self.sender.next() => heard,
                () = &mut enough => return Ok(()),
            };
            match heard.context("after the last message")? {
                Heard::Ack(stored) | Heard::Message(stored) => bail!("doubled: {} came again", stored.seq),
                Heard::Welcome(_) | Heard::Other => {}
            }
        }
    }
}

/// The next instant somebody tells; never, when a window decides.
async fn told(pace: &mut Pace) -> Option<Instant> {
    match pace {
        Pace::Told(schedule) => schedule.recv().await,
        Pace::Window(_) => std::future::pending().await,
    }
}

fn deliver(heard: Heard, ledger: &mut Ledger) -> Result<()> {
    match heard {
        Heard::Message(stored) => ledger.deliver(&stored, Instant::now()),
        Heard::Ack(stored) => bail!("the receiver got an ack for {}", stored.seq),
        Heard::Welcome(_) | Heard::Other => Ok(()),
    }
}

fn acknowledge(heard: Heard, ledger: &mut Ledger) -> Result<()> {
    match heard {
        Heard::Ack(stored) => ledger.ack(&stored, Instant::now()),
        Heard::Message(stored) => bail!("the sending socket got its own message {} back", stored.seq),
        Heard::Welcome(_) | Heard::Other => Ok(()),
    }
}
