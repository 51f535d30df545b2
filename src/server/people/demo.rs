//! The demo people: sixteen who have earned a good conversation.

use uuid::{Uuid, uuid};

use super::Person;
use crate::domain::{DisplayName, UserId, Username};

/// One row of [`DEMO`].
struct Row {
    id: Uuid,
    username: &'static str,
    display_name: &'static str,
    headline: &'static str,
    bio: &'static str,
    interests: &'static [&'static str],
}

/// The demo people in a fixed order, beginning with `ada`, `grace`, `alan` and `katherine`.
pub fn demo() -> impl Iterator<Item = Person> {
    DEMO.iter().map(|row| Person {
        id: UserId(row.id),
        username: Username::parse(row.username).expect("the table holds valid usernames"),
        display_name: DisplayName::parse(row.display_name).expect("the table holds valid names"),
        headline: row.headline.to_owned(),
        bio: row.bio.to_owned(),
        interests: row.interests.iter().map(ToString::to_string).collect(),
    })
}

/// Ids are fixed (version 5, from the username), so that whatever is derived from an id, a picture
/// for one, is the same in every database. Interests are spelled as in the crowd's pool.
const DEMO: &[Row] = &[
    Row {
        id: uuid!("9c3c73bb-67ff-58ff-8a0b-29fa4fd627d6"),
        username: "ada",
        display_name: "Ada Lovelace",
        headline: "Poetical scientist, fluent in engines and sonnets",
        bio: "I see patterns in looms, in music and in most arguments. My notes tend to run longer than \
              the paper they explain. Ask me what an engine might compose, if only somebody taught it \
              harmony.",
        interests: &["Mathematics", "Computing", "Engineering", "Clockwork", "Poetry", "Music", "Puzzles"],
    },
    Row {
        id: uuid!("eb10661e-ae2a-5e13-a835-323fe6ee9493"),
        username: "grace",
        display_name: "Grace Hopper",
        headline: "Naval officer, teacher of computers, breaker of habits",
        bio: "I carry nanoseconds in my purse: each is about a foot of wire, and yes, you may keep one. As \
              a girl I took seven alarm clocks apart to see how one of them worked. \"We have always done \
              it this way\" is the only sentence I do not answer.",
        interests: &[
            "Mathematics",
            "Computing",
            "Engineering",
            "Clockwork",
            "Sailing",
            "Teaching",
            "Knitting",
        ],
    },
    Row {
        id: uuid!("6d33ee74-c4ac-5843-9236-5aa03f3b2165"),
        username: "alan",
        display_name: "Alan Turing",
        headline: "Long-distance runner with a question about machines",
        bio: "I run to clear my head, and it usually comes back with a new machine in it. My bicycle chain \
              slips after so many turns of the pedal, so I count them. Let us play chess: I am much better \
              at inventing the opponent.",
        interests: &[
            "Mathematics",
            "Computing",
            "Puzzles",
            "Running",
            "Chess",
            "Botany",
            "Codes and ciphers",
        ],
    },
    Row {
        id: uuid!("5590680e-b26c-516f-9eed-f42a433975aa"),
        username: "katherine",
        display_name: "Katherine Johnson",
        headline: "I check the numbers, then I look up",
        bio: "I count the stairs, the plates and the stars, and I like to know how each of them moves. \
              Give me a launch window and a pencil and I will bring you home again. Sundays are for the \
              choir, evenings for a good hand of bridge.",
        interests: &["Mathematics", "Music", "Spaceflight", "Astronomy", "Card games", "Teaching"],
    },
    Row {
        id: uuid!("010236f4-4638-5bae-85e7-4ab14f3a932d"),
        username: "charles",
        display_name: "Charles Babbage",
        headline: "Engine nearly finished; the next one is even better",
        bio: "My engine is almost done, and so are the drawings of the one that makes it obsolete. I pick \
              locks and ciphers for pleasure and write to the newspapers about street organs. Come on a \
              Saturday evening: there is a silver dancer made entirely of clockwork.",
        interests: &[
            "Mathematics",
            "Computing",
            "Engineering",
            "Clockwork",
            "Puzzles",
            "Codes and ciphers",
            "Railways",
        ],
    },
    Row {
        id: uuid!("4cec8580-a6f6-5959-9e3b-b051d4e9d834"),
        username: "caroline",
        display_name: "Caroline Herschel",
        headline: "Sweeping the sky for comets, eight and counting",
        bio: "I sing, I polish mirrors, and on clear nights I sweep for comets until the ink freezes. My \
              brother finds the planets and I find what he misses. Bring a warm coat and the second \
              eyepiece is yours.",
        interests: &["Astronomy", "Mathematics", "Music", "Engineering", "Letter writing"],
    },
    Row {
        id: uuid!("98611ecc-4c20-5047-b730-1548f6a8014b"),
        username: "emmy",
        display_name: "Emmy Noether",
        headline: "Every symmetry keeps something: ask me what",
        bio: "I think best on long walks, in any weather, with people who argue back. My umbrella needs \
              mending, but on dry days I forget it and on wet days I need it. If the lecture runs over we \
              carry on at my place, with pudding.",
        interests: &["Mathematics", "Hiking", "Teaching", "Swimming", "Dancing", "Cooking"],
    },
    Row {
        id: uuid!("2da942e5-d1d6-5cd7-944a-ce6e73cdfe13"),
        username: "srinivasa",
        display_name: "Srinivasa Ramanujan",
        headline: "There are no dull numbers. Try me",
        bio: "I tend to write down the answer first, and am told that proofs are customary. I cook my own \
              sambar in a cold Cambridge kitchen, and a formula often arrives before the rice is done. \
              Send me a number you like and I shall introduce you properly.",
        interests: &["Mathematics", "Puzzles", "Cooking", "Vegetarian food", "Letter writing"],
    },
    Row {
        id: uuid!("ad4ef112-d76d-5b71-8e44-cba0b8cecb15"),
        username: "omar",
        display_name: "Omar Khayyam",
        headline: "Cubic equations at noon, quatrains by moonlight",
        bio: "I keep a calendar that hardly slips a day in thousands of years, so I am never late by much. \
              By day I solve cubics with circles and parabolas; at dusk there are roses, bread and four \
              good lines. Sit with me in the garden, the stars come out here first.",
        interests: &["Mathematics", "Poetry", "Astronomy", "Gardening", "Philosophy"],
    },
    Row {
        id: uuid!("1b66e961-3076-57ea-9ca7-232dc5a07d67"),
        username: "hokusai",
        display_name: "Katsushika Hokusai",
        headline: "Drawing since I was six, and nearly good at it",
        bio: "I have moved house more than ninety times, mostly to avoid tidying up. When I am a hundred \
              and ten every dot and line of mine will be alive; until then I practise on waves and one \
              particular mountain. Bring paper.",
        interests: &["Drawing", "Painting", "Printmaking", "Walking", "Tea"],
    },
    Row {
        id: uuid!("d72e5eee-8e39-5cfc-a0b3-e56e52ee735d"),
        username: "basho",
        display_name: "Matsuo Bashō",
        headline: "Travelling light: one hat, one brush, many frogs",
        bio: "I walk north until the road runs out and then write seventeen syllables about it. My luggage \
              keeps getting lighter and my notebook heavier. If you hear a frog jump into an old pond, \
              think of me.",
        interests: &["Poetry", "Walking", "Travel", "Tea", "Storytelling", "Gardening"],
    },
    Row {
        id: uuid!("8a5affef-226c-5436-8f95-2e7ff7c71b20"),
        username: "clara",
        display_name: "Clara Schumann",
        headline: "Pianist on tour, composer between trains",
        bio: "I play from memory, which people find astonishing and I find convenient. A houseful of \
              children has taught me to practise anywhere. Write to me: I answer every letter, usually \
              from a railway carriage.",
        interests: &["Music", "Piano", "Teaching", "Travel", "Letter writing", "Railways"],
    },
    Row {
        id: uuid!("87ebe0c0-e02a-5faa-89a2-d81532a762b3"),
        username: "battuta",
        display_name: "Ibn Battuta",
        headline: "Left home at twenty-one and took the long way round",
        bio: "I try never to take the same road twice, and I remember every meal along the way. I have \
              been judge, guest, ambassador and castaway, sometimes within one month. Tell me where you \
              live and I shall tell you who bakes the best bread there.",
        interests: &["Travel", "Storytelling", "Languages", "Street food", "Sailing", "History"],
    },
    Row {
        id: uuid!("9897c985-054a-5bb9-87ae-c924179ef462"),
        username: "tupaia",
        display_name: "Tupaia",
        headline: "Navigator: the swell tells me where we are",
        bio: "I know well over a hundred islands by heart, and from any deck I can point the way home. I \
              paint, I translate between strangers, and I read the sea through the soles of my feet. Join \
              me for a night under the stars: they are the chart.",
        interests: &["Navigation", "Sailing", "Astronomy", "Painting", "Languages", "Storytelling"],
    },
    Row {
        id: uuid!("45b5f6b6-39a6-50b2-b7c3-4aea0f88b100"),
        username: "maria",
        display_name: "Maria Sibylla Merian",
        headline: "Never too busy for a caterpillar",
        bio: "I raise moths, paint them at every stage and let the neighbours wonder. At fifty-two I am \
              off to Surinam with my daughter, to see who eats whom. A meadow, a magnifying glass and no \
              hurry: that is my perfect afternoon.",
        interests: &["Botany", "Insects", "Painting", "Printmaking", "Gardening", "Travel"],
    },
    Row {
        id: uuid!("b5335b11-95fb-58bf-8856-b583f6247bdd"),
        username: "george",
        display_name: "George Washington Carver",
        headline: "Three hundred ideas for a peanut, pick any one",
        bio: "I am up at four to walk in the woods, because that is when the plants do their talking. I \
              paint with colours made from Alabama clay and crochet with whatever is to hand. Bring me \
              your tired soil and we will have it in bloom by spring.",
        interests: &["Botany", "Gardening", "Painting", "Knitting", "Teaching", "Cooking", "Walking"],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::matching::{completeness, score, weight};
    use crate::server::people::crowd;
    use crate::server::store::MAX_INTERESTS;

    /// The score as the stores compute it in a database that holds the demo people alone.
    fn match_score(people: &[Person], a: &Person, b: &Person) -> u8 {
        let holders =
            |interest| people.iter().filter(|person| person.interests.contains(interest)).count() as u64;
        let shared = a.interests.iter().filter(|interest| b.interests.contains(interest));
        let told = |person: &Person| completeness(&person.headline, &person.bio, person.interests.len());
        score(shared.map(|interest| weight(holders(interest), people.len() as u64)).sum(), told(a), told(b))
    }

    #[test]
    fn the_four_of_the_contract_come_first() {
        let people: Vec<_> = demo().collect();
        let names = people.iter().map(|person| (person.username.as_str(), person.display_name.as_str()));
        let four = [
            ("ada", "Ada Lovelace"),
            ("grace", "Grace Hopper"),
            ("alan", "Alan Turing"),
            ("katherine", "Katherine Johnson"),
        ];
        assert!(names.take(4).eq(four));
        assert!(people.len() >= 12);
    }

    #[test]
    fn everybody_is_complete_and_distinct() {
        let (mut usernames, mut ids) = (HashSet::new(), HashSet::new());
        for person in demo() {
            assert!((1..=60).contains(&person.headline.chars().count()), "{person:?}");
            assert!((100..=300).contains(&person.bio.chars().count()), "{person:?}");
            let interests: HashSet<_> = person.interests.iter().collect();
            assert_eq!(interests.len(), person.interests.len(), "{person:?}");
            assert!((4..=7.min(MAX_INTERESTS)).contains(&interests.len()), "{person:?}");
            assert!(usernames.insert(person.username) && ids.insert(person.id));
        }
    }

    #[test]
    fn scores_for_ada_spread() {
        let people: Vec<_> = demo().collect();
        let scores: Vec<_> =
            people[1..].iter().map(|person| match_score(&people, &people[0], person)).collect();
        assert!(scores.iter().any(|&score| score >= 85), "{scores:?}");
        assert!(scores.iter().any(|&score| score <= 30), "{scores:?}");
        assert!(scores.iter().collect::<HashSet<_>>().len() >= 6, "{scores:?}");
    }

    #[test]
    fn nobody_is_without_a_good_match() {
        let people: Vec<_> = demo().collect();
        for person in &people {
            let others = people.iter().filter(|other| other.id != person.id);
            let best = others.map(|other| match_score(&people, person, other)).max();
            assert!(best >= Some(75), "{}: {best:?}", person.username);
        }
    }

    #[test]
    fn interests_are_those_of_the_crowd() {
        let known: HashSet<_> = crowd(20_000).flat_map(|person| person.interests).collect();
        for interest in demo().flat_map(|person| person.interests) {
            assert!(known.contains(&interest), "{interest}");
        }
    }
}
