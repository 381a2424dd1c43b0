//! How long each step took: a plot, and the same figures as a table.

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse as _;
use comity_engine::desk::{Query, ResponseTimesShown, TimingRow};

use super::page::{Frame, Page, frame, render, shown};
use super::plot::Plot;
use super::session::Visitor;
use crate::app::App;
use crate::problem::Problem;
use crate::when;
use crate::words;

#[derive(Template)]
#[template(path = "response_times.html")]
struct ResponseTimesPage {
    frame: Frame,
    times: Times,
}

/// Response times as a plot and a table.
pub(super) struct Times {
    /// Whose records they are made of.
    pub(super) members: String,
    /// Absent: nothing has come to any step yet.
    pub(super) plot: Option<Plot>,
    /// One table for each clock.
    pub(super) clocks: Vec<Clock>,
}

/// The steps of one clock.
pub(super) struct Clock {
    pub(super) words: String,
    pub(super) steps: Vec<Step>,
}

/// One step, in words.
pub(super) struct Step {
    pub(super) words: String,
    pub(super) count: u64,
    pub(super) open: u64,
    pub(super) ended: u64,
    /// How long holds were in force within these times, if any were.
    pub(super) paused: Option<String>,
    /// p50, p90, p95, p99 and the slowest.
    pub(super) lengths: [String; 5],
}

pub(super) async fn page(State(app): State<App>, Visitor(person): Visitor) -> Page {
    let (frame, _) = frame(&app, &person, "/response-times", "Response times").await?;
    let shown = shown!(app, person, Query::ResponseTimes, ResponseTimes);
    render(&ResponseTimesPage {
        frame,
        times: Times::new(&shown),
    })
}

/// The plot on its own, to be put into a report.
pub(super) async fn plot(State(app): State<App>, Visitor(person): Visitor) -> Page {
    let shown = shown!(app, person, Query::ResponseTimes, ResponseTimes);
    let svg = Plot::new(&shown.rows)
        .unwrap_or_default()
        .render()
        .map_err(|_| Problem::us("page-not-made", "the plot could not be made"))?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response())
}

impl Times {
    pub(super) fn new(shown: &ResponseTimesShown) -> Self {
        let mut clocks: Vec<(&str, Clock)> = Vec::new();
        for row in &shown.rows {
            let step = Step::new(row);
            match clocks.iter_mut().find(|(code, _)| *code == row.clock) {
                Some((_, clock)) => clock.steps.push(step),
                None => clocks.push((
                    &row.clock,
                    Clock {
                        words: words::start(&row.clock),
                        steps: vec![step],
                    },
                )),
            }
        }
        Self {
            members: shown.members.join(", "),
            plot: Plot::new(&shown.rows),
            clocks: clocks.into_iter().map(|(_, clock)| clock).collect(),
        }
    }
}

impl Step {
    fn new(row: &TimingRow) -> Self {
        let lengths = [row.p50_ms, row.p90_ms, row.p95_ms, row.p99_ms, row.max_ms];
        Self {
            words: words::step(&row.step),
            count: row.count,
            open: row.open,
            ended: row.ended,
            paused: (row.paused_ms > 0).then(|| when::length(row.paused_ms)),
            lengths: lengths.map(|length| length.map_or_else(|| "–".to_owned(), when::length)),
        }
    }
}
