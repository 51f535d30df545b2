//! Any number of believable people. The person at a position depends on that position alone, so a
//! smaller crowd is the beginning of every larger one.

// Tables read better packed than with a line for each word.
#[rustfmt::skip]
mod words;

use uuid::Builder;

use self::words::{HEADLINES, HOMES, INTERESTS, INVITATIONS, JOBS, LIKES, ORIGINS, PLACES};
use super::Person;
use crate::domain::{DisplayName, UserId, Username};

/// The first `n` people of the crowd.
pub fn crowd(n: usize) -> impl Iterator<Item = Person> {
    (1..=n).map(person)
}

/// The person at a position, counted from 1.
fn person(position: usize) -> Person {
    let mut rng = Rng::new(position);
    let id = (u128::from(rng.next()) << 64) | u128::from(rng.next());
    let name = name(&mut rng);
    let liked = interests(&mut rng);
    let story = Story { job: rng.pick(JOBS), place: rng.pick(PLACES), like: liked[0], other: liked[1] };
    let mut bio = format!("{} {}", story.tell(rng.pick(HOMES)), story.tell(rng.pick(LIKES)));
    if rng.below(3) > 0 {
        bio.push(' ');
        bio.push_str(rng.pick(INVITATIONS));
    }
    Person {
        id: UserId(Builder::from_random_bytes(id.to_be_bytes()).into_uuid()),
        username: Username::parse(&format!("user{position:06}")).expect("a word and digits are valid"),
        display_name: DisplayName::parse(&name).expect("two short words are valid"),
        headline: story.tell(rng.pick(HEADLINES)),
        bio,
        interests: liked.into_iter().map(capitalised).collect(),
    }
}

/// A given and a family name, in most cases of one origin.
fn name(rng: &mut Rng) -> String {
    let (given, own) = rng.pick(ORIGINS);
    let family = if rng.below(7) == 0 { rng.pick(ORIGINS).1 } else { own };
    format!("{} {}", rng.pick(given), rng.pick(family))
}

/// Three to eight different interests, the popular ones more often.
fn interests(rng: &mut Rng) -> Vec<&'static str> {
    let count = 3 + rng.below(6);
    let mut chosen = Vec::with_capacity(count);
    while chosen.len() < count {
        let drawn = rng.below(POPULARITY[INTERESTS.len() - 1]);
        let interest = INTERESTS[POPULARITY.partition_point(|&sum| sum <= drawn)];
        if !chosen.contains(&interest) {
            chosen.push(interest);
        }
    }
    chosen
}

/// Running sums of how popular the interests are: like Zipf's law, flattened at the top so that the
/// first is held by about one person in five rather than by nearly all.
const POPULARITY: [usize; INTERESTS.len()] = {
    let mut sums = [0; INTERESTS.len()];
    let (mut rank, mut sum) = (0, 0);
    while rank < sums.len() {
        sum += 1_000_000 / (rank + 8);
        sums[rank] = sum;
        rank += 1;
    }
    sums
};

/// What the sentences about one person have in common.
struct Story {
    job: &'static str,
    place: &'static str,
    like: &'static str,
    other: &'static str,
}

impl Story {
    /// Fills a sentence in. `{job}`, `{like}` and `{other}` begin with a capital where their names
    /// do; `{a job}` has its article.
    fn tell(&self, sentence: &str) -> String {
        let article = if self.job.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        sentence
            .replace("{place}", self.place)
            .replace("{a job}", &format!("{article} {}", self.job))
            .replace("{job}", self.job)
            .replace("{Job}", &capitalised(self.job))
            .replace("{like}", self.like)
            .replace("{Like}", &capitalised(self.like))
            .replace("{other}", self.other)
    }
}

/// `text` with its first letter in upper case.
fn capitalised(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// SplitMix64: small, fast, and the same everywhere. For variety, not for secrets.
struct Rng(u64);

impl Rng {
    fn new(position: usize) -> Self {
        // One step from the position itself, so that neighbours do not share their streams.
        let mut seed = Self(position as u64);
        Self(seed.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;
    use crate::server::store::MAX_INTERESTS;

    #[test]
    fn a_hundred_thousand_people_are_valid_and_distinct() {
        let (mut usernames, mut ids) = (HashSet::new(), HashSet::new());
        for person in crowd(100_000) {
            let interests: HashSet<_> = person.interests.iter().collect();
            assert!((3..=8.min(MAX_INTERESTS)).contains(&interests.len()), "{person:?}");
            assert_eq!(interests.len(), person.interests.len(), "{person:?}");
            assert!((1..=60).contains(&person.headline.chars().count()), "{person:?}");
            assert!((20..=300).contains(&person.bio.chars().count()), "{person:?}");
            assert!(!format!("{}{}", person.headline, person.bio).contains(['{', '}']), "{person:?}");
            usernames.insert(person.username);
            ids.insert(person.id);
        }
        assert_eq!([usernames.len(), ids.len()], [100_000; 2]);
    }

    #[test]
    fn a_smaller_crowd_is_the_beginning_of_a_larger_one() {
        assert!(crowd(1_000).eq(crowd(5_000).take(1_000)));
    }

    #[test]
    fn people_stay_the_same_from_one_version_to_the_next() {
        let first = crowd(1).next().expect("one was asked for");
        assert_eq!(first.username.as_str(), "user000001");
        assert_eq!(first.id.to_string(), "5e41ab08-7439-411e-b18d-6ce93d6cf1ee");
    }

    #[test]
    fn names_vary() {
        let names: HashSet<_> = crowd(1_000).map(|person| person.display_name.as_str().to_owned()).collect();
        assert!(names.len() > 900, "{}", names.len());
    }

    #[test]
    fn some_interests_are_common_and_most_are_rare() {
        let mut holders = HashMap::new();
        for interest in crowd(10_000).flat_map(|person| person.interests) {
            *holders.entry(interest).or_insert(0) += 1;
        }
        let held = |rank: usize| holders[&capitalised(INTERESTS[rank])];
        assert!((1_500..2_500).contains(&held(0)), "{}", held(0));
        assert!((50..200).contains(&held(250)), "{}", held(250));
        assert_eq!(holders.len(), INTERESTS.len(), "no interest is listed twice or never drawn");
    }
}
