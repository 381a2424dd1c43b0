//! What the fields of a report become, and that damage to a file never panics and
//! never makes a report disappear without a word.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use comity_intake::{Disposition, Format, Host, Intake, Report, ReviewReason, read};
use comity_testkit::federation::{country, member_id, reference};
use comity_testkit::samples;
use comity_wire::limited::Limited;
use comity_wire::parts::{Item, Locator};
use comity_wire::registry::scope;
use comity_wire::words::{Code, LocatorText};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOON: u64 = 1_772_452_800_000;
const HOUR: u64 = 3_600_000;

fn one(format: Format, bytes: &[u8]) -> Report {
    let mut intake = read(format, bytes);
    assert_eq!(intake.rejected, []);
    assert_eq!((intake.read, intake.reports.len()), (1, 1));
    intake.reports.remove(0)
}

/// A report in XARF with these fields changed.
fn xarf(changes: Value) -> Report {
    let mut report = json!({
        "xarf_version": "4.2.0",
        "report_id": "e8e25d94-0ed9-4475-9531-985d5d9dc9f8",
        "timestamp": "2026-03-02T17:30:00+05:30",
        "source_identifier": "203.0.113.130",
        "category": "content",
        "type": "csam",
        "url": "https://bücher.example:8443/b1/p/1?ref=a%20b#post-3",
        "classification": "B1",
        "detection_method": "manual_review",
    });
    for (field, value) in changes.as_object().unwrap() {
        report[field] = value.clone();
    }
    one(Format::Xarf, report.to_string().as_bytes())
}

/// A row with these columns, beside the ones that are needed.
fn row(columns: &str, fields: &str) -> Report {
    let header = "hotlineReceivedDate,hotlineReference,urlString,assessedDate";
    let needed = "2026-03-02T12:00Z,7-1,https://a.example/,2026-03-02T11:00:00Z";
    let file = format!("{header},{columns}\r\n{needed},{fields}");
    one(Format::HotlineCsv, file.as_bytes())
}

fn texts<'a>(codes: impl IntoIterator<Item = &'a Code>) -> Vec<&'a str> {
    codes.into_iter().map(Code::as_str).collect()
}

#[test]
fn a_report_in_xarf_is_taken_with_what_it_says() {
    let report = xarf(json!({
        "tags": ["a:b", "hotline:ref-7-0"],
        "asn": 64496,
        "country_code": "DE",
        "hosting_provider": "Example Hosting",
        "verified_at": "2026-03-02T11:00:00Z",
        "confidence": 0.7,
        "media_type": "image",
        "evidence": [{"content_type": "text/plain", "payload": "planted"}],
    }));
    let verbatim = "https://bücher.example:8443/b1/p/1?ref=a%20b#post-3";
    assert!(report.locator == Locator::Url(LocatorText::new(verbatim).unwrap()));
    assert!(report.host == Host::Domain("xn--bcher-kva.example".into()));
    let canonical = verbatim.replace("bücher", "xn--bcher-kva");
    assert_eq!(report.canonical, canonical);
    assert_eq!(report.reference, reference("7-0"));
    // Assessed before it was reported: both are kept.
    assert_eq!(
        (report.reported_at, report.assessed_at),
        (NOON, NOON - HOUR)
    );
    assert_eq!(report.country, Some(country("DE")));
    assert_eq!(report.disposition, Disposition::Act);
    assert_eq!(report.done, []);
    let hosting = &report.hosting[0];
    let address = hosting.ip.as_ref().unwrap().address();
    assert_eq!(address, "203.0.113.130".parse().ok());
    assert_eq!((hosting.asn, hosting.at), (Some(64_496), NOON - HOUR));
    assert_eq!(texts([&hosting.role, &hosting.source]), ["host", "report"]);
    let found = report.assessment(&member_id("north.example"), &country("SE"));
    let illegal = Code::new("illegal").unwrap();
    assert_eq!(found.standing.to_vec(), [(country("SE"), illegal)]);
    assert_eq!(found.code.as_str(), "B1");
    assert_eq!(found.scheme_version.as_str(), "4.2.0");
    let words = [
        &found.scheme,
        &found.baseline,
        &found.confidence,
        &found.unit,
    ];
    assert_eq!(
        texts(words),
        ["xarf-csam", "not-assessed", "medium", "file"]
    );
    assert_eq!(texts(&found.age), ["pubescent"]);
    assert_eq!((found.reviewers, found.at), (1, NOON - HOUR));
    assert_eq!(texts(&found.severity), ["sexual-act"]);
    assert_eq!(
        texts([&found.same_image, &found.depiction]),
        ["yes", "not-assessed"]
    );
    assert_eq!(found.gender, None);
}

