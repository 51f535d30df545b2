//! A device and a server that says anything at all, in any order. Each byte is a choice: first of what
//! happens, then of the numbers in it.

use mosaic::chat::protocol::ServerFrame;
use mosaic::chat::{HistoryQuery, Input, Outbox};
use mosaic::domain::{MessageBody, Seq};

use super::device::{ADA, Device, ME, client_id, head, message, moment, page, pong};

/// Whatever happens, the device is sound after each step.
pub fn check(bytes: &[u8]) {
    let mut device = Device::live(Outbox::default());
    let mut choices = Choices(bytes);
    // Longer schedules tell nothing new, and take longer to make smaller.
    for _ in 0..200 {
        if choices.0.is_empty() {
            return;
        }
        happen(&mut device, &mut choices);
    }
}

/// What is left of the bytes. When they end, every further choice is zero.
struct Choices<'b>(&'b [u8]);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// A position: mostly small, so that they meet; now and then one far off.
    fn seq(&mut self) -> u64 {
        match self.byte() {
            255 => Seq::MAX.0,
            254 => Seq::MAX.0 - 1,
            252 | 253 => 5_000,
            byte => u64::from(byte % 24),
        }
    }

    fn seqs<const N: usize>(&mut self) -> [u64; N] {
        std::array::from_fn(|_| self.seq())
    }

    fn query(&mut self) -> HistoryQuery {
        match self.byte() % 3 {
            0 => HistoryQuery::Newest,
            1 => HistoryQuery::After(Seq(self.seq())),
            _ => HistoryQuery::Before(Seq(self.seq())),
        }
    }
}

fn happen(device: &mut Device, choices: &mut Choices<'_>) {
    match choices.byte() % 16 {
        0 | 1 => {
            let (mine, seq) = (choices.flag(), choices.seq());
            device.hear(ServerFrame::Message { message: message(mine, seq, seq) });
        }
        2 => {
            let (n, seq) = (choices.seq(), choices.seq());
            let (client_id, message) = (client_id(n), message(true, n, seq));
            device.hear(ServerFrame::Ack { client_id, duplicate: false, message });
        }
        3 => {
            let body = MessageBody::parse("text").expect("a short text is a message");
            device.feed(Input::SendRequested { peer: ADA, client_id: client_id(choices.seq()), body });
        }
        4..=6 => {
            let query = choices.query();
            let (first, count, hole) = (choices.seq(), choices.byte() % 12, choices.byte());
            let seqs = (0..count).filter(|n| *n != hole).map(|n| (first + u64::from(n)).min(Seq::MAX.0));
            let messages = seqs.map(|seq| message(seq % 3 == 0, seq, seq)).collect();
            let page = page(messages, choices.seqs());
            device.feed(Input::HistoryLoaded { peer: ADA, query, page });
        }
        7 => {
            let query = choices.query();
            device.feed(Input::HistoryFailed { peer: ADA, query });
        }
        8 => {
            device.hear(ServerFrame::Delivered { peer_id: ADA, seq: Seq(choices.seq()) });
        }
        9 => {
            let (reader_id, seq) = (if choices.flag() { ME } else { ADA }, Seq(choices.seq()));
            device.hear(ServerFrame::Read { peer_id: ADA, reader_id, seq, read_at: moment(3) });
        }
        10 => {
            device.hear(ServerFrame::Resync { conversations: vec![head(choices.seqs())] });
        }
        11 => {
            device.hear(pong(choices.seq()));
        }
        12 => {
            device.feed(Input::Closed { code: None });
            device.now = device.now.after(60_000);
            device.feed(Input::TimedOut);
            device.feed(Input::Opened);
            let conversations = vec![head(choices.seqs())];
            device.hear(ServerFrame::Welcome { user_id: ME, server_time: moment(5), conversations });
        }
        13 => {
            device.now = device.now.after(u64::from(choices.byte()) * 200);
            device.feed(Input::TimedOut);
        }
        14 => {
            let seq = Seq(choices.seq());
            device.feed(match choices.byte() % 6 {
                0 => Input::ConversationOpened { peer: ADA },
                1 => Input::ConversationClosed { peer: ADA },
                2 => Input::OlderRequested { peer: ADA },
                3 => Input::ReloadRequested { peer: ADA },
                4 => Input::ConversationExpected { peer: ADA },
                _ => Input::ReadUpTo { peer: ADA, seq },
            });
        }
        _ => {
            let (client_id, retryable) = (client_id(choices.seq()), choices.flag());
            let (code, message) = ("code".to_owned(), "No.".to_owned());
            match choices.byte() % 3 {
                0 => device.feed(Input::RetryRequested { peer: ADA, client_id }),
                1 => device.feed(Input::DeleteRequested { peer: ADA, client_id }),
                _ => device.hear(ServerFrame::Error { code, message, retryable, client_id: Some(client_id) }),
            };
        }
    }
}
