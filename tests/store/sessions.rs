//! Log-ins and tickets.

use mosaic::domain::{SessionId, UserId, Username};
use mosaic::server::store::{Session, Ticket, Verified};
use uuid::Uuid;

use crate::support::{Db, at, kept, later};

async fn log_in(db: &Db, user_id: UserId, token: u8) -> Session {
    let session = Session {
        id: SessionId(Uuid::new_v4()),
        user_id,
        created_at: kept(at(0)),
        last_used_at: kept(at(0)),
        device: "Firefox on Linux".to_owned(),
    };
    db.store.create_sessions(&[([token; 32], session.clone())]).await.expect("stored");
    session
}

async fn ticket(db: &Db, session: &Session, digest: u8) -> Ticket {
    let ticket = Ticket { user_id: session.user_id, session_id: session.id, expires_at: kept(at(30)) };
    db.store.create_ticket(&[digest; 32], &ticket).await.expect("stored");
    ticket
}

pub async fn a_token_finds_its_session(db: Db) {
    let (ada, grace) = db.pair().await;
    let sessions = [(1, ada), (2, ada), (3, grace)].map(|(token, user_id)| {
        (
            [token; 32],
            Session {
                id: SessionId(Uuid::new_v4()),
                user_id,
                created_at: at(-5),
                last_used_at: at(0),
                device: format!("Device \"{token}\""),
            },
        )
    });
    db.store.create_sessions(&sessions).await.expect("stored");
    db.store.create_sessions(&[]).await.expect("stored");
    for (token, session) in sessions {
        let read = db.store.session(&token).await.expect("answered");
        let as_kept = Session {
            created_at: kept(session.created_at),
            last_used_at: kept(session.last_used_at),
            ..session
        };
        assert_eq!(read, Some(as_kept));
    }
    assert_eq!(db.store.session(&[4; 32]).await.expect("answered"), None);
}

pub async fn a_revoked_session_is_gone_and_listed(db: Db) {
    let (ada, grace) = db.pair().await;
    let [first, second] = [log_in(&db, ada, 1).await, log_in(&db, grace, 2).await];
    let start = later(&db).await;
    assert!(db.store.revoke_session(ada, first.id).await.expect("stored"));
    assert_eq!(db.store.session(&[1; 32]).await.expect("answered"), None);
    assert_eq!(db.store.session(&[2; 32]).await.expect("answered"), Some(second.clone()));
    assert_eq!(db.store.revoked_since(start).await.expect("answered"), vec![first.id]);
    let between = later(&db).await;
    assert_eq!(db.store.revoked_since(between).await.expect("answered"), vec![]);
    assert!(db.store.revoke_session(grace, second.id).await.expect("stored"));
    assert_eq!(db.store.revoked_since(between).await.expect("answered"), vec![second.id]);
    assert_eq!(db.store.revoked_since(start).await.expect("answered"), vec![first.id, second.id]);
}

pub async fn a_session_is_revoked_once(db: Db) {
    let ada = db.person("ada").await;
    let session = log_in(&db, ada, 1).await;
    assert!(db.store.revoke_session(ada, session.id).await.expect("stored"));
    let later = later(&db).await;
    assert!(!db.store.revoke_session(ada, session.id).await.expect("answered"));
    assert_eq!(db.store.revoked_since(later).await.expect("answered"), vec![], "the first time counts");
    assert!(!db.store.revoke_session(ada, SessionId(Uuid::new_v4())).await.expect("answered"));
}

pub async fn a_session_notes_its_use(db: Db) {
    let ada = db.person("ada").await;
    let session = log_in(&db, ada, 1).await;
    for (now, noted) in [(61, 61), (30, 61), (200, 200)] {
        db.store.touch_session(session.id, at(now)).await.expect("stored");
        let read = db.store.session(&[1; 32]).await.expect("answered").expect("there");
        assert_eq!(read.last_used_at, kept(at(noted)), "never backwards");
        assert_eq!(read.created_at, session.created_at);
    }
    // Kept to the minute: nothing is written for every request.
    db.store.touch_session(session.id, at(259)).await.expect("stored");
    let read = db.store.session(&[1; 32]).await.expect("answered").expect("there");
    assert!(at(259) - read.last_used_at <= chrono::TimeDelta::seconds(60));
}

