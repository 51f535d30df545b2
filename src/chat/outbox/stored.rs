//! An outbox as storage holds it, read piece by piece: another version of this app, or anybody at all, may
//! have written there, and a piece that cannot be read must not cost the user what stands beside it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Outbox, OutboxItem};
use crate::chat::Millis;

/// Any JSON, as far as an outbox is made of it.
pub(super) enum Stored {
    Text(String),
    Number(u64),
    List(Vec<Stored>),
    Fields(Vec<(String, Stored)>),
    Other,
}

impl From<Stored> for Outbox {
    fn from(mut stored: Stored) -> Self {
        let items = stored.take("items").list().into_iter();
        let settled = stored.take("settled").list().into_iter();
        Self {
            items: items.filter_map(item).collect(),
            settled: settled.filter_map(|id| id.text()?.parse().ok()).collect(),
        }
    }
}

/// Whoever wrote what to whom is all it takes. Without its time an item goes first; one that was refused for
/// a reason that cannot be read is sent again, and refused again.
fn item(mut stored: Stored) -> Option<OutboxItem> {
    Some(OutboxItem {
        client_id: stored.take("client_id").text()?.parse().ok()?,
        peer: stored.take("peer").text()?.parse().ok()?,
        content: stored.take("content").text()?,
        queued_at: stored.take("queued_at").number().map(Millis).unwrap_or_default(),
        failed: stored.take("failed").text(),
    })
}

impl Stored {
    /// The last one of the name, as browsers read JSON.
    fn take(&mut self, name: &str) -> Self {
        let Self::Fields(fields) = self else { return Self::Other };
        let at = fields.iter().rposition(|(key, _)| key == name);
        at.map_or(Self::Other, |at| fields.remove(at).1)
    }

    fn text(self) -> Option<String> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    fn number(self) -> Option<u64> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    fn list(self) -> Vec<Self> {
        if let Self::List(list) = self { list } else { Vec::new() }
    }
}

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Anything;

        impl<'de> Visitor<'de> for Anything {
            type Value = Stored;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Stored, E> {
                Ok(Stored::Text(text.to_owned()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Stored, E> {
                Ok(Stored::Number(number))
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<Stored, E> {
                Ok(Stored::Other)
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Stored, E> {
                Ok(Stored::Other)
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Stored, E> {
                Ok(Stored::Other)
            }

            fn visit_unit<E: Error>(self) -> Result<Stored, E> {
                Ok(Stored::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Stored, A::Error> {
                let mut list = Vec::new();
                while let Some(element) = seq.next_element()? {
                    list.push(element);
                }
                Ok(Stored::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Stored, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Stored::Fields(fields))
            }
        }

        deserializer.deserialize_any(Anything)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: &str = "00000000-0000-0000-0000-00000000000a";

    fn texts(json: &str) -> Vec<String> {
        let outbox: Outbox = serde_json::from_str(json).expect("any JSON is an outbox");
        outbox.items().iter().map(|item| item.content.clone()).collect()
    }

    #[test]
    fn an_item_that_cannot_be_read_costs_no_other() {
        let item = |text: &str| {
            format!(r#"{{"client_id":"{ADA}","peer":"{ADA}","content":"{text}","queued_at":1}}"#)
        };
        let (one, two) = (item("one"), item("two"));
        for broken in [
            "null",
            "7",
            "-1",
            "1.5",
            "true",
            r#""x""#,
            "[]",
            "{}",
            r#"{"client_id":7}"#,
            r#"{"content":"x"}"#,
        ] {
            assert_eq!(texts(&format!(r#"{{"items":[{one},{broken},{two}]}}"#)), ["one", "two"], "{broken}");
        }
        assert_eq!(texts(&format!(r#"{{"items":[{one}],"settled":{{"x":1}},"version":2}}"#)), ["one"]);
        assert_eq!(texts(r#"{"items":"x"}"#), Vec::<String>::new());
        assert_eq!(texts("[]"), Vec::<String>::new());
    }

    #[test]
    fn who_wrote_what_to_whom_is_enough() {
        let json = format!(
            r#"{{"items":[{{"client_id":"{ADA}","peer":"{ADA}","content":"one","queued_at":-1,"failed":{{"code":"x"}}}}]}}"#
        );
        let outbox: Outbox = serde_json::from_str(&json).expect("it is JSON");
        let item = &outbox.items()[0];
        assert_eq!((item.queued_at, &item.failed), (Millis(0), &None));
    }
}
