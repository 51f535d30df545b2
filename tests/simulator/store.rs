//! The database as the contract describes it, reduced to one conversation of two people.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use mosaic::chat::HistoryQuery;
use mosaic::chat::protocol::{ConversationHead, HistoryPage};
use mosaic::domain::{ClientId, Contact, Message, MessageId, Seq, UserId};
use uuid::Uuid;

use crate::history::record::{Database, Row, Side};

/// Small, so that a handful of messages needs paging.
const PAGE: usize = 4;

#[derive(Default)]
pub struct Store {
    rows: Vec<Message>,
    by_client_id: BTreeMap<ClientId, usize>,
    /// How far a device of each user holds the conversation.
    delivered: [Seq; 2],
    /// How far each user has read.
    read: [Seq; 2],
    changes: u64,
}

pub fn user(index: usize) -> UserId {
    UserId(Uuid::from_u128(index as u128 + 1))
}

pub fn moment(now: u64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(i64::try_from(now).expect("a short run")).expect("a moment of this age")
}

impl Store {
    /// Returns the row and whether an earlier try had stored it.
    pub fn insert(&mut self, from: usize, client_id: ClientId, content: &str, now: u64) -> (Message, bool) {
        if let Some(row) = self.by_client_id.get(&client_id) {
            return (self.rows[*row].clone(), true);
        }
        let seq = self.rows.len() as u64 + 1;
        let row = Message {
            id: MessageId(Uuid::from_u128(u128::from(seq))),
            client_id,
            sender_id: user(from),
            receiver_id: user(1 - from),
            content: content.to_owned(),
            seq: Seq(seq),
            created_at: moment(now),
            read_at: None,
        };
        self.by_client_id.insert(client_id, self.rows.len());
        self.rows.push(row.clone());
        self.changes += 1;
        (row, false)
    }

    pub fn rows(&self) -> &[Message] {
        &self.rows
    }

    pub fn last(&self) -> Seq {
        Seq(self.rows.len() as u64)
    }

    pub fn read_of(&self, index: usize) -> Seq {
        self.read[index]
    }

    pub fn delivered_to(&self, index: usize) -> Seq {
        self.delivered[index].max(self.read[index])
    }

    /// Moves a mark; returns it when it moved.
    pub fn mark_delivered(&mut self, index: usize, seq: Seq) -> Option<Seq> {
        self.raise(seq, |store| &mut store.delivered[index])
    }

    pub fn mark_read(&mut self, index: usize, seq: Seq) -> Option<Seq> {
        self.raise(seq, |store| &mut store.read[index])
    }

    fn raise(&mut self, to: Seq, mark: impl Fn(&mut Self) -> &mut Seq) -> Option<Seq> {
        assert!(to <= self.last(), "nobody claims what is not stored");
        let is_further = to > *mark(self);
        if is_further {
            *mark(self) = to;
            self.changes += 1;
        }
        is_further.then_some(to)
    }

    /// Counts what changed.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// The newest position that was stored before this moment.
    pub fn last_before(&self, at: u64) -> Seq {
        self.rows.iter().rev().find(|row| row.created_at < moment(at)).map_or(Seq::ZERO, |row| row.seq)
    }

    pub fn unread(&self, index: usize) -> u64 {
        let unread = |row: &&Message| row.receiver_id == user(index) && row.seq > self.read[index];
        self.rows.iter().filter(unread).count() as u64
    }

    pub fn heads(&self, index: usize) -> Vec<ConversationHead> {
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

    pub fn page(&self, index: usize, query: HistoryQuery) -> HistoryPage {
        let end = self.rows.len();
        let position = |seq: Seq| usize::try_from(seq.0).expect("few messages").min(end);
        let (from, to) = match query {
            HistoryQuery::Newest => (end.saturating_sub(PAGE), end),
            HistoryQuery::Before(seq) => {
                let to = position(seq).saturating_sub(1);
                (to.saturating_sub(PAGE), to)
            }
            HistoryQuery::After(seq) => (position(seq), (position(seq) + PAGE).min(end)),
        };
        HistoryPage {
            messages: self.rows[from..to].to_vec(),
            first_seq: Seq(1),
            last_seq: self.last(),
            read_seq: self.read[index],
            peer_read_seq: self.read[1 - index],
            peer_delivered_seq: self.delivered_to(1 - index),
            has_more: if matches!(query, HistoryQuery::After(_)) { to < end } else { from > 0 },
            contact: Contact::default(),
        }
    }

    /// All of it, as a history is held against it.
    pub fn contents(&self) -> Database {
        let side = |index: usize| Side {
            owner: user(index),
            peer: user(1 - index),
            last: self.last(),
            read: self.read[index],
            delivered: self.delivered_to(index),
        };
        Database { rows: self.rows.iter().map(Row::from).collect(), sides: vec![side(0), side(1)] }
    }
}
