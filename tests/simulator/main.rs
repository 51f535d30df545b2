//! Two users with two devices each, two servers, their bus and a hostile network in one thread, from
//! a seed. The devices' session and the servers' queues and order of sends are the real ones.
//!
//! Each schedule is a few seconds of trouble followed by peace. At every step each device is held
//! to what must hold at any moment (`device.rs`); after the last fault all devices must equal the
//! store, and the history of what they did and saw is held against the guarantees of the design.
//!
//! Not modelled: more than one conversation, texts that fill a queue by their bytes, conversations so
//! far behind that they start over. A pong lists every conversation, not only those that changed.
//!
//! `MOSAIC_SIM_SCHEDULES` sets how many schedules run; `MOSAIC_SIM_SEED` runs a single one again.
#![cfg(feature = "ssr")]

mod device;
#[path = "../faults/dice.rs"]
mod dice;
#[path = "../history"]
#[expect(dead_code, reason = "runs with real processes use more of it")]
mod history {
    pub mod checker;
    pub mod record;
    pub mod screen;
}
mod instance;
mod network;
mod people;
mod server_end;
mod store;
mod world;

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use mosaic::chat::{Delivery, Input, Loading};

use device::Device;
use history::checker::check;
use people::Step;
use store::user;
use world::{Event, Happening, Tally, World};

const SCHEDULES: u64 = 100_000;
/// In so many schedules everything that can happen does.
const ENOUGH: u64 = 10_000;
/// After the last fault, whoever is online holds everything, in milliseconds. I7 says 3 s at the p99;
/// pages are small here, and several have to be fetched.
const CAUGHT_UP: u64 = 5000;
/// The same for a loss that nobody could notice: I7 says 15 s.
const CAUGHT_UP_BY_PING: u64 = 17_000;
/// What was stored this long ago, in milliseconds, is not under way any more.
const ARRIVED: u64 = 1000;

#[test]
fn every_device_ends_up_with_what_the_server_holds() {
    if let Some(seed) = number("MOSAIC_SIM_SEED") {
        run(seed);
        return;
    }
    let schedules = number("MOSAIC_SIM_SCHEDULES").unwrap_or(SCHEDULES);
    let tally = run_all(schedules);
    // Past the capture of the test harness, so that the figures are on record.
    let figures = format!("{schedules} schedules: {tally:?}\n");
    std::io::Write::write_all(&mut std::io::stdout(), figures.as_bytes()).ok();
    if schedules >= ENOUGH {
        let is_rare = |what: &Happening| tally.get(what).is_none_or(|times| *times < schedules / 1000);
        let rare: Vec<_> = Happening::ALL.into_iter().filter(is_rare).collect();
        assert!(rare.is_empty(), "hardly ever happened: {rare:?}");
    }
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")))
}

fn run_all(schedules: u64) -> Tally {
    let next = AtomicU64::new(0);
    let work = || {
        let mut tally = Tally::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= schedules {
                return Ok(tally);
            }
            match catch_unwind(AssertUnwindSafe(|| run(seed))) {
                Ok(more) => add(&mut tally, more),
                Err(panic) => {
                    next.store(schedules, Ordering::Relaxed);
                    return Err((seed, panic));
                }
            }
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut all = Tally::new();
        for worker in workers {
            match worker.join().expect("a worker catches its panics") {
                Ok(tally) => add(&mut all, tally),
                Err((seed, panic)) => {
                    // The panic's own message is on the screen already.
                    let hint = format!("run again with MOSAIC_SIM_SEED={seed}\n");
                    std::io::Write::write_all(&mut std::io::stderr(), hint.as_bytes()).ok();
                    resume_unwind(panic);
                }
            }
        }
        all
    })
}

fn add(all: &mut Tally, more: Tally) {
    for (what, times) in more {
        *all.entry(what).or_default() += times;
    }
}

fn run(seed: u64) -> Tally {
    let mut world = World::new(seed);
    let start = world.now;
    let trouble = 1000 + world.dice.up_to(5000);
    for device in 0..4 {
        world.tell(device, None, Input::Started);
        if world.dice.up_to(2) > 0 {
            world.soon(trouble, Event::Step(Step::Open(device)));
        }
    }
    for _ in 0..6 + world.dice.up_to(24) {
        let step = random_step(&mut world);
        world.soon(trouble, Event::Step(step));
    }
    world.run_until(start + trouble);
    calm_down(&mut world);
    check_catching_up(&mut world);
    wake_up(&mut world);
    let peace = world.now;
    world.run_until(peace + 70_000);
    for (index, device) in logged_in(&world).filter(|(_, device)| device.is_ready()) {
        let held = device.timeline().map(|timeline| timeline.contiguous());
        assert_eq!(held, Some(world.store.last()), "device {index} found every hole by itself");
    }
    check_unopened(&world);
    for device in 0..4 {
        let now = world.now;
        world.at(now, Event::Step(Step::Open(device)));
    }
    for _ in 0..world.store.rows().len() / 4 + 2 {
        let now = world.now;
        world.run_until(now + 1000);
        for device in 0..4 {
            world.at(now, Event::Step(Step::Older(device)));
        }
    }
    let now = world.now;
    world.run_until(now + 20_000);
    check_devices(&world);
    check_history(&world);
    world.tally
}

