//! A drawn portrait for everybody who has no picture: the same one for the same person, for ever.
//!
//! [`avatar_svg`] is pure: every choice comes from the bits of the id. The drawing keeps to the middle
//! of its square, so that it survives being cropped to a circle or to 4 : 3. It holds no text, no
//! script and no reference to anything outside, and is small enough to send with every list.

use uuid::Uuid;

/// The largest portrait in bytes. The drawing is written tersely to stay below it.
pub const MAX_BYTES: usize = 900;

/// A portrait of the person with this id: one self-contained SVG document, at most [`MAX_BYTES`] long.
#[must_use]
pub fn avatar_svg(id: Uuid) -> String {
    let mut draw = Draw::of(id);
    let ground = draw.below(360);
    // Neighbours on the colour wheel for the ground, something from across it for the clothes.
    let second = (ground + 30 + draw.below(50)) % 360;
    let cloth = (ground + 130 + draw.below(120)) % 360;
    let (across, down) = (draw.below(10), draw.below(6) + 4);
    let tone = draw.one_of(&TONES);
    let hair_colour = draw.one_of(&tone.hair);
    let scene = draw.one_of(&SCENES);
    let hair = draw.one_of(&HAIR);
    let collar = draw.one_of(&COLLARS);
    let eyes = draw.one_of(&EYES);
    let mouth = draw.one_of(&MOUTHS);
    let lean = i64::from(draw.below(9)) - 4;
    let cloth_light = 44 + draw.below(26);

    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"7 7 82 82\" fill=\"{hair_colour}\">\
         <linearGradient id=\"g\" x2=\".{across}\" y2=\".{down}\">\
         <stop stop-color=\"oklch(.88 .07 {ground})\"/>\
         <stop offset=\"1\" stop-color=\"oklch(.72 .12 {second})\"/></linearGradient>\
         <path fill=\"url(#g)\" d=\"M0 0h96v96H0\"/><path fill=\"#fff5\" d=\"{scene}\"/>\
         <path d=\"{back}\"/>\
         <path fill=\"oklch(.{cloth_light} .1 {cloth})\" d=\"M10 98q3-28 38-28t38 28\"/>\
         <path fill=\"{shade}\" d=\"M41 58h14v12q-7 12-14 0\"/><path fill=\"#fffa\" d=\"{collar}\"/>\
         <g transform=\"rotate({lean} 48 70)\">\
         <path fill=\"{skin}\" d=\"M31 43a17 17 0 0134 0 4 4 0 010 8 17 15 0 01-34 0 4 4 0 010-8\"/>\
         <path d=\"{front}\"/><path fill=\"none\" stroke=\"#312\" stroke-width=\"2\" \
         stroke-linecap=\"round\" d=\"{eyes}{mouth}\"/></g></svg>",
        back = hair.back,
        front = hair.front,
        skin = tone.skin,
        shade = tone.shade,
    )
}

