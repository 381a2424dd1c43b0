//! Whose is a locator; which hotline answers; who may send what.

use comity_testkit::federation::{Federation, code, country, edit_member};
use comity_trust::matrix::{DEFAULT_OPENINGS, allows, default_matrix, from_openings};
use comity_trust::owned::{Domain, Prefix};
use comity_trust::owns::{Owners, hotline_for, hotlines_for};
use comity_wire::ids::MemberId;
use comity_wire::registry::{Kind, role};
use comity_wire::words::{Code, Sorted};
use proptest::prelude::*;

fn owners(edit: impl FnOnce(&mut comity_trust::roster::Roster)) -> Owners {
    Owners::of(&Federation::new().next_roster(edit))
}

fn name(found: Option<&MemberId>) -> &str {
    found.map_or("nobody", |id| id.as_str().trim_end_matches(".example"))
}

fn domains(roster: &mut comity_trust::roster::Roster, member: &str, names: &[&str]) {
    edit_member(roster, member, |member| {
        let names = names.iter().map(|name| Domain::new(name).unwrap());
        member.owns.domains = Sorted::new(names);
    });
}

#[test]
fn a_host_belongs_to_who_owns_it_or_what_is_above_it() {
    let owners = owners(|roster| {
        domains(
            roster,
            "north",
            &["north.example", "videos.platform.example"],
        );
        domains(roster, "south", &["co.uk", "shop.co.uk"]);
    });
    let check =
        |host: &str, expected: &str| assert_eq!(name(owners.of_host(host)), expected, "{host}");
    check("platform.example", "platform");
    check("a.b.platform.example", "platform");
    check("PLATFORM.Example.", "platform");
    check("north.example", "north");
    // The most specific owner answers.
    check("videos.platform.example", "north");
    check("a.videos.platform.example", "north");
    // Whole labels only.
    check("notplatform.example", "nobody");
    check("platform.example.com", "nobody");
    check("example", "nobody");
    // A suffix of the public is nobody's, whoever claims it.
    check("other.co.uk", "nobody");
    check("www.shop.co.uk", "south");
    // Addresses, as they stand in URLs.
    check("192.0.2.7", "platform");
    check("192.0.2.7.", "platform");
    check("[2001:db8::1]", "platform");
    check("2001:db8::1", "platform");
    check("198.51.100.1", "nobody");
    for odd in [
        "",
        ".",
        "..",
        "a..platform.example",
        "плат.example",
        "a b",
        "[",
        "]",
        "[]",
    ] {
        check(odd, "nobody");
    }
    check(&format!("{}.platform.example", "a.".repeat(130)), "nobody");
}

#[test]
fn an_address_belongs_to_the_longest_prefix() {
    let owners = owners(|roster| {
        edit_member(roster, "north", |member| {
            let nets = ["192.0.2.128/25", "2001:db8:1::/48"];
            let nets = nets.map(|net| Prefix::new(net.parse().unwrap()));
            member.owns.prefixes = Sorted::new(nets);
        });
    });
    let check = |address: &str, expected: &str| {
        let address = address.parse().unwrap();
        assert_eq!(name(owners.of_address(address)), expected, "{address}");
    };
    check("192.0.2.0", "platform");
    check("192.0.2.127", "platform");
    check("192.0.2.128", "north");
    check("192.0.2.255", "north");
    check("192.0.3.0", "nobody");
    check("2001:db8::1", "platform");
    check("2001:db8:1::1", "north");
    check("2001:db9::1", "nobody");
    // IPv4 in IPv6 is IPv4.
    check("::ffff:192.0.2.200", "north");
    check("::ffff:203.0.113.1", "nobody");
}

#[test]
fn a_network_belongs_to_one_member() {
    let owners = owners(|_| ());
    assert_eq!(name(owners.of_asn(64_496)), "platform");
    assert_eq!(name(owners.of_asn(64_497)), "nobody");
}

