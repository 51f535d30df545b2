//! Search and scores, against the formula computed the slow way.

use std::collections::{BTreeMap, BTreeSet};

use mosaic::domain::{DisplayName, ScoredProfile, UserId, matching};
use mosaic::server::people::crowd;
use mosaic::server::store::{MAX_INTERESTS, MatchCursor, NewProfile, SharedStore, fold};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::{BoxedStrategy, ValueTree as _};
use proptest::test_runner::TestRunner;

use crate::support::{Db, at, somebody};

/// A small town: interests from very common to unique, profiles from empty to complete.
async fn town(db: &Db) -> Vec<NewProfile> {
    let people: Vec<_> =
        (0..90_usize)
            .map(|n| NewProfile {
                display_name: DisplayName::parse(&format!("Person {n} {}", ["Łukasz", "Zoë", "İnci"][n % 3]))
                    .expect("a name"),
                headline: if n % 2 == 0 { format!("Headline {n}, 100% sure") } else { String::new() },
                bio: if n % 3 == 0 { "Something".to_owned() } else { " ".to_owned() },
                interests: (1..=12)
                    .filter(|interest| n.wrapping_mul(31) % (interest * 2) == 0)
                    .map(|interest| {
                        if n % 5 == 0 {
                            format!("INTEREST_{interest}")
                        } else {
                            format!("interest_{interest}")
                        }
                    })
                    .chain((n % 7 == 0).then(|| format!("only {n}")))
                    .collect(),
                ..somebody(&format!("user.{n}"))
            })
            .collect();
    db.store.seed_profiles(&people).await.expect("seeded");
    people
}

fn tags(person: &NewProfile) -> BTreeSet<String> {
    person.interests.iter().map(|interest| fold(interest)).collect()
}

/// Everybody but the viewer who contains `text`, best first.
fn expected(people: &[NewProfile], viewer: &NewProfile, text: &str) -> Vec<(UserId, u8)> {
    let mut holders = BTreeMap::new();
    for person in people {
        for tag in tags(person) {
            *holders.entry(tag).or_insert(0_u64) += 1;
        }
    }
    let told =
        |person: &NewProfile| matching::completeness(&person.headline, &person.bio, person.interests.len());
    let contains = |person: &NewProfile| {
        let texts = [person.display_name.as_str(), person.username.as_str(), &person.headline];
        texts.iter().any(|own| fold(own).contains(text)) || tags(person).iter().any(|tag| tag.contains(text))
    };
    let mut found: Vec<_> = people
        .iter()
        .filter(|person| person.id != viewer.id && contains(person))
        .map(|person| {
            let shared = tags(person)
                .intersection(&tags(viewer))
                .map(|tag| matching::weight(holders[tag], people.len() as u64))
                .sum();
            (person.id, matching::score(shared, told(viewer), told(person)))
        })
        .collect();
    found.sort_by_key(|&(id, score)| (std::cmp::Reverse(score), id));
    found
}

/// Every page, joined.
async fn all(store: &SharedStore, viewer: UserId, text: &str, limit: u32) -> Vec<(UserId, u8)> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = store.search_matches(viewer, text, limit, after, at(0)).await.expect("answered");
        assert!(page.matches.len() <= usize::try_from(limit).expect("small"));
        let entry =
            |ScoredProfile { profile, score }: &ScoredProfile| (profile.id, score.expect("somebody else"));
        found.extend(page.matches.iter().map(entry));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

pub async fn scores_are_those_of_the_formula(db: Db) {
    let people = town(&db).await;
    for viewer in people.iter().step_by(11) {
        let expected = expected(&people, viewer, "");
        assert_eq!(all(&db.store, viewer.id, "", 200).await, expected);
        for &(id, score) in expected.iter().step_by(13) {
            let seen = db.store.profile(viewer.id, id, at(0)).await.expect("answered").expect("there");
            let back = db.store.profile(id, viewer.id, at(0)).await.expect("answered").expect("there");
            assert_eq!((seen.score, back.score), (Some(score), Some(score)), "from either side");
        }
    }
}

