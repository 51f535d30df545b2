//! A chart of bars as SVG: groups beside each other, in each a bar for every series, its value above it.

use std::fmt::Write as _;

/// Of the picture, in its own units.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 320.0;
/// What is left of the plane, right of it, above it, below it.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 36.0;
/// The share of a group's room that its bars take.
const FILLED: f64 = 0.8;
/// Readable on white and on black, and by those who see few colours: they differ in lightness, too.
const COLOURS: [&str; 6] = ["#3b7dd8", "#e08a1e", "#4a9a5b", "#b05cc6", "#8c6d4f", "#d1495b"];

/// See the module.
pub struct Chart {
    /// What stands above all.
    pub title: String,
    /// What is counted upwards.
    pub unit: &'static str,
    /// The names of the groups.
    pub groups: Vec<String>,
    /// A name, and a value for each group that has one.
    pub series: Vec<(String, Vec<Option<f64>>)>,
}

impl Chart {
    /// As a file.
    pub fn svg(&self) -> String {
        let mut svg = format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{}">
<style>
  text {{ font: 12px system-ui, sans-serif; fill: #333 }}
  .title {{ font-weight: 600; font-size: 14px }}
  .label {{ font-size: 11px }}
  .value {{ font-size: 10px }}
  .line {{ stroke: #8888; stroke-width: 1 }}
  @media (prefers-color-scheme: dark) {{ text {{ fill: #ddd }} }}
</style>
"##,
            escaped(&format!("{}, {}", self.title, self.unit))
        );
        let title = format!("{} ({})", self.title, self.unit);
        text(&mut svg, (LEFT, 20.0), "start", "title", &title);
        self.legend(&mut svg);
        let top = self.axis(&mut svg);
        self.bars(&mut svg, top);
        svg + "</svg>\n"
    }

    fn legend(&self, svg: &mut String) {
        let room = (WIDTH - LEFT - RIGHT) / self.series.len().max(1) as f64;
        for (n, (name, _)) in self.series.iter().enumerate() {
            let x = LEFT + room * n as f64;
            rectangle(svg, (x, 32.0), (10.0, 10.0), COLOURS[n % COLOURS.len()]);
            text(svg, (x + 15.0, 41.0), "start", "label", name);
        }
    }

    /// Lines at round values; gives back the value at the top.
    fn axis(&self, svg: &mut String) -> f64 {
        let values = self.series.iter().flat_map(|(_, values)| values.iter().flatten());
        let step = step(values.copied().fold(f64::MIN_POSITIVE, f64::max));
        for n in 0..=4 {
            let y = height(f64::from(n) / 4.0);
            let right = WIDTH - RIGHT;
            // Writing into a text does not fail.
            let _ = writeln!(svg, r#"<line class="line" x1="{LEFT}" x2="{right}" y1="{y:.1}" y2="{y:.1}"/>"#);
            text(svg, (LEFT - 6.0, y + 4.0), "end", "label", &number(step * f64::from(n)));
        }
        4.0 * step
    }

    fn bars(&self, svg: &mut String, top: f64) {
        let room = (WIDTH - LEFT - RIGHT) / self.groups.len().max(1) as f64;
        let width = room * FILLED / self.series.len().max(1) as f64;
        for (group, name) in self.groups.iter().enumerate() {
            let left = LEFT + room * group as f64;
            text(svg, (left + room / 2.0, HEIGHT - 14.0), "middle", "label", name);
            for (n, (_, values)) in self.series.iter().enumerate() {
                let Some(value) = values[group] else { continue };
                let x = left + room * (1.0 - FILLED) / 2.0 + width * n as f64;
                let y = height(value / top);
                rectangle(svg, (x, y), (width - 2.0, height(0.0) - y), COLOURS[n % COLOURS.len()]);
                text(svg, (x + width / 2.0 - 1.0, y - 4.0), "middle", "value", &number(value));
            }
        }
    }
}

/// How far down a share of the plane's height is.
fn height(share: f64) -> f64 {
    HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
}

/// The least 1, 2, 2.5 or 5 with zeros of which four reach so far.
fn step(most: f64) -> f64 {
    let power = 10f64.powf((most / 4.0).log10().floor());
    [1.0, 2.0, 2.5, 5.0, 10.0]
        .map(|digit| digit * power)
        .into_iter()
        .find(|step| 4.0 * step >= most)
        .unwrap_or(most)
}

/// Three digits that count, and no zeros behind them.
pub fn number(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        size if size < 1.0 => 3,
        size if size < 10.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn rectangle(svg: &mut String, (x, y): (f64, f64), (width, height): (f64, f64), colour: &str) {
    let _ = writeln!(
        svg,
        r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{colour}"/>"#
    );
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, class: &str, text: &str) {
    let text = escaped(text);
    let _ =
        writeln!(svg, r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#);
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_round_steps_reach_the_largest_value() {
        for (most, expected) in [(1.0, 0.25), (3.9, 1.0), (4.1, 2.0), (97.0, 25.0), (17_000.0, 5000.0)] {
            assert!((step(most) - expected).abs() < 1e-9, "{most}: {}", step(most));
        }
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, 0.25, 8.0, 17.84, 12_345.6].map(number), ["0", "0.25", "8", "17.8", "12346"]);
    }

    #[test]
    fn bars_stand_on_the_ground_and_are_as_high_as_they_should() {
        let series =
            vec![("a < b".to_owned(), vec![Some(2.0), None]), ("c".to_owned(), vec![None, Some(4.0)])];
        let chart = Chart { title: "t".to_owned(), unit: "u", groups: vec!["1".into(), "2".into()], series };
        let svg = chart.svg();
        let bars: Vec<_> = svg.lines().filter(|line| line.starts_with("<rect")).skip(2).collect();
        let [half, whole] = bars[..] else { panic!("two bars: {bars:?}") };
        assert!(half.contains(r#"y="174.0""#) && half.contains(r#"height="110.0""#), "{half}");
        assert!(whole.contains(r#"y="64.0""#) && whole.contains(r#"height="220.0""#), "{whole}");
        assert!(svg.contains("a &lt; b"));
    }
}
