//! A report as one file that people look at: no script, nothing from elsewhere, light and dark, on paper too.
//!
//! ```text
//! heading, two sentences, key figures -> what is claim and what is proven
//!   -> a part for everything, then one for each recipient: plots, and the tables behind them
//!   -> logs and heads, published findings, how it is counted
//! ```

mod plots;
mod public;
mod words;

use std::fmt::Write as _;

use comity_wire::words::DurationMs;

use self::words::{clock, day, length, length_or_none, percent, plain, reason, step, time};
use crate::ages::AGES;
use crate::report::{LegalFigures, LogUsed, Page, Report, Row, Source};

pub use self::public::html_public;

/// The file.
#[must_use]
pub fn html(report: &Report) -> String {
    let nothing = Page::default();
    let (all, each) = report.pages.split_first().unwrap_or((&nothing, &[]));
    let mut page = heading(report, all);
    page += &cards(all);
    page += CLAIM;
    // Where there is one recipient, its part would say the same again.
    let each = if each.len() > 1 { each } else { &[] };
    page += &contents(each);
    page += &part("all", "Everything", all);
    for (n, one) in each.iter().enumerate() {
        let member = one.member.as_deref().unwrap_or_default();
        page += &part(&format!("m{n}"), &format!("Answers of {member}"), one);
    }
    page += &logs(report);
    page += &findings(report);
    page += HOW;
    framed(
        &format!("Response times · {}", plain(&report.made_by)),
        &page,
    )
}

/// A whole file, of its title and its content.
fn framed(title: &str, content: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title><style>{STYLE}</style></head><body><main>\n{content}</main></body></html>\n"
    )
}

const STYLE: &str = include_str!("style.css");

const CLAIM: &str = "<p class=\"claim\"><b>What is proven and what is claimed.</b> Times from the first offer and from registration are made of records under signed heads of the logs named below; who may read those logs can check every one of them. Times from the public's report are the hotline's claim. That something is offline is the word of who looked. Two members who keep silent together are not seen.</p>\n";

const HOW: &str = "<h2 id=\"how\">How it is counted</h2><p>What began in the period is counted, as it stands when the report was made. What has begun and was not reached is open from the first second and is never left out; what was withdrawn, refused or passed on before has ended otherwise. Percentiles are exact values, by nearest rank. Each round of an item that came back is counted on its own. Holds do not shorten a time: how long they were in force stands beside it. A legal clock stands still where its law says so. Its share counts what was reached in time among all that was reached or is overdue; what cannot be computed from records is shown with its reason.</p>\n";

fn heading(report: &Report, all: &Page) -> String {
    let period = match (report.asked.from, report.asked.until) {
        (Some(from), Some(until)) => format!("What began from {} until {}.", day(from), day(until)),
        (Some(from), None) => format!("What began since {}.", day(from)),
        (None, Some(until)) => format!("What began before {}.", day(until)),
        (None, None) => "Everything that the logs show.".to_owned(),
    };
    let source = match report.asked.source {
        Source::Own => "from its own log",
        Source::Audit => "from the logs of its last audit",
    };
    format!(
        "<header><h1>Response times</h1><p class=\"meta\">{period} Made by {} {source}, as of {}.</p></header>\n<p class=\"summary\">{}</p>\n",
        plain(&report.made_by),
        time(report.made_at),
        summary(all)
    )
}

