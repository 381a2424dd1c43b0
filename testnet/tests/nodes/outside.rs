//! A log that asks a witness from outside of its federation, and the witness that answers: both are nodes of ours, and
//! between them is HTTP as C2SP `tlog-witness` has it.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use comity::config::OutsideWitness;
use comity::keys::read_signing_key;
use comity::ports::HttpWitness;
use comity_log::add_checkpoint::{Request, read_cosignature};
use comity_log::checkpoint::{Checkpoint, UnverifiedCheckpoint};
use comity_log::hash::Hash;
use comity_log::head::Head;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::names::{Origin, WitnessName};
use comity_testnet::address;
use comity_testnet::federation::{Federation, Member};
use comity_testnet::process::Process;
use comity_wire::ids::MemberId;
use ed25519_dalek::SigningKey;
use serde_json::Value;

use crate::public::shown;
use crate::support::world::{start, stop};

/// A log and a witness.
struct World {
    fed: Hash,
    north: Member,
    platform: Member,
}

impl World {
    /// North and platform are in one roster, so that platform cosigns the log of north. But north has the roster before,
    /// and has moved since: it does not know platform, and platform does not reach it.
    fn found(dir: &Path) -> Self {
        let federation = Federation::found(dir).unwrap();
        let fed = Hash::from_hex(&federation.hash().unwrap()).unwrap();
        let north = federation.join("north", "hotline", "SE", "").unwrap();
        federation.admit(&[&north]).unwrap();
        let early = dir.join("early");
        copy(&federation.folder().join("federation"), &early);
        let platform = federation.join("platform", "platform", "IE", "").unwrap();
        federation.admit(&[&platform]).unwrap();
        configure(&north, |line| match line.split_once(" = ") {
            Some(("federation", _)) => format!("federation = \"{}\"", early.display()),
            _ => {
                let port = |at: u16| format!("/tcp/{at}\"");
                line.replace(&port(north.network.port()), &port(address::own().port()))
            }
        });
        Self {
            fed,
            north,
            platform,
        }
    }

    /// The key of platform as a witness.
    fn witness_key(&self) -> VerifierKey {
        let name = WitnessName {
            fed: self.fed,
            member: MemberId::new("platform.example").unwrap(),
        };
        let key = secret(&self.platform, "witness.pem").verifying_key();
        VerifierKey::new(KeyName::from(&name), KeyKind::Witness, key).unwrap()
    }
}

fn secret(member: &Member, file: &str) -> SigningKey {
    read_signing_key(&member.folder.join("keys").join(file)).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Rewrites the configuration of a member, line by line.
fn configure(member: &Member, line: impl Fn(&str) -> String) {
    let path = member.folder.join("comity.toml");
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().map(line).collect();
    fs::write(&path, lines.join("\n") + "\n").unwrap();
}

/// Has the log of a member ask a witness.
fn ask(member: &Member, key: &VerifierKey, url: &str) {
    configure(member, |line| match line {
        "[member]" => format!("[[log.witness]]\nvkey = \"{key}\"\nurl = \"{url}\"\n\n[member]"),
        _ => line.to_owned(),
    });
}

/// What `comity log verify` says of a member's log.
fn verified(member: &Member) -> Value {
    let mut command = member.command(&["log", "verify", "--json"]).unwrap();
    let ended = Process::run(&mut command).unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.error);
    serde_json::from_str::<Value>(&ended.output).unwrap()["log"].take()
}

