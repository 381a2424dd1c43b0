//! Three rosters in which the statement keys of a member rotate, and what each
//! reader finds in statements signed before and after each change.
//!
//! ```text
//! roster 1   first key
//! roster 2   first key superseded, second key from here
//! roster 3   second key compromised since twelve hours before, third key from here
//! ```
//!
//! A superseded key is judged by the time that the statement claims; a compromised
//! one by the reader's own clock, because who has the key can claim any time.

use comity_trust::key::Ended;
use comity_trust::roster::Roster;
use comity_wire::registry::KeyPurpose;
use comity_wire::statement::{Draft, Statement};
use comity_wire::words::Sorted;

use super::world::{
    COMPROMISED_MS, SECOND_MS, THIRD_MS, World, opening, platform, rotate, rotated_keys,
};
use super::{Context, File};
use crate::federation::{
    Federation, KEYS_FROM_MS, NOW_MS, edit_keys, edit_member, key, takedown_request,
};

const HOUR_MS: u64 = 3_600_000;

/// The check that a statement fails, with its code.
const NOT_IN_FORCE: Option<(&str, &str)> = Some(("not-in-force", "roster"));
const UNKNOWN_KEY: Option<(&str, &str)> = Some(("unknown-key", "key"));

pub(super) fn statements(world: &World) -> File {
    let mut file = File::new("rotation.json");
    rosters(&mut file);
    let rows = [first_key(world), second_key(world), third_key(world)];
    for read in rows.into_iter().flatten() {
        let context = Context {
            chain: Some(read.chain.to_owned()),
            now_ms: Some(read.now_ms),
            recorded: read.recorded.then_some(true),
            ..platform()
        };
        let bytes = read.statement.bytes();
        let name = format!("rotation-{}", read.name);
        match read.why {
            None => {
                let statement = &read.statement;
                let values = [
                    ("id", statement.id().to_string()),
                    ("case", statement.case().to_string()),
                    ("issuer", statement.issuer().to_string()),
                    ("kind", statement.kind().to_string()),
                ];
                file.ok(&name, read.shows, "statement", bytes, context, &values);
            }
            Some(why) => file.no(&name, read.shows, "statement", bytes, context, why),
        }
    }
    file
}

/// One reader of one statement.
struct Read {
    name: &'static str,
    shows: &'static str,
    statement: Statement,
    chain: &'static str,
    now_ms: u64,
    recorded: bool,
    why: Option<(&'static str, &'static str)>,
}

