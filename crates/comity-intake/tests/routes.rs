//! Where reports go in a federation, and which assessments contradict each other.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use comity_intake::{
    Disposition, Format, Host, Outside, Report, ReviewReason, Route, RouteFacts,
    assessments_conflict, read, route,
};
use comity_testkit::federation::{Federation, code, country, edit_member, member_id};
use comity_testkit::samples;
use comity_trust::charter::Charter;
use comity_trust::owned::Domain;
use comity_trust::owns::Owners;
use comity_trust::roster::Roster;
use comity_wire::parts::{Assessment, Hosting, Ip};
use comity_wire::registry::{Kind, capacity, role};
use comity_wire::words::Sorted;

const OWN_COUNTRY: Route = Route::ActOutside {
    why: Outside::OwnCountry,
};

const NO_MEMBER: Route = Route::ActOutside {
    why: Outside::NoMember,
};

fn request(to: &str, capacity: &str) -> Route {
    Route::Request {
        to: member_id(to),
        capacity: code(capacity),
    }
}

fn refer(to: &str, reason: &str) -> Route {
    Route::Refer {
        to: member_id(to),
        reason: code(reason),
    }
}

/// North (SE), South (NL; orphans), the platform (IE).
struct World {
    me: &'static str,
    roster: Roster,
    charter: Charter,
}

impl World {
    fn new() -> Self {
        let federation = Federation::new();
        let history = federation.history();
        Self {
            me: "north.example",
            roster: history.roster().unwrap().clone(),
            charter: history.charter().clone(),
        }
    }

    fn edit(mut self, edit: impl FnOnce(&mut Self)) -> Self {
        edit(&mut self);
        self
    }

    fn route(&self, facts: &RouteFacts<'_>) -> Route {
        let owners = Owners::of(&self.roster);
        let me = member_id(self.me);
        route(facts, &me, &self.roster, &self.charter, &owners)
    }

    #[track_caller]
    fn check(&self, report: Known, expected: &Route) {
        let found = self.decide(report, Disposition::Act);
        assert_eq!(&found, expected, "{report:?}");
    }

    fn decide(&self, (host, ip, asn, of): Known, disposition: Disposition) -> Route {
        let host = match host.parse() {
            Ok(address) => Host::Address(address),
            Err(_) => Host::Domain(host.into()),
        };
        let of = (!of.is_empty()).then(|| country(of));
        let hosting = [Hosting {
            at: 0,
            ip: ip.parse().ok().map(Ip::new),
            asn: Some(asn).filter(|asn| *asn > 0),
            name: None,
            role: code("host"),
            source: code("report"),
            country: of.clone(),
        }];
        self.route(&RouteFacts {
            host: &host,
            hosting: &hosting,
            country: of.as_ref(),
            disposition,
        })
    }
}

/// Host, hosting address, network, country; empty or zero: not known.
type Known = (&'static str, &'static str, u64, &'static str);

fn both_capacities(world: &mut World) {
    edit_member(&mut world.roster, "platform", |member| {
        member.capacities = vec![code(capacity::SERVICE), code(capacity::HOST)];
    });
}

#[test]
fn an_owner_is_asked_in_the_capacity_of_what_it_owns() {
    let world = World::new().edit(both_capacities);
    let service = request("platform.example", "service");
    let host = request("platform.example", "host");
    world.check(("platform.example", "", 0, "SE"), &service);
    let below = ("img.platform.example", "203.0.113.1", 64_500, "NL");
    world.check(below, &service);
    world.check(("192.0.2.44", "", 0, "NL"), &host);
    world.check(("2001:db8::7", "", 0, ""), &host);
    world.check(("gallery.example", "192.0.2.1", 0, "NL"), &host);
    world.check(("gallery.example", "203.0.113.1", 64_496, "NL"), &host);
    let similar = ("notplatform.example", "203.0.113.1", 64_500, "NL");
    world.check(similar, &refer("south.example", "hosting-country"));
    // A member that can be asked as a service only is asked as that.
    World::new().check(("192.0.2.44", "", 0, "NL"), &service);
}

#[test]
fn the_owner_of_the_domain_comes_before_that_of_the_machines() {
    let with_domain = |role: &'static str| {
        World::new().edit(both_capacities).edit(|world| {
            edit_member(&mut world.roster, "regulator", |member| {
                member.owns.domains = Sorted::new(Domain::new("shop.example"));
                member.roles = Sorted::new([code(role)]);
            });
        })
    };
    let report = ("shop.example", "192.0.2.1", 64_496, "NL");
    let shop = with_domain(role::PLATFORM);
    shop.check(report, &request("regulator.example", "service"));
    // Who is no platform is not asked; the next owner is.
    let office = with_domain(role::REGULATOR);
    office.check(report, &request("platform.example", "host"));
}

