//! An old copy of the data directory is put back: the node does not start on it, the command says what is lost, the
//! governance lists the next log, and the other member gives back what was lost.

use std::fs;
use std::path::Path;

use comity_testnet::federation::{FIRST_PERSON, Federation, Member};
use comity_testnet::process::Process;
use serde_json::Value;

use crate::support::acts::Staff;
use crate::support::alike::both_sides_agree;
use crate::support::desk::Desk;
use crate::support::logs::Log;
use crate::support::world::{DOMAIN, refused, start, stop};

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copy = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &copy);
        } else {
            fs::copy(&path, &copy).unwrap();
        }
    }
}

/// A node that must not start, with this code.
fn does_not_start(member: &Member, code: &str) {
    let ended = member
        .command(&["--json", "run"])
        .map(|mut command| Process::run(&mut command).unwrap());
    refused(&ended.unwrap(), code);
}

#[test]
fn an_old_copy_is_refused_and_restored_into_a_new_log_with_every_case() {
    let dir = tempfile::tempdir().unwrap();
    let mandate = "--mandate regulator.example/platform/IE/Example-Act";
    let federation = Federation::found_with(dir.path(), mandate).unwrap();
    let north = federation.join("north", "hotline", "SE", "").unwrap();
    let owns = format!("--owns-domain {DOMAIN}");
    let platform = federation
        .join("platform", "platform", "IE", &owns)
        .unwrap();
    let regulator = federation.join("regulator", "regulator", "IE", "").unwrap();
    federation.admit(&[&north, &platform, &regulator]).unwrap();
    let (hotline, staff) = (Staff::of(&north), Staff::of(&platform));

    let mut at_north = start(&north);
    let at_regulator = start(&regulator);
    let mut at_platform = start(&platform);
    let (before, _) = hotline.request(1);
    at_north
        .wait_for_more("event=\"statement-delivered\"")
        .unwrap();
    stop(at_platform);
    let backup = dir.path().join("backup");
    copy_folder(&platform.data(), &backup);

    at_platform = start(&platform);
    let mut cases = vec![before];
    for number in 2..5 {
        cases.push(hotline.request(number).0);
    }
    for _ in 2..5 {
        at_north
            .wait_for_more("event=\"statement-delivered\"")
            .unwrap();
    }
    for case in &cases {
        staff.accept(case).unwrap();
    }
    for _ in &cases {
        at_platform
            .wait_for_more("event=\"statement-delivered\"")
            .unwrap();
    }
    stop(at_platform);
    let lost = Log::read(&platform).leaves.len();

    fs::remove_dir_all(platform.data()).unwrap();
    copy_folder(&backup, &platform.data());
    does_not_start(&platform, "head-behind-copy");
    // Without that file, the others prove it.
    let (copy, aside) = (
        platform.folder.join("keys/head-copy"),
        dir.path().join("head-copy"),
    );
    fs::rename(&copy, &aside).unwrap();
    does_not_start(&platform, "log-behind-peers");
    fs::rename(&aside, &copy).unwrap();

    let restore = "log restore --config platform/comity.toml --json";
    let said: Value = serde_json::from_str(&federation.done(restore).unwrap()).unwrap();
    assert_eq!(said["closed"]["size"], lost, "{said}");
    assert!(said["lost"].as_u64().unwrap() > 0 && said["done"] == false);
    does_not_start(&platform, "head-behind-copy");
    federation.done(&format!("{restore} --yes")).unwrap();
    // Nobody would believe its receipts before the roster lists the log.
    does_not_start(&platform, "log-not-listed");
    let announced = "platform/platform.example-log-2.restored";
    federation
        .done(&format!("roster restored {announced}"))
        .unwrap();
    federation.sign_roster().unwrap();

    let mut at_platform = start(&platform);
    for _ in &cases {
        at_platform
            .wait_for_more("event=\"statement-delivered\"")
            .unwrap();
    }
    assert_eq!(both_sides_agree(&hotline.first, &staff.first), cases.len());
    // And work goes on, in the new log.
    hotline.request(9);
    at_north
        .wait_for_more("event=\"statement-delivered\"")
        .unwrap();
    assert_eq!(both_sides_agree(&hotline.first, &staff.first), 5);
    says_what_was_lost(&platform);
    // The log that was closed lacks what others have receipts of; the new one has it again, and nobody is blamed.
    let found = audited(&regulator);
    assert!(found.is_empty(), "{found:?}");
    stop(at_north);
    stop(at_regulator);
    stop(at_platform);
    let log = Log::read(&platform);
    assert_eq!(log.leaves[0].kind.as_str(), "log-opened");
    assert_eq!(log.leaves[0].predecessor.as_ref().unwrap().1, lost as u64);
    assert_eq!(log.leaves[1].kind.as_str(), "restored");
    assert_eq!(log.by_statement("received").len(), 4);
}

/// What the program and the API say of a log that was begun by a restore, once everybody has answered.
fn says_what_was_lost(platform: &Member) {
    Desk::new(platform, FIRST_PERSON).until("/v1/log", |shown| {
        let rows = shown["log"]["restored"]["members"].as_array()?;
        rows.iter().all(|row| row["at"].is_u64()).then_some(())
    });
    let verify = |more: &[&str]| {
        let args = [&["log", "verify"], more].concat();
        let ended = Process::run(&mut platform.command(&args).unwrap()).unwrap();
        assert_eq!(ended.code, Some(0), "{}", ended.error);
        ended.output
    };
    let said: Value = serde_json::from_str(&verify(&["--json"])).unwrap();
    let restored = &said["log"]["restored"];
    assert!(
        restored["origin"].as_str().unwrap().ends_with("/1"),
        "{said}"
    );
    let members = restored["members"].as_array().unwrap();
    assert_eq!(members.len(), 2);
    assert!(members.iter().all(|row| row["at"].is_u64()), "{members:?}");
    assert_eq!(restored["missing"], serde_json::json!([]), "{said}");
    let text = verify(&[]);
    assert!(text.contains("north.example answered at"), "{text}");
    let overview = Desk::new(platform, FIRST_PERSON)
        .get("/v1/overview")
        .unwrap();
    let alarms = overview["overview"]["alarms"].as_array().unwrap();
    assert!(
        alarms.iter().all(|alarm| alarm[0] != "not-given-back"),
        "{alarms:?}"
    );
}

/// What `comity audit` finds: code and member.
fn audited(member: &Member) -> Vec<Value> {
    let ended = Process::run(&mut member.command(&["audit", "--json"]).unwrap()).unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.error);
    let said: Value = serde_json::from_str(&ended.output).unwrap();
    said["audit"]["findings"].as_array().unwrap().clone()
}