#[test]
fn a_log_is_cosigned_by_a_witness_from_outside_over_http_and_shows_it() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    let key = world.witness_key();
    let at = shown(&world.platform).1;
    ask(&world.north, &key, &format!("http://{at}/witness"));

    let mut north = start(&world.north);
    let said = north.wait_for_more("event=\"witness-missing\"").unwrap();
    assert!(said.contains("code=\"unreachable\""), "{said}");
    let outside = &verified(&world.north)["witnessed"]["outside"][0];
    assert_eq!(outside["name"], key.name().as_str());
    assert_eq!(outside["code"], "unreachable");

    let mut command = world.platform.command(&["run"]).unwrap();
    let mut platform = Process::start(command.env("COMITY_LOG", "info,comity.api=debug")).unwrap();
    north.wait_for_more("event=\"witness-back\"").unwrap();
    let log = verified(&world.north);
    assert!(log["witnessed"]["outside"][0]["at"].is_u64(), "{log}");
    assert_eq!(
        log["witnessed"]["holds"], false,
        "it counts towards no quorum"
    );
    let head = UnverifiedCheckpoint::parse(log["checkpoint"].as_str().unwrap().as_bytes()).unwrap();
    assert!(head.note().verify(&[key]).is_ok(), "{log}");

    // Who starts anew does not know what was cosigned, and is told.
    let served = |status: u16| format!("status={status} ");
    platform.wait_for_more(&served(200)).unwrap();
    stop(north);
    let north = start(&world.north);
    platform.wait_for_more(&served(409)).unwrap();
    platform.wait_for_more(&served(200)).unwrap();
    stop(north);
    stop(platform);
}

/// A line of ML-DSA-44: the id of a key, eight bytes of time, and a signature of 2,420 bytes.
fn ml_dsa_line() -> String {
    let blob = [vec![0xa1, 0xb2, 0xc3, 0xd4], vec![6; 8 + 2_420]].concat();
    let blob = data_encoding::BASE64.encode(&blob);
    format!("\u{2014} witness.example {blob}\n")
}

#[test]
fn what_the_log_asks_the_witness_answers_with_the_codes_of_tlog_witness() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    let (witness, at) = shown(&world.platform);
    let platform = start(&world.platform);
    let key = world.witness_key();
    let named = |at: &SocketAddr| OutsideWitness {
        key: key.clone(),
        url: format!("http://{at}/witness"),
    };
    let way = HttpWitness::all(&[named(&at)]).remove(0).way;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let post = |body: String| runtime.block_on(async { way.add_checkpoint(body).await });

    let log_key = secret(&world.north, "log-1.pem");
    let origin = |n| Origin {
        fed: world.fed,
        member: MemberId::new("north.example").unwrap(),
        n,
    };
    let signed = |n, key: &SigningKey, size, root: &str| {
        let head = Head::new(size, Hash::of(root.as_bytes())).unwrap();
        let origin = origin(n);
        Checkpoint { origin, head }.sign(key)
    };
    let add = |old_size, path: &[&str], checkpoint: UnverifiedCheckpoint| {
        let path = path.iter().map(|text| Hash::of(text.as_bytes())).collect();
        let request = Request {
            old_size,
            path,
            checkpoint,
        };
        request.to_string()
    };
    let five = signed(1, &log_key, 5, "a");
    let seven = signed(1, &log_key, 7, "b").to_unverified();
    let another = signed(1, &secret(&world.platform, "log-1.pem"), 5, "a");
    let check = |body: String, status: u16, answer: &str| {
        let (found, said) = post(body).unwrap();
        assert!(
            found == status && said.starts_with(answer),
            "{status}: {found} {said}"
        );
    };
    let first = add(0, &[], five.to_unverified());
    check("old 0\n".to_owned(), 400, "request-format");
    check(
        add(0, &[], signed(2, &log_key, 5, "a").to_unverified()),
        404,
        "",
    );
    check(add(0, &[], another.to_unverified()), 403, "");
    check(add(6, &[], five.to_unverified()), 400, "");
    check(add(3, &[], five.to_unverified()), 409, "0\n");
    // With sixteen cosignatures of ML-DSA-44 on it: they are carried, and passed over.
    let (status, lines) = post(first.clone() + &ml_dsa_line().repeat(16)).unwrap();
    assert_eq!(status, 200, "{lines}");
    assert!(
        read_cosignature(&five, lines.as_bytes(), &key).is_ok(),
        "{lines}"
    );
    check(first, 409, "5\n");
    check(add(5, &["a", "b", "c"], seven), 422, "");
    let shown = Hash::of(origin(1).to_string().as_bytes());
    let shown = witness
        .get(&format!("/witness/{shown}/checkpoint"))
        .unwrap();
    let shown = UnverifiedCheckpoint::parse(&shown.body).unwrap();
    assert_eq!(shown.claimed().head, *five.head());
    assert!(shown.note().verify(std::slice::from_ref(&key)).is_ok());
    stop(platform);
    assert_eq!(post(String::new()).unwrap_err().code, "unreachable");
}
