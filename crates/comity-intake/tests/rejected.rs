//! Every way in which a file, a line or a field can be turned away, and that the
//! lines beside it are taken.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use comity_intake::limits::{INPUT_BYTES_MAX, LINE_BYTES_MAX, RECORD_BYTES_MAX};
use comity_intake::{Fault, Format, Intake, read};
use serde_json::{Value, json};

const HEADER: &str = "hotlineReceivedDate,hotlineReference,urlString,hostingCountryCode,\
    hostingIpAddress,hostingIsp,classification,ageCategorization,action,assessedDate";

const ROW: [&str; 10] = [
    "2026-03-02T12:00:00Z",
    "7-1",
    "https://planted.example/a",
    "NL",
    "192.0.2.1",
    "Example Hosting",
    "National CSAM",
    "Pubescent",
    "",
    "2026-03-02T13:00:00Z",
];

fn xarf() -> Value {
    json!({
        "xarf_version": "4.2.0",
        "report_id": "e8e25d94-0ed9-4475-9531-985d5d9dc9f8",
        "timestamp": "2026-03-02T12:00:00Z",
        "source_identifier": "192.0.2.1",
        "category": "content",
        "type": "csam",
        "url": "https://planted.example/a",
        "asn": 64496,
        "country_code": "NL",
        "hosting_provider": "Example Hosting",
        "verified_at": "2026-03-02T13:00:00Z",
        "tags": ["hotline:ref-7-1"],
        "confidence": 0.9,
        "classification": "A1",
        "detection_method": "manual_review",
    })
}

/// Nothing of a line that was turned away is said again.
fn says_nothing(intake: &Intake) {
    let shown = format!("{intake:?}");
    for planted in ["planted", "7-1", "192.0.2", "Example"] {
        assert!(!shown.contains(planted), "{shown}");
    }
}

/// The line stands between two good ones and is the only one that is rejected.
fn check_line(format: Format, line: &[u8], field: Option<&str>, code: &str) {
    let good = |n: u8| match format {
        Format::Xarf => {
            let mut report = xarf();
            report["report_id"] = format!("e8e25d94-0ed9-4475-9531-985d5d9dc9f{n}").into();
            report.to_string().into_bytes()
        }
        Format::HotlineCsv => {
            let mut row = ROW;
            let reference = format!("8-{n}");
            row[1] = &reference;
            row.join(",").into_bytes()
        }
    };
    let header = match format {
        Format::Xarf => b"".as_slice(),
        Format::HotlineCsv => HEADER.as_bytes(),
    };
    let file = [
        header,
        b"\n",
        &good(1),
        b"\n",
        line,
        b"\r\n",
        &good(2),
        b"\n",
    ]
    .concat();
    let intake = read(format, &file);
    let found: Vec<_> = intake
        .rejected
        .iter()
        .map(|it| (it.line, it.field, it.code))
        .collect();
    assert_eq!(found, [(3, field, code)], "{}", line.escape_ascii());
    assert_eq!((intake.read, intake.reports.len()), (3, 2), "{code}");
    says_nothing(&intake);
}

/// A report with one field changed; `null` takes it away.
fn check_field(field: &'static str, value: Value, code: &str) {
    let mut report = xarf();
    report[field] = value;
    check_line(
        Format::Xarf,
        report.to_string().as_bytes(),
        Some(field),
        code,
    );
}

/// A row with one field changed.
fn check_column(column: &'static str, value: &str, code: &str) {
    let place = HEADER.split(',').position(|name| name == column).unwrap();
    let mut row = ROW;
    row[place] = value;
    check_line(
        Format::HotlineCsv,
        row.join(",").as_bytes(),
        Some(column),
        code,
    );
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let check = |format, bytes: &[u8], line, field, code| {
        let intake = read(format, bytes);
        let found: Vec<_> = intake
            .rejected
            .iter()
            .map(|it| (it.line, it.field, it.code))
            .collect();
        assert_eq!(found, [(line, field, code)]);
        assert_eq!((intake.read, intake.reports.len()), (1, 0));
    };
    let long = vec![b' '; INPUT_BYTES_MAX + 1];
    let row = ROW.join(",");
    let table = |header: &str| format!("\n{header}\n{row}\n").into_bytes();
    let without = HEADER.replace("urlString", "address");
    let twice = HEADER.replace("hostingIsp", "URLSTRING");
    for format in [Format::Xarf, Format::HotlineCsv] {
        check(format, &long, 1, None, "file-too-long");
        check(format, b"\xff\xfeu\0r\0l\0", 1, None, "utf-16");
        check(format, b"\xfe\xff\0u\0r\0l", 1, None, "utf-16");
    }
    let csv = Format::HotlineCsv;
    check(
        csv,
        &table(&without),
        2,
        Some("urlString"),
        "missing-column",
    );
    check(
        csv,
        &table(&twice),
        2,
        Some("urlString"),
        "duplicate-column",
    );
    check(csv, b"\xff,b\n", 1, None, "not-utf8");
    assert_eq!(read(csv, b""), Intake::default());
    assert_eq!(read(csv, HEADER.as_bytes()), Intake::default());
    assert_eq!(
        read(Format::Xarf, b"\xef\xbb\xbf\r\n \n"),
        Intake::default()
    );
}

