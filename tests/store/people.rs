//! Accounts and profiles.

use mosaic::domain::{DisplayName, SessionId, UserId, Username};
use mosaic::server::store::{Departed, Insert, NewProfile, Position, Session, Ticket, Verified};
use uuid::Uuid;

use crate::support::{Db, at, later, message, somebody};

pub async fn a_username_is_taken_once(db: Db) {
    assert!(db.store.create_profile(&somebody("ada")).await.expect("stored"));
    assert!(!db.store.create_profile(&somebody("ada")).await.expect("answered"));

    let many = (0..16).map(|_| {
        let store = db.store.clone();
        tokio::spawn(async move { store.create_profile(&somebody("grace")).await.expect("answered") })
    });
    let mut created = 0;
    for one in many.collect::<Vec<_>>() {
        created += usize::from(one.await.expect("no panic"));
    }
    assert_eq!(created, 1);
    assert_eq!(db.number("SELECT count(*) FROM profiles").await, 2);
}

pub async fn credentials_are_found_by_username(db: Db) {
    let ada = db.person("ada").await;
    let name = |name| Username::parse(name).expect("a name");
    let found = db.store.credentials(&name("ada")).await.expect("answered");
    assert_eq!(found, Some(Verified { user_id: ada, password_hash: "hash of ada".to_owned() }));
    assert_eq!(db.store.credentials(&name("adam")).await.expect("answered"), None);
}

pub async fn a_profile_reads_back_as_written(db: Db) {
    let texts = ["Chess", "analytical engines", "Þórr & \"quotes\", {braces}", "chess", "Łódź", "null", ""];
    let new = NewProfile {
        headline: "Poet of numbers".to_owned(),
        bio: "Two\nlines, 'quoted' \\ and {}".to_owned(),
        display_name: DisplayName::parse("Ada Löve, \"Countess\"").expect("a name"),
        interests: texts.map(str::to_owned).to_vec(),
        ..somebody("ada")
    };
    let seeded = NewProfile {
        id: UserId(Uuid::new_v4()),
        username: Username::parse("copy").expect("a name"),
        ..new.clone()
    };
    assert!(db.store.create_profile(&new).await.expect("stored"));
    db.store.seed_profiles(std::slice::from_ref(&seeded)).await.expect("stored");

    for new in [new, seeded] {
        let read = db.store.profile(new.id, new.id, at(0)).await.expect("answered").expect("there");
        assert_eq!(read.score, None, "one's own profile has no score");
        let profile = read.profile;
        assert_eq!(profile.username, new.username.as_str());
        assert_eq!(profile.display_name, new.display_name.as_str());
        assert_eq!(profile.headline, new.headline);
        assert_eq!(profile.bio, new.bio);
        assert_eq!(profile.interests, new.interests, "in the order they were given");
        assert_eq!(profile.avatar_url, Some(format!("/avatars/{}.svg", new.id)));
        assert_eq!((profile.online, profile.last_seen), (false, None));
    }
}

pub async fn somebody_unknown_has_no_profile(db: Db) {
    let ada = db.person("ada").await;
    let nobody = UserId(Uuid::new_v4());
    assert_eq!(db.store.profile(ada, nobody, at(0)).await.expect("answered"), None);
    assert!(db.store.profile(nobody, ada, at(0)).await.expect("answered").is_some());
}

pub async fn seeding_is_idempotent_and_keeps_the_order(db: Db) {
    let grace = db.person("grace").await;
    let people: Vec<_> = ["ada", "grace", "alan", "ada"].map(somebody).to_vec();
    let expected = vec![people[0].id, grace, people[2].id, people[0].id];
    for _ in 0..2 {
        assert_eq!(db.store.seed_profiles(&people).await.expect("seeded"), expected);
        assert_eq!(db.number("SELECT count(*) FROM profiles").await, 3);
    }
    let again: Vec<_> = ["alan", "katherine"].map(somebody).to_vec();
    assert_eq!(db.store.seed_profiles(&again).await.expect("seeded"), vec![people[2].id, again[1].id]);
    assert_eq!(db.store.seed_profiles(&[]).await.expect("seeded"), vec![]);
}

pub async fn seeding_spans_transactions(db: Db) {
    let people: Vec<_> = (0..4500).map(|n| somebody(&format!("user-{n}"))).collect();
    let ids = db.store.seed_profiles(&people).await.expect("seeded");
    assert_eq!(ids, people.iter().map(|person| person.id).collect::<Vec<_>>());
    assert_eq!(db.number("SELECT count(*) FROM profiles").await, 4500);
}

pub async fn deleting_a_person_takes_everything_of_theirs(db: Db) {
    let (ada, grace) = db.pair().await;
    let alan = db.person("alan").await;
    for (from, to) in [(ada, grace), (grace, ada), (ada, alan), (grace, alan)] {
        db.send(from, to, "hello", at(1)).await;
    }
    let session = Session {
        id: SessionId(Uuid::new_v4()),
        user_id: ada,
        created_at: at(0),
        last_used_at: at(0),
        device: String::new(),
    };
    db.store.create_sessions(&[([7; 32], session.clone())]).await.expect("stored");
    let ticket = Ticket { user_id: ada, session_id: session.id, expires_at: at(30) };
    db.store.create_ticket(&[8; 32], &ticket).await.expect("stored");
    let instance = Uuid::new_v4();
    db.store.beat(instance, false, at(0)).await.expect("stored");
    db.store.arrive(ada, instance, at(0)).await.expect("stored");

    let start = later(&db).await;
    let mut left = db.store.delete_account(ada).await.expect("stored").expect("there");
    left.peers.sort();
    let mut peers = vec![grace, alan];
    peers.sort();
    assert_eq!(left, Departed { sessions: vec![session.id], peers });
    // The row of the log-in is gone, and still every instance hears that it ended.
    assert_eq!(db.store.revoked_since(start).await.expect("answered"), vec![session.id]);
    assert_eq!(db.store.delete_account(ada).await.expect("answered"), None);

    for (table, left) in [
        ("profiles", 2),
        ("messages", 1),
        ("conversations", 1),
        ("sessions", 0),
        ("tickets", 0),
        ("presence", 0),
    ] {
        assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")).await, left, "{table}");
    }
    assert_eq!(db.store.session(&[7; 32]).await.expect("answered"), None);
    assert_eq!(db.store.take_ticket(&[8; 32]).await.expect("answered"), None);
    assert_eq!(
        db.store.get_messages_between(grace, ada, 10, Position::NEWEST).await.expect("answered"),
        None
    );
    assert_eq!(db.store.peers(grace, 10).await.expect("answered"), vec![alan]);
    assert_eq!(db.store.profile(grace, ada, at(0)).await.expect("answered"), None);
}

pub async fn an_account_goes_while_others_write_to_it(db: Db) {
    let (ada, grace) = db.pair().await;
    db.send(ada, grace, "hello", at(0)).await;
    let writers = (0..8).map(|_| {
        let store = db.store.clone();
        tokio::spawn(async move {
            loop {
                match store.insert_message(&message(grace, ada, "are you there?", at(1))).await {
                    Ok(Insert::Stored(_)) => {}
                    Ok(Insert::NoReceiver) => return,
                    other => panic!("{other:?}"),
                }
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let left = db.store.delete_account(ada).await.expect("stored").expect("there");
    assert_eq!(left.peers, vec![grace]);
    for writer in writers {
        writer.await.expect("every send is stored or told that nobody is there");
    }
    assert_eq!(db.number("SELECT count(*) FROM messages").await, 0);
    assert_eq!(db.number("SELECT count(*) FROM conversations").await, 0);
}
