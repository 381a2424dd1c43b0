//! The built binary, used as people use it: a federation is founded, members join it,
//! and whatever is refused says why.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::CommandFactory as _;
use comity_log::checkpoint::{Checkpoint, VerifiedCheckpoint};
use comity_log::evidence::Evidence;
use comity_log::head::Head;
use comity_trust::chain_error::ChainError;
use comity_trust::charter::Charter;
use comity_trust::history::{Added, History};
use comity_trust::key::{Ended, Key};
use comity_trust::member::Member;
use comity_trust::owned::Domain;
use comity_trust::roster::Roster;
use comity_trust::signed::SignedPayload;
use comity_wire::cbor;
use comity_wire::ids::{Hash, MemberId, PublicKey};
use comity_wire::leaf::Origin;
use comity_wire::registry::KeyPurpose;
use comity_wire::words::Sorted;
use serde_bytes::ByteBuf;
use serde_json::Value;
use tempfile::TempDir;

/// A folder in which commands run.
struct Desk(TempDir);

struct Ran {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With a federation whose charter is signed.
    fn with_federation() -> Self {
        let desk = Self::new();
        desk.done("federation init --name Example --dir federation --sign-here");
        desk
    }

    /// With a federation and a first roster of three.
    fn with_members() -> Self {
        let desk = Self::with_federation();
        for (name, role, country) in THREE {
            desk.member(name, role, country, "");
            desk.done(&format!(
                "member export --config {name}/comity.toml --out {name}.member"
            ));
        }
        desk.done("roster add north.member platform.member regulator.member");
        desk.sign(&[1, 2]);
        desk
    }

    fn member(&self, name: &str, role: &str, country: &str, more: &str) {
        self.done(&format!(
            "member init --id {name}.example --role {role} --country {country} --dir {name} --federation federation --listen /ip4/127.0.0.1/tcp/4001 {more}"
        ));
    }