/// How it stands, in two sentences.
fn summary(page: &Page) -> String {
    if page.figures.requests == 0 && page.figures.rounds == 0 {
        return "Nothing began in this time.".to_owned();
    }
    let human = first(page, "first-human-answer");
    let outcome = first(page, "outcome");
    let within = |row: Option<&Row>| row.and_then(|row| row.p50_ms).map(length);
    let answered = match (within(human), within(outcome)) {
        (Some(human), Some(outcome)) => format!(
            "Of {}, half had an answer by a person within {human} and half of the items that were decided were decided within {outcome}.",
            requests(page.figures.requests)
        ),
        (Some(human), None) => format!(
            "Of {}, half had an answer by a person within {human}; nothing has been decided.",
            requests(page.figures.requests)
        ),
        _ => format!(
            "Of {}, none has had an answer by a person.",
            requests(page.figures.requests)
        ),
    };
    let (met, breached) = due(page);
    let law = match (met, breached) {
        (0, 0) => "No legal clock has fallen due".to_owned(),
        (_, 0) => format!("All {met} legal clocks that fell due were kept"),
        _ => format!(
            "Of {} legal clocks that fell due, {breached} were not kept",
            met + breached
        ),
    };
    let open = outcome.map_or(0, |row| row.open);
    let waits = match open {
        0 => "nothing waits for an outcome.".to_owned(),
        1 => "one item waits for an outcome.".to_owned(),
        _ => format!("{open} items wait for an outcome."),
    };
    format!("{answered} {law}, and {waits}")
}

fn requests(count: u64) -> String {
    if count == 1 {
        "one request".to_owned()
    } else {
        format!("{count} requests")
    }
}

fn cards(page: &Page) -> String {
    let value = |step: &str, of: fn(&Row) -> Option<DurationMs>| {
        length_or_none(first(page, step).and_then(of))
    };
    let (met, breached) = due(page);
    let share = met.saturating_mul(10_000).checked_div(met + breached);
    let open = first(page, "outcome").map_or(0, |row| row.open);
    let all = [
        (page.figures.requests.to_string(), "requests"),
        (
            value("first-human-answer", |row| row.p50_ms),
            "half answered by a person within",
        ),
        (value("outcome", |row| row.p50_ms), "half decided within"),
        (value("outcome", |row| row.p90_ms), "90 % decided within"),
        (percent(share), "of legal clocks kept"),
        (open.to_string(), "items wait for an outcome"),
    ];
    let items = all.map(|(value, name)| format!("<li><b>{value}</b><span>{name}</span></li>"));
    format!("<ul class=\"cards\">{}</ul>\n", items.concat())
}

fn contents(each: &[Page]) -> String {
    if each.is_empty() {
        return String::new();
    }
    let links = each.iter().enumerate().map(|(n, page)| {
        let member = page.member.as_deref().unwrap_or_default();
        format!("<li><a href=\"#m{n}\">{}</a></li>", plain(member))
    });
    format!(
        "<nav aria-label=\"Parts\"><ul><li><a href=\"#all\">Everything</a></li>{}<li><a href=\"#logs\">Logs and heads</a></li></ul></nav>\n",
        links.collect::<String>()
    )
}

// ---- A part

fn part(id: &str, title: &str, page: &Page) -> String {
    let mut text = format!(
        "<section class=\"page\" id=\"{id}\"><h2>{}</h2>\n",
        plain(title)
    );
    if id != "all" {
        let _ = writeln!(text, "<p>{}</p>", summary(page));
    }
    let limits = limits_of(page);
    let distributions = plots::distributions(page, &limits, &format!("{id}-a"));
    text += &figure(
        "How long it took",
        "How often which time was needed, from the first offer. Dashed lines: legal limits that are set in hours. Below each axis: where half, 90 % and 99 % are.",
        distributions,
        &rows(page),
    );
    let trend = plots::trend(&page.weeks, &format!("{id}-b"));
    text += &figure(
        "Time to the outcome, by week",
        "Of what began in each week (Monday to Sunday, UTC) and is decided. A hollow mark: more than one in ten still waits, so the true time is longer.",
        trend,
        &weeks(page),
    );
    let breaches = plots::breaches(&page.weeks, &format!("{id}-c"));
    text += &figure(
        "Legal clocks that fell due, by week",
        "Each legal clock of each round of an item, in the week in which it was due.",
        breaches,
        &legal(page),
    );
    let ages = plots::ages(page, &format!("{id}-d"));
    text += &figure(
        "Waiting, by age",
        "Rounds of items without an outcome, from the first offer until now.",
        ages,
        &open(page),
    );
    text += "</section>\n";
    text
}

