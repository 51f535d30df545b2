//! Two people with three devices each, on two instances, who write, read, leave and come back at
//! random: at rest every badge and every mark is what the database says.

use std::time::Duration;

use mosaic::chat::Connection;
use mosaic::domain::Seq;
use tokio::time::sleep;

use crate::driver::{Client, Reads, connected};
use crate::rig::Rig;
use crate::tools::{Dice, say, until, within};

const DEVICES: usize = 3;
/// Between two of the times at which all come to rest and are looked at.
const STEPS: usize = 700;
const RESTS: usize = 5;
/// I7, for a loss that nobody noticed.
const AT_REST: Duration = Duration::from_secs(15);

/// What a person's devices are to show, by the rows alone.
#[derive(Debug, PartialEq, Eq)]
struct Badges {
    read: Seq,
    peer_read: Seq,
    /// Of the conversation, and in total: there is only one.
    unread: (u64, u64),
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_rest_every_badge_is_what_the_database_says() {
    let test = "badges";
    let mut rig = Rig::start(test, 2).await;
    let device = |number| rig.client_that(Reads::WhenTold, number % 2, 1 - number % 2, number / 2 % 2);
    let devices: Vec<_> = (0..2 * DEVICES).map(device).collect();
    connected(&devices.iter().collect::<Vec<_>>()).await;
    let mut dice = rig.dice.fork();
    for rest in 0..RESTS {
        for step in 0..STEPS {
            act(&devices, &mut dice, rest * STEPS + step);
            sleep(dice.about(Duration::from_millis(2))).await;
        }
        // Nobody reads this one before the others come to rest.
        devices[0].say(format!("the last before rest {rest}"));
        let settled = async || devices.iter().all(Client::is_settled);
        until("everything is stored", settled).await;
        // A mark may still be on its way: the rows are asked again each time.
        let right = async || {
            let rows = [badges_of(&rig, 0).await, badges_of(&rig, 1).await];
            devices.iter().zip([0, 1].into_iter().cycle()).all(|(device, person)| {
                device.view().connection == Connection::Live && shown_by(device) == rows[person]
            })
        };
        let took = within(AT_REST, "every badge is what the rows say", right).await;
        let unread = badges_of(&rig, 1).await.unread.0;
        say(&format!("{test}: right {took:?} after the last message; unread {unread}"));
        assert!(unread > 0, "nothing is unread, so that nothing was shown");
    }
    let report = rig.judge(test, &devices).await;
    assert!(report.acked > 1_000 && report.reconnects > 100, "too little happened: {report}");
}

/// One person does one thing at one device.
fn act(devices: &[Client], dice: &mut Dice, number: usize) {
    let mut below = |limit: u64| dice.roll() % limit;
    let device = &devices[usize::try_from(below(2 * DEVICES as u64)).expect("few devices")];
    let (read, shown) = (device.view().read.0, device.view().shown.0);
    match below(100) {
        0..60 => device.say(format!("{number}")),
        // Also what was read long ago, which must move nothing.
        60..90 if shown > 0 => device.read(Seq(read.saturating_sub(3) + below(shown + 4 - read.min(shown)))),
        90..95 => device.reconnect(),
        95..97 => device.reload(),
        _ => {}
    }
}

fn shown_by(device: &Client) -> Badges {
    let view = device.view();
    Badges { read: view.read, peer_read: view.peer_read, unread: view.unread }
}

async fn badges_of(rig: &Rig, person: usize) -> Badges {
    let (me, peer) = (rig.people[person].id, rig.people[1 - person].id);
    let sides = rig.postgres.contents().await.sides;
    let read = |who| sides.iter().find(|side| side.owner == who).map(|side| side.read).unwrap_or_default();
    let unread = format!("SELECT count(*) FROM messages WHERE receiver_id = '{me}' AND read_at IS NULL");
    let unread = u64::try_from(rig.postgres.numbers(&unread).await[0]).expect("a count");
    Badges { read: read(me), peer_read: read(peer), unread: (unread, unread) }
}
