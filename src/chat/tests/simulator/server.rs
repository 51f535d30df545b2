//! The server as the contract describes it, reduced to one conversation of two people.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::chat::protocol::{ConversationHead, HistoryPage, ServerFrame};
use crate::chat::tests::support::{message, person};
use crate::chat::{HistoryQuery, Millis};
use crate::domain::{ClientId, Contact, Message, Seq, UserId};

/// Small, so that a handful of messages needs paging.
const PAGE: usize = 4;

#[derive(Default)]
pub(super) struct Server {
    pub(super) rows: Vec<Message>,
    by_client_id: BTreeMap<ClientId, usize>,
    /// How far a device of each user holds the conversation.
    delivered: [Seq; 2],
    /// How far each user has read.
    read: [Seq; 2],
}

pub(super) fn user(index: usize) -> UserId {
    person(index as u128 + 1)
}

pub(super) fn moment(now: u64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(now as i64).unwrap_or_default()
}

impl Server {
    /// Returns the row and whether an earlier try had stored it.
    pub(super) fn store(
        &mut self,
        from: usize,
        client_id: ClientId,
        content: &str,
        now: u64,
    ) -> (Message, bool) {
        if let Some(row) = self.by_client_id.get(&client_id) {
            return (self.rows[*row].clone(), true);
        }
        let seq = self.rows.len() as u64 + 1;
        let mut row = message(user(from), user(1 - from), client_id.0.as_u128(), seq, Millis(now));
        row.content = content.to_owned();
        self.by_client_id.insert(client_id, self.rows.len());
        self.rows.push(row.clone());
        (row, false)
    }

    pub(super) fn last(&self) -> Seq {
        Seq(self.rows.len() as u64)
    }

    pub(super) fn read_of(&self, index: usize) -> Seq {
        self.read[index]
    }

    pub(super) fn delivered_to(&self, index: usize) -> Seq {
        self.delivered[index].max(self.read[index])
    }

    /// Moves a mark; returns it when it moved.
    pub(super) fn hold(&mut self, index: usize, seq: Seq) -> Option<Seq> {
        raise(&mut self.delivered[index], seq.min(Seq(self.rows.len() as u64)))
    }

    pub(super) fn mark_read(&mut self, index: usize, seq: Seq) -> Option<Seq> {
        raise(&mut self.read[index], seq.min(Seq(self.rows.len() as u64)))
    }

    pub(super) fn unread(&self, index: usize) -> u64 {
        let unread = |row: &&Message| row.receiver_id == user(index) && row.seq > self.read[index];
        self.rows.iter().filter(unread).count() as u64
    }

    pub(super) fn heads(&self, index: usize) -> Vec<ConversationHead> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        vec![ConversationHead {
            peer_id: user(1 - index),
            last_seq: self.last(),
            read_seq: self.read[index],
            peer_read_seq: self.read[1 - index],
            peer_delivered_seq: self.delivered_to(1 - index),
            unread: self.unread(index),
            online: true,
            last_seen: None,
            contact: Contact::default(),
        }]
    }

    pub(super) fn welcome(&self, index: usize, now: u64) -> ServerFrame {
        let conversations = self.heads(index);
        ServerFrame::Welcome { user_id: user(index), server_time: moment(now), conversations }
    }

    pub(super) fn resync(&self, index: usize) -> ServerFrame {
        ServerFrame::Resync { conversations: self.heads(index) }
    }

    pub(super) fn page(&self, index: usize, query: HistoryQuery) -> HistoryPage {
        let end = self.rows.len();
        let (from, to) = match query {
            HistoryQuery::Newest => (end.saturating_sub(PAGE), end),
            HistoryQuery::Before(seq) => {
                let to = (seq.0 as usize).saturating_sub(1).min(end);
                (to.saturating_sub(PAGE), to)
            }
            HistoryQuery::After(seq) => {
                let from = (seq.0 as usize).min(end);
                (from, (from + PAGE).min(end))
            }
        };
        HistoryPage {
            messages: self.rows[from..to].to_vec(),
            last_seq: self.last(),
            read_seq: self.read[index],
            peer_read_seq: self.read[1 - index],
            peer_delivered_seq: self.delivered_to(1 - index),
            has_more: if matches!(query, HistoryQuery::After(_)) { to < end } else { from > 0 },
            contact: Contact::default(),
        }
    }
}

fn raise(mark: &mut Seq, to: Seq) -> Option<Seq> {
    (to > *mark).then(|| {
        *mark = to;
        to
    })
}