#[test]
fn what_a_report_in_xarf_leaves_out_is_not_made_up() {
    let report = xarf(json!({"source_identifier": "files.example", "detection_method": null}));
    assert_eq!(report.hosting, []);
    assert_eq!(report.country, None);
    let id = "e8e25d94-0ed9-4475-9531-985d5d9dc9f8";
    assert_eq!(report.reference, reference(id));
    assert_eq!((report.reported_at, report.assessed_at), (NOON, NOON));
    assert_eq!(report.finding.reviewers, 0);
    assert_eq!(report.finding.confidence.as_str(), "medium");
    let found = xarf(json!({"detection_method": "ai_detection", "confidence": 1})).finding;
    let words = [&found.standing, &found.baseline, &found.confidence];
    assert_eq!(texts(words), ["not-assessed", "not-assessed", "high"]);
    let looked = json!({"detection_method": "ai_detection", "verification_method": "manual"});
    assert_eq!(xarf(looked).finding.standing.as_str(), "illegal");
    let gone = xarf(json!({"content_removed": true}));
    assert_eq!(gone.disposition, Disposition::Review(ReviewReason::Gone));
}

#[test]
fn an_exploitation_report_says_its_context_and_urgency() {
    let check = |kind: &str, age: Value, urgency: &str, context: &str, expected: &[&str]| {
        let changes = json!({"type": "csem", "exploitation_type": kind, "victim_age_range": age});
        let report = xarf(changes);
        let found = &report.finding;
        assert_eq!(found.code.as_str(), kind);
        assert_eq!(
            texts([&found.scheme, &found.standing]),
            ["xarf-csem", "not-assessed"]
        );
        assert_eq!(texts(&found.context), [context]);
        assert_eq!(report.urgency.as_str(), urgency);
        assert_eq!(texts(&found.age), expected);
    };
    check(
        "sextortion",
        "prepubescent".into(),
        "urgent",
        "sexual-extortion",
        &["past-infancy"],
    );
    check("grooming", "unknown".into(), "urgent", "grooming", &[]);
    check(
        "grooming",
        "toddler".into(),
        "urgent",
        "grooming",
        &["toddler"],
    );
    check("distribution", Value::Null, "routine", "distribution", &[]);
}

#[test]
fn a_row_is_taken_with_what_it_says() {
    let report = row(
        "hostingIsp,genderCategorization,hostingIpAddress,hostingCountryCode,classification,ageCategorization,memo",
        "\"Example, Inc.\",Female,2001:db8::7,nl,National CSAM,Pre-pubescent,\"planted\r\nmemo\"",
    );
    assert_eq!(report.line, 2);
    assert_eq!(
        (report.reported_at, report.assessed_at),
        (NOON, NOON - HOUR)
    );
    assert_eq!(report.country, Some(country("NL")));
    let hosting = &report.hosting[0];
    assert_eq!(hosting.name.as_ref().unwrap().as_str(), "Example, Inc.");
    let found = report.assessment(&member_id("north.example"), &country("SE"));
    assert_eq!(found.code.as_str(), "National CSAM");
    assert_eq!(texts([&found.scheme, &found.unit]), ["iccam", "page"]);
    assert_eq!(texts(&found.age), ["past-infancy"]);
    assert_eq!((found.gender, found.severity), (None, None));
    assert_eq!(
        texts([&found.baseline, &found.same_image]),
        ["not-assessed", "unknown"]
    );
}

