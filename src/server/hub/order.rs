//! The order of one socket's sends: what was pipelined behind a send that could not be stored must
//! not overtake it. No task, no clock: only the rules.

use std::collections::HashMap;

use crate::domain::{ClientId, UserId};

/// Peers to whom sends may be held up at once.
const HELD_UP: usize = 4096;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct SendOrder {
    held_up: HashMap<UserId, HeldUp>,
}

/// The send that comes first, and why it could not be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldUp {
    /// Which send it is; until it is tried again nothing behind it is.
    pub by: ClientId,
    /// What its sender was told.
    pub code: &'static str,
    /// The same, for a person.
    pub message: String,
}

impl SendOrder {
    /// What this send has to wait for.
    #[must_use]
    pub fn obstacle(&self, receiver: UserId, send: ClientId) -> Option<&HeldUp> {
        self.held_up.get(&receiver).filter(|held| held.by != send)
    }

    /// The send could not be stored and will be tried again. `false` when more is held up than may
    /// be: the socket has to start over.
    pub fn hold_up(&mut self, receiver: UserId, held: HeldUp) -> bool {
        self.held_up.insert(receiver, held);
        self.held_up.len() <= HELD_UP
    }

    /// The send is stored, or never will be: the next one may be tried.
    pub fn settle(&mut self, receiver: UserId) {
        self.held_up.remove(&receiver);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn held(by: u128) -> HeldUp {
        HeldUp { by: ClientId(Uuid::from_u128(by)), code: "unavailable", message: "Try again.".into() }
    }

    fn receiver(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    #[test]
    fn only_the_send_that_failed_may_be_tried_until_it_is_settled() {
        let mut order = SendOrder::default();
        assert!(order.hold_up(receiver(1), held(10)));
        assert_eq!(order.obstacle(receiver(1), held(10).by), None);
        assert_eq!(order.obstacle(receiver(1), held(11).by), Some(&held(10)));
        assert_eq!(order.obstacle(receiver(2), held(11).by), None, "another conversation has its own order");
        order.settle(receiver(1));
        assert_eq!(order.obstacle(receiver(1), held(11).by), None);
    }

    #[test]
    fn what_is_held_up_is_bounded() {
        let mut order = SendOrder::default();
        let most = HELD_UP as u128;
        assert!((1..=most).all(|n| order.hold_up(receiver(n), held(n))));
        assert!(order.hold_up(receiver(1), held(most)), "no further conversation");
        assert!(!order.hold_up(receiver(most + 1), held(1)));
    }
}