    fn sign(&self, governance: &[u32]) {
        for n in governance {
            self.done(&format!("roster sign --key governance/governance-{n}.pem"));
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Runs words that hold no blanks.
    fn run(&self, words: &str) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_comity"))
            .args(words.split_whitespace())
            .current_dir(self.0.path())
            .env_remove("COMITY_CONFIG")
            .output()
            .unwrap();
        Ran {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn done(&self, words: &str) -> Value {
        let ran = self.run(&format!("{words} --json"));
        assert_eq!(ran.status, 0, "{words}: {}", ran.stderr);
        assert_eq!(ran.stderr, "", "{words}");
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// Refused with one JSON object on standard error, and nothing on standard output.
    fn refused(&self, words: &str, code: &str, status: i32) -> Value {
        let ran = self.run(&format!("{words} --json"));
        assert_eq!(ran.stdout, "", "{words}");
        let said: Value = serde_json::from_str(&ran.stderr).unwrap();
        let error = said["error"].as_object().unwrap();
        assert_eq!(
            error.keys().collect::<Vec<_>>(),
            ["code", "message", "next"]
        );
        assert_eq!(
            (error["code"].as_str().unwrap(), ran.status),
            (code, status),
            "{words}: {said:#}"
        );
        for part in ["message", "next"] {
            assert!(!error[part].as_str().unwrap().is_empty(), "{said:#}");
        }
        said["error"].clone()
    }

    /// The chain as a verifier reads it that shares no code with the command line.
    fn history(&self) -> History {
        let mut history = History::start(&self.bytes("federation/charters/1.cbor")).unwrap();
        for version in 2.. {
            match fs::read(self.path(&format!("federation/charters/{version}.cbor"))) {
                Ok(bytes) => assert_eq!(history.add_charter(&bytes), Ok(Added::Extended)),
                Err(_) => break,
            }
        }
        for version in 1.. {
            match fs::read(self.path(&format!("federation/rosters/{version}.cbor"))) {
                Ok(bytes) => assert_eq!(
                    history.add_roster(&bytes, FAR_AHEAD_MS),
                    Ok(Added::Extended)
                ),
                Err(_) => break,
            }
        }
        history
    }

    fn listed(&self, name: &str) -> Member {
        let id = MemberId::new(&format!("{name}.example")).unwrap();
        self.history().member(&id).unwrap().clone()
    }
}

const THREE: [(&str, &str, &str); 3] = [
    ("north", "hotline", "SE"),
    ("platform", "platform", "IE"),
    ("regulator", "regulator", "IE"),
];

/// The year 5000: no roster of a test is issued later.
const FAR_AHEAD_MS: u64 = 95_617_584_000_000;

fn kid_of(member: &Member, purpose: KeyPurpose) -> String {
    let mut keys = member
        .keys
        .iter()
        .filter(|key| key.purpose == purpose && key.ended.is_none());
    keys.next().unwrap().kid.to_string()
}

#[test]
fn a_charter_names_clocks_that_can_be_computed_and_says_what_they_are() {
    let desk = Desk::new();
    let init = desk.done(
        "federation init --name Example --dir federation --sign-here --clock nl-atkm-12h --clock eu-tco-1h=30m --clock example-72h=3d",
    );
    let clocks = &init["charter"]["clocks"];
    assert_eq!(clocks[0]["own_ms"], Value::Null);
    assert_eq!(clocks[1]["own_ms"], 1_800_000);
    assert_eq!(clocks[2]["known"], false);
    for (clock, words) in [
        ("example-72h", "give it a length"),
        ("gb-osa-report=24h", "cannot be computed"),
        ("nl-atkm-12h=soon", "a length is written"),
    ] {
        let ran = desk.run(&format!(
            "federation init --name Other --dir other --keys keys --clock {clock}"
        ));
        assert_eq!(ran.status, 2, "{clock}");
        assert!(ran.stderr.contains(words), "{clock}: {}", ran.stderr);
    }
}

#[test]
fn the_clocks_that_this_version_knows_are_listed_with_their_source() {
    let desk = Desk::new();
    let listed = desk.done("clocks list");
    let listed = listed["clocks"].as_array().unwrap();
    assert_eq!(listed.len(), comity_clocks::published::CLOCKS.len());
    let one = desk.done("clocks show us-2258a-keep-1-year");
    assert_eq!(one["sort"], "preservation");
    assert_eq!(one["how_long"], "1 year, to the end of the day");
    assert_eq!(one["mark"], "verified");
    assert!(one["source"].as_str().unwrap().contains("https://"));
    desk.refused("clocks show moon-1h", "unknown-clock", 2);
}

#[test]
fn a_federation_of_three_is_made_and_its_chain_verifies() {
    let desk = Desk::new();
    let init = desk.done("federation init --name Example --dir federation --orphans north.example --mandate regulator.example/platform/IE/Act");
    let first = desk.done("federation sign --key governance/governance-1.pem");
    assert_eq!(first["in_force"], false);
    assert_eq!(first["signatures"]["governances"][0]["signed"], 1);
    assert!(!desk.path("federation/charters/1.cbor").exists());
    let second = desk.done("federation sign --key governance/governance-3.pem");
    assert_eq!(second["in_force"], true);

    for (name, role, country) in THREE {
        desk.member(name, role, country, "");
        let exported = desk.done(&format!(
            "member export --config {name}/comity.toml --out {name}.member"
        ));
        assert_eq!(exported["fed"], init["fed"]);
    }
    let added = desk.done("roster add north.member platform.member regulator.member");
    assert_eq!(
        added["changes"]["added"],
        serde_json::json!(["north.example", "platform.example", "regulator.example"])
    );
    assert_eq!(
        desk.done("roster sign --key governance/governance-2.pem")["in_force"],
        false
    );
    assert_eq!(
        desk.done("roster sign --key governance/governance-1.pem")["in_force"],
        true
    );
    assert!(!desk.path("federation/roster-next.cbor").exists());

    let history = desk.history();
    assert_eq!(init["fed"], history.fed().to_string());
    assert_eq!(history.charter().orphans, MemberId::new("north.example"));
    assert_eq!(history.charter().mandates.len(), 1);
    for (name, role, country) in THREE {
        let member = desk.listed(name);
        assert!(member.has_role(role));
        assert_eq!(member.jurisdictions[0].as_str(), country);
        assert_eq!(
            member.open_log().unwrap().origin.to_string(),
            format!("{}/{name}.example/1", history.fed())
        );
        for purpose in KeyPurpose::ALL {
            let file = if purpose == KeyPurpose::Log {
                "log-1".to_owned()
            } else {
                purpose.to_string()
            };
            let text = fs::read_to_string(desk.path(&format!("{name}/keys/{file}.pem"))).unwrap();
            let key = comity_trust::key_file::read(&text).unwrap();
            assert_eq!(
                kid_of(&member, purpose),
                comity_wire::cose::kid_of(&key).to_string()
            );
        }
    }
    assert_eq!(desk.done("roster show")["standing"], "current");
    assert_eq!(desk.done("federation show")["roster"]["version"], 1);
}

#[test]
fn fewer_signatures_than_the_charter_asks_for_are_no_roster() {
    let desk = Desk::with_federation();
    desk.member("north", "hotline", "SE", "");
    desk.done("member export --config north/comity.toml --out north.member");
    desk.done("roster add north.member");
    // One key twice is one signature.
    for _ in 0..2 {
        desk.done("roster sign --key governance/governance-1.pem");
        let next = desk.done("roster show --next");
        assert_eq!(next["signatures"]["governances"][0]["signed"], 1);
    }
    assert!(!desk.path("federation/rosters/1.cbor").exists());
    let draft = desk.bytes("federation/roster-next.cbor");
    let refused = desk.history().add_roster(&draft, FAR_AHEAD_MS);
    assert_eq!(
        refused,
        Err(ChainError::Threshold {
            found: 1,
            needed: 2
        })
    );
    desk.refused("roster show", "no-roster", 1);
    // Nor is it one if somebody puts it into the folder.
    fs::create_dir(desk.path("federation/rosters")).unwrap();
    fs::write(desk.path("federation/rosters/1.cbor"), draft).unwrap();
    desk.refused("roster show", "threshold", 4);
}

#[test]
fn what_was_changed_after_it_was_signed_is_not_signed_again() {
    let desk = Desk::with_members();
    desk.done("roster renew --days 30");
    desk.done("roster sign --key governance/governance-1.pem");
    let path = desk.path("federation/roster-next.cbor");
    let signed = SignedPayload::decode(&fs::read(&path).unwrap(), usize::MAX).unwrap();
    let mut roster = Roster::decode(signed.payload()).unwrap();
    roster.expires += 1;
    let tampered = SignedPayload(ByteBuf::from(cbor::encode(&roster)), signed.1);
    fs::write(&path, tampered.encode()).unwrap();
    desk.refused(
        "roster sign --key governance/governance-2.pem",
        "bad-signature",
        4,
    );
    assert!(!desk.path("federation/rosters/2.cbor").exists());
    fs::write(&path, b"garbage").unwrap();
    desk.refused(
        "roster sign --key governance/governance-2.pem",
        "not-a-draft",
        4,
    );
}

#[test]
fn a_draft_that_breaks_a_rule_is_not_signed() {
    let desk = Desk::with_members();
    desk.done("roster renew --days 30");
    let draft = desk.path("federation/roster-next.cbor");
    let sound = fs::read(&draft).unwrap();
    let check = |code: &str, change: &dyn Fn(&mut Roster)| {
        let signed: SignedPayload = cbor::decode(&sound).unwrap();
        let mut roster = Roster::decode(signed.payload()).unwrap();
        change(&mut roster);
        let unsigned = SignedPayload::unsigned(cbor::encode(&roster));
        fs::write(&draft, unsigned.encode()).unwrap();
        desk.refused("roster sign --key governance/governance-1.pem", code, 4);
    };
    let another = Hash::of(b"another");
    check("version-gap", &|roster| roster.version = 3);
    check("wrong-previous", &|roster| roster.previous = roster.fed);
    check("wrong-charter", &|roster| roster.charter = another);
    check("issued-earlier", &|roster| roster.issued = 1);
    check("expires-too-early", &|roster| {
        roster.expires = roster.issued
    });
    check("wrong-federation", &|roster| {
        roster.fed = another;
        edit(roster, |member| member.logs[0].origin.fed = another);
    });
    check("key-vanished", &|roster| {
        edit(roster, |member| {
            let kept = member
                .keys
                .iter()
                .filter(|key| key.purpose != KeyPurpose::Witness);
            member.keys = Sorted::new(kept.cloned());
        });
    });
    check("key-changed", &|roster| {
        edit(roster, |member| {
            let keys = member.keys.iter().cloned();
            member.keys = Sorted::new(keys.map(|key| Key {
                from: key.from - 1,
                ..key
            }));
        });
    });
    // The members have each other's keys.
    check("key-reused", &|roster| {
        let mut keys: Vec<_> = roster
            .members
            .iter()
            .map(|member| member.keys.clone())
            .collect();
        keys.rotate_left(1);
        let mut keys = keys.into_iter();
        edit(roster, |member| {
            member.keys = keys.next().unwrap();
            let mut logs = member
                .keys
                .iter()
                .filter(|key| key.purpose == KeyPurpose::Log);
            member.logs[0].key = logs.next().unwrap().kid;
            member.nodes = Sorted::default();
        });
    });
    check("log-changed", &|roster| {
        edit(roster, |member| {
            if member.has_role("hotline") {
                let key = comity_trust::key_file::from_seed(&[7; 32]).verifying_key();
                let added = Key::new(PublicKey::new(key.to_bytes()), KeyPurpose::Log, 1);
                member.logs[0].key = added.kid;
                member.keys = Sorted::new(member.keys.iter().cloned().chain([added]));
            }
        });
    });
    check("public-suffix", &|roster| {
        edit(roster, |member| {
            if member.has_role("platform") {
                member.owns.domains = Sorted::new(Domain::new("co.uk"));
            }
        });
    });

    fs::write(&draft, sound).unwrap();
    desk.sign(&[1, 2]);
    assert_eq!(desk.history().roster().unwrap().version, 2);
}

fn edit(roster: &mut Roster, mut edit: impl FnMut(&mut Member)) {
    let members = roster.members.iter().cloned().map(|mut member| {
        edit(&mut member);
        member
    });
    roster.members = Sorted::new(members);
}

#[test]
fn a_charter_that_does_not_follow_is_not_signed() {
    let desk = Desk::with_members();
    desk.done("federation amend --orphans north.example");
    let draft = desk.path("federation/charter-next.cbor");
    let sound = fs::read(&draft).unwrap();
    let check = |code: &str, change: &dyn Fn(&mut Charter)| {
        let signed: SignedPayload = cbor::decode(&sound).unwrap();
        let mut charter = Charter::decode(signed.payload()).unwrap();
        change(&mut charter);
        let unsigned = SignedPayload::unsigned(cbor::encode(&charter));
        fs::write(&draft, unsigned.encode()).unwrap();
        desk.refused("federation sign --key governance/governance-1.pem", code, 4);
    };
    check("version-gap", &|charter| charter.version = 3);
    check("wrong-previous", &|charter| {
        charter.previous = Some(Hash::of(b"another"))
    });
    check("threshold-above-keys", &|charter| charter.k = 4);
    // A roster of that version was signed in the meantime: the charter would cut it.
    desk.done("roster renew --days 20");
    desk.sign(&[1, 2]);
    check("first-roster-order", &|_| {});

    desk.done("federation init --name Other --dir other/federation --keys other/governance");
    fs::write(desk.path("other/federation/charter-next.cbor"), sound).unwrap();
    desk.refused(
        "federation sign --federation other/federation --key other/governance/governance-1.pem",
        "version-gap",
        4,
    );
}

#[test]
fn a_folder_that_was_tampered_with_is_refused_as_a_whole() {
    let check = |file: &str, tamper: fn(Vec<u8>) -> Vec<u8>, code: &str| {
        let desk = Desk::with_members();
        let bytes = tamper(desk.bytes(file));
        fs::write(desk.path(file), bytes).unwrap();
        desk.refused("roster show", code, 4);
        desk.refused(
            "member export --config north/comity.toml --out again.member",
            code,
            4,
        );
    };
    let flip_last: fn(Vec<u8>) -> Vec<u8> = |mut bytes| {
        *bytes.last_mut().unwrap() ^= 1;
        bytes
    };
    check("federation/charters/1.cbor", flip_last, "bad-signature");
    check("federation/rosters/1.cbor", flip_last, "bad-signature");
    check(
        "federation/rosters/1.cbor",
        |bytes| bytes[..bytes.len() - 1].to_vec(),
        "bad-payload",
    );

    let desk = Desk::with_members();
    fs::rename(
        desk.path("federation/rosters/1.cbor"),
        desk.path("federation/rosters/2.cbor"),
    )
    .unwrap();
    desk.refused("roster show", "chain-gap", 4);
    let desk = Desk::with_members();
    fs::copy(
        desk.path("federation/rosters/1.cbor"),
        desk.path("federation/rosters/2.cbor"),
    )
    .unwrap();
    desk.refused("roster show", "chain-file-misplaced", 4);
    desk.refused("federation show federation/rosters", "no-federation", 1);
    desk.refused(
        "federation show north/comity.toml",
        "not-a-charter-or-roster",
        4,
    );
}

#[test]
fn only_a_governance_key_signs() {
    let desk = Desk::with_members();
    desk.done("roster renew --days 30");
    desk.done("federation init --name Other --dir other/federation --keys other/governance");
    let check = |folder: &str, key: &str, what: &str| {
        let words = format!("{what} sign --federation {folder} --key {key}");
        desk.refused(&words, "wrong-key", 1);
    };
    check("federation", "north/keys/statement.pem", "roster");
    check("federation", "other/governance/governance-1.pem", "roster");
    check("other/federation", "north/keys/statement.pem", "federation");
    check(
        "other/federation",
        "governance/governance-1.pem",
        "federation",
    );
}

#[test]
fn nothing_is_overwritten() {
    let desk = Desk::with_members();
    let kept = [
        "federation/charters/1.cbor",
        "governance/governance-1.pem",
        "north/keys/statement.pem",
        "north/keys/storage.key",
        "north/tokens/admin.token",
        "north/comity.toml",
        "north.member",
    ];
    let before = kept.map(|file| desk.bytes(file));
    desk.refused(
        "federation init --name Example --dir federation",
        "file-exists",
        1,
    );
    desk.refused(
        "federation init --name Example --dir federation --keys elsewhere",
        "file-exists",
        1,
    );
    desk.refused(
        "federation init --name Example --dir elsewhere",
        "file-exists",
        1,
    );
    desk.refused(
        "federation key --out governance/governance-1.pem",
        "file-exists",
        1,
    );
    desk.refused(
        "member init --id other.example --role hotline --country SE --dir north",
        "file-exists",
        1,
    );
    desk.refused(
        "member export --config north/comity.toml --out north.member",
        "file-exists",
        1,
    );
    assert_eq!(kept.map(|file| desk.bytes(file)), before);
    assert!(!desk.path("elsewhere").exists(), "nothing is half done");
}

#[test]
fn secrets_are_for_their_owner_only() {
    let desk = Desk::with_members();
    desk.done("person add analyst-2 --config north/comity.toml");
    let check = |file: &str, expected: u32| {
        let mode = fs::metadata(desk.path(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, expected, "{file}");
    };
    for file in [
        "statement.pem",
        "log-1.pem",
        "witness.pem",
        "transport.pem",
        "storage.key",
    ] {
        check(&format!("north/keys/{file}"), 0o600);
    }
    check("north/keys", 0o700);
    check("north/tokens/admin.token", 0o600);
    check("north/tokens/analyst-2.token", 0o600);
    check("governance/governance-1.pem", 0o600);
    check("north/comity.toml", 0o644);
    check("federation/charters/1.cbor", 0o644);
    for file in ["north/keys/storage.key", "north/tokens/admin.token"] {
        let text = fs::read_to_string(desk.path(file)).unwrap();
        let line = text.strip_suffix('\n').unwrap();
        assert!(
            line.len() == 64
                && line
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        );
    }
}

#[test]
fn a_key_that_others_may_read_is_refused_with_the_command_that_corrects_it() {
    let desk = Desk::with_members();
    desk.done("roster renew --days 30");
    let check = |file: &str, mode: u32, words: &str| {
        let path = desk.path(file);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = desk.refused(words, "key-file-permissions", 1);
        assert!(
            error["next"]
                .as_str()
                .unwrap()
                .contains(&format!("chmod 600 '{file}'")),
            "{error}"
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    };
    let export = "member export --config north/comity.toml --out new.member";
    check("north/keys/statement.pem", 0o640, export);
    check("north/keys/log-1.pem", 0o604, export);
    check("north/keys/storage.key", 0o620, export);
    check(
        "governance/governance-1.pem",
        0o644,
        "roster sign --key governance/governance-1.pem",
    );
    desk.done(export);
}

#[test]
fn a_key_file_that_is_none_is_refused() {
    let desk = Desk::with_federation();
    desk.member("north", "hotline", "SE", "");
    let words = "member export --config north/comity.toml --out north.member";
    let check = |file: &str, text: &[u8], code: &str| {
        let path = desk.path(file);
        let before = fs::read(&path).unwrap();
        fs::write(&path, text).unwrap();
        let error = desk.refused(words, code, 1);
        assert!(error["message"].as_str().unwrap().contains(file), "{error}");
        fs::write(&path, before).unwrap();
    };
    check("north/keys/witness.pem", b"x", "key-file-not-pem");
    check("north/keys/witness.pem", &[0xff], "not-a-key-file");
    check("north/keys/witness.pem", &[b'x'; 5_000], "file-too-long");
    check("north/keys/storage.key", b"abc\n", "not-a-hex-file");
    check("north/keys/storage.key", &[b'A'; 64], "not-a-hex-file");
    let log = desk.bytes("north/keys/log-1.pem");
    fs::write(desk.path("north/keys/witness.pem"), log).unwrap();
    desk.refused(words, "key-used-twice", 1);
    fs::remove_file(desk.path("north/keys/witness.pem")).unwrap();
    desk.refused(words, "file-not-found", 1);
}

#[test]
fn an_entry_that_no_roster_would_take_is_refused() {
    let desk = Desk::with_members();
    desk.done(
        "federation init --name Other --dir other/federation --keys other/governance --sign-here",
    );
    // Of another federation.
    desk.done("member export --config north/comity.toml --federation other/federation --out foreign.member");
    desk.refused("roster add foreign.member", "foreign-origin", 1);
    // Claims what nobody can own; what another owns.
    desk.refused(
        "member init --id suffix.example --role platform --country IE --dir suffix --owns-domain co.uk",
        "public-suffix",
        1,
    );
    desk.member(
        "one",
        "platform",
        "IE",
        "--owns-domain shared.example --owns-prefix 192.0.2.0/24",
    );
    desk.member("two", "platform", "IE", "--owns-prefix 192.0.2.0/24");
    for name in ["one", "two"] {
        desk.done(&format!(
            "member export --config {name}/comity.toml --out {name}.member"
        ));
    }
    desk.refused("roster add one.member two.member", "owned-twice", 4);
    // With keys of another; with a governance key.
    desk.member("thief", "hotline", "SE", "");
    fs::copy(
        desk.path("north/keys/witness.pem"),
        desk.path("thief/keys/witness.pem"),
    )
    .unwrap();
    desk.done("member export --config thief/comity.toml --out thief.member");
    desk.refused("roster add thief.member", "key-used-twice", 4);
    fs::copy(
        desk.path("governance/governance-1.pem"),
        desk.path("thief/keys/witness.pem"),
    )
    .unwrap();
    desk.done("member export --config thief/comity.toml --out governs.member");
    desk.refused("roster add governs.member", "key-reused", 4);
    // No entry at all.
    desk.refused("roster add north/comity.toml", "not-a-member-file", 1);
    desk.refused("roster add missing.member", "file-not-found", 1);
    desk.refused("roster remove nobody.example", "not-a-member", 1);
    desk.refused(
        &format!("roster end-key north.example {} superseded", "0".repeat(64)),
        "not-a-key",
        1,
    );
    desk.refused(
        &format!(
            "roster close-log north.example 2 --size 1 --root {}",
            "0".repeat(64)
        ),
        "not-a-log",
        1,
    );
    assert!(
        !desk.path("federation/roster-next.cbor").exists(),
        "nothing is half done"
    );
}

#[test]
fn a_key_is_replaced_over_two_rosters() {
    let desk = Desk::with_members();
    let before = desk.listed("north");
    let old = kid_of(&before, KeyPurpose::Statement);
    desk.done("federation key --out new.pem");
    fs::copy(desk.path("new.pem"), desk.path("north/keys/statement.pem")).unwrap();
    desk.done("member export --config north/comity.toml --out north-2.member");
    let added = desk.done("roster add north-2.member");
    let what = added["changes"]["changed"][0]["what"].as_array().unwrap();
    assert_eq!(what.len(), 1, "{what:?}");
    assert!(what[0].as_str().unwrap().starts_with("new statement key"));
    let ended = desk.done(&format!("roster end-key north.example {old} superseded"));
    assert_eq!(
        ended["changes"]["changed"][0]["what"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    desk.sign(&[1, 3]);
    let after = desk.listed("north");
    assert_eq!(after.keys.len(), 5);
    let find = |kid: &str| {
        after
            .keys
            .iter()
            .find(|key| key.kid.to_string() == kid)
            .unwrap()
    };
    assert_eq!(find(&old).ended, Some(Ended::Superseded));
    // What was listed before keeps its beginning, whatever a later export says.
    let witness = kid_of(&before, KeyPurpose::Witness);
    let was = before
        .keys
        .iter()
        .find(|key| key.kid.to_string() == witness)
        .unwrap();
    assert_eq!(find(&witness), was);

    let now = kid_of(&after, KeyPurpose::Statement);
    desk.done(&format!(
        "roster end-key north.example {now} compromised --since 2026-01-01T00:00:00Z"
    ));
    desk.sign(&[2, 3]);
    let after = desk.listed("north");
    let key = after
        .keys
        .iter()
        .find(|key| key.kid.to_string() == now)
        .unwrap();
    assert_eq!(key.ended, Some(Ended::CompromisedSince(1_767_225_600_000)));
    desk.refused(
        &format!("roster end-key north.example {now} superseded"),
        "key-resurrected",
        4,
    );
    desk.refused(
        &format!("roster end-key north.example {now} superseded --since 2026-01-01T00:00:00Z"),
        "usage",
        2,
    );
    desk.refused(
        &format!("roster end-key north.example {now} compromised --since 4000-01-01T00:00:00Z"),
        "usage",
        2,
    );
}

#[test]
fn a_member_leaves_and_comes_back_with_all_that_was_ever_listed() {
    let desk = Desk::with_members();
    let before = desk.listed("north");
    assert_eq!(
        desk.done("roster remove north.example")["changes"]["removed"][0],
        "north.example"
    );
    desk.sign(&[1, 2]);
    assert!(desk.history().member(&before.id).is_none());
    desk.done("roster add north.member");
    desk.sign(&[1, 2]);
    assert_eq!(desk.listed("north"), before);
}

#[test]
fn a_log_is_closed_before_the_next_one_opens() {
    let desk = Desk::with_members();
    let config = desk.path("north/comity.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("number = 1", "number = 2")).unwrap();
    desk.done("federation key --out north/keys/log-2.pem");
    desk.done("member export --config north/comity.toml --out north-2.member");
    desk.refused("roster add north-2.member", "two-open-logs", 4);
    let root = "5a".repeat(32);
    desk.done(&format!(
        "roster close-log north.example 1 --size 12 --root {root}"
    ));
    desk.done("roster add north-2.member");
    desk.sign(&[1, 2]);
    let member = desk.listed("north");
    assert_eq!(member.logs.len(), 2);
    assert_eq!(member.open_log().unwrap().origin.n, 2);
}

#[test]
fn an_edit_voids_the_signatures_of_the_draft() {
    let desk = Desk::with_members();
    desk.done("roster renew --days 30");
    desk.done("roster sign --key governance/governance-1.pem");
    desk.done("roster remove platform.example");
    let next = desk.done("roster show --next");
    assert_eq!(next["signatures"]["governances"][0]["signed"], 0);
    let said = desk.run("roster sign --key governance/governance-2.pem");
    assert!(said.stdout.contains("1 of 2 signatures"), "{}", said.stdout);
    assert!(
        said.stderr.contains("platform.example leaves"),
        "{}",
        said.stderr
    );
}

#[test]
fn signatures_that_were_made_apart_are_put_together() {
    let desk = Desk::with_members();
    desk.done("roster renew --days 30");
    for n in [1, 2] {
        // Each holder works on a copy of the folder.
        let apart = format!("apart-{n}");
        let status = Command::new("cp")
            .args(["-r", "federation", &apart])
            .current_dir(desk.0.path())
            .status()
            .unwrap();
        assert!(status.success());
        desk.done(&format!(
            "roster sign --federation {apart} --key governance/governance-{n}.pem"
        ));
    }
    let one = desk.done("roster collect apart-1/roster-next.cbor");
    assert_eq!(one["in_force"], false);
    let two = desk.done("roster collect apart-2/roster-next.cbor");
    assert_eq!(two["in_force"], true);
    assert_eq!(desk.history().roster().unwrap().version, 2);

    desk.done("roster renew --days 31");
    desk.refused(
        "roster collect apart-1/roster-next.cbor",
        "another-draft",
        1,
    );
    // The copy of the folder has another second version in the making.
    fs::copy(
        desk.path("apart-1/roster-next.cbor"),
        desk.path("federation/roster-next.cbor"),
    )
    .unwrap();
    desk.refused(
        "roster sign --key governance/governance-1.pem",
        "draft-stale",
        1,
    );
    desk.refused("roster renew --days 31", "draft-stale", 1);
}

#[test]
fn the_next_charter_needs_the_old_and_the_new_governance() {
    let desk = Desk::with_members();
    let key = desk.done("federation key --out new.pem");
    let old = desk.done("federation show")["charters"][0]["keys"].clone();
    let removed: Vec<_> = old
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap())
        .collect();
    let words = format!(
        "federation amend --orphans north.example --add-key {} --remove-key {} --remove-key {}",
        key["public"].as_str().unwrap(),
        removed[0],
        removed[1]
    );
    desk.done(&words);
    desk.refused(&words, "draft-exists", 1);
    let first = desk.done("federation sign --key new.pem");
    assert_eq!(first["signatures"]["governances"][0]["signed"], 0);
    assert_eq!(first["signatures"]["governances"][1]["signed"], 1);
    let mut signed = first;
    for n in 1..=3 {
        if signed["in_force"] == false {
            signed = desk.done(&format!(
                "federation sign --key governance/governance-{n}.pem"
            ));
        }
    }
    assert_eq!(signed["in_force"], true);
    assert_eq!(desk.history().newest_charter().0.version, 2);
    assert_eq!(
        desk.history().charter().version,
        1,
        "no roster is made under it yet"
    );
    desk.done("roster renew --days 10");
    let mut in_force = desk.done("roster sign --key new.pem")["in_force"].clone();
    for n in 1..=3 {
        if in_force == false {
            let ran = desk.run(&format!(
                "roster sign --json --key governance/governance-{n}.pem"
            ));
            in_force = serde_json::from_str(&ran.stdout)
                .map_or(in_force, |said: Value| said["in_force"].clone());
        }
    }
    let history = desk.history();
    assert_eq!(
        (history.charter().version, history.roster().unwrap().version),
        (2, 2)
    );
}

#[test]
fn governance_keys_can_be_made_apart() {
    let desk = Desk::new();
    let publics: Vec<_> = (1..=2)
        .map(|n| {
            desk.done(&format!("federation key --out governance-{n}.pem"))["public"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    desk.done(&format!(
        "federation init --name Example --dir federation --public {} --public {}",
        publics[0], publics[1]
    ));
    assert!(!desk.path("governance").exists());
    desk.refused("federation show", "charter-not-signed", 1);
    for n in [1, 2] {
        desk.done(&format!("federation sign --key governance-{n}.pem"));
    }
    assert_eq!(desk.history().charter().keys.len(), 2);
    desk.refused("federation sign --key governance-1.pem", "no-draft", 1);
    desk.refused(
        &format!(
            "federation init --name Example --dir x --public {}",
            "0".repeat(64)
        ),
        "usage",
        2,
    );
    desk.refused(
        &format!(
            "federation init --name Example --dir x --threshold 2 --public {}",
            publics[0]
        ),
        "threshold-above-keys",
        1,
    );
}

#[test]
fn people_have_tokens_of_their_own() {
    let desk = Desk::with_federation();
    desk.member("north", "hotline", "SE", "");
    desk.done("person add analyst-2 --config north/comity.toml");
    assert_eq!(
        desk.done("person list --config north/comity.toml")["people"],
        serde_json::json!(["admin", "analyst-2"])
    );
    let tokens =
        ["admin", "analyst-2"].map(|name| desk.bytes(&format!("north/tokens/{name}.token")));
    assert_ne!(tokens[0], tokens[1]);
    let error = desk.refused(
        "person add analyst-2 --config north/comity.toml",
        "person-exists",
        1,
    );
    assert!(
        !error.to_string().contains("analyst-2"),
        "an error names nobody: {error}"
    );
    desk.done("person remove analyst-2 --config north/comity.toml");
    desk.refused(
        "person remove analyst-2 --config north/comity.toml",
        "no-such-person",
        1,
    );
    desk.refused("person add ../admin --config north/comity.toml", "usage", 2);
    desk.refused("person list", "config-not-found", 1);
}

#[test]
fn a_field_that_is_not_known_is_named_with_its_line() {
    let desk = Desk::with_federation();
    desk.member("north", "hotline", "SE", "");
    let path = desk.path("north/comity.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replace("[api]", "[api]\nlistne = \"127.0.0.1:1\""),
    )
    .unwrap();
    let line = text.lines().position(|line| line == "[api]").unwrap() + 2;
    let error = desk.refused(
        "person list --config north/comity.toml",
        "config-invalid",
        1,
    );
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("north/comity.toml"), "{message}");
    assert!(
        message.contains(&format!("line {line}, field api.listne")),
        "{message}"
    );
}

#[test]
fn every_command_has_help_with_an_example() {
    fn check(desk: &Desk, path: &str, command: &clap::Command) {
        let ran = desk.run(&format!("{path} --help"));
        assert_eq!(ran.status, 0, "{path}");
        assert!(
            ran.stdout.contains("Example:\n  comity "),
            "{path}: {}",
            ran.stdout
        );
        assert!(ran.stdout.contains("--json"), "{path}");
        for inner in command.get_subcommands() {
            check(desk, &format!("{path} {}", inner.get_name()), inner);
        }
    }
    let desk = Desk::new();
    check(&desk, "", &comity::cli::Cli::command());
    let top = desk.run("--help").stdout;
    for number in 0..=4 {
        assert!(
            top.contains(&format!("\n  {number}  ")),
            "exit status {number}: {top}"
        );
    }
    assert!(desk.run("--version").stdout.starts_with("comity 0."));
}

#[test]
fn what_is_not_understood_ends_with_2() {
    let desk = Desk::new();
    let check = |words: &str| {
        let ran = desk.run(words);
        assert_eq!(ran.status, 2, "{words}");
        assert_eq!(ran.stdout, "", "{words}");
        desk.refused(words, "usage", 2);
    };
    check("fly");
    check("federation init");
    check("federation init --name Example --governance 0");
    check("member init --id UPPER --role hotline --country SE --dir x");
    check("member init --id a.example --role hotline --country Sweden --dir x");
    check("member init --id a.example --role hotline --country SE --dir x --listen 192.0.2.1:4001");
    check(
        "member init --id a.example --role hotline --country SE --dir x --owns-prefix 192.0.2.1/24",
    );
    check("roster renew --days 100000");
    assert!(
        fs::read_dir(desk.0.path()).unwrap().next().is_none(),
        "nothing is half done"
    );
}

#[test]
fn an_error_for_people_has_its_code_and_the_next_step() {
    let ran = Desk::new().run("roster show");
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("(no-federation)\nNext: "),
        "{}",
        ran.stderr
    );
}

#[test]
fn completions_are_for_every_shell() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = desk.run(&format!("completions {shell}"));
        assert_eq!(ran.status, 0, "{shell}");
        assert!(ran.stdout.contains("roster"), "{shell}");
    }
}

#[test]
fn the_hash_of_the_federation_can_be_named_in_place_of_its_folder() {
    let desk = Desk::with_federation();
    let fed = desk.history().fed().to_string();
    desk.done("member init --id north.example --role hotline --country SE --dir north");
    let words = "member export --config north/comity.toml --out";
    desk.refused(&format!("{words} 0.member"), "no-federation", 1);
    desk.done(&format!("{words} 1.member --fed {fed}"));
    desk.done(&format!(
        "{words} 2.member --charter federation/charters/1.cbor"
    ));
    desk.done(&format!("{words} 3.member --federation federation"));
    let origins = [1, 2, 3].map(|n| {
        let member: Member = cbor::decode(&desk.bytes(&format!("{n}.member"))).unwrap();
        member.logs[0].origin.to_string()
    });
    assert_eq!(origins, [1; 3].map(|n| format!("{fed}/north.example/{n}")));
    desk.refused(
        &format!("{words} 4.member --charter north/comity.toml"),
        "bad-payload",
        4,
    );
}

#[test]
fn the_folder_can_be_elsewhere_than_where_the_command_runs() {
    let desk = Desk::with_members();
    let config = desk.path("north/comity.toml");
    let output = Command::new(env!("CARGO_BIN_EXE_comity"))
        .args(["member", "export", "--out"])
        .arg(desk.path("far.member"))
        .env("COMITY_CONFIG", &config)
        .current_dir(Path::new("/"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A head of a log, signed with its key.
fn head(desk: &Desk, member: &str, origin: &Origin, size: u64, root: u8) -> VerifiedCheckpoint {
    let text = fs::read_to_string(desk.path(&format!("{member}/keys/log-1.pem"))).unwrap();
    let key = comity_trust::key_file::read(&text).unwrap();
    let head = Head::new(size, Hash::new([root; 32])).unwrap();
    Checkpoint {
        origin: origin.clone(),
        head,
    }
    .sign(&key)
}

#[test]
fn evidence_of_a_fork_is_checked_offline_with_the_rosters_or_with_the_key_alone() {
    let desk = Desk::with_members();
    let history = desk.history();
    let origin = history.logs_of(&MemberId::new("platform.example").unwrap())[0]
        .origin
        .clone();
    let one = head(&desk, "platform", &origin, 7, 1);
    let other = head(&desk, "platform", &origin, 7, 2);
    let evidence = Evidence::same_size(&one, &other).unwrap();
    fs::write(desk.path("fork.cbor"), evidence.to_bytes()).unwrap();
    let words = "log evidence verify fork.cbor --federation federation";
    let said = desk.done(words);
    assert_eq!(said["evidence"]["sort"], "same-size");
    assert_eq!(said["evidence"]["member"], "platform.example");
    assert_eq!(
        said["evidence"]["evidence"],
        Hash::of(&evidence.to_bytes()).to_string()
    );
    let vkey = said["evidence"]["vkey"].as_str().unwrap().to_owned();
    let with_key = desk.done(&format!("log evidence verify fork.cbor --vkey {vkey}"));
    assert_eq!(with_key["evidence"], said["evidence"]);
    let text = desk.run(words).stdout;
    for part in [&one.to_string(), &other.to_string(), "Proven: The log"] {
        for line in part.lines() {
            assert!(text.contains(line), "{text}");
        }
    }

    // One head twice, a head that another log has signed, and no evidence at all.
    let twice = Evidence::SameSize(one.to_unverified(), one.to_unverified());
    let foreign = head(&desk, "north", &origin, 7, 3);
    let forged = Evidence::SameSize(one.to_unverified(), foreign.to_unverified());
    let mut cut = evidence.to_bytes();
    cut.pop();
    for (bytes, code) in [
        (twice.to_bytes(), "evidence-roots-agree"),
        (forged.to_bytes(), "note-not-signed"),
        (cut, "evidence-cbor"),
    ] {
        fs::write(desk.path("not.cbor"), bytes).unwrap();
        desk.refused(
            "log evidence verify not.cbor --federation federation",
            code,
            4,
        );
        desk.refused(
            &format!("log evidence verify not.cbor --vkey {vkey}"),
            code,
            4,
        );
    }
    desk.refused("log evidence verify fork.cbor", "no-key", 2);
}