#[test]
fn a_country_has_its_hotline_and_the_others_have_that_for_orphans() {
    let federation = Federation::new();
    let check = |roster: &comity_trust::roster::Roster, of: &str, expected: &str| {
        let charter = federation.history().charter();
        let found = hotline_for(roster, charter, &country(of));
        assert_eq!(name(found.map(|member| &member.id)), expected, "{of}");
    };
    let roster = federation.history().roster().unwrap();
    check(roster, "SE", "north");
    check(roster, "NL", "south");
    // A platform and a regulator are there, and no hotline.
    check(roster, "IE", "south");
    check(roster, "BR", "south");
    // Of two, the one with fewer countries; of equal ones the first by name.
    let both = federation.next_roster(|roster| {
        edit_member(roster, "north", |member| {
            member.jurisdictions = Sorted::new(["SE", "NL", "FI"].map(country));
        });
    });
    check(&both, "NL", "south");
    assert_eq!(hotlines_for(&both, &country("NL")).len(), 2);
    let equal = federation.next_roster(|roster| {
        edit_member(roster, "north", |member| {
            member.jurisdictions = Sorted::new([country("NL")]);
        });
    });
    check(&equal, "NL", "north");
    // The hotline for orphans is one no longer.
    let without = federation.next_roster(|roster| {
        edit_member(roster, "south", |member| {
            member.roles = Sorted::new([code(role::PLATFORM)]);
        });
    });
    check(&without, "BR", "nobody");
}

#[test]
fn the_default_matrix_lets_every_case_be_carried_on() {
    let charter = Federation::new().history().charter().clone();
    assert_eq!(charter.matrix, default_matrix());
    let may = |from: &str, kind, to: &str| {
        let (from, to) = (code(from), code(to));
        allows(&charter, &[&from], kind, &[&to])
    };
    for (opener, opening, recipient) in DEFAULT_OPENINGS {
        assert!(may(opener, *opening, recipient));
        for answer in [Kind::Acknowledgement, Kind::Outcome, Kind::Information] {
            assert!(
                may(recipient, answer, opener),
                "{recipient} {answer} {opener}"
            );
        }
        for follow_up in [Kind::Amendment, Kind::Withdrawal, Kind::Dispute] {
            assert!(
                may(opener, follow_up, recipient),
                "{opener} {follow_up} {recipient}"
            );
        }
    }
    // A platform asks nobody to take anything down, and nobody orders a hotline.
    for kind in Kind::ALL.into_iter().filter(|kind| kind.opens()) {
        assert!(!may(role::PLATFORM, kind, role::HOTLINE));
    }
    assert!(!may(role::REGULATOR, Kind::TakedownRequest, role::HOTLINE));
    assert!(!may(role::PLATFORM, Kind::Withdrawal, role::HOTLINE));
    assert!(!may(role::HOTLINE, Kind::Outcome, role::PLATFORM));
}

#[test]
fn a_role_that_this_version_does_not_know_can_be_in_the_matrix() {
    let rows = from_openings(&[("archive", Kind::Referral, role::HOTLINE)]);
    let charter = comity_trust::charter::Charter {
        matrix: rows,
        ..Federation::new().history().charter().clone()
    };
    let (archive, hotline): (Code, Code) = (code("archive"), code(role::HOTLINE));
    assert!(allows(
        &charter,
        &[&hotline, &archive],
        Kind::Referral,
        &[&hotline]
    ));
    assert!(!allows(&charter, &[&hotline], Kind::Referral, &[&hotline]));
    assert!(!allows(&charter, &[], Kind::Referral, &[&hotline]));
}

proptest! {
    #[test]
    fn no_host_makes_a_look_up_fail(host in "\\PC{0,80}") {
        let _ = owners(|_| ()).of_host(&host);
    }

    /// The index answers as a search through all prefixes would.
    #[test]
    fn the_longest_prefix_is_found(
        nets in proptest::collection::btree_set((any::<u32>(), 8u8..=32), 1..20),
        address in any::<u32>(),
    ) {
        let nets: std::collections::BTreeSet<ipnet::Ipv4Net> = nets
            .into_iter()
            .map(|(address, bits)| ipnet::Ipv4Net::new(address.into(), bits).unwrap().trunc())
            .collect();
        let address: std::net::Ipv4Addr = address.into();
        let found = owners(|roster| {
            edit_member(roster, "platform", |member| member.owns = Default::default());
            edit_member(roster, "north", |member| {
                let nets = nets.iter().map(|net| Prefix::new((*net).into()));
                member.owns.prefixes = Sorted::new(nets);
            });
        });
        let expected = nets.iter().any(|net| net.contains(&address));
        prop_assert_eq!(found.of_address(address.into()).is_some(), expected);
    }
}