#[test]
fn what_was_done_is_kept_and_what_is_gone_goes_to_a_person() {
    let check = |class: &str, action: &str, done: &[&str], expected: Disposition| {
        let report = row("classification,action", &format!("{class},{action}"));
        assert_eq!(
            texts(report.done.iter().map(|it| &it.action)),
            done,
            "{action}"
        );
        assert!(report.done.iter().all(|it| it.effective_at == NOON - HOUR));
        assert_eq!(report.disposition, expected, "{class} {action}");
    };
    let gone = Disposition::Review(ReviewReason::Gone);
    let national = "National CSAM";
    check(national, "", &[], Disposition::Act);
    check(national, "ReportedToLEA", &["reported"], Disposition::Act);
    let host = ["reported-to-host"];
    check("Baseline CSAM", "ReportedToISP", &host, Disposition::Act);
    let both = ["reported", "reported-to-host"];
    check(
        national,
        "ReportedToLEA; ReportedToISP",
        &both,
        Disposition::Act,
    );
    check(national, "Removed", &["removed"], gone);
    check(national, "Unavailable", &[], gone);
    check(national, "Moved", &[], gone);
    let contradictory = Disposition::Review(ReviewReason::Contradictory);
    check(national, "NotIllegal", &[], contradictory);
    let doubtful = Disposition::Review(ReviewReason::Doubtful);
    check("Doubtful", "", &[], doubtful);
    check("Ignore", "NotIllegal", &[], Disposition::Ignore);
    check("Ignore", "ReportedToISP", &host, Disposition::Ignore);
}

#[test]
fn a_table_may_have_other_delimiters_marks_and_line_ends() {
    let file = "\u{feff}urlString;ASSESSEDDATE;classification;hotlineReference;hotlineReceivedDate\n\n \
        https://a.example/;2026-03-02T11:00Z;Ignore;7-1;2026-03-02T12:00Z\n;;;;\n";
    let report = one(Format::detect("a", file.as_bytes()), file.as_bytes());
    assert_eq!((report.line, report.reported_at), (3, NOON));
    let tabs = file.replace(';', "\t").replace('\n', "\r\n");
    assert!(one(Format::HotlineCsv, tabs.as_bytes()) == report);
}

#[test]
fn the_samples_are_taken_whole_and_fit_the_protocol() {
    for sample in samples::files() {
        let bytes = sample.text.as_bytes();
        let intake = read(Format::detect(sample.name, bytes), bytes);
        assert_eq!(intake.rejected, [], "{}", sample.name);
        assert_eq!((intake.read, intake.reports.len()), (24, 24));
        for report in &intake.reports {
            let assessment = report.assessment(&member_id("north.example"), &country("SE"));
            let item = Item {
                n: 1,
                scope: Code::new(scope::THIS_LOCATION).unwrap(),
                hosting: report.hosting.clone(),
                locator: report.locator.clone(),
                assessments: vec![assessment],
            };
            assert_eq!(item.within_limits(), Ok(()));
            assert_eq!(report.reference.within_limits(), Ok(()));
        }
    }
}

#[test]
fn a_report_hides_locator_host_and_reference() {
    let report = xarf(json!({"url": "https://planted.example/", "tags": ["hotline:ref-planted"]}));
    let shown = format!("{report:?} {:?}", report.facts());
    assert!(!shown.contains("planted"), "{shown}");
}

/// Every line is accounted for.
fn check_sum(intake: &Intake) -> Result<(), TestCaseError> {
    let parts = intake.reports.len() + intake.rejected.len();
    prop_assert_eq!(intake.read, u64::try_from(parts).unwrap());
    prop_assert!(intake.rejected.iter().map(|it| it.line).is_sorted());
    prop_assert!(intake.reports.iter().map(|it| it.line).is_sorted());
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_are_accounted_for(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        for format in [Format::Xarf, Format::HotlineCsv] {
            check_sum(&read(format, &bytes))?;
        }
        let detected = Format::detect("a.csv", &bytes);
        prop_assert_eq!(Format::detect("b.csv", &bytes), detected);
    }

    #[test]
    fn a_damaged_sample_is_accounted_for(
        table in any::<bool>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..6_u8, any::<u8>()), 1..8),
    ) {
        let [lines, rows] = samples::files();
        let mut bytes = if table { rows.text } else { lines.text }.into_bytes();
        for (place, edit, byte) in edits {
            let place = place.index(bytes.len());
            match edit {
                0 | 1 => bytes[place] = byte,
                2 => bytes.insert(place, byte),
                3 => bytes.insert(place, b'"'),
                4 => bytes[place] = b'\n',
                _ => bytes.truncate(place.max(1)),
            }
        }
        for format in [Format::Xarf, Format::HotlineCsv] {
            check_sum(&read(format, &bytes))?;
        }
    }
}