fn figure(title: &str, says: &str, plot: Option<String>, table: &str) -> String {
    let plot = plot.unwrap_or_else(|| "<p class=\"small\">Nothing to show.</p>".to_owned());
    let behind = if table.is_empty() {
        String::new()
    } else {
        format!(
            "<details><summary>The figures</summary><div class=\"scroll\">{table}</div></details>"
        )
    };
    format!("<figure><figcaption><h3>{title}</h3>{says}</figcaption>{plot}{behind}</figure>\n")
}

fn rows(page: &Page) -> String {
    let heads = [
        "Step",
        "From",
        "Round",
        "Count",
        "Open",
        "Ended otherwise",
        "50 %",
        "90 %",
        "95 %",
        "99 %",
        "Slowest",
        "On hold",
    ];
    let lines = page.figures.rows.iter().map(|row| {
        vec![
            step(&row.step).to_owned(),
            clock(&row.clock).to_owned(),
            row.round
                .map_or_else(String::new, |round| round.to_string()),
            row.count.to_string(),
            row.open.to_string(),
            row.ended.to_string(),
            length_or_none(row.p50_ms),
            length_or_none(row.p90_ms),
            length_or_none(row.p95_ms),
            length_or_none(row.p99_ms),
            length_or_none(row.max_ms),
            length_or_none(Some(row.paused_ms).filter(|ms| *ms > 0)),
        ]
    });
    table("Times by step, clock and round", &heads, 2, lines)
}

fn weeks(page: &Page) -> String {
    let heads = [
        "Week from",
        "Requests",
        "Answer by a person, 50 %",
        "90 %",
        "Outcome, 50 %",
        "90 %",
        "Decided",
        "Still waiting",
    ];
    let two = |times: Option<(DurationMs, DurationMs)>| {
        [
            length_or_none(times.map(|times| times.0)),
            length_or_none(times.map(|times| times.1)),
        ]
    };
    let lines = page.weeks.iter().map(|week| {
        let first = [day(week.begins), week.requests.to_string()];
        first
            .into_iter()
            .chain(two(week.human_answer_ms))
            .chain(two(week.outcome_ms))
            .chain([week.decided.to_string(), week.waiting.to_string()])
            .collect()
    });
    table("By week", &heads, 1, lines)
}

fn legal(page: &Page) -> String {
    let heads = [
        "Legal clock",
        "In time",
        "Share",
        "Late",
        "Overdue",
        "Running",
        "Standing still",
        "Void",
        "Not computed",
    ];
    let lines = page.figures.legal.iter().map(|row| {
        let not = row
            .not_computed
            .iter()
            .map(|(why, count)| format!("{count}: {}", reason(why)));
        vec![
            name_of(row),
            row.met.to_string(),
            percent(row.within_per_10000),
            row.late.to_string(),
            row.overdue.to_string(),
            row.running.to_string(),
            row.paused.to_string(),
            row.void.to_string(),
            not.collect::<Vec<_>>().join("; "),
        ]
    });
    table("Legal clocks", &heads, 1, lines)
}

fn open(page: &Page) -> String {
    let heads: Vec<_> = ["Waiting for"]
        .into_iter()
        .chain(AGES.iter().map(|(_, name)| *name))
        .collect();
    let lines = page.figures.ages.iter().map(|row| {
        let counts = row.open.iter().map(u64::to_string);
        std::iter::once(step(&row.step).to_owned())
            .chain(counts)
            .collect()
    });
    table("Open, by age", &heads, 1, lines)
}

// ---- The end

fn logs(report: &Report) -> String {
    format!(
        "<h2 id=\"logs\">Logs and heads</h2><p>The figures are made of these records. Who may read them can make the figures again, and check that the records stand under these heads.</p>{}",
        logs_table(&report.logs)
    )
}