pub async fn pages_are_in_order_without_hole_or_double(db: Db) {
    let people = town(&db).await;
    let viewer = &people[6];
    for text in ["", "interest_2", "person 1"] {
        let expected = expected(&people, viewer, text);
        for limit in [1, 2, 7, 24, 89, 90] {
            assert_eq!(
                all(&db.store, viewer.id, text, limit).await,
                expected,
                "{limit} at a time of {text:?}"
            );
        }
    }
}

/// A crowd has interests beyond those with a bit in masks, and levels full enough to be walked.
pub async fn a_crowd_is_ranked_by_the_formula(db: Db) {
    let mut people: Vec<_> = crowd(3000).map(|person| person.new_profile("hash", at(0))).collect();
    for (n, person) in people.iter_mut().enumerate() {
        match n % 12 {
            0 => person.bio = String::new(),
            1 => (person.headline, person.interests) = (String::new(), vec![]),
            2 => person.interests.truncate(1),
            _ => {}
        }
    }
    // As many as a profile may have, and none.
    let mut many: Vec<_> = people.iter().flat_map(|person| person.interests.clone()).collect();
    many.sort();
    many.dedup();
    people[5].interests = many.iter().step_by(many.len() / MAX_INTERESTS + 1).cloned().collect();
    people[6].interests = ["Music", "Travel", "Cooking", "Hiking", "Films"].map(str::to_owned).to_vec();
    db.store.seed_profiles(&people).await.expect("seeded");
    assert!(db.number("SELECT count(*) FROM interests WHERE id > 63").await > 100);

    for viewer in [5, 6, 1, 17, 40].map(|n| &people[n]) {
        let everybody = expected(&people, viewer, "");
        assert!(all(&db.store, viewer.id, "", 200).await == everybody, "{viewer:?}");
        for text in ["ing", "music", "jazz", "e", "zu", "q", "qx", "a m", "user0012", "no such", "'"] {
            let expected = expected(&people, viewer, text);
            assert!(all(&db.store, viewer.id, text, 150).await == expected, "{text:?} for {viewer:?}");
        }
        // Short pages, each begun anywhere.
        for begin in (0..everybody.len() - 25).step_by(97) {
            let (id, score) = everybody[begin];
            let after = Some(MatchCursor { score, id });
            let page = db.store.search_matches(viewer.id, "", 24, after, at(0)).await.expect("answered");
            let ids: Vec<_> = page.matches.iter().map(|entry| entry.profile.id).collect();
            let wanted: Vec<_> = everybody[begin + 1..begin + 25].iter().map(|&(id, _)| id).collect();
            assert_eq!(ids, wanted, "behind {begin} of {viewer:?}");
        }
    }
}

/// The counters that weights are made of are those of the rows.
pub async fn counters_are_those_of_the_rows(db: Db) {
    let people = town(&db).await;
    for leaver in [5, 40, 7, 8] {
        db.sql(&format!("DELETE FROM profiles WHERE id = {}", db.literal(people[leaver].id))).await;
    }
    db.store.seed_profiles(&people[..9]).await.expect("seeded");
    for wrong in [
        "SELECT count(*) FROM interests i
         WHERE holders <> (SELECT count(*) FROM profile_interests h WHERE h.interest = i.id)",
        "SELECT count(*) FROM completeness_counts c
         WHERE people <> (SELECT count(*) FROM searchable s WHERE s.completeness = c.completeness)",
        "SELECT count(*) FROM profile_interests h WHERE person NOT IN (SELECT person FROM searchable)",
        "SELECT count(*) FROM profiles p WHERE id NOT IN (SELECT id FROM searchable)",
    ] {
        assert_eq!(db.number(wrong).await, 0, "{wrong}");
    }
    assert_eq!(db.number("SELECT count(*) FROM searchable").await, 89);
}

pub async fn every_text_is_found_where_it_occurs(db: Db) {
    let people = town(&db).await;
    let viewer = &people[3];
    for text in [
        "p",
        "er",
        "user.4",
        "headline",
        "interest_1",
        "interest_12",
        "only 49",
        "zoë",
        "sure",
        "77",
        "nowhere",
        "x",
    ] {
        let expected = expected(&people, viewer, text);
        assert_eq!(all(&db.store, viewer.id, text, 50).await, expected, "{text:?}");
    }
    assert_eq!(all(&db.store, viewer.id, "user.3", 99).await.len(), 10, "user.30 to user.39: never oneself");
}

