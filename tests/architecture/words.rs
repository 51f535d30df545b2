//! Every word that people read stands in `src/i18n`, and no style knows left from right.

use std::fs;
use std::path::Path;

use super::{files, root};

/// Attributes and properties whose text is seen or heard.
const READ: &[&str] = &[
    "aria-label",
    "aria-description",
    "aria-roledescription",
    "aria-valuetext",
    "placeholder",
    "title",
    "alt",
    "label",
    "hint",
    "lead",
    "question",
    "other",
    "text",
    "legend",
    "summary",
];
/// Calls whose text nobody is shown.
const TOLD_TO_MACHINES: &[&str] =
    &["expect(", "is(", "matches(", "query_selector(", "Reflect::has(&window(), &"];
/// The same in every language: a name, a zone, and what ties a field to what describes it.
const NO_WORDS: &[&str] = &["Mosaic", "{day} {} UTC", "{ALERT_ID} password-hint"];

/// A text in a source file, and the code around it.
struct Literal<'s> {
    before: &'s str,
    text: &'s str,
    after: &'s str,
}

/// The texts of a source file up to its tests, comments left out.
fn literals(source: &str) -> Vec<Literal<'_>> {
    let end = ["#[cfg(test)]", "#[cfg(all(test"].iter().filter_map(|mark| source.find(mark)).min();
    let source = &source[..end.unwrap_or(source.len())];
    let mut found = Vec::new();
    let (mut at, bytes) = (0, source.as_bytes());
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'/', ..] => at += source[at..].find('\n').unwrap_or(source.len() - at),
            // A quotation mark as a character.
            [b'\'', b'"', b'\'', ..] => at += 3,
            [b'"', ..] => {
                let begin = at + 1;
                at = begin;
                while bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                found.push(Literal {
                    before: &source[..begin - 1],
                    text: &source[begin..at],
                    after: &source[at + 1..],
                });
                at += 1;
            }
            _ => at += 1,
        }
    }
    found
}

impl Literal<'_> {
    /// Whether people would read it.
    fn is_read(&self) -> bool {
        if NO_WORDS.contains(&self.text) || !self.text.contains(char::is_alphabetic) {
            return false;
        }
        if let Some(attribute) = self.attribute() {
            return READ.contains(&attribute);
        }
        let before = self.before.trim_end();
        if self.is_node(before) {
            return true;
        }
        let is_compared = before.ends_with("==") || before.ends_with("!=");
        let is_silent = is_compared || TOLD_TO_MACHINES.iter().any(|call| before.ends_with(call));
        !is_silent && !before.ends_with("reason =") && self.is_prose()
    }

    /// The attribute whose value it is: no space stands between them, other than in an assignment.
    fn attribute(&self) -> Option<&str> {
        let name = self.before.strip_suffix("format!(").unwrap_or(self.before).strip_suffix('=')?;
        let begin = name.rfind(|c: char| !(c.is_alphanumeric() || "-_:".contains(c)))?;
        Some(&name[begin + 1..])
    }

    /// Whether it is a text between tags.
    fn is_node(&self, before: &str) -> bool {
        let opens = before.ends_with('>') && !before.ends_with("=>") && !before.ends_with("->");
        let after = self.after.trim_start();
        (opens || before.ends_with(['}', '"'])) && after.starts_with(['<', '{', '"'])
    }

    /// Whether it looks like words: a capital before small letters, or a space beside a letter.
    fn is_prose(&self) -> bool {
        let mut chars = self.text.chars();
        let is_capital =
            chars.next().is_some_and(char::is_uppercase) && chars.next().is_some_and(char::is_lowercase);
        let is_code = self.text.starts_with(['(', '.', '[', '#', ';']) || self.text.contains('=');
        let letters: Vec<char> = self.text.chars().collect();
        let is_spaced = letters
            .windows(2)
            .any(|pair| matches!(pair, [' ', letter] | [letter, ' '] if letter.is_alphabetic()));
        is_capital || (is_spaced && !is_code)
    }
}

fn read_by_people(source: &str) -> Vec<&str> {
    literals(source).into_iter().filter(Literal::is_read).map(|literal| literal.text).collect()
}

#[test]
fn every_word_on_a_page_is_in_the_catalogue() {
    let mut checked = 0;
    for place in ["components", "pages", "app.rs", "hooks"] {
        for file in files(&root().join("src").join(place)) {
            let source = fs::read_to_string(&file).unwrap();
            let found = read_by_people(&source);
            assert!(found.is_empty(), "{} says without asking src/i18n: {found:?}", file.display());
            checked += literals(&source).len();
        }
    }
    assert!(checked > 500, "only {checked} texts were looked at");
}