#[test]
fn nobody_asks_itself_or_against_the_matrix() {
    let owned = |of| ("platform.example", "192.0.2.1", 64_496, of);
    let refer_south = refer("south.example", "hosting-country");
    let itself = World::new().edit(|world| {
        world.me = "platform.example";
        edit_member(&mut world.roster, "platform", |member| {
            member.roles = Sorted::new([code(role::HOTLINE), code(role::PLATFORM)]);
        });
    });
    itself.check(owned("NL"), &refer_south);
    itself.check(owned("IE"), &OWN_COUNTRY);
    let forbidden = World::new().edit(|world| {
        let rows = world.charter.matrix.iter().cloned();
        let rows = rows.filter(|row| row.1 != Kind::TakedownRequest);
        world.charter.matrix = Sorted::new(rows);
    });
    forbidden.check(owned("NL"), &refer_south);
    let silent = forbidden.edit(|world| world.charter.matrix = Sorted::default());
    silent.check(owned("NL"), &NO_MEMBER);
    silent.check(owned("ZA"), &NO_MEMBER);
}

#[test]
fn what_nobody_owns_goes_by_country() {
    let of = |country| ("forum.example.org", "203.0.113.1", 64_500, country);
    let world = World::new();
    world.check(of("NL"), &refer("south.example", "hosting-country"));
    world.check(of("SE"), &OWN_COUNTRY);
    world.check(of("ZA"), &refer("south.example", "orphan"));
    let reason = "no-country";
    world.check(of(""), &Route::Unplaced { reason });
    let south = World::new().edit(|world| world.me = "south.example");
    south.check(of("ZA"), &NO_MEMBER);
    south.check(of("SE"), &refer("north.example", "hosting-country"));
    for orphans in [None, Some("platform.example"), Some("gone.example")] {
        let orphans = orphans.map(member_id);
        let world = World::new().edit(|world| world.charter.orphans = orphans);
        world.check(of("ZA"), &NO_MEMBER);
    }
    // Another hotline of our own country is no reason to refer.
    let two = World::new().edit(|world| {
        edit_member(&mut world.roster, "south", |member| {
            member.jurisdictions = Sorted::new([country("NL"), country("SE")]);
        });
    });
    two.check(of("SE"), &OWN_COUNTRY);
}

#[test]
fn what_a_hotline_left_or_doubts_is_never_sent() {
    let owned = ("platform.example", "192.0.2.1", 64_496, "NL");
    let world = World::new();
    let left = world.decide(owned, Disposition::Ignore);
    assert_eq!(left, Route::NoAction);
    for (why, reason) in [
        (ReviewReason::Doubtful, "doubtful"),
        (ReviewReason::Gone, "gone"),
        (ReviewReason::Contradictory, "contradictory"),
    ] {
        let found = world.decide(owned, Disposition::Review(why));
        assert_eq!(found, Route::Unplaced { reason });
    }
    let stranger = World::new().edit(|world| world.me = "stranger.example");
    let reason = "not-a-member";
    stranger.check(owned, &Route::Unplaced { reason });
}

fn sample_reports() -> Vec<Report> {
    let read = |sample: samples::Sample| {
        let bytes = sample.text.as_bytes();
        read(Format::detect(sample.name, bytes), bytes).reports
    };
    samples::files().into_iter().flat_map(read).collect()
}

