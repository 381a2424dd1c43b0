//! Who may read what.

use comity_audit::{NoMandate, Reader, Right, may_read};
use comity_testkit::federation::{Federation, edit_member, reference};
use comity_trust::charter::{Charter, Mandate};
use comity_trust::roster::Roster;
use comity_wire::registry::{record_kind, role};
use comity_wire::words::Sorted;

use crate::fixture::{Log, id, statement};
use comity_testkit::federation::{code, country};

const ACT: &str = "Example Act, section 1";

/// The regulator may audit platforms in IE.
fn charter_and_roster() -> (Charter, Roster) {
    let federation = Federation::new();
    let (charter, _) = federation.history().newest_charter();
    let charter = Charter {
        mandates: vec![Mandate {
            cites: reference(ACT),
            roles: Sorted::new([code(role::PLATFORM)]),
            regulator: id("regulator"),
            jurisdictions: Sorted::new([country("IE")]),
        }],
        ..charter.clone()
    };
    (charter, federation.history().roster().unwrap().clone())
}

#[test]
fn a_right_follows_from_the_mandates_roles_and_jurisdictions() {
    let (charter, roster) = charter_and_roster();
    let check = |asker: &str, whose: &str, expected| {
        let found = may_read(&charter, &roster, &id(asker), &id(whose));
        assert_eq!(found, expected, "{asker} of {whose}");
    };
    check("regulator", "platform", Right::All);
    check("regulator", "north", Right::Counterpart);
    check("regulator", "south", Right::Counterpart);
    check("regulator", "regulator", Right::All);
    check("north", "platform", Right::Own);
    check("platform", "regulator", Right::Own);
    check("north", "north", Right::All);
    check("stranger", "platform", Right::None);
}

#[test]
fn a_mandate_covers_who_has_the_role_and_the_jurisdiction() {
    let check = |role: &str, land: &str, expected| {
        let (mut charter, roster) = charter_and_roster();
        charter.mandates[0].roles = Sorted::new([code(role)]);
        charter.mandates[0].jurisdictions = Sorted::new([country(land)]);
        let found = may_read(&charter, &roster, &id("regulator"), &id("platform"));
        assert_eq!(found, expected, "{role} in {land}");
    };
    check("platform", "IE", Right::All);
    // Both hotlines, and nobody, are in these remits.
    check("hotline", "SE", Right::Counterpart);
    check("hotline", "IE", Right::Own);
    check("platform", "SE", Right::Own);
}

#[test]
fn a_mandate_needs_a_regulator_that_still_is_one() {
    let (charter, mut roster) = charter_and_roster();
    edit_member(&mut roster, "regulator", |member| {
        member.roles = Sorted::new([code(role::HOTLINE)]);
    });
    let found = may_read(&charter, &roster, &id("regulator"), &id("platform"));
    assert_eq!(found, Right::Own);
}

#[test]
fn a_mandate_that_is_not_named_gives_nothing_and_one_that_is_not_there_is_refused() {
    let (charter, roster) = charter_and_roster();
    let check = |asker: &str, cites: Option<&str>, expected: Result<Right, NoMandate>| {
        let cites = cites.map(reference);
        let reader = Reader::new(
            &charter,
            &roster,
            &id(asker),
            &id("platform"),
            cites.as_ref(),
        );
        assert_eq!(reader.map(|reader| reader.right()), expected);
    };
    check("regulator", Some(ACT), Ok(Right::All));
    check("regulator", None, Ok(Right::Own));
    check("regulator", Some("Another Act"), Err(NoMandate));
    check("north", Some(ACT), Err(NoMandate));
    check("north", None, Ok(Right::Own));
    check("stranger", None, Err(NoMandate));
    assert_eq!(NoMandate.code(), "no-mandate");
}

#[test]
fn a_record_is_read_by_right() {
    let (charter, roster) = charter_and_roster();
    let read_by = |asker: &str, whose: &str, cites: Option<&str>| {
        let cites = cites.map(reference);
        Reader::new(&charter, &roster, &id(asker), &id(whose), cites.as_ref()).unwrap()
    };
    let all = read_by("regulator", "platform", Some(ACT));
    let counterpart = read_by("regulator", "north", Some(ACT));
    let own = read_by("platform", "north", None);
    let others = read_by("south", "north", None);
    // Counterpart, direction, statement; then by which of the four readers.
    let rows = [
        (None, None, false, [true, false, false, false]),
        (
            Some("platform"),
            Some("in"),
            true,
            [true, true, true, false],
        ),
        (
            Some("platform"),
            Some("out"),
            true,
            [true, true, false, false],
        ),
        (Some("platform"), None, false, [true, true, false, false]),
        (
            Some("platform"),
            Some("in"),
            false,
            [true, true, false, false],
        ),
        (Some("south"), Some("in"), true, [true, false, false, true]),
        (
            Some("south"),
            Some("out"),
            true,
            [true, false, false, false],
        ),
        (
            Some("regulator"),
            Some("in"),
            true,
            [true, true, false, false],
        ),
        (
            Some("regulator"),
            Some("out"),
            true,
            [true, false, false, false],
        ),
    ];
    for (with, way, names_statement, expected) in rows {
        let mut log = Log::new("north");
        let leaf = log.add(record_kind::RECEIVED, 1, with);
        leaf.direction = way.map(code);
        leaf.statement = names_statement.then(|| statement("a"));
        let found = [&all, &counterpart, &own, &others].map(|reader| reader.may_read(leaf));
        assert_eq!(found, expected, "{with:?} {way:?} {names_statement}");
    }
    assert!(counterpart.sees_all_with(&id("platform")));
    assert!(!counterpart.sees_all_with(&id("regulator")));
    assert!(!own.sees_all_with(&id("platform")));
}
