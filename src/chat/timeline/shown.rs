//! What is shown of a conversation, by its place: to look at one part costs the same however much is held.

use super::{Entry, Timeline};

/// The entries of a timeline in display order.
#[derive(Clone, Debug)]
pub struct Shown<'t> {
    run: &'t [Entry],
    /// What follows the run: few, if any.
    rest: Vec<&'t Entry>,
}

impl<'t> Shown<'t> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.run.len() + self.rest.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry at a place.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&'t Entry> {
        self.run.get(index).or_else(|| self.rest.get(index.checked_sub(self.run.len())?).copied())
    }

    /// The last one.
    #[must_use]
    pub fn last(&self) -> Option<&'t Entry> {
        self.rest.last().copied().or(self.run.last())
    }

    /// Those from a place on.
    pub fn starting_at(&self, index: usize) -> impl Iterator<Item = &'t Entry> {
        let run = self.run.get(index..).unwrap_or_default();
        let rest = self.rest.get(index.saturating_sub(self.run.len())..).unwrap_or_default();
        run.iter().chain(rest.iter().copied())
    }

    /// How many come before the first for which `is_before` does not hold, and it holds for all of those.
    pub fn partition_point(&self, is_before: impl Fn(&Entry) -> bool) -> usize {
        let of_run = self.run.partition_point(&is_before);
        if of_run < self.run.len() {
            return of_run;
        }
        of_run + self.rest.partition_point(|entry| is_before(entry))
    }
}

impl<'t> From<&'t [Entry]> for Shown<'t> {
    fn from(run: &'t [Entry]) -> Self {
        Self { run, rest: Vec::new() }
    }
}

impl Timeline {
    /// What is shown, by place.
    #[must_use]
    pub fn shown(&self) -> Shown<'_> {
        Shown { run: &self.run, rest: self.entries().skip(self.run.len()).collect() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::Shown;
    use crate::chat::{Delivery, Entry, EntryKey, Millis};
    use crate::domain::{ClientId, Seq};

    fn entry(number: u64) -> Entry {
        Entry {
            key: EntryKey { mine: true, client_id: ClientId(Uuid::from_u128(number.into())) },
            content: Arc::from("text"),
            created_at: Millis(number),
            seq: Some(Seq(number)),
            delivery: Delivery::Sent,
        }
    }

    #[test]
    fn a_run_and_what_follows_it_are_one_list() {
        let all: Vec<Entry> = (0..5).map(entry).collect();
        for split in 0..=all.len() {
            let shown = Shown { run: &all[..split], rest: all[split..].iter().collect() };
            assert_eq!(shown.len(), all.len());
            assert_eq!(shown.last(), all.last());
            for index in 0..=all.len() + 1 {
                assert_eq!(shown.get(index), all.get(index));
                let from: Vec<_> = shown.starting_at(index).collect();
                assert_eq!(from, all.iter().skip(index).collect::<Vec<_>>());
                let limit = Millis(u64::try_from(index).expect("small"));
                assert_eq!(shown.partition_point(|entry| entry.created_at < limit), index.min(all.len()));
            }
        }
    }
}