pub async fn wildcards_are_plain_characters(db: Db) {
    let ada = db.person("ada").await;
    // Enough others, so that what few people contain is looked up in the index.
    let others: Vec<_> = (0..100).map(|n| somebody(&format!("bystander{n}"))).collect();
    db.store.seed_profiles(&others).await.expect("seeded");
    let mut ids = BTreeMap::new();
    let names =
        ["100% sure", "under_score", "back\\slash", "quo'te", "plain", "star*", "a\u{fffe}b", "ab%c b%cd"];
    for (n, name) in names.iter().enumerate() {
        let profile = NewProfile { headline: (*name).to_owned(), ..somebody(&format!("somebody{n}")) };
        db.store.create_profile(&profile).await.expect("stored");
        ids.insert(*name, profile.id);
    }
    for (text, found) in [
        ("%", &["100% sure", "ab%c b%cd"][..]),
        ("_", &["under_score"]),
        ("\\", &["back\\slash"]),
        ("'", &["quo'te"]),
        ("*", &["star*"]),
        ("0%", &["100% sure"]),
        ("r_s", &["under_score"]),
        ("0% s", &["100% sure"]),
        ("p%n", &[]),
        ("p_ain", &[]),
        // Each of its trigrams stands in a text, but not all of it.
        ("ab%cd", &[]),
        ("b%cd", &["ab%c b%cd"]),
        ("k\\sl", &["back\\slash"]),
        ("er_sc", &["under_score"]),
        ("\"", &[]),
        ("' OR 1=1 --", &[]),
        ("\n", &[]),
        ("sure\n", &[]),
        ("somebody1\nunder_score", &[]),
        ("a\u{fffe}b", &["a\u{fffe}b"]),
        ("\u{fffe}", &["a\u{fffe}b"]),
    ] {
        let found: BTreeSet<_> = found.iter().map(|name| ids[name]).collect();
        let got: BTreeSet<_> =
            all(&db.store, ada, &fold(text), 50).await.into_iter().map(|(id, _)| id).collect();
        assert_eq!(got, found, "{text:?}");
    }
}

pub async fn case_and_composition_do_not_matter(db: Db) {
    let ada = db.person("ada").await;
    let zoe = NewProfile {
        display_name: DisplayName::parse("Zoë Ångström").expect("a name"),
        interests: vec!["Ｆｕｌｌｗｉｄｔｈ ﬁsh".to_owned()],
        ..somebody("zoe")
    };
    db.store.create_profile(&zoe).await.expect("stored");
    for text in ["ZOË", "zoe\u{308}", "ångström", "A\u{30a}NGSTRO\u{308}M", "fullwidth", "FISH", "zoë å"]
    {
        assert_eq!(all(&db.store, ada, &fold(text), 9).await.len(), 1, "{text:?}");
    }
    assert_eq!(all(&db.store, ada, &fold("zoe å"), 9).await, vec![]);
}

pub async fn newcomers_and_leavers_show_at_once(db: Db) {
    let people = town(&db).await;
    let viewer = &people[0];
    let mut now = people.clone();
    assert_eq!(all(&db.store, viewer.id, "", 200).await, expected(&now, viewer, ""));

    let newcomer = NewProfile { interests: viewer.interests.clone(), ..somebody("newcomer") };
    db.store.create_profile(&newcomer).await.expect("stored");
    now.push(newcomer.clone());
    assert_eq!(all(&db.store, viewer.id, "", 200).await, expected(&now, viewer, ""));

    for leaver in [5, 40, 7] {
        db.sql(&format!("DELETE FROM profiles WHERE id = {}", db.literal(now[leaver].id))).await;
        now.remove(leaver);
        assert_eq!(
            all(&db.store, viewer.id, "", 200).await,
            expected(&now, viewer, ""),
            "weights follow, too"
        );
    }
    assert_eq!(all(&db.store, newcomer.id, "newcomer", 9).await, vec![], "never oneself");
}