pub async fn a_ticket_is_taken_once(db: Db) {
    let ada = db.person("ada").await;
    let session = log_in(&db, ada, 1).await;
    let ticket = ticket(&db, &session, 9).await;
    assert_eq!(db.store.take_ticket(&[8; 32]).await.expect("answered"), None);
    assert_eq!(db.store.take_ticket(&[9; 32]).await.expect("answered"), Some(ticket));
    assert_eq!(db.store.take_ticket(&[9; 32]).await.expect("answered"), None);
}

pub async fn a_ticket_taken_by_many_goes_to_one(db: Db) {
    let ada = db.person("ada").await;
    let session = log_in(&db, ada, 1).await;
    ticket(&db, &session, 9).await;
    let many = (0..16).map(|_| {
        let store = db.store.clone();
        tokio::spawn(async move { store.take_ticket(&[9; 32]).await.expect("answered").is_some() })
    });
    let mut taken = 0;
    for one in many.collect::<Vec<_>>() {
        taken += usize::from(one.await.expect("no panic"));
    }
    assert_eq!(taken, 1);
}

pub async fn a_ticket_of_a_revoked_session_is_worthless(db: Db) {
    let ada = db.person("ada").await;
    let session = log_in(&db, ada, 1).await;
    ticket(&db, &session, 9).await;
    db.store.revoke_session(ada, session.id).await.expect("stored");
    assert_eq!(db.store.take_ticket(&[9; 32]).await.expect("answered"), None);
}

pub async fn a_session_expires_by_its_age_and_by_its_last_use(db: Db) {
    let ada = db.person("ada").await;
    let [first, second] = [log_in(&db, ada, 1).await, log_in(&db, ada, 2).await];
    db.store.touch_session(second.id, at(100)).await.expect("stored");
    let unknown = SessionId(Uuid::new_v4());
    let among = |ids: Vec<SessionId>, made, used| {
        let store = db.store.clone();
        async move { store.expired_sessions(&ids, at(made), at(used)).await.expect("answered") }
    };
    let both = || vec![first.id, unknown, second.id];
    assert_eq!(among(both(), -1, -1).await, []);
    assert_eq!(among(both(), -1, 0).await, [first.id], "not used since");
    assert_eq!(among(both(), -1, 99).await, [first.id]);
    for (made, used) in [(0, -1), (-1, 100)] {
        let mut expired = among(both(), made, used).await;
        expired.sort_by_key(|id| *id != first.id);
        assert_eq!(expired, [first.id, second.id], "{made} {used}");
    }
    assert_eq!(among(vec![second.id], 0, 0).await, [second.id], "only those asked about");
    assert_eq!(among(vec![], 100, 100).await, []);
}

pub async fn sessions_are_listed_last_used_first(db: Db) {
    let (ada, grace) = db.pair().await;
    let [first, second, third] =
        [log_in(&db, ada, 1).await, log_in(&db, ada, 2).await, log_in(&db, ada, 3).await];
    log_in(&db, grace, 4).await;
    db.store.touch_session(second.id, at(100)).await.expect("stored");
    db.store.touch_session(third.id, at(200)).await.expect("stored");
    let listed = async |since, limit| {
        let sessions = db.store.sessions_of(ada, at(since), limit).await.expect("answered");
        assert!(sessions.iter().all(|session| session.device == first.device && session.user_id == ada));
        sessions.into_iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(-1, 10).await, vec![third.id, second.id, first.id]);
    assert_eq!(listed(-1, 2).await, vec![third.id, second.id]);
    assert_eq!(listed(50, 10).await, vec![third.id, second.id], "what was used too long ago is left out");
    assert!(db.store.revoke_session(ada, third.id).await.expect("stored"));
    assert_eq!(listed(-1, 10).await, vec![second.id, first.id]);
}