fn read(
    name: &'static str,
    shows: &'static str,
    statement: &Statement,
    (chain, now_ms): (&'static str, u64),
    why: Option<(&'static str, &'static str)>,
) -> Read {
    Read {
        name,
        shows,
        statement: statement.clone(),
        chain,
        now_ms,
        recorded: false,
        why,
    }
}

fn signed(world: &World, name: &str, number: u8, at_ms: u64) -> Statement {
    let draft = Draft {
        issued_at_s: at_ms / 1000,
        ..opening(
            &world.federation,
            name,
            "north",
            "platform",
            takedown_request(),
        )
    };
    draft
        .sign(&key("north", number))
        .expect("a valid statement")
}

fn first_key(world: &World) -> Vec<Read> {
    let before = signed(world, "rotation before 2", 1, SECOND_MS - HOUR_MS);
    let after = signed(world, "rotation after 2", 1, SECOND_MS + HOUR_MS);
    let soon = SECOND_MS + HOUR_MS;
    vec![
        read(
            "first-key-roster-1",
            "The first key, in its time.",
            &before,
            ("first", SECOND_MS - HOUR_MS),
            None,
        ),
        read(
            "first-key-roster-2",
            "Signed before its key ended, and read after: a superseded key verifies what it signed in its time.",
            &before,
            ("rotation-2", soon),
            None,
        ),
        read(
            "first-key-roster-3",
            "The same under the third roster: keys once listed stay listed.",
            &before,
            ("rotation-3", THIRD_MS + HOUR_MS),
            None,
        ),
        read(
            "first-key-late-roster-1",
            "Signed after the key ended, by a reader that has not seen the second roster.",
            &after,
            ("first", soon),
            None,
        ),
        read(
            "first-key-late-roster-2",
            "The same by a reader that has: dated after the key's time.",
            &after,
            ("rotation-2", soon),
            NOT_IN_FORCE,
        ),
        Read {
            recorded: true,
            ..read(
                "first-key-late-recorded",
                "Recorded before the reader saw the second roster: the receipt is given again.",
                &after,
                ("rotation-2", soon),
                Some(("known", "known")),
            )
        },
    ]
}

fn second_key(world: &World) -> Vec<Read> {
    let early = signed(world, "rotation early 2", 10, SECOND_MS - HOUR_MS);
    let good = signed(world, "rotation good 2", 10, SECOND_MS + HOUR_MS);
    let stolen = signed(world, "rotation stolen 2", 10, COMPROMISED_MS + HOUR_MS);
    let after = COMPROMISED_MS + 2 * HOUR_MS;
    vec![
        read(
            "second-key-roster-1",
            "The second key, by a reader that has not seen the second roster: it fetches that and tries again.",
            &good,
            ("first", SECOND_MS + HOUR_MS),
            UNKNOWN_KEY,
        ),
        read(
            "second-key-roster-2",
            "The second key under the roster that brings it.",
            &good,
            ("rotation-2", SECOND_MS + HOUR_MS),
            None,
        ),
        read(
            "second-key-early",
            "Dated an hour before the second key begins.",
            &early,
            ("rotation-2", SECOND_MS),
            NOT_IN_FORCE,
        ),
        read(
            "second-key-before-compromise",
            "The third roster is here, and the reader's clock stands before the compromise.",
            &good,
            ("rotation-3", COMPROMISED_MS - 1),
            None,
        ),
        read(
            "second-key-at-compromise",
            "The same statement a millisecond later: what it claims no longer counts.",
            &good,
            ("rotation-3", COMPROMISED_MS),
            NOT_IN_FORCE,
        ),
        Read {
            recorded: true,
            ..read(
                "second-key-recorded",
                "Recorded before the compromise was known: the receipt is given again.",
                &good,
                ("rotation-3", THIRD_MS + HOUR_MS),
                Some(("known", "known")),
            )
        },
        read(
            "second-key-stolen-roster-2",
            "Signed after the compromise, by a reader that cannot know of it yet.",
            &stolen,
            ("rotation-2", after),
            None,
        ),
        read(
            "second-key-stolen-roster-3",
            "The same under the third roster.",
            &stolen,
            ("rotation-3", after),
            NOT_IN_FORCE,
        ),
    ]
}

fn third_key(world: &World) -> Vec<Read> {
    let good = signed(world, "rotation good 3", 11, THIRD_MS + HOUR_MS);
    let late = ("rotation-3", THIRD_MS + HOUR_MS);
    vec![
        read(
            "third-key-roster-2",
            "The third key, by a reader that has only two rosters.",
            &good,
            ("rotation-2", THIRD_MS + HOUR_MS),
            UNKNOWN_KEY,
        ),
        read(
            "third-key-roster-3",
            "The third key under the roster that brings it.",
            &good,
            late,
            None,
        ),
    ]
}

/// The rosters themselves, and what may not be done to the keys in them.
fn rosters(file: &mut File) {
    let under = |chain: &str| Context {
        chain: Some(chain.to_owned()),
        now_ms: Some(NOW_MS),
        ..Context::default()
    };
    let third = |edit: &dyn Fn(&mut Roster)| {
        let federation = rotated_keys(2);
        let roster = federation.next_roster(|roster| {
            rotate(roster, 3);
            edit(roster);
        });
        federation.sign_roster(&roster)
    };
    let second = {
        let federation = Federation::new();
        federation.sign_roster(&federation.next_roster(|roster| rotate(roster, 2)))
    };
    for (name, shows, chain, signed) in [
        (
            "rotation-roster-2",
            "The first statement key of north is superseded, and a second one begins.",
            "first",
            &second,
        ),
        (
            "rotation-roster-3",
            "The second statement key of north is compromised, and a third one begins.",
            "rotation-2",
            &third(&|_| ()),
        ),
    ] {
        let values = [
            ("added", "extended".to_owned()),
            ("hash", signed.hash().to_string()),
        ];
        file.ok(
            name,
            shows,
            "signed-roster",
            &signed.encode(),
            under(chain),
            &values,
        );
    }
    let old = comity_wire::cose::kid_of(&key("north", 1));
    let edit_old = |roster: &mut Roster, edit: &dyn Fn(&mut comity_trust::key::Key)| {
        edit_member(roster, "north", |member| {
            edit_keys(member, KeyPurpose::Statement, |key| {
                if key.kid == old {
                    edit(key);
                }
            });
        });
    };
    let rows = [
        (
            "rotation-roster-gap",
            "The third roster for a reader that has only the first.",
            "first",
            third(&|_| ()),
            "version-gap",
        ),
        (
            "rotation-roster-key-vanished",
            "The third roster leaves the superseded key out: what it signed could no longer be verified.",
            "rotation-2",
            third(&|roster| {
                edit_member(roster, "north", |member| {
                    let stays = member.keys.iter().filter(|key| key.kid != old);
                    member.keys = Sorted::new(stays.cloned());
                });
            }),
            "key-vanished",
        ),
        (
            "rotation-roster-key-resurrected",
            "The third roster gives the superseded key back its force.",
            "rotation-2",
            third(&|roster| edit_old(roster, &|key| (key.ended, key.until) = (None, None))),
            "key-resurrected",
        ),
        (
            "rotation-roster-key-earlier",
            "The third roster lets the superseded key begin a day earlier.",
            "rotation-2",
            third(&|roster| edit_old(roster, &|key| key.from = KEYS_FROM_MS - 24 * HOUR_MS)),
            "key-changed",
        ),
        (
            "rotation-roster-key-times",
            "A superseded key without a time at which it ended.",
            "rotation-2",
            third(&|roster| {
                edit_old(roster, &|key| {
                    (key.ended, key.until) = (Some(Ended::Superseded), None)
                })
            }),
            "key-times",
        ),
    ];
    for (name, shows, chain, signed, code) in rows {
        file.no(
            name,
            shows,
            "signed-roster",
            &signed.encode(),
            under(chain),
            (code, "chain-code"),
        );
    }
}
