//! The house rules that the compiler does not know: who may import whom, settings that stand in two
//! files, and what keeps every language possible.

#[path = "architecture/words.rs"]
mod words;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A folder or file of `src`, and the roots it must not name.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "domain",
        &[
            "leptos",
            "axum",
            "tokio",
            "web_sys",
            "js_sys",
            "sqlx",
            "gloo_net",
            "crate::chat",
            "crate::server",
            "crate::api",
            "crate::hooks",
            "crate::components",
            "Utc::now",
            "Instant::now",
            "getrandom",
        ],
    ),
    (
        "chat",
        &[
            "leptos",
            "axum",
            "tokio",
            "web_sys",
            "js_sys",
            "sqlx",
            "gloo_net",
            "crate::server",
            "crate::api",
            "crate::hooks",
            "crate::components",
            "Utc::now",
            "Instant::now",
            "getrandom",
        ],
    ),
    ("api.rs", &["crate::hooks", "crate::components", "crate::pages", "crate::chat", "web_sys", "sqlx"]),
    ("reactive.rs", &["crate::"]),
    (
        "i18n",
        &[
            "crate::api",
            "crate::chat",
            "crate::components",
            "crate::hooks",
            "crate::pages",
            "crate::server",
            "crate::state",
        ],
    ),
    ("state.rs", &["crate::api", "crate::components", "crate::pages", "crate::server", "crate::hooks"]),
    ("hooks", &["crate::components", "crate::pages", "crate::server", "crate::api"]),
    ("components", &["crate::server", "crate::pages", "web_sys::WebSocket", "chat::session"]),
    ("pages", &["crate::server", "web_sys::WebSocket", "crate::chat::Session"]),
    (
        "server/store",
        &[
            "crate::server::routes",
            "crate::server::service",
            "crate::server::bus",
            "super::service",
            "axum",
            "leptos",
        ],
    ),
    (
        "server/bus",
        &["crate::server::routes", "crate::server::service", "crate::server::store", "axum", "leptos"],
    ),
    ("server/service", &["crate::server::routes", "axum", "leptos", "sqlx", "redis"]),
    ("server/routes", &["sqlx", "redis", "crate::components", "crate::pages", "crate::hooks"]),
];

/// The forbidden roots that a text names outside of comments.
fn offences<'r>(text: &str, roots: &[&'r str]) -> Vec<&'r str> {
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let names = |root: &&&str| {
        code.iter().any(|line| {
            line.match_indices(**root).any(|(at, found)| {
                let before = line[..at].chars().next_back();
                let after = line[at + found.len()..].chars().next();
                let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
                let is_path = root.contains(':') || line[at + found.len()..].starts_with("::");
                !is_word(before) && before != Some(':') && !is_word(after) && is_path
            })
        })
    };
    roots.iter().filter(names).copied().collect()
}

fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        found.extend(files(&entry.path()));
    }
    found.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn nobody_imports_what_is_above_or_beside_them() {
    let mut checked = 0;
    for (place, roots) in FORBIDDEN {
        let path = root().join("src").join(place);
        let mut places = files(&path);
        places
            .extend(Some(path.with_extension("rs")).filter(|file| !place.ends_with(".rs") && file.is_file()));
        assert!(!places.is_empty(), "{place} is gone: the rule speaks of nothing");
        for file in places {
            let found = offences(&fs::read_to_string(&file).unwrap(), roots);
            assert!(found.is_empty(), "{} must not name {found:?}", file.display());
            checked += 1;
        }
    }
    assert!(checked > 30, "only {checked} files were looked at");
}

#[test]
fn a_planted_import_is_caught() {
    let roots = ["leptos", "crate::server", "Utc::now"];
    assert_eq!(offences("use leptos::prelude::*;", &roots), ["leptos"]);
    assert_eq!(offences("let x = crate::server::store::fold(y);", &roots), ["crate::server"]);
    assert_eq!(offences("    let now = Utc::now();", &roots), ["Utc::now"]);
    assert_eq!(offences("// use leptos::prelude::*; and crate::server", &roots), Vec::<&str>::new());
    assert_eq!(offences("use crate::server_name; let leptos_like = 1;", &roots), Vec::<&str>::new());
}

/// The names of metrics in a text, and of nothing else that begins like them.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    let starts = text.match_indices("mosaic_").map(|(at, _)| &text[at..]);
    starts.map(|name| &name[..name.find(|c| !is_part(c)).unwrap_or(name.len())]).collect()
}

#[test]
fn every_metric_is_described_where_it_is_shown_and_for_those_who_watch_it() {
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    let catalogue = root().join("src/server/telemetry/catalogue.rs");
    let mut counted = BTreeSet::new();
    for file in files(&root().join("src/server")).into_iter().filter(|file| *file != catalogue) {
        let text = read(&file);
        let quoted = text.split('"').filter(|part| part.starts_with("mosaic_"));
        counted.extend(quoted.flat_map(metrics_in).map(str::to_owned));
    }
    let owned = |text: String| metrics_in(&text).into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    assert!(counted.len() > 20, "{counted:?}");
    assert_eq!(counted, owned(read(&catalogue)), "what is counted, and what /metrics describes");
    assert_eq!(counted, owned(read(&root().join("docs/OPERATIONS.md"))), "and what the operator is told");
}

#[test]
fn both_settings_files_agree() {
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap().parse::<toml::Table>().unwrap();
    let leptos = |table: &toml::Table| table["package"]["metadata"]["leptos"].as_table().unwrap().clone();
    let (build, run) = (leptos(&read("Cargo.toml")), leptos(&read("Leptos.toml")));
    for (key, value) in &run {
        assert_eq!(build.get(key), Some(value), "{key} differs between Cargo.toml and Leptos.toml");
    }
    assert!(run.len() >= 5);
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |kind: &str| {
        let folder = root().join("migrations").join(kind);
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("postgres"), names("sqlite"));
    assert!(!names("sqlite").is_empty());
}
