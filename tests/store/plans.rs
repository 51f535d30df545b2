//! How the databases answer: along indexes, never by counting off what was asked for.

use mosaic::domain::{ContactChange, Seq};
use mosaic::server::people::crowd;

use crate::support::{Db, at, message};

/// The statements of an adapter, to make sure that what is explained here is what runs.
const POSTGRES: [&str; 2] = [
    include_str!("../../src/server/store/postgres/messages.rs"),
    include_str!("../../src/server/store/postgres/conversations.rs"),
];
const SQLITE: [&str; 2] = [
    include_str!("../../src/server/store/sqlite/messages.rs"),
    include_str!("../../src/server/store/sqlite/conversations.rs"),
];

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The plan of a statement that an adapter runs, its parameters filled in.
async fn plan(db: &Db, statement: &str, parameters: &[&str]) -> String {
    let sources = db.pick("sqlite", "postgres");
    let sources = if sources == "sqlite" { SQLITE } else { POSTGRES };
    assert!(
        sources.iter().any(|source| squeeze(source).contains(&squeeze(statement))),
        "runs nowhere: {statement}"
    );
    assert!(!squeeze(statement).to_uppercase().contains(" OFFSET "), "{statement}");
    let mut filled = statement.to_owned();
    for (n, parameter) in parameters.iter().enumerate().rev() {
        filled = filled.replace(&format!("${}", n + 1), parameter);
    }
    let explain = db.pick("EXPLAIN QUERY PLAN ", "EXPLAIN ");
    db.sql(&format!("{explain}{filled}")).await.join("\n")
}

fn holds(plan: &str, wanted: &[&str], unwanted: &[&str]) {
    for part in wanted {
        assert!(plan.contains(part), "no {part:?} in\n{plan}");
    }
    for part in unwanted {
        assert!(!plan.contains(part), "{part:?} in\n{plan}");
    }
}

pub async fn history_walks_its_index(db: Db) {
    let (ada, grace) = db.pair().await;
    db.send(ada, grace, "first", at(0)).await;
    db.fill(ada, grace, 20_000).await;
    let statement = db.pick(
        "FROM messages
             WHERE min(sender_id, receiver_id) = $1 AND max(sender_id, receiver_id) = $2
               AND seq BETWEEN $3 AND $4 ORDER BY seq",
        "FROM messages
             WHERE LEAST(sender_id, receiver_id) = $1 AND GREATEST(sender_id, receiver_id) = $2
               AND seq BETWEEN $3 AND $4 ORDER BY seq",
    );
    let select = "SELECT id, client_id, sender_id, receiver_id, content, seq, created_at, read_at";
    let (lo, hi) = (db.literal(ada), db.literal(grace));
    for from in ["1", "10000", "19951"] {
        let to = (from.parse::<u32>().expect("a number") + 49).to_string();
        let plan = plan(&db, &format!("{select} {statement}"), &[&lo, &hi, from, &to]).await;
        holds(&plan, &["idx_messages_conversation"], &["Sort", "Seq Scan", "TEMP B-TREE", "SCAN"]);
    }
}

/// On SQLite it is walked in its order. PostgreSQL sorts, since an index in that order would have to be written to with
/// each message.
pub async fn the_inbox_reads_the_conversations_of_one_person(db: Db) {
    let ada = db.person("ada").await;
    let mut people = vec![ada];
    for n in 0..40 {
        people.push(db.person(&format!("peer-{n}")).await);
    }
    for (n, &peer) in (0..).zip(&people[1..]) {
        db.send(ada, peer, "hello", at(n)).await;
        for &other in &people[1..n as usize + 1] {
            db.send(other, peer, "hello", at(n)).await;
        }
    }
    db.sql("ANALYZE").await;
    let walk = db.pick(
        "SELECT me, peer, last_message_at FROM sides WHERE me = $1 ORDER BY last_message_at DESC, peer DESC LIMIT $2",
        "SELECT me, peer FROM sides WHERE me = $1 ORDER BY last_message_at DESC, peer DESC LIMIT $2",
    );
    let page = "SELECT * FROM sides
             WHERE me = $1 AND first_seq <> last_seq + 1 AND (last_message_at, peer) < ($2, $3)
             ORDER BY last_message_at DESC, peer DESC LIMIT $4";
    let (me, now) = (db.literal(ada), db.pick("1790000020000000", "'2026-09-21T14:13:40Z'"));
    for plan in [plan(&db, walk, &[&me, "5"]).await, plan(&db, page, &[&me, now, &me, "5"]).await] {
        let of_lo = db.pick("conversations_of_lo", "conversations_pkey");
        holds(
            &plan,
            &[db.pick("MERGE (UNION ALL)", "Append"), of_lo, "conversations_of_hi"],
            &["Seq Scan", "TEMP B-TREE", "SCAN c"],
        );
    }
}

