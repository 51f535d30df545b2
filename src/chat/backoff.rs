//! How long to wait before the next try, from a seed rather than from a random source.

/// The window of the first try, in milliseconds.
const FIRST: u64 = 500;
/// The window never grows beyond this, in milliseconds.
const CAP: u64 = 30_000;

/// SplitMix64: good enough to spread reconnects, and reproducible from its seed.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..=most`.
    pub(super) fn up_to(&mut self, most: u64) -> u64 {
        self.roll() % most.saturating_add(1)
    }

    /// Full jitter: anything from nothing to the whole window, so that a crowd that lost its
    /// server at one moment does not come back at one moment.
    pub(super) fn spread(&mut self, attempt: u32) -> u64 {
        self.up_to(window(attempt))
    }

    /// At least half the window: for asking again somebody who has just said "not now".
    pub(super) fn pause(&mut self, attempt: u32) -> u64 {
        let half = window(attempt) / 2;
        half + self.up_to(half)
    }
}

/// 0.5 s · 2ⁿ, at most 30 s.
fn window(attempt: u32) -> u64 {
    (FIRST << attempt.min(6)).min(CAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_double_up_to_the_cap() {
        let windows: Vec<_> = (0..9).map(window).collect();
        assert_eq!(windows, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    }

    #[test]
    fn jitter_fills_its_window_and_repeats_from_its_seed() {
        let rolls = |seed| {
            let mut dice = Dice::new(seed);
            (0..1000).map(|_| dice.spread(2)).collect::<Vec<_>>()
        };
        let waits = rolls(7);
        assert_eq!(waits, rolls(7));
        assert_ne!(waits, rolls(8));
        assert!(waits.iter().all(|wait| *wait <= 2000));
        assert!(waits.iter().any(|wait| *wait < 100) && waits.iter().any(|wait| *wait > 1900));
        let mut dice = Dice::new(1);
        assert!((0..1000).all(|_| (1000..=2000).contains(&dice.pause(2))));
    }
}
