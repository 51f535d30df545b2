//! Pages of history, by arithmetic on positions without holes.

use sqlx::FromRow;

use super::{ContactRow, MessageRow, saturated, seq};
use crate::chat::protocol::HistoryPage;
use crate::domain::{Message, UserId};
use crate::server::store::Position;

/// The marks of a conversation, seen by nobody in particular; all zero but the first when there is none yet.
#[derive(FromRow)]
pub struct MarksRow {
    first_seq: i64,
    last_seq: i64,
    lo_read_seq: i64,
    hi_read_seq: i64,
    lo_delivered_seq: i64,
    hi_delivered_seq: i64,
    #[sqlx(flatten)]
    contact: ContactRow,
}

/// A stretch of a conversation. Positions have no holes, so every kind of page is one: nothing is
/// ever skipped by counting rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first position.
    pub from: i64,
    /// The last one; below `from` when there is nothing.
    pub to: i64,
    /// Whether newer ones follow rather than older ones.
    pub is_forward: bool,
}

impl Stretch {
    /// Whether it holds no position.
    pub fn is_empty(self) -> bool {
        self.to < self.from
    }
}

impl MarksRow {
    /// Where the page asked for lies.
    pub fn stretch(&self, limit: u32, position: Position) -> Stretch {
        let (first, last, limit) = (self.first_seq, self.last_seq(), i64::from(limit));
        let ending_at = |to: i64| {
            let from = (to - limit + 1).max(first);
            Stretch { from, to, is_forward: false }
        };
        match position {
            Position::Offset(skip) => ending_at(last.saturating_sub(saturated(skip)).max(0)),
            Position::Before(seq) => ending_at(saturated(seq.0).saturating_sub(1).clamp(0, last)),
            Position::After(seq) => {
                let from = saturated(seq.0).saturating_add(1).max(first);
                let to = from.saturating_add(limit - 1).min(last);
                Stretch { from, to, is_forward: true }
            }
        }
    }

    /// The end of the conversation, seen by the one whose contact this is.
    fn last_seq(&self) -> i64 {
        self.contact.end_of(self.last_seq)
    }

    /// The first position held once `messages` were read. When the beginning of a page is missing, it was deleted
    /// since these marks were read.
    fn first_seq(&self, messages: &[MessageRow], stretch: Stretch) -> i64 {
        if stretch.is_empty() {
            return self.first_seq.min(self.last_seq() + 1);
        }
        let held = messages.first().map_or(stretch.to + 1, |message| message.seq);
        if held > stretch.from { held } else { self.first_seq }
    }

    /// The page as `me` sees it.
    pub fn page(&self, me: UserId, peer: UserId, messages: Vec<MessageRow>, stretch: Stretch) -> HistoryPage {
        let lo = (self.lo_read_seq, self.lo_delivered_seq);
        let hi = (self.hi_read_seq, self.hi_delivered_seq);
        let (mine, theirs) = if me < peer { (lo, hi) } else { (hi, lo) };
        let first_seq = self.first_seq(&messages, stretch);
        let has_more =
            if stretch.is_forward { stretch.to < self.last_seq() } else { stretch.from > first_seq };
        HistoryPage {
            first_seq: seq(first_seq),
            messages: messages.into_iter().map(Message::from).collect(),
            last_seq: seq(self.last_seq()),
            read_seq: seq(mine.0),
            peer_read_seq: seq(theirs.0),
            peer_delivered_seq: seq(theirs.1),
            has_more: has_more && !stretch.is_empty(),
            contact: self.contact.into(),
        }
    }
}