fn random_step(world: &mut World) -> Step {
    let device = usize::try_from(world.dice.up_to(3)).expect("one of four");
    match world.dice.up_to(99) {
        0..=36 => Step::Send(device),
        37..=39 => Step::SendAndCrash(device),
        40..=47 => Step::Read(device),
        48..=50 => Step::Open(device),
        51..=53 => Step::Older(device),
        54..=63 => Step::Cut(device),
        64..=69 => Step::StopReading(device),
        70..=72 => Step::BusGone,
        73..=75 => Step::Kill(device / 2),
        76..=77 => Step::Drain(device / 2),
        78..=83 => Step::Crash(device),
        84..=86 => Step::Sleep(device),
        87..=92 => Step::LoseNetwork(device),
        93..=95 => Step::FindNetwork(device),
        96..=98 => Step::Look(device),
        _ => Step::LogOut(device),
    }
}

/// The last fault is over: nothing is refused, lost or doubled from here on. The bus comes back when
/// it does.
fn calm_down(world: &mut World) {
    world.calm = true;
    (0..world.instances.len()).for_each(|instance| world.instance_back(instance));
    give_back_networks(world);
}

fn give_back_networks(world: &mut World) {
    for device in 0..4 {
        let Device { offline, asleep_until, .. } = world.devices[device];
        if asleep_until <= world.now && (offline || !world.devices[device].is_live()) {
            world.at(world.now, Event::Step(Step::FindNetwork(device)));
        }
    }
}

fn wake_up(world: &mut World) {
    let longest = world.devices.iter().map(|device| device.asleep_until).max().unwrap_or_default();
    world.run_until(world.now.max(longest));
    give_back_networks(world);
}

/// Whoever is online all the time has everything soon, the bus up or down. A loss that nobody could
/// notice takes until the next ping; where nothing is left to chance there is none.
fn check_catching_up(world: &mut World) {
    let (peace, online) = (world.now, online(world));
    world.run_until(peace + CAUGHT_UP);
    if world.trouble == 0 {
        check_online(world, &online);
    }
    world.run_until(peace + CAUGHT_UP_BY_PING);
    check_online(world, &online);
}

/// The sockets that are as good as they seem.
fn online(world: &World) -> Vec<usize> {
    let is_awake = |(_, device): &(usize, &Device)| device.is_live() && device.asleep_until <= world.now;
    let sockets = logged_in(world).filter(is_awake).filter_map(|(_, device)| device.socket);
    sockets.filter(|socket| world.sockets[*socket].line.is_whole(world.now)).collect()
}

fn check_online(world: &mut World, online: &[usize]) {
    let due = world.store.last_before(world.now - ARRIVED);
    let is_online = |device: &Device| device.socket.is_some_and(|socket| online.contains(&socket));
    let held = |(index, device): (usize, &Device)| Some((index, device.timeline()?.contiguous()));
    let online = logged_in(world).filter(|(_, device)| device.is_ready() && is_online(device));
    for (index, held) in online.filter_map(held).collect::<Vec<_>>() {
        assert!(held >= due, "device {index} was online and holds {held} of {due}");
        world.count(Happening::CaughtUp);
    }
}

/// The devices from which something is to be expected at the end.
fn logged_in(world: &World) -> impl Iterator<Item = (usize, &Device)> {
    world.devices.iter().enumerate().filter(|(_, device)| !device.is_logged_out)
}

fn check_history(world: &World) {
    let verdict = check(&world.history, &world.store.contents());
    assert!(verdict.0.is_empty(), "{verdict}");
    let stored = world.store.rows().len();
    assert!(stored as u128 <= world.written, "{stored} messages are stored, {} were written", world.written);
}

fn check_unopened(world: &World) {
    for (_, device) in logged_in(world) {
        assert!(device.is_live(), "everybody is connected");
        assert!(device.session.outbox().is_empty(), "nothing waits to be sent");
        let unread = device.session.peer(device.peer()).unread;
        assert_eq!(unread, world.store.unread(device.owner), "unread is exact after the welcome");
        assert_eq!(unread, device.session.total_unread());
    }
}

fn check_devices(world: &World) {
    let last = world.store.last();
    for (index, device) in logged_in(world) {
        assert!(device.is_ready());
        let timeline = device.timeline().expect("it was opened");
        let (owner, peer) = (device.owner, 1 - device.owner);
        let shown: Vec<_> = timeline
            .entries()
            .map(|entry| (entry.seq, entry.key.client_id, entry.key.mine, entry.content.to_string()))
            .collect();
        let rows: Vec<_> = world
            .store
            .rows()
            .iter()
            .map(|row| (Some(row.seq), row.client_id, row.sender_id == user(owner), row.content.clone()))
            .collect();
        assert_eq!(shown, rows, "device {index} shows what the server holds");
        assert_eq!(timeline.loading(), Loading::Ready);
        assert!(!timeline.has_older() && !timeline.loading_older());
        assert_eq!((timeline.contiguous(), timeline.last_seq()), (last, last));
        assert_eq!(timeline.read_seq(), world.store.read_of(owner));
        assert_eq!(timeline.peer_read_seq(), world.store.read_of(peer));
        assert_eq!(timeline.unread(), world.store.unread(owner));
        let (delivered, read) = (timeline.peer_delivered_seq(), timeline.peer_read_seq());
        assert_eq!(delivered, world.store.delivered_to(peer), "device {index} knows what is delivered");
        let received =
            world.store.rows().iter().filter(|row| row.receiver_id == user(owner)).map(|row| row.seq);
        assert!(received.max() <= Some(world.store.delivered_to(owner)), "what is held was claimed");
        for entry in timeline.entries() {
            let expected = match entry.seq {
                _ if !entry.key.mine => Delivery::Received,
                seq if seq <= Some(read) => Delivery::Read,
                seq if seq <= Some(delivered) => Delivery::Delivered,
                _ => Delivery::Sent,
            };
            assert_eq!(entry.delivery, expected);
        }
    }
}
