//! The plot of response times: for each clock and step, a bar from the median to the 95th percentile and a tick at the
//! slowest, over a logarithmic axis from a second to two months.
//!
//! It is made by a template, so that whatever it says is escaped. Colours are attributes, which the console's style
//! overrides for dark screens: so it looks right inside the page and on its own.

use askama::Template;
use comity_engine::desk::TimingRow;
use comity_wire::words::DurationMs;

use crate::when;
use crate::words;

/// The left end of the axis, in milliseconds: below it, a second more or less tells nothing.
const LEFT_MS: f64 = 1_000.0;
/// The right end of the axis, in milliseconds: 64 days.
const RIGHT_MS: f64 = 64.0 * 86_400_000.0;
/// Where the axis begins, in units of the drawing.
const AXIS_X: f64 = 270.0;
/// How long the axis is.
const AXIS_WIDTH: f64 = 460.0;
/// How high a step is.
const STEP_HEIGHT: u32 = 30;
/// How high the name of a clock is.
const CLOCK_HEIGHT: u32 = 40;
/// Room above the first clock, for the legend.
const TOP: u32 = 34;

/// Marks on the axis.
const MARKS: [(f64, &str); 8] = [
    (1_000.0, "≤ 1 s"),
    (10_000.0, "10 s"),
    (60_000.0, "1 min"),
    (600_000.0, "10 min"),
    (3_600_000.0, "1 h"),
    (21_600_000.0, "6 h"),
    (86_400_000.0, "1 d"),
    (604_800_000.0, "7 d"),
];

/// A plot; without rows, a sentence in its place.
#[derive(Template, Default)]
#[template(path = "plot.svg")]
pub(super) struct Plot {
    height: u32,
    clocks: Vec<Name>,
    steps: Vec<Step>,
    marks: Vec<Mark>,
    /// What it shows, in a sentence for each step.
    description: String,
}

impl askama::filters::HtmlSafe for Plot {}

/// The name of a clock and where its base line is.
struct Name {
    words: String,
    y: u32,
}

/// One step.
struct Step {
    words: String,
    count: u64,
    y: u32,
    p50_x: String,
    p95_x: String,
    width: String,
    max_x: String,
    label_x: String,
    label_end: bool,
    label: String,
}

/// A mark on the axis.
struct Mark {
    x: String,
    words: &'static str,
}

impl Plot {
    /// Plots the rows that have a value; `None` if none has.
    pub(super) fn new(rows: &[TimingRow]) -> Option<Self> {
        let mut plot = Self::default();
        let mut y = TOP;
        let mut clock = None;
        for row in rows {
            let Some((p50, p95, max)) = values(row) else {
                continue;
            };
            if clock != Some(&row.clock) {
                clock = Some(&row.clock);
                y += CLOCK_HEIGHT;
                plot.clocks.push(Name {
                    words: words::start(&row.clock),
                    y: y - 12,
                });
            }
            plot.steps.push(Step::new(row, p50, p95, max, y));
            plot.description.push_str(&format!(
                "{}, {}: half within {}, 95 of 100 within {}, slowest {}. ",
                words::start(&row.clock),
                words::step(&row.step),
                when::length(p50),
                when::length(p95),
                when::length(max),
            ));
            y += STEP_HEIGHT;
        }
        plot.marks = MARKS
            .iter()
            .map(|(ms, words)| Mark {
                x: text(place(*ms)),
                words,
            })
            .collect();
        plot.height = y + 40;
        (!plot.steps.is_empty()).then_some(plot)
    }

    /// Where the axis is.
    fn axis_y(&self) -> u32 {
        self.height.saturating_sub(32)
    }
}

impl Step {
    fn new(row: &TimingRow, p50: DurationMs, p95: DurationMs, max: DurationMs, y: u32) -> Self {
        let [p50_x, p95_x, max_x] = [p50, p95, max].map(|ms| place(float(ms)));
        // Beside the bar, on the side that has room.
        let label_end = max_x > AXIS_X + AXIS_WIDTH - 150.0;
        let label_x = if label_end {
            p50_x - 12.0
        } else {
            max_x + 10.0
        };
        Self {
            words: words::step(&row.step),
            count: row.count,
            y,
            width: text((p95_x - p50_x).max(0.0)),
            p50_x: text(p50_x),
            p95_x: text(p95_x),
            max_x: text(max_x),
            label_x: text(label_x),
            label_end,
            label: format!("{} · {}", when::length(p50), when::length(p95)),
        }
    }
}

fn values(row: &TimingRow) -> Option<(DurationMs, DurationMs, DurationMs)> {
    Some((row.p50_ms?, row.p95_ms?, row.max_ms?))
}

/// Where a length of time is on the axis.
fn place(ms: f64) -> f64 {
    let share = (ms.clamp(LEFT_MS, RIGHT_MS) / LEFT_MS).ln() / (RIGHT_MS / LEFT_MS).ln();
    AXIS_X + share * AXIS_WIDTH
}

/// Exact up to more milliseconds than the axis shows.
fn float(ms: DurationMs) -> f64 {
    u32::try_from(ms / 1_000).map_or(RIGHT_MS, |seconds| f64::from(seconds) * 1_000.0)
}

fn text(x: f64) -> String {
    format!("{x:.1}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;

    fn row(clock: &str, step: &str, ms: Option<[u64; 3]>) -> TimingRow {
        TimingRow {
            clock: clock.to_owned(),
            step: step.to_owned(),
            count: 3,
            open: 0,
            ended: 0,
            paused_ms: 0,
            p50_ms: ms.map(|ms| ms[0]),
            p90_ms: None,
            p95_ms: ms.map(|ms| ms[1]),
            p99_ms: None,
            max_ms: ms.map(|ms| ms[2]),
        }
    }

    #[test]
    fn longer_is_further_right_and_nothing_leaves_the_axis() {
        let order = [0.0, 5_000.0, 60_000.0, 86_400_000.0, RIGHT_MS, 1e15].map(place);
        assert!(order.is_sorted());
        assert_eq!(order[0], AXIS_X);
        assert_eq!(order[5], AXIS_X + AXIS_WIDTH);
        assert_eq!(place(float(u64::MAX)), AXIS_X + AXIS_WIDTH);
    }

    #[test]
    fn without_a_value_there_is_no_plot_and_what_has_none_is_left_out() {
        assert!(Plot::new(&[]).is_none());
        assert!(Plot::new(&[row("offered", "outcome", None)]).is_none());
        let plot = Plot::new(&[
            row("offered", "receipt", Some([1, 2, 3])),
            row("offered", "outcome", None),
            row("reported", "outcome", Some([60_000, 7_200_000, 90_000_000])),
        ])
        .unwrap();
        assert_eq!((plot.clocks.len(), plot.steps.len()), (2, 2));
        assert!(
            plot.description
                .contains("half within 1 min, 95 of 100 within 2 h, slowest 1 d 1 h")
        );
    }

    #[test]
    fn what_it_says_is_escaped() {
        let svg = Plot::new(&[row("<script>", "<img>", Some([1, 2, 3]))])
            .unwrap()
            .render()
            .unwrap();
        assert!(!svg.contains("<script>") && !svg.contains("<img>"));
    }
}