/// The logs, and their heads as they were signed.
fn logs_table(logs: &[LogUsed]) -> String {
    let heads = ["Log", "Records", "Read", "Root of the head", "Head as of"];
    let lines = logs.iter().map(|log| {
        let part = if log.complete {
            "all"
        } else {
            "what may be read"
        };
        vec![
            log.origin.clone(),
            log.size.to_string(),
            format!("{} ({part})", log.records),
            log.root.clone(),
            time(log.taken_at),
        ]
    });
    let mut text = format!(
        "<div class=\"scroll\">{}</div>",
        table("Logs", &heads, 4, lines)
    );
    for log in logs {
        if let Some(checkpoint) = &log.checkpoint {
            let _ = write!(
                text,
                "<details><summary>The signed head of {}</summary><pre><code>{}</code></pre></details>",
                plain(&log.member),
                plain(checkpoint)
            );
        }
    }
    text
}

fn findings(report: &Report) -> String {
    let mut text = "<h2 id=\"findings\">Findings</h2>".to_owned();
    if report.findings.is_empty() {
        text += "<p>No finding is published.</p>";
    } else {
        let lines = report.findings.iter().map(|finding| {
            let reply = finding
                .reply
                .clone()
                .unwrap_or_else(|| "no reply".to_owned());
            vec![
                finding.member.clone(),
                finding.words.clone(),
                finding.code.clone(),
                reply,
            ]
        });
        text += &table(
            "Published findings",
            &["Member", "Finding", "Code", "Reply"],
            4,
            lines,
        );
    }
    if report.findings_waiting > 0 {
        let _ = write!(
            text,
            "<p>{} more wait for the reply of the member that they are about, and are not shown.</p>",
            report.findings_waiting
        );
    }
    text
}

// ---- Small things

fn table(
    caption: &str,
    heads: &[&str],
    of_words: usize,
    lines: impl Iterator<Item = Vec<String>>,
) -> String {
    let class = |place: usize| {
        if place < of_words {
            " class=\"word\""
        } else {
            ""
        }
    };
    let cells = |tag: &str, cells: Vec<String>| {
        let cells = cells.iter().enumerate();
        cells
            .map(|(n, cell)| format!("<{tag}{}>{}</{tag}>", class(n), plain(cell)))
            .collect::<String>()
    };
    let head = heads
        .iter()
        .enumerate()
        .map(|(n, name)| format!("<th scope=\"col\"{}>{}</th>", class(n), plain(name)));
    let body: String = lines
        .map(|line| format!("<tr>{}</tr>", cells("td", line)))
        .collect();
    if body.is_empty() {
        return String::new();
    }
    format!(
        "<table><caption>{}</caption><thead><tr>{}</tr></thead><tbody>{body}</tbody></table>",
        plain(caption),
        head.collect::<String>()
    )
}

/// The first round, from the first offer; if the sender's log is not here, from registration.
fn first<'a>(page: &'a Page, step: &str) -> Option<&'a Row> {
    let of = |clock: &str| {
        let mut rows = page
            .figures
            .rows
            .iter()
            .filter(|row| row.round.is_none_or(|round| round == 1));
        rows.find(|row| row.step == step && row.clock == clock)
    };
    of("offered").or_else(|| of("registered"))
}

fn due(page: &Page) -> (u64, u64) {
    let sum = |of: fn(&LegalFigures) -> u64| page.figures.legal.iter().map(of).sum::<u64>();
    (
        sum(|row| row.met),
        sum(|row| row.late) + sum(|row| row.overdue),
    )
}

fn limits_of(page: &Page) -> Vec<(String, DurationMs)> {
    let limits = page
        .figures
        .legal
        .iter()
        .filter_map(|row| Some((name_of(row), row.limit_ms?)));
    let mut limits: Vec<_> = limits.collect();
    limits.sort_by_key(|(_, at)| *at);
    limits
}

fn name_of(row: &LegalFigures) -> String {
    comity_clocks::find(&row.clock).map_or_else(|| row.clock.clone(), |clock| clock.name.to_owned())
}
