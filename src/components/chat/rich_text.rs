//! Message text as what it is: text, with links as nodes. Never markup.

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Shown as it is.
    Text(&'a str),
    /// An address to follow, shown as it was written.
    Link(&'a str),
}

/// The only schemes that become links: none of them can run code in this page.
const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];
/// One message must not be able to fill the document with elements.
const MAX_LINKS: usize = 4;

/// Splits a message into text and links; the pieces together are the message.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut done = 0;
    let mut links = 0;
    let mut from = 0;
    while links < MAX_LINKS
        && let Some(start) = next_scheme(text, from)
    {
        let end = start + link_length(&text[start..]);
        let is_word_start = !text[..start].chars().next_back().is_some_and(char::is_alphanumeric);
        let link = &text[start..end];
        let has_rest = SCHEMES.iter().any(|scheme| starts_with(link, scheme) && link.len() > scheme.len());
        if is_word_start && has_rest {
            if start > done {
                pieces.push(Piece::Text(&text[done..start]));
            }
            pieces.push(Piece::Link(link));
            links += 1;
            done = end;
        }
        from = end.max(start + 1);
    }
    if done < text.len() {
        pieces.push(Piece::Text(&text[done..]));
    }
    pieces
}

fn starts_with(text: &str, scheme: &str) -> bool {
    text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

fn next_scheme(text: &str, from: usize) -> Option<usize> {
    (from..text.len())
        .filter(|&at| matches!(text.as_bytes()[at], b'h' | b'H' | b'm' | b'M'))
        .find(|&at| SCHEMES.iter().any(|scheme| starts_with(&text[at..], scheme)))
}

/// Up to the next white space, without what closes the sentence around the link.
fn link_length(text: &str) -> usize {
    let is_outside = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`');
    let mut link = &text[..text.find(is_outside).unwrap_or(text.len())];
    while let Some(last) = link.chars().next_back() {
        let closes = match last {
            '.' | ',' | ':' | ';' | '!' | '?' | '\'' | '*' | '_' | '~' | '…' | '”' | '’' => true,
            ')' => link.matches(')').count() > link.matches('(').count(),
            ']' => link.matches(']').count() > link.matches('[').count(),
            '}' => link.matches('}').count() > link.matches('{').count(),
            _ => false,
        };
        if !closes {
            break;
        }
        link = &link[..link.len() - last.len_utf8()];
    }
    link.len()
}

/// Whether the message is one to three emoji and nothing else: then they are shown large.
pub(super) fn is_emoji_only(text: &str) -> bool {
    const MAX_EMOJI: usize = 3;
    const JOINER: char = '\u{200d}';
    const PICTURE_STYLE: char = '\u{fe0f}';
    const KEYCAP: char = '\u{20e3}';
    let mut emoji = 0;
    let mut chars = text.trim().chars().filter(|c| !c.is_whitespace()).peekable();
    while let Some(c) = chars.next() {
        if matches!(c, '0'..='9' | '#' | '*') {
            if chars.next_if_eq(&PICTURE_STYLE).is_none() || chars.next_if_eq(&KEYCAP).is_none() {
                return false;
            }
        } else if is_flag_letter(c) {
            if chars.next_if(|&c| is_flag_letter(c)).is_none() {
                return false;
            }
        } else {
            let mut part = c;
            loop {
                let is_pictured = chars.next_if_eq(&PICTURE_STYLE).is_some();
                if !(is_picture(part) || is_symbol(part) && is_pictured) {
                    return false;
                }
                // Skin tones, and the tags that make the flags of England, Scotland and Wales.
                while chars
                    .next_if(|&c| matches!(c, '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}'))
                    .is_some()
                {}
                if chars.next_if_eq(&JOINER).is_none() {
                    break;
                }
                let Some(next) = chars.next() else { return false };
                part = next;
                // Inside a joined emoji the style character may be missing.
                if is_symbol(part) && chars.peek() != Some(&PICTURE_STYLE) {
                    part = '\u{1f600}';
                }
            }
        }
        emoji += 1;
        if emoji > MAX_EMOJI {
            return false;
        }
    }
    emoji > 0
}

fn is_flag_letter(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

/// Drawn as a picture by itself.
fn is_picture(c: char) -> bool {
    matches!(c, '\u{1f300}'..='\u{1f64f}' | '\u{1f680}'..='\u{1f6ff}' | '\u{1f7e0}'..='\u{1f7eb}'
        | '\u{1f900}'..='\u{1faff}' | '\u{1f004}' | '\u{1f0cf}' | '\u{1f18e}' | '\u{1f191}'..='\u{1f19a}'
        | '\u{231a}' | '\u{231b}' | '\u{23e9}'..='\u{23ec}' | '\u{23f0}' | '\u{23f3}' | '\u{25fd}' | '\u{25fe}'
        | '\u{2614}' | '\u{2615}' | '\u{2648}'..='\u{2653}' | '\u{267f}' | '\u{2693}' | '\u{26a1}' | '\u{26aa}'
        | '\u{26ab}' | '\u{26bd}' | '\u{26be}' | '\u{26c4}' | '\u{26c5}' | '\u{26ce}' | '\u{26d4}' | '\u{26ea}'
        | '\u{26f2}' | '\u{26f3}' | '\u{26f5}' | '\u{26fa}' | '\u{26fd}' | '\u{2705}' | '\u{270a}' | '\u{270b}'
        | '\u{2728}' | '\u{274c}' | '\u{274e}' | '\u{2753}'..='\u{2755}' | '\u{2757}' | '\u{2795}'..='\u{2797}'
        | '\u{27b0}' | '\u{27bf}' | '\u{2b1b}' | '\u{2b1c}' | '\u{2b50}' | '\u{2b55}')
}

/// A text symbol that becomes a picture by the style character after it.
fn is_symbol(c: char) -> bool {
    matches!(c, '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2194}'..='\u{21aa}'
        | '\u{2300}'..='\u{23ff}' | '\u{24c2}' | '\u{25aa}'..='\u{27bf}' | '\u{2934}' | '\u{2935}'
        | '\u{2b05}'..='\u{2b55}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f100}'..='\u{1f2ff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::properties::config;

    proptest! {
        #![proptest_config(config("tests/corpus/regressions/rich_text.txt"))]

        #[test]
        fn any_message_is_whole_and_its_links_lead_out(
            text in prop_oneof![
                any::<String>(),
                "((https?://|HTTPS://|mailto:|javascript:|data:)?[a-z<>\"'`().,\\u{202e}\\u{0}é🦀 \\n\\]]{0,6}){0,12}",
            ],
        ) {
            let links = links(&text);
            prop_assert!(links.len() <= MAX_LINKS);
            for link in links {
                prop_assert!(SCHEMES.iter().any(|scheme| starts_with(link, scheme)), "{:?}", link);
                prop_assert!(!link.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"`".contains(c)));
            }
            if is_emoji_only(&text) {
                prop_assert!(!text.contains(char::is_alphabetic));
            }
        }
    }

    fn links(text: &str) -> Vec<&str> {
        let pieces = pieces(text);
        let whole: String = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(it) | Piece::Link(it) => *it,
            })
            .collect();
        assert_eq!(whole, text, "nothing is lost");
        pieces
            .into_iter()
            .filter_map(|piece| match piece {
                Piece::Link(it) => Some(it),
                Piece::Text(_) => None,
            })
            .collect()
    }

    #[test]
    fn links_end_where_the_sentence_goes_on() {
        assert_eq!(links("see https://a.example/b?c=d#e."), ["https://a.example/b?c=d#e"]);
        assert_eq!(links("(http://a.example/x_(y)), and"), ["http://a.example/x_(y)"]);
        assert_eq!(links("mailto:ada@example.org!"), ["mailto:ada@example.org"]);
        assert_eq!(links("HTTPS://A.EXAMPLE http://b.example\nx"), ["HTTPS://A.EXAMPLE", "http://b.example"]);
        assert_eq!(links("中文 https://例え.jp/é 中文"), ["https://例え.jp/é"]);
    }

    #[test]
    fn nothing_else_is_a_link() {
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "xhttps://a",
            "https://",
            "mailto:",
            "a.example",
            "",
            "hm",
            "http:/",
            "https://.",
        ] {
            assert_eq!(links(text), Vec::<&str>::new(), "{text}");
        }
        assert_eq!(links("<a href=\"https://a.example\">"), ["https://a.example"]);
    }

    #[test]
    fn one_message_cannot_fill_the_page_with_links() {
        assert_eq!(links(&"https://a.example ".repeat(50)).len(), MAX_LINKS);
    }

    #[test]
    fn up_to_three_emoji_alone_are_large() {
        for text in ["👍", "🎉 🎵", "👩‍👩‍👧‍👦", "🇩🇪🇫🇷", "❤️", "👍🏽", "3️⃣", "🏳️‍🌈", "🤷🏽‍♀️", " 😀😀😀 ", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "❤️‍🔥"]
        {
            assert!(is_emoji_only(text), "{text}");
        }
        for text in ["", " ", "a", "👍a", "3", "😀😀😀😀", "#", "❤", "©", "🇩", "→", "\u{200d}"]
        {
            assert!(!is_emoji_only(text), "{text:?}");
        }
    }
}