pub async fn other_instances_agree(db: Db) {
    let other = db.another_instance().await;
    let people = town(&db).await;
    let viewer = &people[12];
    // They write at once, and each finds what the other wrote.
    let tasks = (0..20).map(|n| {
        let (here, there) =
            if n % 2 == 0 { (db.store.clone(), other.clone()) } else { (other.clone(), db.store.clone()) };
        let (viewer, name) = (viewer.id, format!("late{n}x"));
        tokio::spawn(async move {
            let profile = somebody(&name);
            here.create_profile(&profile).await.expect("stored");
            let found = all(&there, viewer, &name, 9).await;
            assert_eq!(
                found.iter().map(|&(id, _)| id).collect::<Vec<_>>(),
                [profile.id],
                "read what was written"
            );
            profile
        })
    });
    let mut now = people.clone();
    for task in tasks.collect::<Vec<_>>() {
        now.push(task.await.expect("no panic"));
    }
    let expected = expected(&now, viewer, "");
    assert_eq!(all(&db.store, viewer.id, "", 50).await, expected);
    assert_eq!(all(&other, viewer.id, "", 50).await, expected);
}

/// What people may be called and look for: letters that fold to others, that have forms of their own at the
/// end of a word or take several code points, and everything that means something to a database.
const PIECES: &[&str] = &[
    "%",
    "_",
    "\\",
    "'",
    "\"",
    "*",
    "?",
    "(",
    ")",
    ":",
    "&",
    "|",
    "!",
    "-",
    "--",
    "^",
    "{",
    "}",
    "[",
    "]",
    "<->",
    "AND",
    "OR",
    "NOT",
    "NEAR",
    "\n",
    "\t",
    " ",
    "\u{a0}",
    "\u{200b}",
    "\u{202e}",
    "a",
    "A",
    "ab",
    "é",
    "e\u{301}",
    "İ",
    "ı",
    "ß",
    "ẞ",
    "Σ",
    "ς",
    "ﬁ",
    "Ａ",
    "ſ",
    "K",
    "ǅ",
    "ᾼ",
    "好",
    "👍🏽",
    "\u{10ffff}",
    "\u{fffe}",
    "$1",
    "%s",
    "x'",
];

/// A text of such pieces.
fn pieced(most: usize) -> impl Strategy<Value = String> {
    let piece =
        prop_oneof![6 => select(PIECES).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    vec(piece, 0..=most).prop_map(|pieces| pieces.concat())
}

/// Any text finds those who contain it, as a plain search through everybody does. Every search is right
/// whichever way it takes: with few people and with many.
pub async fn any_text_finds_who_contains_it(db: Db) {
    let mut chance = TestRunner::default();
    let mut drawn = |strategy: &dyn Fn() -> BoxedStrategy<String>| {
        strategy().new_tree(&mut chance).expect("nothing is filtered").current()
    };
    let short = || pieced(3).boxed();
    let long = || pieced(9).prop_map(|text| text.replace(['\0', '\n'], "")).boxed();
    let people: Vec<_> = (0..60)
        .map(|n| NewProfile {
            display_name: DisplayName::parse(&drawn(&long))
                .unwrap_or_else(|_| DisplayName::parse("X").expect("a name")),
            headline: drawn(&long),
            interests: vec![drawn(&long), format!("tag {}", n % 4)],
            ..somebody(&format!("user{n}"))
        })
        .collect();
    db.store.seed_profiles(&people).await.expect("seeded");
    let viewer = &people[0];
    for n in 0..120 {
        // Half of the texts stand somewhere.
        let text = if n % 2 == 0 {
            drawn(&short)
        } else {
            let own: Vec<char> = people[n % people.len()].headline.chars().collect();
            own.iter().skip(n % 3).take(1 + n % 5).collect()
        };
        let folded = fold(&text);
        let expected = expected(&people, viewer, &folded);
        assert_eq!(all(&db.store, viewer.id, &folded, 50).await, expected, "{text:?} as {folded:?}");
    }
}
