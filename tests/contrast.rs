//! The colours of `style/tokens.css` keep the contrast that WCAG 2.2 asks for, in both themes.
//!
//! The tokens are read from the style sheet itself, converted from OKLCH to sRGB, and compared by the
//! formula of WCAG 2. What stands on glass is held against the worst that can lie behind it: black
//! behind light glass, white behind dark glass.

use std::collections::HashMap;
use std::fs;

/// The least ratio for text (1.4.3).
const TEXT: f64 = 4.5;
/// The least ratio for what identifies a control or a state (1.4.11).
const SHAPE: f64 = 3.0;

/// Foreground, the grounds it stands on, the least ratio. `glass` is the worst case; a blob is its middle, as
/// it shines through on the page.
const PAIRS: &[(&str, &[&str], f64)] = &[
    ("text", &["page", "blob-1", "blob-2", "blob-3", "glass", "surface", "surface-2", "bubble-in"], TEXT),
    ("text-2", &["page", "blob-1", "blob-2", "blob-3", "glass", "surface", "surface-2"], TEXT),
    ("text-3", &["surface", "surface-2", "bubble-in"], TEXT),
    ("link", &["page", "glass", "surface", "surface-2", "bubble-in"], TEXT),
    ("on-primary", &["primary", "primary-hover", "badge"], TEXT),
    ("on-primary-2", &["primary"], TEXT),
    ("danger", &["surface", "surface-2", "bubble-in"], TEXT),
    ("warn", &["surface", "surface-2"], TEXT),
    ("success", &["surface", "surface-2"], TEXT),
    ("match", &["surface", "surface-2"], TEXT),
    ("online", &["surface"], SHAPE),
    ("badge", &["surface"], SHAPE),
    ("border", &["surface", "surface-2"], SHAPE),
    ("primary", &["surface"], SHAPE),
    ("focus", &["page", "blob-1", "blob-2", "blob-3", "glass", "surface", "surface-2"], SHAPE),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Theme {
    Light,
    Dark,
}

/// A colour as sRGB channels from 0 to 1, and how opaque it is.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Colour {
    channels: [f64; 3],
    alpha: f64,
}

impl Colour {
    const BLACK: Self = Self { channels: [0.0; 3], alpha: 1.0 };
    const WHITE: Self = Self { channels: [1.0; 3], alpha: 1.0 };

    /// Reads `oklch(96.5% .012 285)` or `oklch(98.5% .006 285 / .78)`.
    fn parse(css: &str) -> Option<Self> {
        let inside = css.trim().strip_prefix("oklch(")?.strip_suffix(')')?;
        let (colour, alpha) = match inside.split_once('/') {
            Some((colour, alpha)) => (colour, alpha.trim().parse().ok()?),
            None => (inside, 1.0),
        };
        let mut parts = colour.split_whitespace();
        let lightness: f64 = parts.next()?.strip_suffix('%')?.parse().ok()?;
        let chroma: f64 = parts.next()?.parse().ok()?;
        let hue: f64 = parts.next()?.parse().ok()?;
        parts
            .next()
            .is_none()
            .then(|| Self { channels: oklch_to_linear(lightness / 100.0, chroma, hue).map(encode), alpha })
    }

    /// What one sees of it over something opaque.
    fn over(self, ground: Self) -> Self {
        let mix = |i: usize| self.alpha * self.channels[i] + (1.0 - self.alpha) * ground.channels[i];
        Self { channels: [mix(0), mix(1), mix(2)], alpha: 1.0 }
    }

    fn luminance(self) -> f64 {
        let [r, g, b] = self.channels.map(decode);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Whether a screen of sRGB can show it, to one step of 255.
    fn is_in_srgb(self) -> bool {
        let slack = 1.0 / 255.0;
        self.channels.iter().all(|c| (-slack..=1.0 + slack).contains(c))
    }
}

/// Björn Ottosson's OKLab, in its polar form, to linear sRGB.
fn oklch_to_linear(lightness: f64, chroma: f64, hue: f64) -> [f64; 3] {
    let (a, b) = (chroma * hue.to_radians().cos(), chroma * hue.to_radians().sin());
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
    ]
}

