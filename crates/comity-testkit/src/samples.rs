//! The sample reports that the node ships: what a hotline exports, on reserved names
//! only, the same bytes each time.
//!
//! ```text
//! hotline.xarf.jsonl   24 reports, XARF 4.2; one in five is of the type csem
//! hotline.csv          24 reports, the table of hotlines' exchange software
//! ```
//!
//! Hosts are names, IDN, IPv4, IPv6 and ports; locators have queries, fragments and
//! percent-encoding; times have different offsets and precision. On purpose:
//!
//! - `7-6` reports the locator of `7-1` again, with the host spelled otherwise, and agrees;
//! - `7-30` (table) reports the locator of `7-4` (XARF) again, and agrees;
//! - `7-40` reports the locator of `7-31` again, and disagrees: one says national, one ignore;
//! - four rows are `Ignore`.
//!
//! No line is bad.

use comity_wire::ids::Hash;
use data_encoding::HEXLOWER;
use serde::Serialize;

/// A file and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Its name in `node/samples`.
    pub name: &'static str,
    /// What is in it.
    pub text: String,
}

/// How many reports each file has.
const REPORTS_PER_FILE: usize = 24;

/// What everything is drawn from.
const SEED: &[u8] = b"comity-samples/1";

/// 2026-02-02, 06:00 UTC, in minutes since 1970.
const FIRST_MINUTE: u64 = 29_500_200;

/// The files.
#[must_use]
pub fn files() -> [Sample; 2] {
    let lines = (0..REPORTS_PER_FILE).map(|n| xarf(&Report::new(n)));
    let rows = (REPORTS_PER_FILE..2 * REPORTS_PER_FILE).map(|n| row(&Report::new(n)));
    let header = format!("{}\r\n", COLUMNS.join(","));
    [
        Sample {
            name: "hotline.xarf.jsonl",
            text: lines.collect(),
        },
        Sample {
            name: "hotline.csv",
            text: std::iter::once(header).chain(rows).collect(),
        },
    ]
}

// ---- What is reported

/// One report, before it has a format.
struct Report {
    n: usize,
    site: Site,
    locator: String,
    /// Minutes since 1970.
    received: u64,
    /// Minutes since 1970.
    assessed: u64,
    class: Class,
}

/// Where content is.
#[derive(Clone, Copy)]
struct Site {
    host: &'static str,
    country: &'static str,
    provider: &'static str,
    address: &'static str,
    asn: u32,
}

