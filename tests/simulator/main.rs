//! Two users with two devices each, two servers, their bus and a hostile network in one thread, from
//! a seed. The devices' session and the servers' queues and order of sends are the real ones.
//!
//! Each schedule is a few seconds of trouble followed by peace. At every step each device is held
//! to what must hold at any moment (`device.rs`); after the last fault all devices must equal the
//! store, and the history of what they did and saw is held against the guarantees of the design.
//!
//! `MOSAIC_SIM_SCHEDULES` sets how many schedules run; `MOSAIC_SIM_SEED` runs a single one again.
#![cfg(feature = "ssr")]

mod connection;
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
use world::{Event, World};

const SCHEDULES: u64 = 100_000;
/// After the last fault, whoever was online holds everything, in milliseconds. I7 says 3 s at the
/// p99; pages are small here, and several have to be fetched.
const CAUGHT_UP: u64 = 5000;

#[test]
fn every_device_ends_up_with_what_the_server_holds() {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse::<u64>().ok());
    if let Some(seed) = number("MOSAIC_SIM_SEED") {
        return run(seed);
    }
    let schedules = number("MOSAIC_SIM_SCHEDULES").unwrap_or(SCHEDULES);
    let next = AtomicU64::new(0);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= schedules {
                return Ok(());
            }
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(seed))) {
                next.store(schedules, Ordering::Relaxed);
                return Err((seed, panic));
            }
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            if let Err((seed, panic)) = worker.join().expect("a worker catches its panics") {
                // The panic's own message is on the screen already.
                let hint = format!("run again with MOSAIC_SIM_SEED={seed}\n");
                std::io::Write::write_all(&mut std::io::stderr(), hint.as_bytes()).ok();
                resume_unwind(panic);
            }
        }
    });
}

fn run(seed: u64) {
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
    heal(&mut world);
    let peace = world.now;
    let online = online(&world);
    world.run_until(peace + CAUGHT_UP);
    check_online(&world, &online);
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

/// The last fault is over: nothing is refused, lost or doubled from here on, everybody is awake and
/// has a network.
fn heal(world: &mut World) {
    world.calm = true;
    let longest = world.devices.iter().map(|device| device.asleep_until).max().unwrap_or_default();
    world.run_until(world.now.max(longest));
    (0..world.instances.len()).for_each(|instance| world.instance_back(instance));
    world.bus_back();
    for device in 0..4 {
        if world.devices[device].offline || !world.devices[device].is_live() {
            world.at(world.now, Event::Step(Step::FindNetwork(device)));
        }
    }
}

/// The sockets that are as good as they seem.
fn online(world: &World) -> Vec<usize> {
    let socket_of = |(_, device): (usize, &Device)| device.socket.filter(|_| device.is_live());
    logged_in(world).filter_map(socket_of).filter(|socket| world.sockets[*socket].line.is_whole()).collect()
}

/// Whoever was online all the time has everything soon, without asking. Only a loss that nobody could
/// notice takes until the next ping; where nothing is left to chance there is none.
fn check_online(world: &World, online: &[usize]) {
    let is_sure = |(_, device): &(usize, &Device)| {
        world.trouble == 0
            && device.is_ready()
            && device.socket.is_some_and(|socket| online.contains(&socket))
    };
    for (index, device) in logged_in(world).filter(is_sure) {
        let held = device.timeline().map(|timeline| timeline.contiguous());
        assert_eq!(held, Some(world.store.last()), "device {index} was online and is behind");
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
