//! Plots as inline SVG: no script, colours by class, a title and a description for who does not see them.

use std::fmt::Write as _;

use comity_wire::words::DurationMs;

use super::words::{length, plain, short_day, step};
use crate::ages::{AGES, bin_begins};
use crate::report::{Distribution, Page, Row, Week};

const WIDTH: f64 = 720.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 700.0;

/// How often which time was needed: one strip for each step, on one logarithmic axis, with the median and the tail, and
/// the legal limits.
pub(super) fn distributions(
    page: &Page,
    limits: &[(String, DurationMs)],
    id: &str,
) -> Option<String> {
    let shown: Vec<_> = page
        .distributions
        .iter()
        .filter(|found| found.clock == "offered")
        .collect();
    let shown = if shown.is_empty() {
        page.distributions
            .iter()
            .filter(|found| found.clock == "registered")
            .collect()
    } else {
        shown
    };
    let begins = shown
        .iter()
        .map(|found| bin_begins(found.first_bin))
        .min()?;
    let ends = shown.iter().map(|found| bin_begins(end_of(found))).max()?;
    let axis = Log::new(
        begins,
        limits.iter().map(|(_, at)| *at).fold(ends, DurationMs::max),
    );
    let top = 16.0 + 15.0 * count(limits.len());
    let height = top + STRIP * count(shown.len()) + 34.0;
    let mut svg = axis.ticks(height - 30.0, top - 4.0);
    for (n, (_, at)) in limits.iter().enumerate() {
        // From its name down to the first strip, and then over each histogram: not through what is written.
        let first = (3.0 + 15.0 * count(n), top - 4.0);
        let strips = (0..shown.len()).map(|n| {
            let top = top + STRIP * count(n);
            (top + 20.0, top + STRIP - 22.0)
        });
        let x = axis.x(*at);
        for (from, to) in std::iter::once(first).chain(strips) {
            let _ = write!(
                svg,
                "<line class=\"limit\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{from:.1}\" y2=\"{to:.1}\"/>"
            );
        }
    }
    for (n, found) in shown.iter().enumerate() {
        svg += &strip(found, page, &axis, top + STRIP * count(n));
    }
    for (n, (name, at)) in limits.iter().enumerate() {
        let (x, y) = (axis.x(*at), 12.0 + 15.0 * count(n));
        let (x, anchor) = if x > WIDTH / 2.0 {
            (x - 5.0, "end")
        } else {
            (x + 5.0, "start")
        };
        let _ = write!(
            svg,
            "<text class=\"limit-name\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{} ({})</text>",
            plain(name),
            length(*at)
        );
    }
    let said = shown.iter().map(|found| {
        let row = row_of(page, &found.clock, &found.step);
        let half = row
            .and_then(|row| row.p50_ms)
            .map_or_else(String::new, |at| format!(", half within {}", length(at)));
        format!(
            "{}: {} times{half}.",
            step(&found.step),
            found.bins.iter().sum::<u64>()
        )
    });
    let said: Vec<_> = said.collect();
    Some(framed(
        id,
        height,
        "How long it took",
        &said.join(" "),
        &svg,
    ))
}

const STRIP: f64 = 112.0;

fn strip(found: &Distribution, page: &Page, axis: &Log, top: f64) -> String {
    let base = top + STRIP - 22.0;
    let highest = found.bins.iter().max().copied().unwrap_or(1).max(1);
    let mut svg = String::new();
    let bins = (found.first_bin..)
        .zip(&found.bins)
        .filter(|(_, count)| **count > 0);
    for (bin, often) in bins {
        let (x, to) = (axis.x(bin_begins(bin)), axis.x(bin_begins(bin + 1)));
        let tall = (float(*often) / float(highest) * (STRIP - 58.0)).max(2.0);
        let _ = write!(
            svg,
            "<rect class=\"bar\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{tall:.1}\"/>",
            base - tall,
            (to - x - 1.0).max(1.0)
        );
    }
    let _ = write!(
        svg,
        "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{base:.1}\" y2=\"{base:.1}\"/>"
    );
    let _ = write!(
        svg,
        "<text class=\"name\" x=\"{LEFT}\" y=\"{:.1}\">{}</text>",
        top + 12.0,
        plain(step(&found.step))
    );
    let Some(row) = row_of(page, &found.clock, &found.step) else {
        return svg;
    };
    let marks = [
        ("50 %", row.p50_ms),
        ("90 %", row.p90_ms),
        ("99 %", row.p99_ms),
    ];
    let mut said = Vec::new();
    for (name, at) in marks {
        let Some(at) = at else { continue };
        let x = axis.x(at);
        let _ = write!(
            svg,
            "<line class=\"mark\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>",
            base - 3.0,
            base + 7.0
        );
        said.push(format!("{name}: {}", length(at)));
    }
    let _ = write!(
        svg,
        "<text class=\"value\" x=\"{RIGHT}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
        top + 12.0,
        said.join(" · ")
    );
    svg
}