/// Skin in the light, in the shade under the chin, and colours of hair that stand out from it.
struct Tone {
    skin: &'static str,
    shade: &'static str,
    hair: [&'static str; 6],
}

const TONES: [Tone; 6] = [
    Tone {
        skin: "#fbe0cf",
        shade: "#eca",
        hair: ["#2a2230", "#6b4332", "#9a5f36", "#c98d4c", "#8d8794", "#5b3b6e"],
    },
    Tone {
        skin: "#f4cdb0",
        shade: "#da8",
        hair: ["#2a2230", "#46303a", "#6b4332", "#9a5f36", "#b3752f", "#77717e"],
    },
    Tone {
        skin: "#e6b58f",
        shade: "#c97",
        hair: ["#2a2230", "#46303a", "#6b4332", "#7a4526", "#5b3b6e", "#f1e9e4"],
    },
    Tone {
        skin: "#c98f66",
        shade: "#b75",
        hair: ["#241d2a", "#3b2731", "#54332a", "#2d2f45", "#4d2f5e", "#ece6e6"],
    },
    Tone {
        skin: "#a06b48",
        shade: "#853",
        hair: ["#1f1924", "#2e1f2b", "#3a241f", "#23263d", "#d9d3da", "#f0c987"],
    },
    Tone {
        skin: "#7a4f37",
        shade: "#632",
        hair: ["#17131c", "#241a26", "#2a1a1a", "#1c2036", "#d5ced8", "#c08a4e"],
    },
];

/// A light shape behind the person.
const SCENES: [&str; 6] = [
    "M96 0H48a48 48 0 010 96h48",
    "M18 96V46a30 30 0 0160 0v50",
    "M96 0v60A60 60 0 0136 0",
    "M0 0h48v96h48V48H0",
    "M0 62Q24 44 48 60t48-6v42H0",
    "M0 0h54L0 54M96 96H42l54-54",
];

/// Hair in two parts: what falls behind the shoulders, and what frames the face.
struct Hair {
    back: &'static str,
    front: &'static str,
}

const HAIR: [Hair; 8] = [
    // Short.
    Hair { back: "", front: "M30 46c-2-16 6-24 18-24s20 8 18 24c-2-7-4-10-7-12-8 2-17 1-22-1-4 3-6 7-7 13" },
    // Parted at the side.
    Hair {
        back: "",
        front: "M30 47c-3-16 6-26 20-26 12 0 18 9 16 26-1-6-4-10-7-13-9 1-17-1-21-5-1 7-4 11-8 18",
    },
    // To the chin.
    Hair {
        back: "M27 44a21 22 0 0142 0v22q0 5-9 5H36q-9 0-9-5",
        front: "M30 46a18 22 0 0136 0q-10-4-12-12-8 11-24 12",
    },
    // Long, parted in the middle.
    Hair {
        back: "M26 44a22 23 0 0144 0l5 38q-27 7-54 0",
        front: "M30 48a18 24 0 0136 0q-14-5-18-17-4 12-18 17",
    },
    // Tied up in a knot.
    Hair { back: "M48 9a8 8 0 110 16 8 8 0 010-16", front: "M30 46a18 23 0 0136 0q-4-13-18-13t-18 13" },
    // Curls.
    Hair {
        back: "M31 28a8 8 0 018-9 9 9 0 0118 0 8 8 0 018 9 9 9 0 010 22H31a9 9 0 010-22",
        front: "M30 46q3-14 18-14t18 14a18 23 0 00-36 0",
    },
    // Cropped close.
    Hair { back: "", front: "M31 43c-1-12 7-19 17-19s18 7 17 19c-2-5-4-8-6-9-7-3-15-3-22 0-2 1-4 4-6 9" },
    // Swept up.
    Hair { back: "", front: "M30 46q-4-14 4-19-1-6 4-7c12-3 30 1 28 26q-1-8-6-11-10 0-19-4-8 4-11 15" },
];

/// What shows of the clothes at the neck.
const COLLARS: [&str; 3] = ["", "M39 69l9 13 9-13 3 3-12 17-12-17", "M36 71q12 16 24 0l4 1q-16 23-32 0"];

const EYES: [&str; 4] = [
    "M41 47v1m14-1v1",
    "M39 48q2-3 4 0m10 0q2-3 4 0",
    "M41 48v1m14-1v1M38 43q3-2 5 0m10 0q2-2 5 0",
    "M35 48q0-6 6-6t6 6-6 6-6-6m6 0v1m8-1q0-6 6-6t6 6-6 6-6-6h-2m8 0v1",
];

const MOUTHS: [&str; 4] = ["M43 57q5 4 10 0", "M42 56q6 6 12 0", "M44 57q5 3 9-1", "M44 57q4 4 8 0"];

/// A stream of choices that looks random and depends on nothing but the id (SplitMix64).
struct Draw(u64);

impl Draw {
    fn of(id: Uuid) -> Self {
        let (high, low) = id.as_u64_pair();
        let mut first = Self(high);
        Self(first.step() ^ low)
    }

    fn step(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to `bound`, which is left out.
    fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.step() % u64::from(bound)).expect("a remainder is less than its u32 divisor")
    }

    fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let last = u64::try_from(choices.len()).expect("a table has few entries");
        let index = usize::try_from(self.step() % last).expect("an index into a table fits");
        &choices[index]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Ids as alike as they come: they differ in the lowest bits only.
    fn portraits() -> Vec<String> {
        (0..1000)
            .map(|n| avatar_svg(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n)))
            .collect()
    }

    #[test]
    fn a_person_keeps_their_portrait() {
        assert_eq!(portraits(), portraits());
    }

    #[test]
    fn a_thousand_people_look_different() {
        assert_eq!(portraits().into_iter().collect::<HashSet<_>>().len(), 1000);
    }

    #[test]
    fn a_portrait_is_small() {
        let largest = portraits().iter().map(String::len).max();
        assert!(largest <= Some(MAX_BYTES), "{largest:?} bytes");
    }

    #[test]
    fn every_element_is_closed_and_every_value_quoted() {
        for svg in portraits() {
            let mut open = Vec::new();
            for tag in svg.split('<').skip(1) {
                let (tag, text) = tag.split_once('>').expect("each < has its >");
                assert_eq!(text, "", "no text in {svg}");
                assert!(tag.matches('"').count().is_multiple_of(2), "a quote is missing in <{tag}>");
                if let Some(name) = tag.strip_prefix('/') {
                    assert_eq!(open.pop(), Some(name), "in {svg}");
                } else if !tag.ends_with('/') {
                    open.push(tag.split(' ').next().expect("split yields at least one part"));
                }
            }
            assert!(open.is_empty(), "{open:?} left open in {svg}");
        }
    }

    #[test]
    fn a_portrait_refers_to_nothing_outside_and_runs_nothing() {
        for svg in portraits() {
            assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" "));
            for banned in
                ["script", "href", "<image", "<text", "<foreignObject", "style=", " on", "&", "data:"]
            {
                assert!(!svg.contains(banned), "{banned:?} in {svg}");
            }
            assert_eq!(svg.matches("url(").count(), svg.matches("url(#").count());
        }
    }
}