#[derive(Clone, Copy)]
enum Class {
    Baseline,
    /// With the class of NCMEC.
    National(&'static str),
    Exploitation(&'static str),
    Ignore,
}

const SITES: [Site; 13] = [
    site(
        "img.platform.example",
        "IE",
        "Example Platform",
        "192.0.2.17",
        64_496,
    ),
    site(
        "xn--bcher-kva.example",
        "DE",
        "Example Hosting",
        "203.0.113.130",
        64_500,
    ),
    site(
        "198.51.100.9:8080",
        "NL",
        "Example Hosting",
        "198.51.100.9",
        64_500,
    ),
    site(
        "cdn.platform.example.net",
        "IE",
        "Example Platform",
        "192.0.2.80",
        64_496,
    ),
    site(
        "up.store.example",
        "ZA",
        "Example Cloud",
        "203.0.113.84",
        65_551,
    ),
    site(
        "[2001:db8::7]:8443",
        "IE",
        "Example Platform",
        "2001:db8::7",
        64_496,
    ),
    site(
        "forum.example.org",
        "NL",
        "Example Images",
        "203.0.113.223",
        65_536,
    ),
    site(
        "files.example.net",
        "SE",
        "Example Hosting",
        "203.0.113.41",
        64_500,
    ),
    site(
        "share.example.com",
        "FR",
        "Example Cloud",
        "203.0.113.102",
        65_551,
    ),
    site("192.0.2.44", "IE", "Example Platform", "192.0.2.44", 64_496),
    site(
        "board.invalid",
        "US",
        "Example Images, Inc.",
        "203.0.113.195",
        65_536,
    ),
    // Somebody else's name on the platform's machines.
    site(
        "gallery.example",
        "IE",
        "Example Platform",
        "192.0.2.201",
        64_496,
    ),
    site(
        "chat.example.com",
        "NL",
        "Example Cloud",
        "203.0.113.7",
        65_551,
    ),
];

const fn site(
    host: &'static str,
    country: &'static str,
    provider: &'static str,
    address: &'static str,
    asn: u32,
) -> Site {
    Site {
        host,
        country,
        provider,
        address,
        asn,
    }
}

impl Report {
    fn new(n: usize) -> Self {
        // Some report a locator that was reported before.
        let first = match n {
            6 => 1,
            30 => 4,
            40 => 31,
            _ => n,
        };
        let site = nth(&SITES, first);
        let host = if n == 6 { "bücher.example" } else { site.host };
        let mut draw = Draw::new(n, "times");
        let received = FIRST_MINUTE + wide(n * 731 + draw.below(240));
        Self {
            n,
            site,
            locator: locator(first, host),
            received,
            assessed: received + wide(4 + 7 * draw.below(200)),
            class: class(n),
        }
    }

    fn reference(&self) -> String {
        format!("7-{}", self.n)
    }
}

fn locator(n: usize, host: &str) -> String {
    let mut draw = Draw::new(n, "locator");
    let scheme = nth(&["https", "https", "http"], draw.below(3));
    let number = 10_000 + 256 * draw.below(256) + draw.below(256);
    let path = match draw.below(5) {
        0 => format!("{}/p/{number}?ref=a%20b&x=%C3%A9", draw.hex(6)),
        1 => format!("{}/thread/{number}#post-3", draw.hex(6)),
        2 => format!("{}.html", draw.hex(10)),
        3 => format!("{}?id={number}", draw.hex(24)),
        _ => format!("{}/{number}/", draw.hex(6)),
    };
    format!("{scheme}://{host}/{path}")
}

fn class(n: usize) -> Class {
    let mut draw = Draw::new(n, "class");
    let kinds = ["sextortion", "grooming", "solicitation", "distribution"];
    match n {
        27 | 33 | 40 | 45 => Class::Ignore,
        // Reports of one locator, and the one that is contradicted.
        1 | 6 | 4 | 30 | 31 => Class::National("B1"),
        _ if n < REPORTS_PER_FILE && n % 5 == 2 => Class::Exploitation(nth(&kinds, n / 5)),
        _ if draw.below(4) == 0 => Class::Baseline,
        _ => Class::National(nth(&["A1", "A2", "B1", "B2"], draw.below(4))),
    }
}

// ---- XARF

#[derive(Serialize)]
struct Xarf {
    xarf_version: &'static str,
    report_id: String,
    timestamp: String,
    reporter: Contact,
    sender: Contact,
    source_identifier: &'static str,
    category: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    url: String,
    hosting_provider: &'static str,
    asn: u32,
    country_code: &'static str,
    verified_at: String,
    verification_method: &'static str,
    tags: [String; 1],
    confidence: f64,
    detection_method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    classification: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exploitation_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    victim_age_range: Option<&'static str>,
}

#[derive(Serialize)]
struct Contact {
    org: &'static str,
    contact: &'static str,
    domain: &'static str,
}

const CONTACT: Contact = Contact {
    org: "Hotline North",
    contact: "reports@north.example",
    domain: "north.example",
};

fn xarf(report: &Report) -> String {
    let mut draw = Draw::new(report.n, "xarf");
    let site = report.site;
    let (classification, exploitation_type) = match report.class {
        Class::Exploitation(kind) => (None, Some(kind)),
        Class::National(class) => (Some(class), None),
        Class::Baseline | Class::Ignore => (Some("baseline"), None),
    };
    let medium = nth(&["image", "video", "mixed"], draw.below(3));
    let age = nth(&["pubescent", "prepubescent", "unknown"], draw.below(3));
    let fields = Xarf {
        xarf_version: "4.2.0",
        report_id: uuid(report.n),
        timestamp: time(report.received, nth(&OFFSETS, draw.below(4)), true),
        reporter: CONTACT,
        sender: CONTACT,
        source_identifier: site.address,
        category: "content",
        kind: if exploitation_type.is_some() {
            "csem"
        } else {
            "csam"
        },
        url: report.locator.clone(),
        hosting_provider: site.provider,
        asn: site.asn,
        country_code: site.country,
        verified_at: time(report.assessed, "Z", true),
        verification_method: nth(&["manual", "user_report"], draw.below(2)),
        tags: [format!("hotline:ref-{}", report.reference())],
        confidence: nth(&[1.0, 0.9, 0.7], draw.below(3)),
        detection_method: nth(&["manual_review", "user_report"], draw.below(2)),
        classification,
        media_type: classification.is_some().then_some(medium),
        exploitation_type,
        victim_age_range: exploitation_type.is_some().then_some(age),
    };
    #[expect(clippy::expect_used, reason = "a fixture: texts and numbers are JSON")]
    let line = serde_json::to_string(&fields).expect("texts and numbers are JSON");
    line + "\n"
}

/// A UUID of version 4, though not a random one.
fn uuid(n: usize) -> String {
    let text = Draw::new(n, "report id").hex(32);
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let (third, fourth) = (part(13, 16), part(17, 20));
    format!(
        "{}-{}-4{third}-a{fourth}-{}",
        part(0, 8),
        part(8, 12),
        part(20, 32)
    )
}

// ---- The table

const COLUMNS: [&str; 11] = [
    "hotlineReceivedDate",
    "hotlineReference",
    "urlString",
    "hostingCountryCode",
    "hostingIpAddress",
    "hostingIsp",
    "classification",
    "ageCategorization",
    "genderCategorization",
    "action",
    "assessedDate",
];

fn row(report: &Report) -> String {
    let mut draw = Draw::new(report.n, "table");
    let (classification, age) = match report.class {
        Class::Baseline | Class::Exploitation(_) => ("Baseline CSAM", "Not categorised"),
        Class::National("A1" | "A2") => ("National CSAM", "Pre-pubescent"),
        Class::National(_) => ("National CSAM", "Pubescent"),
        Class::Ignore => ("Ignore", ""),
    };
    let genders = ["Not Determined", "Female", "Male", "Both"];
    let fields = [
        time(
            report.received,
            nth(&OFFSETS, draw.below(4)),
            draw.below(3) > 0,
        ),
        report.reference(),
        report.locator.clone(),
        report.site.country.into(),
        report.site.address.into(),
        report.site.provider.into(),
        classification.into(),
        age.into(),
        nth(&genders, draw.below(4)).into(),
        nth(&["", "ReportedToLEA", "ReportedToISP"], draw.below(3)).into(),
        time(report.assessed, "Z", true),
    ];
    let quoted = fields.map(|field| {
        if field.contains([',', '"']) {
            format!("\"{}\"", field.replace('"', "\"\""))
        } else {
            field
        }
    });
    quoted.join(",") + "\r\n"
}

// ---- Helpers

const OFFSETS: [&str; 4] = ["Z", "Z", "+01:00", "+05:30"];

/// A time of the year 2026, with an offset; the seconds may be left out.
fn time(minute: u64, offset: &str, seconds: bool) -> String {
    let shift = match offset {
        "+01:00" => 60,
        "+05:30" => 330,
        _ => 0,
    };
    // Minutes since the beginning of the year.
    let local = minute + shift - 29_453_760;
    let mut day = local / 1_440;
    let mut month = 1;
    for days in [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if day < days {
            break;
        }
        (day, month) = (day - days, month + 1);
    }
    let (day, hour, minute) = (day + 1, local / 60 % 24, local % 60);
    let seconds = if seconds { ":00" } else { "" };
    format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}{seconds}{offset}")
}

/// Numbers that follow from a number and a name.
struct Draw {
    from: [u8; 32],
    used: usize,
}

impl Draw {
    fn new(n: usize, what: &str) -> Self {
        let from = Hash::of_parts(&[SEED, &wide(n).to_be_bytes(), what.as_bytes()]);
        Self {
            from: *from.as_bytes(),
            used: 0,
        }
    }

    fn below(&mut self, end: usize) -> usize {
        let byte = nth(&self.from, self.used);
        self.used += 1;
        usize::from(byte) % end
    }

    fn hex(&self, digits: usize) -> String {
        HEXLOWER.encode(&self.from).chars().take(digits).collect()
    }
}

/// The element at a place, round and round.
#[expect(clippy::indexing_slicing, reason = "a fixture; no list here is empty")]
const fn nth<T: Copy>(from: &[T], place: usize) -> T {
    from[place % from.len()]
}

fn wide(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