/// The median and the 90th percentile of each week in which something began.
pub(super) fn trend(weeks: &[Week], id: &str) -> Option<String> {
    let known: Vec<_> = weeks
        .iter()
        .enumerate()
        .filter_map(|(n, week)| Some((n, week.outcome_ms.or(week.human_answer_ms)?)))
        .collect();
    let least = known.iter().map(|(_, (half, _))| *half).min()?;
    let most = known.iter().map(|(_, (_, tail))| *tail).max()?;
    let scale = Log::new(least.max(1_000), most.max(2_000));
    let (top, bottom) = (20.0, 190.0);
    let y = |at: DurationMs| bottom - (scale.x(at) - LEFT) / (RIGHT - LEFT) * (bottom - top);
    let x = |n: usize| place(n, weeks.len());
    let mut svg = String::new();
    for (at, name) in TICKS.iter().filter(|(at, _)| scale.has(*at)) {
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{0:.1}\" y2=\"{0:.1}\"/><text x=\"{1}\" y=\"{2:.1}\" text-anchor=\"end\">{name}</text>",
            y(*at),
            LEFT - 8.0,
            y(*at) + 4.0
        );
    }
    let line = |of: fn(&(DurationMs, DurationMs)) -> DurationMs| {
        known
            .iter()
            .map(|(n, times)| format!("{:.1},{:.1}", x(*n), y(of(times))))
            .collect::<Vec<_>>()
    };
    let (half, tail) = (line(|times| times.0), line(|times| times.1));
    let back: Vec<_> = tail.iter().rev().cloned().collect();
    let _ = write!(
        svg,
        "<polygon class=\"band\" points=\"{} {}\"/>",
        half.join(" "),
        back.join(" ")
    );
    let _ = write!(
        svg,
        "<polyline class=\"tail\" points=\"{}\"/><polyline class=\"middle\" points=\"{}\"/>",
        tail.join(" "),
        half.join(" ")
    );
    for (n, (half, tail)) in &known {
        let waits = weeks.get(*n).is_some_and(waits);
        let hollow = if waits { " hollow" } else { "" };
        let _ = write!(
            svg,
            "<circle class=\"dot-tail{hollow}\" cx=\"{0:.1}\" cy=\"{1:.1}\" r=\"3\"/><circle class=\"dot{hollow}\" cx=\"{0:.1}\" cy=\"{2:.1}\" r=\"3.5\"/>",
            x(*n),
            y(*tail),
            y(*half)
        );
    }
    svg += &week_names(weeks, bottom + 22.0);
    let _ = write!(
        svg,
        "<text class=\"value\" x=\"{RIGHT}\" y=\"12\" text-anchor=\"end\">dashed: 90 % within · solid: half within</text>"
    );
    let said = format!(
        "{} weeks, {} of them with more than one in ten still waiting; the median is between {} and {}.",
        known.len(),
        weeks.iter().filter(|week| waits(week)).count(),
        length(least),
        length(known.iter().map(|(_, (half, _))| *half).max()?)
    );
    Some(framed(
        id,
        224.0,
        "Time to the outcome, by week",
        &said,
        &svg,
    ))
}

/// Whether more than one in ten of a week still waits.
fn waits(week: &Week) -> bool {
    week.waiting.saturating_mul(9) > week.decided
}

/// Legal clocks that were due in each week: kept and not.
pub(super) fn breaches(weeks: &[Week], id: &str) -> Option<String> {
    let most = weeks
        .iter()
        .map(|week| week.met.saturating_add(week.breached))
        .max()
        .filter(|most| *most > 0)?;
    let (top, bottom) = (20.0, 150.0);
    let tall = |often: u64| float(often) / float(most) * (bottom - top);
    let wide = ((RIGHT - LEFT) / count(weeks.len().max(1)) - 3.0).clamp(1.5, 40.0);
    let mut svg = String::new();
    for often in [most, most / 2].into_iter().filter(|often| *often > 0) {
        let y = bottom - tall(often);
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{often}</text>",
            LEFT - 8.0,
            y + 4.0
        );
    }
    for (n, week) in weeks.iter().enumerate() {
        let x = place(n, weeks.len()) - wide / 2.0;
        let (met, breached) = (tall(week.met), tall(week.breached));
        if week.met > 0 {
            let _ = write!(
                svg,
                "<rect class=\"met\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"{met:.1}\"/>",
                bottom - met
            );
        }
        if week.breached > 0 {
            let _ = write!(
                svg,
                "<rect class=\"breached\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"{breached:.1}\"/>",
                bottom - met - breached
            );
        }
    }
    let _ = write!(
        svg,
        "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{bottom}\" y2=\"{bottom}\"/>"
    );
    svg += &week_names(weeks, bottom + 22.0);
    let _ = write!(
        svg,
        "<rect class=\"met\" x=\"516\" y=\"4\" width=\"10\" height=\"10\"/><text class=\"value\" x=\"531\" y=\"13\">in time</text><rect class=\"breached\" x=\"590\" y=\"4\" width=\"10\" height=\"10\"/><text class=\"value\" x=\"605\" y=\"13\">late or overdue</text>"
    );
    let (met, breached) = weeks.iter().fold((0, 0), |(met, breached), week| {
        (met + week.met, breached + week.breached)
    });
    let said = format!(
        "{met} in time, {breached} late or overdue, in {} weeks.",
        weeks.len()
    );
    Some(framed(
        id,
        184.0,
        "Legal clocks that fell due, by week",
        &said,
        &svg,
    ))
}

