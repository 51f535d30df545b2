//! The scores of those who hold no listed interest of the viewer's: how each is reached, which is
//! exact, and how many people are to be expected there, a guess that takes interests as held
//! independently of each other.

use super::statements::Question;
use crate::domain::matching;

/// A level whose part of a page is expected within so many people is walked.
const WALKED: f64 = 10_000.0;
/// The interests with ids up to this one have a bit in masks.
const BITS: i64 = 63;

/// An interest of the viewer.
#[derive(Clone, Copy)]
pub struct Interest {
    /// Its id.
    pub id: i64,
    /// How many people hold it.
    pub holders: u64,
    /// See [`matching::weight`].
    pub weight: u32,
}

impl Interest {
    /// Whether masks tell who holds it.
    pub fn has_bit(&self) -> bool {
        self.id <= BITS
    }

    fn likelihood(&self, people: u64) -> f64 {
        (self.holders as f64 / people.max(1) as f64).min(1.0)
    }
}

/// One value of the score.
pub struct Level {
    /// The score.
    pub score: u8,
    /// How it is reached; never empty.
    pub ways: Vec<Way>,
}

/// A completeness with the weights that, shared, make a certain score.
pub struct Way {
    /// The completeness.
    pub completeness: u8,
    /// The least and the most weight.
    pub shared: (u32, u32),
    /// How many interests that takes at least.
    pub interests: usize,
    /// How many people have the completeness.
    people: f64,
    /// How many of them are expected to share such a weight and to contain the text.
    expected: f64,
}

impl Level {
    fn expected(&self) -> f64 {
        self.ways.iter().map(|way| way.expected).sum()
    }

    fn shares_nothing(&self) -> bool {
        self.ways.iter().all(|way| way.shared.1 == 0)
    }

    /// Whether walking is the cheaper way to `wanted` people of it. It is the only one to people
    /// who share nothing.
    pub fn is_walkable(&self, wanted: usize) -> bool {
        let walked = |way: &Way| (wanted as f64 * way.people / way.expected).min(way.people);
        let enough = self.expected() > wanted as f64;
        self.shares_nothing() || enough && self.ways.iter().map(walked).sum::<f64>() < WALKED
    }
}

/// Who may reach a level.
pub struct Among {
    /// They hold one of these; `None` when that says too little to be worth reading their lists.
    pub holders: Option<Vec<i64>>,
    /// They share at least so many interests.
    pub interests: usize,
    /// They share at least and at most this weight.
    pub shared: (u32, u32),
    /// The share of them that is expected to hold no listed interest and to contain the text.
    pub likely: f64,
}

/// All levels that can be reached by anybody.
pub struct Levels<'a> {
    question: &'a Question,
    completeness: (u8, u8),
    people: u64,
    /// The share of people expected to hold no listed interest and to contain the text.
    share: f64,
    /// By score, ascending.
    levels: Vec<Level>,
}

impl<'a> Levels<'a> {
    /// The levels as the viewer sees them, where so many people have each completeness and `share`
    /// of them contain the text.
    pub fn new(question: &'a Question, counts: &[(u8, u64)], share: f64) -> Self {
        let people: u64 = counts.iter().map(|&(_, people)| people).sum();
        let listed = question.listed.iter().map(|interest| 1.0 - interest.likelihood(people));
        let share = share * listed.product::<f64>();
        let likely = likelihoods(&question.own_bit, people);
        let mut ways: Vec<Vec<Way>> = (0..=100).map(|_| Vec::new()).collect();
        for &(completeness, people) in counts.iter().filter(|&&(_, people)| people > 0) {
            for (shared, likely) in (0..).zip(&likely) {
                let Some(likely) = likely else { continue };
                let score = matching::score(shared, question.mine, completeness);
                let ways = &mut ways[usize::from(score)];
                let expected = people as f64 * share * likely;
                match ways.last_mut().filter(|way| way.completeness == completeness) {
                    Some(way) => {
                        way.shared.1 = shared;
                        way.expected += expected;
                    }
                    None => ways.push(Way {
                        completeness,
                        shared: (shared, shared),
                        interests: question.interests_for(shared),
                        people: people as f64,
                        expected,
                    }),
                }
            }
        }
        let present = || counts.iter().map(|&(completeness, _)| completeness);
        let levels = (0..).zip(ways).filter(|(_, ways)| !ways.is_empty());
        Self {
            question,
            completeness: (present().min().unwrap_or(0), present().max().unwrap_or(0)),
            people,
            share,
            levels: levels.map(|(score, ways)| Level { score, ways }).collect(),
        }
    }

    /// The highest level that is not above `score`.
    pub fn at_or_below(&self, score: u8) -> Option<&Level> {
        let above = self.levels.partition_point(|level| level.score <= score);
        self.levels[..above].last()
    }

    /// The lowest level to be sifted together with `top`, for a good chance of `wanted` people.
    pub fn thin_down_to(&self, top: &Level, wanted: usize) -> u8 {
        let (mut low, mut expected) = (top, top.expected());
        while expected < 2.0 * wanted as f64
            && let Some(next) = low.score.checked_sub(1).and_then(|below| self.at_or_below(below))
            && !next.is_walkable(wanted)
        {
            low = next;
            expected += next.expected();
        }
        low.score
    }

    /// Who may have a score from `low` to `top`, sharing something. The most common interests are
    /// not among those of which one is needed for as long as they alone do not reach it.
    pub fn reaching(&self, low: u8, top: u8) -> Among {
        let best = |shared| matching::score(shared, self.question.mine, self.completeness.1);
        let worst = |shared| matching::score(shared, self.question.mine, self.completeness.0);
        let mut common_first = self.question.own_bit.clone();
        common_first.sort_by_key(|held| std::cmp::Reverse(held.holders));
        let mut without = 0;
        let needed: Vec<_> = common_first
            .into_iter()
            .skip_while(|held| {
                without += held.weight;
                best(without) < low
            })
            .collect();
        let all = self.question.own_bit.iter().map(|held| held.weight).sum();
        let least = (1..=all).find(|&shared| best(shared) >= low).unwrap_or(all);
        let most = (1..=all).rev().find(|&shared| worst(shared) <= top).unwrap_or(0);
        let holders: u64 = needed.iter().map(|held| held.holders).sum();
        let few = holders <= self.people / 3;
        Among {
            holders: few.then(|| needed.into_iter().map(|held| held.id).collect()),
            interests: self.question.interests_for(least),
            shared: (least, most),
            likely: self.share,
        }
    }
}

/// How likely it is to share each weight; `None` for those that no set of interests has.
fn likelihoods(interests: &[Interest], people: u64) -> Vec<Option<f64>> {
    let mut likely = vec![Some(1.0)];
    for interest in interests {
        let held = interest.likelihood(people);
        let weight = usize::try_from(interest.weight).expect("a weight has at most two digits");
        let mut next = vec![None; likely.len() + weight];
        for (shared, &before) in likely.iter().enumerate() {
            let Some(before) = before else { continue };
            *next[shared].get_or_insert(0.0) += before * (1.0 - held);
            *next[shared + weight].get_or_insert(0.0) += before * held;
        }
        likely = next;
    }
    likely
}
