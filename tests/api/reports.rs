//! `mosaic reports`, the command by which an operator reads them: a process of its own beside the server.

use std::path::Path;
use std::process::Command;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Person, Setup, TestApp};

async fn report(reporter: &Person, reported: &Person, reason: &str) {
    let path = format!("/messages/report/{}", reported.id);
    let answer = reporter.post(&path, json!({ "reason": reason })).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
}

/// What the command prints about a database. It runs in this folder, where no settings lie.
fn printed(database_url: &str, folder: &Path) -> Vec<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mosaic"));
    command.arg("reports").env_clear().env("DATABASE_URL", database_url).current_dir(folder);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn who_whom_why(report: &Value) -> [&str; 3] {
    ["reporter_id", "reported_id", "reason"].map(|field| report[field].as_str().unwrap())
}

fn said(report: &Value) -> Vec<&str> {
    let messages = report["messages"].as_array().unwrap();
    messages.iter().map(|message| message["content"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_prints_who_reported_whom_and_what_was_said_oldest_first() {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite://{}", folder.path().join("mosaic.db").display());
    let app = TestApp::spawn_with(Setup { database_url: Some(url.clone()), ..Setup::default() }).await;
    let (ada, grace, alan) = (app.person("ada").await, app.person("grace").await, app.person("alan").await);
    assert_eq!(printed(&url, folder.path()), [] as [Value; 0]);
    for number in 1..=25 {
        grace.send(&ada, &format!("bad {number}")).await;
    }
    report(&ada, &grace, "She was rude.").await;
    ada.send(&alan, "Buy this!").await;
    alan.send(&ada, "No, thanks.").await;
    report(&alan, &ada, "She sells things.\nAgain.").await;

    let reports = printed(&url, folder.path());
    let [first, second] = &reports[..] else { panic!("not two reports: {reports:?}") };
    assert_eq!(who_whom_why(first), [&*ada.id, &*grace.id, "She was rude."]);
    let last: Vec<_> = (6..=25).map(|number| format!("bad {number}")).collect();
    assert_eq!(said(first), last);
    assert_eq!(who_whom_why(second), [&*alan.id, &*ada.id, "She sells things.\nAgain."]);
    assert_eq!(said(second), ["Buy this!", "No, thanks."]);
}
