//! Pairs of people who write to each other, at a rate, until they are told to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::driver::Client;
use crate::rig::Rig;
use crate::tools::{Dice, until};

pub struct Load {
    pub clients: Arc<Vec<Client>>,
    writers: Vec<AbortHandle>,
}

impl Load {
    /// The first `2 * pairs` people of the rig, each first connected to its `home`. Each writes
    /// about once in `pause`.
    pub fn start(rig: &mut Rig, pairs: usize, pause: Duration, home: fn(usize) -> usize) -> Self {
        let partner = |person: usize| person ^ 1;
        let clients = (0..2 * pairs).map(|person| rig.client(person, partner(person), home(person)));
        let clients: Arc<Vec<_>> = Arc::new(clients.collect());
        let writer = |person: usize, dice: Dice| {
            let clients = Arc::clone(&clients);
            tokio::spawn(write(clients, person, pause, dice)).abort_handle()
        };
        let writers = (0..2 * pairs).map(|person| writer(person, rig.dice.fork())).collect();
        Self { clients, writers }
    }

    /// Waits until this many more sends were acknowledged: the load goes on, whatever happens.
    pub async fn progress(&self, rig: &Rig, more: usize) {
        let goal = rig.recorder.acknowledged() + more;
        until("sends are acknowledged again", async || rig.recorder.acknowledged() >= goal).await;
    }

    /// One of them writes no more; what they wrote is stored afterwards.
    pub async fn silence(&self, person: usize) {
        let (writer, client) = (&self.writers[person], &self.clients[person]);
        writer.abort();
        until("what they wrote is stored", async || writer.is_finished() && client.is_settled()).await;
    }

    /// Nobody writes any more; what was written is still on its way.
    pub fn stop(&mut self) {
        self.writers.drain(..).for_each(|writer| writer.abort());
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn write(clients: Arc<Vec<Client>>, person: usize, pause: Duration, mut dice: Dice) {
    for number in 1.. {
        sleep(dice.about(pause)).await;
        clients[person].say(format!("{person}/{number}"));
    }
}
