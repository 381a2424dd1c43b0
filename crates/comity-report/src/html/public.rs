//! Public figures as one file that people look at: every table as bars and in numbers, and what the figures are not.
//!
//! ```text
//! heading, key figures -> tables: a bar for each row, its hidden part drawn empty, and the numbers below
//!   -> shares within legal clocks, times -> what they are tied to -> what they are not
//! ```

use std::fmt::Write as _;

use super::words::{answer, clock, day, length_or_none, plain, step, time};
use super::{framed, logs_table, table};
use crate::public::{Public, PublicRow, PublicTable};
use crate::report::Source;

/// The file.
#[must_use]
pub fn html_public(public: &Public) -> String {
    let mut body = heading(public);
    body += &cards(public);
    body += "<p class=\"claim\"><b>What can be checked.</b> The figures are counts of records under the signed heads below. Who may read those logs can make the figures again; nobody else can, and nothing here says anything of one case. A count that is small is hidden, and with it as many others as it takes so that nobody can compute it.</p>\n";
    for (n, found) in public.tables.iter().enumerate() {
        body += &of_table(found, n);
    }
    body += &shares(public);
    body += &times(public);
    body += &format!("<h2 id=\"logs\">Tied to</h2>{}", logs_table(&public.logs));
    body += "<h2 id=\"limits\">What these figures are not</h2><ul class=\"limits\">";
    for limit in &public.limits {
        let _ = write!(body, "<li>{}</li>", plain(limit));
    }
    body += "</ul>";
    let title = format!("Public figures · {}", plain(&public.made_by));
    framed(&title, &body)
}

fn heading(public: &Public) -> String {
    let period = match (public.from, public.until) {
        (Some(from), Some(until)) => format!("What began from {} until {}.", day(from), day(until)),
        (Some(from), None) => format!("What began since {}.", day(from)),
        (None, Some(until)) => format!("What began before {}.", day(until)),
        (None, None) => "Everything that the logs show.".to_owned(),
    };
    let source = match public.source {
        Source::Own => "from its own log",
        Source::Audit => "from the logs of its last audit",
    };
    format!(
        "<header><h1>Public figures</h1><p class=\"meta\">{period} Made by {} {source}, as of {}.</p></header>\n",
        plain(&public.made_by),
        time(public.made_at),
    )
}

fn cards(public: &Public) -> String {
    let count =
        |count: Option<u64>| count.map_or_else(|| "too few to tell".to_owned(), |n| n.to_string());
    let all = [
        (count(public.requests), "requests"),
        (count(public.rounds), "rounds of items"),
        (
            public.small_cell.to_string(),
            "is the least count that is shown",
        ),
    ];
    let items = all.map(|(value, name)| format!("<li><b>{value}</b><span>{name}</span></li>"));
    format!("<ul class=\"cards\">{}</ul>\n", items.concat())
}

// ---- Tables

fn of_table(found: &PublicTable, n: usize) -> String {
    let heads: Vec<&str> = [found.by.as_str()]
        .into_iter()
        .chain(found.columns.iter().map(|name| answer(name)))
        .chain(["total"])
        .collect();
    let cell = |count: &Option<u64>| count.map_or_else(|| "hidden".to_owned(), |n| n.to_string());
    let lines = found.rows.iter().map(|row| {
        std::iter::once(row.name.clone())
            .chain(row.cells.iter().map(cell))
            .chain([row.total.to_string()])
            .collect::<Vec<_>>()
    });
    let all: u64 = found.totals.iter().sum();
    let totals = std::iter::once("total".to_owned())
        .chain(found.totals.iter().map(u64::to_string))
        .chain([all.to_string()])
        .collect();
    let numbers = table(
        &format!("{}, by {}", found.unit, found.by),
        &heads,
        1,
        lines.chain([totals]),
    );
    format!(
        "<figure><figcaption><h3>By {}</h3>{}</figcaption>{}<div class=\"scroll\">{numbers}</div></figure>\n",
        plain(&found.by),
        plain(&found.unit),
        bars(found, n)
    )
}

const WIDTH: f64 = 720.0;
const LEFT: f64 = 190.0;
const ROW: f64 = 26.0;
/// Colours of the style; more columns than that share the last one.
const COLOURS: usize = 8;