#[test]
fn a_line_that_cannot_be_read_is_lost_alone() {
    let check = |line: &[u8], code| check_line(Format::Xarf, line, None, code);
    check(b"planted", "not-json");
    check(b"{\"planted\":", "not-json");
    check(b"{} {}", "not-json");
    check(b"{\"confidence\":1e999}", "not-json");
    check(&b"[".repeat(100_000), "not-json");
    check(b"[\"4.2.0\"]", "not-an-object");
    check(b"[]", "not-an-object");
    check(b"\"planted\"", "not-an-object");
    check(b"null", "not-an-object");
    check(b"{\"url\":\"planted\\ud800\"}", "not-json");
    check(b"{\"planted\":\"\xff\"}", "not-utf8");
    check(
        b"{\"url\":\"https://a.example\",\"url\":\"https://planted.example\"}",
        "duplicate-key",
    );
    check(
        &[b"{}".to_vec(), vec![b' '; LINE_BYTES_MAX]].concat(),
        "line-too-long",
    );

    let check = |line: &[u8], code| check_line(Format::HotlineCsv, line, None, code);
    check(b"planted", "column-count");
    check(format!("{},", ROW.join(",")).as_bytes(), "column-count");
    check(b"\"planted,b", "unclosed-quote");
    check(b"\"planted\"b,c", "stray-quote");
    check(b"planted\xff,b", "not-utf8");
    check(&vec![b'a'; RECORD_BYTES_MAX + 1], "line-too-long");
}

#[test]
fn a_report_in_xarf_with_a_wrong_field_is_turned_away() {
    for field in [
        "xarf_version",
        "report_id",
        "timestamp",
        "source_identifier",
    ] {
        check_field(field, Value::Null, "missing-field");
        check_field(field, " ".into(), "missing-field");
        check_field(field, 4.into(), "not-a-text");
    }
    for field in ["category", "type", "url", "classification"] {
        check_field(field, Value::Null, "missing-field");
        check_field(field, json!(["planted"]), "not-a-text");
    }
    for field in [
        "verified_at",
        "country_code",
        "hosting_provider",
        "detection_method",
    ] {
        check_field(field, json!({"planted": 1}), "not-a-text");
    }
    for version in ["3", "4", "4.", "5.0.0", "4.x.0", "04.0.0", "planted"] {
        check_field("xarf_version", version.into(), "xarf-version");
    }
    check_field("category", "messaging".into(), "not-content");
    check_field("type", "phishing".into(), "unknown-type");
    check_field("type", "CSAM".into(), "unknown-type");
    check_field("report_id", "planted".into(), "bad-report-id");
    check_field("timestamp", "planted".into(), "bad-time");
    check_field(
        "timestamp",
        "2026-03-02T12:00:00".into(),
        "time-without-zone",
    );
    check_field(
        "timestamp",
        "9999-12-31T23:59:59Z".into(),
        "time-out-of-range",
    );
    check_field(
        "verified_at",
        "-000001-01-01T00:00:00Z".into(),
        "time-out-of-range",
    );
    check_field("url", "planted.example/a".into(), "not-a-url");
    check_field("url", "hxxps://planted.example/a".into(), "unknown-scheme");
    let bell = "https://planted.example/\u{7}b";
    check_field("url", bell.into(), "control-character");
    let long = format!("https://a.example/{}", "planted".repeat(600));
    check_field("url", long.into(), "too-long");
    check_field("source_identifier", "999.0.2.1".into(), "bad-address");
    let above = json!(4_294_967_296_u64);
    for asn in [json!(0), json!(-1), above, json!(1.5), json!("64496")] {
        check_field("asn", asn, "bad-asn");
    }
    check_field("country_code", "UK".into(), "unknown-country");
    let name = "hosting_provider";
    check_field(name, "planted\u{1b}[0m".into(), "control-character");
    check_field(name, "planted".repeat(40).into(), "too-long");
    let tag = format!("hotline:ref-{}", "7-1".repeat(60));
    check_field("tags", json!([tag]), "too-long");
    let tag = "hotline:ref-7-1\u{7}";
    check_field("tags", json!([tag]), "control-character");
    for score in [json!(-0.1), json!(1.01), json!("planted"), json!([1])] {
        check_field("confidence", score, "bad-confidence");
    }
    check_field("classification", "C1".into(), "unknown-classification");
}