/// PostgreSQL writes to all indexes of a row, or to none when nothing indexed has changed: with what happens often that is
/// at most the time, once in ten seconds.
pub async fn what_happens_often_is_in_few_indexes(db: Db) {
    let columns = db.pick(
        "SELECT DISTINCT c.name FROM pragma_index_list('conversations') i, pragma_index_info(i.name) c ORDER BY 1",
        "SELECT DISTINCT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indexrelid
         WHERE i.indrelid = 'conversations'::regclass ORDER BY 1",
    );
    let indexed =
        db.pick("changed_at last_message_at user_hi user_lo", "changed_at user_hi user_lo").split(' ');
    assert_eq!(db.sql(columns).await, indexed.collect::<Vec<_>>());

    let (ada, grace) = db.pair().await;
    let between_steps =
        db.pick("SELECT '0'", "SELECT count(*) FROM conversations WHERE changed_at <> slot(changed_at)");
    // The first message begins the conversation, which is none of what happens often.
    db.send(ada, grace, "hello", at(0)).await;
    db.sql(db.pick("SELECT 1", "UPDATE conversations SET changed_at = slot(changed_at)")).await;
    db.send(ada, grace, "hello", at(1)).await;
    let several = ["one", "two"].map(|text| message(grace, ada, text, at(2))).to_vec();
    db.store.insert_messages(several).await.expect("stored");
    assert_eq!(db.number(between_steps).await, 0, "messages");
    db.store.mark_delivered(grace, ada, Seq(1)).await.expect("stored");
    db.store.mark_read(grace, ada, Seq(2), at(3)).await.expect("stored");
    assert_eq!(db.number(between_steps).await, 0, "marks");
    db.store.change_contact(ada, grace, ContactChange::Muted(true)).await.expect("stored");
    assert_eq!(db.number(between_steps).await, 0, "choices");
}

pub async fn marks_and_polls_use_indexes(db: Db) {
    let (ada, grace) = db.pair().await;
    db.send(ada, grace, "first", at(0)).await;
    db.fill(ada, grace, 20_000).await;
    let (lo, hi) = (db.literal(ada), db.literal(grace));
    let unread = "SELECT unread FROM sides WHERE me = $1";
    let explain = db.pick("EXPLAIN QUERY PLAN ", "EXPLAIN ");
    let plan = db.sql(&format!("{explain}{}", unread.replace("$1", &hi))).await.join("\n");
    holds(&plan, &["idx_messages_conversation"], &["Seq Scan on messages", "SCAN m"]);
    let stamp = db.pick(
        "UPDATE messages SET read_at = 1 WHERE min(sender_id, receiver_id) = $1 AND max(sender_id, receiver_id) = $2 AND seq > 5 AND seq <= 9 AND receiver_id = $2",
        "UPDATE messages SET read_at = now() WHERE LEAST(sender_id, receiver_id) = $1 AND GREATEST(sender_id, receiver_id) = $2 AND seq > 5 AND seq <= 9 AND receiver_id = $2",
    );
    let plan = db.sql(&format!("{explain}{}", stamp.replace("$1", &lo).replace("$2", &hi))).await.join("\n");
    holds(&plan, &["idx_messages_conversation"], &["Seq Scan", "SCAN"]);
}

/// Search writes numbers into its statements; these are what it then says of a level, of the
/// holders of interests, and of a text.
pub async fn search_reads_its_indexes(db: Db) {
    let people: Vec<_> = crowd(5000).map(|person| person.new_profile("hash", at(0))).collect();
    db.store.seed_profiles(&people).await.expect("seeded");
    db.sql(db.pick("ANALYZE", "VACUUM ANALYZE")).await;
    let explain = db.pick("EXPLAIN QUERY PLAN ", "EXPLAIN ");

    let id = db.literal(people[0].id);
    let level = format!(
        "{explain}SELECT CAST(16 AS bigint) AS score, id FROM searchable p
         WHERE completeness = 20 AND id <> {id} AND id > {id} AND mask & 12 = 0
           AND (SELECT COUNT(*) FROM profile_interests h WHERE h.person = p.person AND h.interest IN (70, 80)) = 0
         ORDER BY id LIMIT 25"
    );
    let level = db.sql(&level).await.join("\n");
    let walk = db.pick(
        "SEARCH p USING COVERING INDEX searchable_in_order (completeness=? AND id>?)",
        "Index Only Scan using searchable_in_order",
    );
    holds(&level, &[walk], &["Sort", "Seq Scan", "TEMP B-TREE", "SCAN"]);

    let holders = format!(
        "{explain}SELECT person, MAX(completeness), MAX(mask), SUM(CASE interest WHEN 70 THEN 9 WHEN 80 THEN 9 END)
         FROM profile_interests WHERE interest IN (70, 80) GROUP BY person"
    );
    let holders = db.sql(&holders).await.join("\n");
    let lists = db.pick("SEARCH profile_interests USING PRIMARY KEY (interest=?)", "profile_interests_pkey");
    holds(&holders, &[lists], &["Seq Scan", "SCAN"]);

    let by_trigrams = db.pick(
        "p.person IN (SELECT rowid FROM searchable_trigrams WHERE searchable_trigrams MATCH '\"lovelace\"')",
        "trigrams(p.text) @@ 'lov & ove & vel'::tsquery AND p.text LIKE '%lovelace%'",
    );
    let found = format!(
        "{explain}WITH held AS MATERIALIZED (
             SELECT person, SUM(9) AS listed FROM profile_interests WHERE interest IN (70, 80) GROUP BY person
         ) SELECT p.id, held.listed FROM searchable p LEFT JOIN held ON held.person = p.person WHERE {by_trigrams}"
    );
    let found = db.sql(&found).await.join("\n");
    holds(&found, &[db.pick("VIRTUAL TABLE INDEX", "searchable_trigrams")], &["Seq Scan"]);
}