fn encode(linear: f64) -> f64 {
    if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}

fn decode(encoded: f64) -> f64 {
    let encoded = encoded.clamp(0.0, 1.0);
    if encoded <= 0.040_45 { encoded / 12.92 } else { ((encoded + 0.055) / 1.055).powf(2.4) }
}

/// Every colour token of one theme by its name without the dashes. The first declaration counts: the
/// later ones replace glass by an opaque colour for those who ask for it.
fn tokens(css: &str, theme: Theme) -> HashMap<String, Colour> {
    let mut found = HashMap::new();
    for declaration in css.split(['{', '}', ';']) {
        let Some((name, value)) = declaration.split_once(':') else { continue };
        let Some(name) = name.trim().rsplit("--").next().filter(|_| name.contains("--")) else { continue };
        let value = value.trim();
        let colour = match value.strip_prefix("light-dark(").and_then(|value| value.strip_suffix(')')) {
            Some(both) => both.split_once("),").and_then(|(light, dark)| match theme {
                Theme::Light => Colour::parse(&format!("{light})")),
                Theme::Dark => Colour::parse(dark),
            }),
            None => Colour::parse(value),
        };
        if let Some(colour) = colour {
            found.entry(name.to_owned()).or_insert(colour);
        }
    }
    found
}

fn opacity_of_blobs(css: &str) -> f64 {
    let value = css.split("--blobs:").nth(1).and_then(|rest| rest.split(';').next());
    value.and_then(|value| value.trim().parse().ok()).expect("--blobs is a number")
}

fn stylesheet() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/style/tokens.css");
    fs::read_to_string(path).expect("the style sheet is part of the repository")
}

/// The pairs that fall short, in words.
fn shortfalls(css: &str, theme: Theme) -> Vec<String> {
    let tokens = tokens(css, theme);
    let named =
        |name: &str| *tokens.get(name).unwrap_or_else(|| panic!("--{name} is no colour in the style sheet"));
    let behind_glass = if theme == Theme::Light { Colour::BLACK } else { Colour::WHITE };
    let seen = |name: &str| match name {
        blob if blob.starts_with("blob-") => {
            Colour { alpha: opacity_of_blobs(css), ..named(blob) }.over(named("page"))
        }
        ground => named(ground).over(behind_glass),
    };
    let mut short = Vec::new();
    for (front, grounds, least) in PAIRS {
        for ground in *grounds {
            let ratio = named(front).contrast(seen(ground));
            if ratio < *least {
                short.push(format!("{theme:?}: --{front} on --{ground} is {ratio:.2}, below {least}"));
            }
        }
    }
    short
}

/// A6 of the acceptance list.
#[test]
fn a6_every_pair_can_be_read_in_both_themes() {
    let css = stylesheet();
    for theme in [Theme::Light, Theme::Dark] {
        assert_eq!(shortfalls(&css, theme), Vec::<String>::new());
    }
}

#[test]
fn every_colour_can_be_shown_in_srgb() {
    let css = stylesheet();
    for theme in [Theme::Light, Theme::Dark] {
        for (name, colour) in tokens(&css, theme) {
            assert!(colour.is_in_srgb(), "{theme:?}: --{name} is {colour:?}");
        }
    }
}

#[test]
fn a_colour_too_pale_is_found() {
    let css = stylesheet().replace("--text-2: light-dark(oklch(42%", "--text-2: light-dark(oklch(52%");
    let short = shortfalls(&css, Theme::Light);
    assert!(short.iter().any(|line| line.contains("--text-2 on --glass")), "{short:?}");
}

#[test]
fn the_arithmetic_agrees_with_known_values() {
    assert!((Colour::BLACK.contrast(Colour::WHITE) - 21.0).abs() < 1e-9);
    let red = Colour::parse("oklch(62.796% .25768 29.2339)").expect("a well-formed colour");
    for (channel, known) in red.channels.iter().zip([1.0, 0.0, 0.0]) {
        assert!((channel - known).abs() < 0.002, "{red:?}");
    }
    let half = Colour { alpha: 0.5, ..Colour::WHITE };
    assert_eq!(half.over(Colour::BLACK).channels, [0.5; 3]);
}