#[test]
fn a_planted_word_is_caught() {
    for (source, found) in [
        ("<p class=\"a b\">\"Nobody here\"</p>", vec!["Nobody here"]),
        ("<b>{name} \" unread\"</b>", vec![" unread"]),
        ("<input class=\"x\" aria-label=\"close\"/>", vec!["close"]),
        ("<TextField name=\"username\" label=\"Username\"/>", vec!["Username"]),
        ("0 => \"Today\".to_owned(),", vec!["Today"]),
        ("format!(\"{score}% match\")", vec!["{score}% match"]),
        ("<b class=format!(\"badge {class}\") aria-label=format!(\"of {name}\")>", vec!["of {name}"]),
        ("if muted { \"Unmute\" } else { \"Mute\" }", vec!["Unmute", "Mute"]),
        ("let name = format!(\"{name}={value}; Path=/; Secure\");", vec![]),
        ("event.key() == \"Enter\" // not \"This one\"", vec![]),
        ("<a class=\"brand big\" href=\"/messages\">\"Mosaic\" \" · \"</a>", vec![]),
        ("target.closest(selector); is(\"input, textarea, select\")", vec![]),
        ("x.expect(\"It is there.\"); #[cfg(test)] const T: &str = \"Any thing\";", vec![]),
    ] {
        assert_eq!(read_by_people(source), found, "{source}");
    }
}

/// The declarations of a style sheet that would stay where they are when the page is mirrored.
fn one_sided(css: &str) -> Vec<String> {
    let mut rest = css;
    let mut code = String::new();
    while let Some((before, comment)) = rest.split_once("/*") {
        code += before;
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    code += rest;
    let names_a_side = |declaration: &str| {
        let plain = declaration.replace("safe-area-inset-", "");
        let is_inset = plain != declaration;
        let named = |side: &str| declaration.split(|c: char| !c.is_alphanumeric()).any(|word| word == side);
        // The two insets of the screen are harmless together.
        named("left") != named("right") || (named("left") && !is_inset)
    };
    let has_four_sides = |declaration: &str| {
        let Some((property, value)) = declaration.split_once(':') else { return false };
        let is_box =
            ["inset", "margin", "padding", "border-radius", "border-width"].contains(&property.trim());
        let mut depth = 0;
        let parts = value.trim().split(|c: char| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            c == ' ' && depth == 0
        });
        is_box && parts.count() == 4
    };
    let is_sideways = |declaration: &str| {
        let Some((property, value)) = declaration.split_once(':') else { return false };
        let value = value.trim();
        property.trim() == "translate"
            && !value.starts_with("0 ")
            && value != "none"
            && !value.contains("--forward")
    };
    let is_one_sided = |declaration: &&str| {
        names_a_side(declaration) || has_four_sides(declaration) || is_sideways(declaration)
    };
    code.split(['{', '}', ';'])
        .filter(is_one_sided)
        .map(|declaration| declaration.trim().to_owned())
        .collect()
}

#[test]
fn every_style_can_be_mirrored() {
    let mut checked = 0;
    for folder in ["style", "style/components"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "css") {
                let found = one_sided(&fs::read_to_string(&path).unwrap());
                assert!(found.is_empty(), "{} is for one side only: {found:?}", Path::display(&path));
                checked += 1;
            }
        }
    }
    assert!(checked > 30, "only {checked} style sheets were looked at");
}

#[test]
fn a_planted_side_is_caught() {
    for declaration in [
        "margin-left: 1px",
        "text-align: right",
        "left: 0",
        "padding: 1px 2px 1px 3px",
        "inset: calc(1px + 2px) 3px auto auto",
        "translate: 24px",
        "padding-inline: env(safe-area-inset-left)",
    ] {
        assert_eq!(one_sided(&format!(".a {{ color: red; {declaration}; }}")), [declaration]);
    }
    for declaration in [
        "margin-inline-start: 1px; /* left */",
        "inset: 3px 0 auto",
        "translate: 0 6px",
        "translate: calc(24px * var(--forward))",
        "padding-inline: max(env(safe-area-inset-left), env(safe-area-inset-right))",
    ] {
        assert_eq!(one_sided(&format!(".a {{ {declaration} }}")), Vec::<String>::new(), "{declaration}");
    }
}