pub async fn a_session_is_revoked_by_its_owner_only(db: Db) {
    let (ada, grace) = db.pair().await;
    let session = log_in(&db, ada, 1).await;
    assert!(!db.store.revoke_session(grace, session.id).await.expect("answered"));
    assert_eq!(db.store.session(&[1; 32]).await.expect("answered"), Some(session));
}

pub async fn another_password_ends_all_other_sessions(db: Db) {
    let (ada, grace) = (db.person("ada").await, db.person("grace").await);
    let [kept, other, hers] =
        [log_in(&db, ada, 1).await, log_in(&db, ada, 2).await, log_in(&db, grace, 3).await];
    let start = later(&db).await;
    let change = async |old: &str, new: &str| {
        let verified = Verified { user_id: ada, password_hash: old.to_owned() };
        db.store.change_password(&verified, new, kept.id).await.expect("stored")
    };
    assert_eq!(change("a wrong hash", "another hash").await, None);
    assert_eq!(db.store.session(&[2; 32]).await.expect("answered"), Some(other.clone()), "nothing was done");
    assert_eq!(change("hash of ada", "another hash").await, Some(vec![other.id]));
    assert_eq!(db.store.revoked_since(start).await.expect("answered"), vec![other.id]);
    for (token, found) in [(1, Some(kept.clone())), (2, None), (3, Some(hers))] {
        assert_eq!(db.store.session(&[token; 32]).await.expect("answered"), found, "{token}");
    }
    let profile = db.store.profile(ada, ada, at(0)).await.expect("answered").expect("there").profile;
    let name = Username::parse(&profile.username).expect("a name");
    let credentials = db.store.credentials(&name).await.expect("answered");
    let password_hash = "another hash".to_owned();
    assert_eq!(credentials, Some(Verified { user_id: ada, password_hash }));
    assert_eq!(change("hash of ada", "a third").await, None, "it was changed already");
    assert_eq!(change("another hash", "a third").await, Some(vec![]));
}

pub async fn a_log_in_is_made_with_the_password_of_the_moment(db: Db) {
    let ada = db.person("ada").await;
    let verified = |hash: &str| Verified { user_id: ada, password_hash: hash.to_owned() };
    let kept = log_in(&db, ada, 1).await;
    let session = |n: u128| Session { id: SessionId(Uuid::from_u128(n)), ..kept.clone() };
    let open = async |n: u8, hash: &str| {
        db.store.open_session(&[n; 32], &session(n.into()), &verified(hash)).await.expect("answered")
    };
    assert!(!open(2, "a wrong hash").await);
    assert_eq!(db.store.session(&[2; 32]).await.expect("answered"), None);
    assert!(open(3, "hash of ada").await);
    assert_eq!(db.store.session(&[3; 32]).await.expect("answered"), Some(session(3)));
    // At the very moment of a change, with the password as it was: it is too late, or ended with the others.
    for round in 0..20 {
        let (old, new) = (format!("hash {round}"), format!("hash {}", round + 1));
        if round == 0 {
            db.store.change_password(&verified("hash of ada"), &old, kept.id).await.expect("stored");
        }
        let tokens: Vec<u8> = (0..8).map(|n| 10 + round * 8 + n).collect();
        let (store, elsewhere) = (db.store.clone(), db.another_instance().await);
        let attempts = tokens.iter().map(|token| {
            let (store, session, verified) = (elsewhere.clone(), session((*token).into()), verified(&old));
            let token = *token;
            tokio::spawn(async move { store.open_session(&[token; 32], &session, &verified).await })
        });
        let attempts: Vec<_> = attempts.collect();
        let changed = store.change_password(&verified(&old), &new, kept.id).await.expect("stored");
        assert!(changed.is_some());
        for attempt in attempts {
            attempt.await.expect("no panic").expect("answered");
        }
        for token in tokens {
            assert_eq!(db.store.session(&[token; 32]).await.expect("answered"), None, "round {round}");
        }
    }
    assert_eq!(db.store.session(&[1; 32]).await.expect("answered"), Some(kept));
}
