//! The conversations held by the page, whatever order their pages and their news arrive in.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::api::{ConversationItem, ConversationList};
use crate::domain::UserId;

/// What the inbox lists, newest activity first.
///
/// An item once held stays: when news push it off the first page, it must not vanish from the list.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    items: Vec<Arc<ConversationItem>>,
    next: Option<String>,
}

impl Inbox {
    /// The first page.
    #[must_use]
    pub fn new(first: ConversationList) -> Self {
        let mut inbox = Self::default();
        inbox.append(first);
        inbox
    }

    /// The conversations in order.
    #[must_use]
    pub fn items(&self) -> &[Arc<ConversationItem>] {
        &self.items
    }

    /// The conversation with `peer`.
    #[must_use]
    pub fn get(&self, peer: UserId) -> Option<Arc<ConversationItem>> {
        self.items.iter().find(|item| item.peer.id == peer).cloned()
    }

    /// Where the pages held end; `None` when they are all there are.
    #[must_use]
    pub fn next(&self) -> Option<&String> {
        self.next.as_ref()
    }

    /// Takes the page that follows.
    pub fn append(&mut self, page: ConversationList) {
        self.next.clone_from(&page.next);
        self.merge(page);
    }

    /// Takes the first page again, as it is now.
    pub fn refresh(&mut self, first: ConversationList) {
        // The first page's cursor only counts while nothing is held: behind it may be pages that are.
        if self.items.is_empty() {
            self.next.clone_from(&first.next);
        }
        self.merge(first);
    }

    fn merge(&mut self, page: ConversationList) {
        for item in page.conversations {
            match self.items.iter_mut().find(|held| held.peer.id == item.peer.id) {
                // Unchanged items keep their allocation, and with it nothing is drawn again.
                Some(held) if **held == item => {}
                Some(held) => *held = Arc::new(item),
                None => self.items.push(Arc::new(item)),
            }
        }
        self.items.sort_by_key(|item| Reverse((item.last_message.created_at, item.peer.id)));
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::domain::{ClientId, Contact, Message, MessageId, Profile, Seq};

    fn item(peer: u128, at: i64) -> ConversationItem {
        let id = UserId(Uuid::from_u128(peer));
        ConversationItem {
            peer: Profile {
                id,
                username: format!("user{peer}"),
                display_name: format!("User {peer}"),
                headline: String::new(),
                bio: String::new(),
                interests: Vec::new(),
                avatar_url: None,
                online: false,
                last_seen: None,
            },
            last_message: Message {
                id: MessageId(Uuid::from_u128(1)),
                client_id: ClientId(Uuid::from_u128(1)),
                sender_id: id,
                receiver_id: UserId(Uuid::from_u128(0)),
                content: "hello".to_owned(),
                seq: Seq(1),
                created_at: DateTime::from_timestamp(at, 0).expect("a moment in range"),
                read_at: None,
            },
            last_seq: Seq(1),
            read_seq: Seq::ZERO,
            unread: 1,
            contact: Contact::default(),
        }
    }

    fn page(items: &[(u128, i64)], next: Option<&str>) -> ConversationList {
        ConversationList {
            conversations: items.iter().map(|&(peer, at)| item(peer, at)).collect(),
            total_unread: 0,
            next: next.map(str::to_owned),
        }
    }

    fn order(inbox: &Inbox) -> Vec<u128> {
        inbox.items().iter().map(|item| item.peer.id.0.as_u128()).collect()
    }

    #[test]
    fn news_move_a_conversation_to_the_top_and_push_nothing_out() {
        let mut inbox = Inbox::new(page(&[(1, 30), (2, 20)], Some("after 2")));
        inbox.refresh(page(&[(3, 40), (1, 30)], Some("after 1")));
        assert_eq!(order(&inbox), [3, 1, 2]);
        assert_eq!(inbox.next().map(String::as_str), Some("after 2"));
    }

    #[test]
    fn a_page_that_overlaps_is_held_once() {
        let mut inbox = Inbox::new(page(&[(1, 30), (2, 20)], Some("after 2")));
        inbox.append(page(&[(2, 20), (4, 10)], None));
        assert_eq!(order(&inbox), [1, 2, 4]);
        assert_eq!(inbox.next(), None);
    }

    #[test]
    fn an_empty_inbox_takes_the_first_page_whole() {
        let mut inbox = Inbox::default();
        inbox.refresh(page(&[(1, 30)], Some("after 1")));
        assert_eq!((order(&inbox), inbox.next().is_some()), (vec![1], true));
    }
}
