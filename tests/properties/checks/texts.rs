//! Texts that people type: messages, names, ids.

use mosaic::domain::{ClientId, DisplayName, InvalidBody, MessageBody, Seq, UserId, Username, matching};
use mosaic::server::store::fold;

/// Each parser takes exactly what its rule says, and what it made is taken again as it is.
pub fn check(text: &str) {
    a_message(text);
    a_username(text);
    a_display_name(text);
    an_id(text);
    a_position(text);
    let folded = fold(text);
    assert_eq!(fold(&folded), folded, "folding {text:?}");
    assert!(matching::completeness(text, text, text.len()) <= 20);
}

fn a_message(text: &str) {
    let length = text.trim().chars().count();
    let rule = if text.contains('\0') {
        Err(InvalidBody::Nul)
    } else if length == 0 {
        Err(InvalidBody::Blank)
    } else if length > 4000 || text.len() > 16 * 1024 {
        Err(InvalidBody::TooLong)
    } else {
        Ok(text.to_owned())
    };
    assert_eq!(MessageBody::parse(text).map(MessageBody::into_string), rule, "{text:?}");
}

fn a_username(text: &str) {
    let fits = (3..=32).contains(&text.chars().count())
        && text.chars().all(|c| matches!(c, 'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' | '-'));
    let parsed = Username::parse(text);
    assert_eq!(parsed.is_ok(), fits, "{text:?}");
    if let Ok(name) = parsed {
        assert_eq!(name.as_str(), text.to_ascii_lowercase());
        assert_eq!(Username::parse(name.as_str()), Ok(name));
    }
}

fn a_display_name(text: &str) {
    let name = text.trim();
    let fits = (1..=80).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    let parsed = DisplayName::parse(text);
    assert_eq!(parsed.is_ok(), fits, "{text:?}");
    if let Ok(parsed) = parsed {
        assert_eq!(parsed.as_str(), name);
        assert_eq!(DisplayName::parse(parsed.as_str()), Ok(parsed));
    }
}

fn an_id(text: &str) {
    let json = serde_json::Value::from(text);
    let parsed = text.parse::<UserId>();
    assert_eq!(serde_json::from_value::<UserId>(json.clone()).ok(), parsed.clone().ok(), "{text:?}");
    assert_eq!(serde_json::from_value::<ClientId>(json).is_ok(), parsed.is_ok(), "{text:?}");
    if let Ok(id) = parsed {
        let written = id.to_string();
        assert_eq!(written.len(), 36);
        assert!(!written.bytes().any(|byte| byte.is_ascii_uppercase()));
        assert_eq!(written.parse(), Ok(id));
    }
}

fn a_position(text: &str) {
    if let Ok(seq) = serde_json::from_str::<Seq>(text) {
        assert_eq!(serde_json::from_str::<Seq>(&seq.to_string()).ok(), Some(seq));
        assert!(seq.next() >= seq);
    }
}