/// A bar for each row, as long as its total; what is hidden is drawn empty at its end.
fn bars(found: &PublicTable, n: usize) -> String {
    let most = found.rows.iter().map(|row| row.total).max().unwrap_or(1);
    let wide = |count: u64| float(count) / float(most.max(1)) * (WIDTH - LEFT - 70.0);
    let is_one_way = found.columns.len() < 2;
    let (key, top) = if is_one_way {
        (String::new(), 4.0)
    } else {
        legend(found)
    };
    let mut svg = key;
    for (place, row) in found.rows.iter().enumerate() {
        svg += &bar(row, top + ROW * float_of(place), &wide);
    }
    let height = top + ROW * float_of(found.rows.len()) + 4.0;
    let said: Vec<_> = found
        .rows
        .iter()
        .map(|row| format!("{}: {}", row.name, row.total))
        .collect();
    format!(
        "<div class=\"plot\"><svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-labelledby=\"p{n}-t p{n}-d\"><title id=\"p{n}-t\">By {}</title><desc id=\"p{n}-d\">{}</desc>{svg}</svg></div>",
        plain(&found.by),
        plain(&said.join("; "))
    )
}

/// What each colour is, in as many lines as it takes, and where the bars begin.
fn legend(found: &PublicTable) -> (String, f64) {
    let names = found.columns.iter().map(|name| answer(name).to_owned());
    let hides = found.rows.iter().any(|row| row.cells.contains(&None));
    let names = names.chain(hides.then(|| "hidden".to_owned()));
    let (mut x, mut y, mut svg) = (LEFT, 4.0, String::new());
    for (column, name) in names.enumerate() {
        let wide = 26.0 + 7.0 * float_of(name.chars().count());
        if x + wide > WIDTH {
            (x, y) = (LEFT, y + 18.0);
        }
        let class = if column < found.columns.len() {
            format!("c{}", column.min(COLOURS - 1))
        } else {
            "hidden".to_owned()
        };
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"10\" height=\"10\"/><text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x + 15.0,
            y + 9.5,
            plain(&name)
        );
        x += wide;
    }
    (svg, y + 24.0)
}

fn bar(row: &PublicRow, y: f64, wide: &impl Fn(u64) -> f64) -> String {
    let mut svg = format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
        LEFT - 10.0,
        y + 13.0,
        plain(&row.name)
    );
    let mut x = LEFT;
    for (column, count) in row.cells.iter().enumerate() {
        let Some(count) = count.filter(|count| *count > 0) else {
            continue;
        };
        let _ = write!(
            svg,
            "<rect class=\"c{}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"17\"/>",
            column.min(COLOURS - 1),
            wide(count)
        );
        x += wide(count);
    }
    let shown: u64 = row.cells.iter().flatten().sum();
    let hidden = row.total.saturating_sub(shown);
    if hidden > 0 {
        let _ = write!(
            svg,
            "<rect class=\"hidden\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"16\"/>",
            y + 0.5,
            wide(hidden)
        );
    }
    let _ = write!(
        svg,
        "<text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
        LEFT + wide(row.total) + 7.0,
        y + 13.0,
        row.total
    );
    svg
}

// ---- The rest

fn shares(public: &Public) -> String {
    if public.legal.is_empty() {
        return String::new();
    }
    let lines = public
        .legal
        .iter()
        .map(|share| vec![share.clock.clone(), format!("{} %", share.within_percent)]);
    format!(
        "<figure><figcaption><h3>Within legal clocks</h3>Of what was due or reached, how much was reached in time. Shown only where neither part is small.</figcaption><div class=\"scroll\">{}</div></figure>\n",
        table(
            "Shares within legal clocks",
            &["Legal clock", "In time"],
            1,
            lines
        )
    )
}

fn times(public: &Public) -> String {
    if public.times.is_empty() {
        return String::new();
    }
    let lines = public.times.iter().map(|found| {
        let group = if found.by == "all" {
            "everything".to_owned()
        } else {
            format!("{}: {}", found.by, found.group)
        };
        vec![
            group,
            clock(&found.clock).to_owned(),
            step(&found.step).to_owned(),
            length_or_none(found.p50_ms),
            length_or_none(found.p90_ms),
        ]
    });
    format!(
        "<figure><figcaption><h3>Times</h3>Rounded to two digits, and of large groups only.</figcaption><div class=\"scroll\">{}</div></figure>\n",
        table(
            "Times, rounded",
            &["Group", "From", "To", "Half within", "90 % within"],
            3,
            lines
        )
    )
}

#[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
fn float(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
fn float_of(number: usize) -> f64 {
    number as f64
}
