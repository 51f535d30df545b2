//! Texts with a place for a name or a number. Plain text, so that they can be sent to the browser.

/// What stands where the value goes.
const PLACE: &str = "{}";

/// A text with one place for a name or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phrase(pub(super) &'static str);

impl Phrase {
    /// A phrase of a language. One without a place for the value does not compile.
    #[cfg(feature = "ssr")]
    pub(super) const fn new(text: &'static str) -> Self {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at + 1 < bytes.len() {
            if bytes[at] == b'{' && bytes[at + 1] == b'}' {
                return Self(text);
            }
            at += 1;
        }
        panic!("a phrase needs a place for its value: {{}}");
    }

    /// The text about `value`.
    #[must_use]
    pub fn with(self, value: &str) -> String {
        fill(self.0, value)
    }
}

/// A text about a number of things.
///
/// It has a form for one, for two and for any other number (the categories of CLDR that our languages have);
/// a language that does not tell two from others gives both the same form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted(pub(super) [&'static str; 3]);

impl Counted {
    /// Of a language that tells one from others.
    #[cfg(feature = "ssr")]
    pub(super) const fn new(one: &'static str, other: &'static str) -> Self {
        Self([one, other, Phrase::new(other).0])
    }

    /// Of a language that tells two from others as well.
    #[cfg(feature = "ssr")]
    pub(super) const fn with_two(one: &'static str, two: &'static str, other: &'static str) -> Self {
        Self([one, two, Phrase::new(other).0])
    }

    /// The text about `count` things.
    #[must_use]
    pub fn of(self, count: u64) -> String {
        let [one, two, other] = self.0;
        let form = match count {
            1 => one,
            2 => two,
            _ => other,
        };
        fill(form, &count.to_string())
    }
}

/// Puts `value` where its place is, if there is one: a form for one thing may say the number in a word.
fn fill(text: &str, value: &str) -> String {
    match text.split_once(PLACE) {
        Some((before, after)) => [before, value, after].concat(),
        None => text.to_owned(),
    }
}

/// Text whose direction has nothing to do with what is around it (UAX #9, first strong isolate).
#[must_use]
pub fn isolated(text: &str) -> String {
    ["\u{2068}", text, "\u{2069}"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_in_its_place_as_it_is() {
        assert_eq!(Phrase("Chat with {}").with("Ada {} & <b>"), "Chat with Ada {} & <b>");
        assert_eq!(Phrase("{}% match").with("92"), "92% match");
    }

    #[test]
    fn one_two_and_others_are_told_apart() {
        let counted = Counted(["one", "a pair", "{} of them"]);
        assert_eq!([0, 1, 2, 3].map(|count| counted.of(count)), ["0 of them", "one", "a pair", "3 of them"]);
    }
}
