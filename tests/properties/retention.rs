//! A device of a conversation whose beginning the server deletes, at any moment: it comes to rest, and shows all
//! there is.

use std::collections::VecDeque;

use mosaic::chat::protocol::{HistoryPage, ServerFrame};
use mosaic::chat::{Action, HistoryQuery, Input, Outbox};
use mosaic::domain::Seq;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::checks::device::{ADA, Device, message, page, pong};
use crate::config;

/// Small, so that a handful of messages needs paging.
const PAGE: u64 = 4;
/// Between two looks at the device, in milliseconds.
const STEP: u64 = 100;
/// So many looks last less long than a ping is due.
const ROUNDS: usize = 120;

/// What may happen next.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// So many messages of Ada's, of which the device is told of the last, or of none.
    Arrive(u64, bool),
    /// So many go.
    Delete(u64),
    /// The oldest question is answered.
    Answer,
    ScrollUp,
    Pong,
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        3 => (1..4_u64, any::<bool>()).prop_map(|(count, told)| Turn::Arrive(count, told)),
        2 => (1..6_u64).prop_map(Turn::Delete),
        4 => Just(Turn::Answer),
        2 => Just(Turn::ScrollUp),
        1 => Just(Turn::Pong),
    ]
}

/// What the server holds, and what it was asked and has not answered.
struct Server {
    first: u64,
    last: u64,
    asked: VecDeque<HistoryQuery>,
}

impl Server {
    fn page(&self, query: HistoryQuery) -> HistoryPage {
        let (from, to) = match query {
            HistoryQuery::Newest => (self.last.saturating_sub(PAGE - 1), self.last),
            HistoryQuery::Before(seq) => (seq.0.saturating_sub(PAGE), seq.0 - 1),
            HistoryQuery::After(seq) => {
                let from = self.first.max(seq.0 + 1);
                (from, self.last.min(from + PAGE - 1))
            }
        };
        let messages = (from.max(self.first)..=to).map(|seq| message(false, seq, seq)).collect();
        HistoryPage { first_seq: Seq(self.first), ..page(messages, [self.last, 0, 0, 0]) }
    }

    fn hear(&mut self, actions: Vec<Action>) {
        let query = |action| if let Action::FetchHistory { query, .. } = action { Some(query) } else { None };
        self.asked.extend(actions.into_iter().filter_map(query));
    }

    fn take(&mut self, turn: Turn, device: &mut Device) {
        let actions = match turn {
            Turn::Arrive(count, is_told) => {
                self.last += count;
                let message = message(false, self.last, self.last);
                if is_told { device.hear(ServerFrame::Message { message }) } else { Vec::new() }
            }
            Turn::Delete(count) => {
                self.first = (self.first + count).min(self.last + 1);
                Vec::new()
            }
            Turn::Answer => match self.asked.pop_front() {
                Some(query) => device.feed(Input::HistoryLoaded { peer: ADA, query, page: self.page(query) }),
                None => Vec::new(),
            },
            Turn::ScrollUp => device.feed(Input::OlderRequested { peer: ADA }),
            Turn::Pong => device.hear(pong(self.last)),
        };
        self.hear(actions);
    }
}

proptest! {
    #![proptest_config(config("tests/corpus/regressions/retention.txt"))]

    #[test]
    fn a_device_comes_to_rest_whatever_is_deleted(turns in vec(turn(), 0..60)) {
        let mut device = Device::live(Outbox::default());
        let mut server = Server { first: 1, last: 0, asked: VecDeque::from([HistoryQuery::Newest]) };
        for turn in turns {
            server.take(turn, &mut device);
        }
        server.take(Turn::Pong, &mut device);
        let mut quiet = 0;
        for _ in 0..ROUNDS {
            device.now = device.now.after(STEP);
            server.hear(device.feed(Input::TimedOut));
            quiet = if server.asked.is_empty() { quiet + 1 } else { 0 };
            while !server.asked.is_empty() {
                server.take(Turn::Answer, &mut device);
            }
            server.take(Turn::ScrollUp, &mut device);
        }
        prop_assert!(quiet > ROUNDS / 4, "it still asks: {:?}", server.asked);
        let timeline = device.session.timeline(ADA).expect("it is open");
        prop_assert_eq!((timeline.contiguous(), timeline.has_older()), (Seq(server.last), false));
        let shown: Vec<_> = device.shown().into_iter().filter_map(|entry| entry.seq).collect();
        let held: Vec<_> = (server.first..=server.last).map(Seq).collect();
        prop_assert!(shown.ends_with(&held), "{held:?} is held, {shown:?} shown");
        prop_assert_eq!(timeline.missing(), 0);
    }
}