#[test]
fn the_samples_go_every_way() {
    let world = World::new();
    let mut ways = BTreeMap::new();
    for report in sample_reports() {
        let way = match world.route(&report.facts()) {
            Route::NoAction => "no-action".into(),
            Route::Request { to, .. } => format!("request {to}"),
            Route::Refer { to, reason } => format!("refer {to} {reason}"),
            Route::ActOutside { why } => why.code().into(),
            Route::Unplaced { reason } => reason.into(),
        };
        *ways.entry(way).or_insert(0) += 1;
    }
    let names: Vec<_> = ways.keys().map(String::as_str).collect();
    let expected = [
        "no-action",
        "own-country",
        "refer south.example hosting-country",
        "refer south.example orphan",
        "request platform.example",
    ];
    assert_eq!(names, expected);
    assert!(ways.values().all(|count| *count >= 2), "{ways:?}");
    assert_eq!(ways.values().sum::<i32>(), 48);
}

fn assessed(report: &Report) -> Assessment {
    report.assessment(&member_id("north.example"), &country("SE"))
}

#[test]
fn of_the_samples_three_locators_are_reported_twice_and_one_pair_disagrees() {
    let reports = sample_reports();
    let mut pairs = Vec::new();
    for (n, one) in reports.iter().enumerate() {
        let later = reports.iter().skip(n + 1);
        for other in later.filter(|other| other.canonical == one.canonical) {
            let conflict = assessments_conflict(&assessed(one), &assessed(other));
            pairs.push((one.reference.as_str(), other.reference.as_str(), conflict));
        }
    }
    let expected = [
        ("7-1", "7-6", false),
        ("7-4", "7-30", false),
        ("7-31", "7-40", true),
    ];
    assert_eq!(pairs, expected);
}

#[test]
fn only_what_cannot_both_hold_is_a_conflict() {
    let base = assessed(sample_reports().first().unwrap());
    let make = |scheme: &str, baseline: &str, standings: &[(&str, &str)]| {
        let standings = standings.iter();
        Assessment {
            scheme: code(scheme),
            baseline: code(baseline),
            standing: Sorted::new(standings.map(|(of, found)| (country(of), code(found)))),
            ..base.clone()
        }
    };
    let of = |standings: &[(&str, &str)]| make("iccam", "not-assessed", standings);
    let check = |a: &Assessment, b: &Assessment, expected: bool| {
        assert_eq!(assessments_conflict(a, b), expected, "{a:?} {b:?}");
        assert_eq!(assessments_conflict(b, a), expected, "{b:?} {a:?}");
    };
    let illegal = of(&[("SE", "illegal")]);
    let not_illegal = of(&[("SE", "not-illegal")]);
    let not_in_nl = of(&[("NL", "not-illegal")]);
    check(&illegal, &not_illegal, true);
    check(&illegal, &illegal, false);
    check(&not_illegal, &not_illegal, false);
    // Another law.
    check(&illegal, &not_in_nl, false);
    let both = of(&[("NL", "not-illegal"), ("SE", "illegal")]);
    check(&both, &not_illegal, true);
    // Finer, or in doubt.
    let finer = make("xarf-csam", "yes", &[("SE", "illegal")]);
    check(&illegal, &finer, false);
    check(&illegal, &of(&[("SE", "unclear")]), false);
    check(&not_illegal, &of(&[("SE", "unclear")]), false);
    check(&illegal, &make("iccam", "no", &[]), false);
    // The baseline holds everywhere.
    let meets = make("iccam", "yes", &[]);
    check(&meets, &make("iccam", "no", &[]), true);
    check(&meets, &not_in_nl, true);
    check(&meets, &of(&[("NL", "unclear")]), false);
    // A report asks for action by being made.
    for scheme in ["xarf-csam", "xarf-csem"] {
        let asks = make(scheme, "not-assessed", &[("SE", "not-assessed")]);
        check(&asks, &not_illegal, true);
        check(&asks, &illegal, false);
        check(&asks, &not_in_nl, false);
    }
    check(&of(&[("SE", "not-assessed")]), &not_illegal, false);
}