#[test]
fn an_exploitation_report_with_a_wrong_field_is_turned_away() {
    let check = |field: &'static str, value: Value, code: &str| {
        let mut report = xarf();
        report["type"] = "csem".into();
        report["exploitation_type"] = "grooming".into();
        report[field] = value;
        let line = report.to_string();
        check_line(Format::Xarf, line.as_bytes(), Some(field), code);
    };
    let kind = "exploitation_type";
    check(kind, Value::Null, "missing-field");
    check(kind, "planted".into(), "unknown-exploitation-type");
    check("victim_age_range", "planted / 3".into(), "bad-age");
}

#[test]
fn a_row_with_a_wrong_field_is_turned_away() {
    for needed in [
        "hotlineReceivedDate",
        "hotlineReference",
        "urlString",
        "classification",
        "assessedDate",
    ] {
        check_column(needed, " ", "missing-field");
    }
    for time in ["hotlineReceivedDate", "assessedDate"] {
        check_column(time, "2026-03-02 12:00:00", "time-without-zone");
        check_column(time, "02.03.2026 12:00", "bad-time");
        check_column(time, "1970-01-01T00:00:00Z", "time-out-of-range");
    }
    check_column("hotlineReference", &"7-1".repeat(60), "too-long");
    check_column("urlString", "planted", "not-a-url");
    check_column("urlString", "magnet:?xt=planted", "unknown-scheme");
    let bell = "https://planted.example/\u{7}a";
    check_column("urlString", bell, "control-character");
    check_column("hostingCountryCode", "XX", "unknown-country");
    check_column("hostingCountryCode", "NLD", "unknown-country");
    check_column("hostingIpAddress", "planted.example", "bad-address");
    check_column("hostingIsp", &"planted".repeat(40), "too-long");
    check_column("classification", "planted", "unknown-classification");
    check_column("ageCategorization", "?", "bad-age");
    check_column("action", "ReportedToLEA;planted", "unknown-action");
}

#[test]
fn a_report_that_stands_twice_is_taken_once() {
    let found = |intake: &Intake| -> Vec<_> {
        let rows = intake.rejected.iter();
        rows.map(|it| (it.line, it.code)).collect()
    };
    let first = xarf();
    let mut other = xarf();
    other["url"] = "https://elsewhere.example/".into();
    let mut spelled = xarf();
    spelled["report_id"] = "E8E25D94-0ED9-4475-9531-985D5D9DC9F8".into();
    let file = format!("{first}\n{first}\n{other}\n{spelled}\n");
    let intake = read(Format::Xarf, file.as_bytes());
    assert_eq!(
        found(&intake),
        [(2, "repeated"), (3, "identifier-reused"), (4, "repeated")]
    );
    assert_eq!((intake.read, intake.reports.len()), (4, 1));
    let again = read(Format::Xarf, first.to_string().as_bytes());
    assert_eq!(again.reports[0].source, intake.reports[0].source);

    let row = ROW.join(",");
    let other = row.replace("National", "Baseline");
    let file = format!("{HEADER}\n{row}\n\n{other}");
    let intake = read(Format::HotlineCsv, file.as_bytes());
    assert_eq!(found(&intake), [(4, "identifier-reused")]);
}

#[test]
fn a_message_says_what_to_do() {
    let check = |fault: Fault, code: &str, message: &str| {
        assert_eq!((fault.code(), fault.to_string().as_str()), (code, message));
    };
    check(
        Fault::TimeWithoutZone,
        "time-without-zone",
        "The time has no zone; add Z or an offset such as +01:00.",
    );
    check(
        Fault::Repeated { line: 7 },
        "repeated",
        "The same report stands on line 7 already; nothing needs to be done.",
    );
}
