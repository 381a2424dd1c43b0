//! The published clocks, and the vectors of deadlines. What the vectors expect was
//! worked out by hand and with another library of time zones, never with this crate.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;

use comity_clocks::clock::{Clock, Sort, Start, countries, find};
use comity_clocks::period::{Calendar, DayEnd, Effect, Pause, Period, due};
use comity_clocks::published::CLOCKS;
use comity_clocks::{Opening, choose};
use comity_testkit::bodies::code;
use comity_wire::parts::Ground;
use comity_wire::registry::Kind;
use comity_wire::words::{Code, Country, Reference, TimeMs};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    shows: String,
    #[serde(rename = "section")]
    _section: String,
    object: String,
    context: serde_json::Value,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    ok: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DueContext {
    clock: Option<String>,
    period: Option<PeriodText>,
    zone: Option<String>,
    started_at: String,
    #[serde(default)]
    pauses: Vec<PauseText>,
    until: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodText {
    #[serde(default)]
    hours: u64,
    #[serde(default)]
    years: u16,
    #[serde(default)]
    months: u16,
    #[serde(default)]
    weeks: u16,
    #[serde(default)]
    days: u16,
    ends: Option<String>,
    last_day: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseText {
    from: String,
    to: Option<String>,
    effect: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChoiceContext {
    charter: Vec<(String, Option<u64>)>,
    kind: String,
    capacity: Option<String>,
    grounds: Vec<GroundText>,
    claimed: Vec<String>,
    recipient: Vec<String>,
    registered_at: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroundText {
    instrument: String,
    nature: String,
    jurisdiction: String,
    article: Option<String>,
}

fn vectors() -> Vec<Vector> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../protocol-spec/vectors/clocks.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn ms(text: &str) -> TimeMs {
    let at: jiff::Timestamp = text.parse().unwrap();
    at.as_millisecond().try_into().unwrap()
}

fn text_of(at: TimeMs) -> String {
    jiff::Timestamp::from_millisecond(at.try_into().unwrap())
        .unwrap()
        .to_string()
}

#[test]
fn every_deadline_of_the_vectors_is_what_it_has_to_be() {
    for vector in vectors() {
        if vector.object != "clock-due" {
            continue;
        }
        let context: DueContext = serde_json::from_value(vector.context).unwrap();
        let clock = context.clock.as_deref().map(|id| find(id).unwrap());
        let (period, zone) = match clock {
            Some(clock) => (clock.period, clock.instrument.zone),
            None => (
                context.period.as_ref().map(period_of),
                context.zone.as_deref().unwrap(),
            ),
        };
        let pauses: Vec<_> = context.pauses.iter().map(pause_of).collect();
        let found = due(
            period.as_ref(),
            zone,
            ms(&context.started_at),
            &pauses,
            ms(&context.until),
        );
        let found = serde_json::json!({
            "due": found.at.map(text_of),
            "paused_ms": found.paused_ms,
            "is_paused": found.is_paused,
        });
        assert_eq!(found, vector.expect.ok, "{}: {}", vector.name, vector.shows);
    }
}

#[test]
fn every_choice_of_the_vectors_is_what_it_has_to_be() {
    for vector in vectors() {
        if vector.object != "clock-choice" {
            continue;
        }
        let context: ChoiceContext = serde_json::from_value(vector.context).unwrap();
        let in_force: Vec<_> = context
            .charter
            .iter()
            .map(|(id, own)| (code(id), *own))
            .collect();
        let grounds: Vec<_> = context.grounds.iter().map(ground_of).collect();
        let claimed: Vec<_> = context.claimed.iter().map(|id| code(id)).collect();
        let recipient: Vec<_> = context.recipient.iter().map(|one| country(one)).collect();
        let capacity = context.capacity.as_deref().map(code);
        let found = choose(
            &in_force,
            &Opening {
                kind: Kind::from_name(&context.kind).unwrap(),
                capacity: capacity.as_ref(),
                grounds: &grounds,
                claimed: &claimed,
                recipient: &recipient,
                at: ms(&context.registered_at),
            },
        );
        let own = |id: &Code| in_force.iter().find(|(known, _)| known == id)?.1;
        for chosen in &found {
            assert_eq!(chosen.own, own(&chosen.id), "{}", vector.name);
            assert_eq!(
                chosen.is_claimed,
                claimed.contains(&chosen.id),
                "{}",
                vector.name
            );
        }
        let found: Vec<_> = found
            .iter()
            .map(|chosen| (chosen.id.as_str(), chosen.why.as_str()))
            .collect();
        let found = serde_json::json!({ "clocks": found });
        assert_eq!(found, vector.expect.ok, "{}: {}", vector.name, vector.shows);
    }
}

/// A clock that loses its vector, or changes its meaning, fails here or above: an id is final.
#[test]
fn every_published_clock_has_a_vector_and_every_vector_one_name() {
    let mut names = BTreeSet::new();
    let mut shown = String::new();
    for vector in vectors() {
        assert!(names.insert(vector.name.clone()), "{} twice", vector.name);
        shown.push_str(&vector.context.to_string());
    }
    for clock in &CLOCKS {
        let id = format!("\"{}\"", clock.id);
        assert!(shown.contains(&id), "{} has no vector", clock.id);
    }
}

#[test]
fn what_is_published_can_be_used() {
    let mut ids = BTreeSet::new();
    for clock in &CLOCKS {
        assert!(Code::new(clock.id).is_some(), "{}", clock.id);
        assert!(Code::new(clock.instrument.code).is_some(), "{}", clock.id);
        assert!(ids.insert(clock.id), "{} stands twice", clock.id);
        assert_eq!(find(clock.id), Some(clock));
        let area = clock.instrument.area;
        assert!(
            Country::new(area).is_some() && clock.is_law_in(area),
            "{}",
            clock.id
        );
        let day = Period::Calendar(Calendar {
            years: 0,
            months: 0,
            weeks: 0,
            days: 1,
            ends: DayEnd::EndOfDay,
        });
        let zone = clock.instrument.zone;
        assert!(
            due(Some(&day), zone, 0, &[], 0).at.is_some(),
            "{zone} is no zone"
        );
        assert!(
            clock.mark.as_str() == "verified" || clock.mark.as_str() == "secondary",
            "{}",
            clock.id
        );
        for text in [clock.name, clock.says, clock.source] {
            assert!(!text.is_empty(), "{}", clock.id);
        }
    }
    assert_eq!(countries("EU").len(), 27);
    assert!(countries("GB").is_empty());
}

#[test]
fn a_clock_is_law_from_the_beginning_of_its_first_day_to_the_end_of_its_last() {
    let clock = Clock {
        to: Some(jiff::civil::date(2026, 12, 31)),
        ..*find("us-take-it-down-48h").unwrap()
    };
    for (at, expected) in [
        ("2026-05-19T03:59:59.999Z", false),
        ("2026-05-19T04:00:00Z", true),
        ("2027-01-01T04:59:59.999Z", true),
        ("2027-01-01T05:00:00Z", false),
    ] {
        assert_eq!(clock.is_law_at(ms(at)), expected, "{at}");
    }
}

#[test]
fn a_zone_that_nobody_knows_and_a_year_that_no_calendar_has_give_no_due_time() {
    let month = Period::Calendar(Calendar {
        years: 0,
        months: 1,
        weeks: 0,
        days: 0,
        ends: DayEnd::SameTime,
    });
    assert_eq!(due(Some(&month), "Nowhere/Land", 0, &[], 0).at, None);
    assert_eq!(due(Some(&month), "UTC", u64::MAX, &[], 0).at, None);
    let hour = Period::Elapsed(3_600_000);
    assert_eq!(
        due(Some(&hour), "UTC", u64::MAX - 1, &[], 0).at,
        Some(u64::MAX)
    );
}

#[test]
fn what_has_to_be_kept_has_an_end_and_what_cannot_be_computed_says_why() {
    for clock in &CLOCKS {
        assert!(
            clock.sort == Sort::Response || clock.period.is_some(),
            "{}",
            clock.id
        );
        assert!(
            clock.start != Start::Outside || !clock.not_computed.is_empty(),
            "{}",
            clock.id
        );
    }
}

proptest! {
    /// Pauses only ever move a due time on, by at least the time stood still, unless the clock begins again.
    #[test]
    fn a_pause_never_brings_a_due_time_forward(
        start in 0_u64..4_000_000_000_000,
        hours in 1_u64..2_000,
        gaps in prop::collection::vec((0_u64..100_000_000, 0_u64..100_000_000, any::<bool>()), 0..6),
    ) {
        let period = Period::Elapsed(hours * 3_600_000);
        let pauses: Vec<_> = gaps
            .iter()
            .map(|(after, length, restarts)| Pause {
                from: start + after,
                to: Some(start + after + length),
                effect: if *restarts { Effect::Restart } else { Effect::Still },
            })
            .collect();
        let until = start + 400_000_000;
        let bare = due(Some(&period), "UTC", start, &[], until).at.unwrap();
        let found = due(Some(&period), "UTC", start, &pauses, until);
        prop_assert!(found.at.unwrap() >= bare + found.paused_ms);
        prop_assert!(found.paused_ms <= until - start);
        let mut reversed = pauses.clone();
        reversed.reverse();
        prop_assert_eq!(due(Some(&period), "UTC", start, &reversed, until), found);
        if pauses.iter().all(|pause| pause.effect == Effect::Still) {
            prop_assert_eq!(found.at.unwrap(), bare + found.paused_ms);
        }
    }

    /// A span that ends with a day ends at a midnight that is on or after the same time of day, never on a weekend.
    #[test]
    fn a_span_that_ends_with_a_day_is_no_shorter_than_one_that_does_not(
        start in 0_u64..4_000_000_000_000,
        months in 0_u16..30,
        days in 0_u16..400,
    ) {
        let with = |ends| {
            let period = Period::Calendar(Calendar { years: 0, months, weeks: 0, days, ends });
            due(Some(&period), "Europe/Brussels", start, &[], start).at.unwrap()
        };
        let (same, day, weekday) =
            (with(DayEnd::SameTime), with(DayEnd::EndOfDay), with(DayEnd::EndOfDayNextWeekday));
        prop_assert!(same < day && day <= weekday);
        let last = jiff::Timestamp::from_millisecond((weekday - 1).try_into().unwrap()).unwrap();
        let last = last.in_tz("Europe/Brussels").unwrap().weekday();
        prop_assert!(!matches!(last, jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday));
    }
}

fn period_of(text: &PeriodText) -> Period {
    let ends = match (text.ends.as_deref(), text.last_day.as_deref()) {
        (None, None) => return Period::Elapsed(text.hours * 3_600_000),
        (Some("same-time"), None) => DayEnd::SameTime,
        (Some("end-of-day"), Some("as-it-falls")) => DayEnd::EndOfDay,
        (Some("end-of-day"), Some("next-weekday")) => DayEnd::EndOfDayNextWeekday,
        other => panic!("{other:?}"),
    };
    Period::Calendar(Calendar {
        years: text.years,
        months: text.months,
        weeks: text.weeks,
        days: text.days,
        ends,
    })
}

fn pause_of(text: &PauseText) -> Pause {
    Pause {
        from: ms(&text.from),
        to: text.to.as_deref().map(ms),
        effect: match text.effect.as_str() {
            "still" => Effect::Still,
            "restart" => Effect::Restart,
            other => panic!("{other}"),
        },
    }
}

fn ground_of(text: &GroundText) -> Ground {
    Ground {
        nature: code(&text.nature),
        article: text
            .article
            .as_deref()
            .map(|article| Reference::new(article).unwrap()),
        redress: None,
        authority: None,
        order_ref: None,
        good_faith: true,
        instrument: code(&text.instrument),
        jurisdiction: country(&text.jurisdiction),
    }
}

fn country(text: &str) -> Country {
    Country::new(text).unwrap()
}