/// What is open, by age.
pub(super) fn ages(page: &Page, id: &str) -> Option<String> {
    let open = page
        .figures
        .ages
        .iter()
        .find(|ages| ages.step == "outcome")?;
    let most = open.open.iter().max().copied().filter(|most| *most > 0)?;
    let mut svg = String::new();
    for (n, ((_, name), often)) in AGES.iter().zip(&open.open).enumerate() {
        let y = 8.0 + 24.0 * count(n);
        let wide = float(*often) / float(most) * (RIGHT - 190.0);
        let _ = write!(
            svg,
            "<text x=\"126\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            y + 13.0,
            plain(name)
        );
        if *often > 0 {
            let _ = write!(
                svg,
                "<rect class=\"bar\" x=\"136\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"17\" rx=\"2\"/>"
            );
        }
        let _ = write!(
            svg,
            "<text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{often}</text>",
            142.0 + wide,
            y + 13.0
        );
    }
    let said: Vec<_> = AGES
        .iter()
        .zip(&open.open)
        .map(|((_, name), often)| format!("{name}: {often}"))
        .collect();
    Some(framed(
        id,
        16.0 + 24.0 * count(AGES.len()),
        "Waiting for an outcome, by age",
        &said.join("; "),
        &svg,
    ))
}

// ---- Axes

/// A logarithmic axis of time.
struct Log {
    from: f64,
    to: f64,
}

impl Log {
    fn new(from: DurationMs, to: DurationMs) -> Self {
        let from = float(from.max(1_000)).ln();
        Self {
            from,
            to: float(to.max(2_000)).ln().max(from + 0.7) + 0.1,
        }
    }

    fn x(&self, at: DurationMs) -> f64 {
        let at = float(at.max(1)).ln().clamp(self.from, self.to);
        LEFT + (at - self.from) / (self.to - self.from) * (RIGHT - LEFT)
    }

    fn has(&self, at: DurationMs) -> bool {
        (self.from..=self.to).contains(&float(at).ln())
    }

    fn ticks(&self, y: f64, top: f64) -> String {
        let mut svg = String::new();
        let mut last = f64::MIN;
        for (at, name) in TICKS.iter().filter(|(at, _)| self.has(*at)) {
            let x = self.x(*at);
            let _ = write!(
                svg,
                "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top:.1}\" y2=\"{y:.1}\"/>"
            );
            if x - last > 44.0 {
                let _ = write!(
                    svg,
                    "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{name}</text>",
                    y + 20.0
                );
                last = x;
            }
        }
        svg
    }
}

const TICKS: [(DurationMs, &str); 14] = [
    (1_000, "1 s"),
    (10_000, "10 s"),
    (60_000, "1 min"),
    (600_000, "10 min"),
    (3_600_000, "1 h"),
    (10_800_000, "3 h"),
    (43_200_000, "12 h"),
    (86_400_000, "1 day"),
    (259_200_000, "3 days"),
    (604_800_000, "1 week"),
    (2_592_000_000, "30 days"),
    (7_776_000_000, "90 days"),
    (31_536_000_000, "1 year"),
    (157_680_000_000, "5 years"),
];

fn place(n: usize, of: usize) -> f64 {
    let step = (RIGHT - LEFT) / count(of.max(1));
    LEFT + step * (count(n) + 0.5)
}

/// The Mondays, as many as have room.
fn week_names(weeks: &[Week], y: f64) -> String {
    let every = weeks.len().div_ceil(7).max(1);
    let named = weeks.iter().enumerate().step_by(every);
    let named = named.map(|(n, week)| {
        format!(
            "<text x=\"{:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{}</text>",
            place(n, weeks.len()),
            short_day(week.begins)
        )
    });
    named.collect()
}

fn framed(id: &str, height: f64, title: &str, said: &str, svg: &str) -> String {
    format!(
        "<div class=\"plot\"><svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>{svg}</svg></div>",
        plain(title),
        plain(said)
    )
}

fn row_of<'a>(page: &'a Page, clock: &str, step: &str) -> Option<&'a Row> {
    let is_first = |row: &&Row| row.round.is_none_or(|round| round == 1);
    let mut rows = page.figures.rows.iter().filter(is_first);
    rows.find(|row| row.clock == clock && row.step == step)
}

fn end_of(found: &Distribution) -> u32 {
    found
        .first_bin
        .saturating_add(u32::try_from(found.bins.len()).unwrap_or(u32::MAX))
}

#[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
fn float(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
fn count(number: usize) -> f64 {
    number as f64
}
