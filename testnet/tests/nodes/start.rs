//! What a node refuses to start with: a code, a plain sentence and the next step, and nothing changed.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use comity_testnet::federation::Member;
use comity_testnet::process::{Ended, Process};

use crate::support::acts::Staff;
use crate::support::world::{World, refused, start, stop};

/// A node that should not come up.
fn tried(member: &Member) -> Ended {
    let ended = Process::run(&mut member.command(&["run", "--json"]).unwrap()).unwrap();
    assert_eq!(ended.output, "", "it said that it is ready");
    ended
}

#[test]
fn a_second_process_on_the_same_data_is_refused_and_the_first_does_not_notice() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    let node = start(&world.north);
    let staff = Staff::of(&world.north);
    staff.request(1);
    refused(&tried(&world.north), "store-locked");
    // Nor may anybody read the log of a node that runs from its files.
    let data = world.north.data();
    for words in [["log", "verify"], ["log", "export"]] {
        let mut args = words.to_vec();
        args.extend(["--json", "--data", data.to_str().unwrap()]);
        let to = dir.path().join("exported");
        if words[1] == "export" {
            args.extend(["--to", to.to_str().unwrap()]);
        }
        let ended = Process::run(&mut world.north.command(&args).unwrap()).unwrap();
        refused(&ended, "store-locked");
    }
    staff.request(2);
    stop(node);
    stop(start(&world.north));
}

#[test]
fn a_port_that_is_taken_is_named_and_the_data_is_free_again() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    let check = |taken, code: &str, named: &str| {
        let _taken = TcpListener::bind(taken).unwrap();
        let ended = tried(&world.north);
        refused(&ended, code);
        assert!(ended.error.contains(named), "{}", ended.error);
    };
    let api = world.north.api.to_string();
    check(world.north.api, "api-address-taken", &api);
    check(world.north.network, "cannot-listen", "`network.listen`");
    // Only TCP is listened at.
    let _udp = UdpSocket::bind(world.north.network).unwrap();
    stop(start(&world.north));
}

#[test]
fn keys_that_are_wrong_exposed_or_gone_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    stop(start(&world.north));
    let keys = world.north.folder.join("keys");
    let other = world.platform.folder.join("keys");

    let mode =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for (name, code) in [
        ("storage.key", "key-file-permissions"),
        ("statement.pem", "key-file-permissions"),
        ("log-1.pem", "key-file-permissions"),
        ("transport.pem", "key-file-permissions"),
        ("witness.pem", "key-file-permissions"),
    ] {
        let path = keys.join(name);
        for exposed in [0o640, 0o604] {
            mode(&path, exposed);
            refused(&tried(&world.north), code);
        }
        mode(&path, 0o600);
        let kept = dir.path().join("kept");
        fs::rename(&path, &kept).unwrap();
        refused(&tried(&world.north), "file-not-found");
        fs::rename(&kept, &path).unwrap();
    }

    let right = fs::read(keys.join("storage.key")).unwrap();
    fs::copy(other.join("storage.key"), keys.join("storage.key")).unwrap();
    refused(&tried(&world.north), "storage-key-wrong");
    fs::write(keys.join("storage.key"), "not hexadecimal\n").unwrap();
    refused(&tried(&world.north), "not-a-hex-file");
    fs::write(keys.join("storage.key"), right).unwrap();

    // The key of another member's node, or of another purpose.
    let right = fs::read(keys.join("statement.pem")).unwrap();
    fs::copy(keys.join("transport.pem"), keys.join("statement.pem")).unwrap();
    refused(&tried(&world.north), "key-used-twice");
    fs::write(keys.join("statement.pem"), right).unwrap();

    stop(start(&world.north));
}

#[test]
fn papers_that_are_missing_or_of_another_federation_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    let papers = dir.path().join("federation");
    let kept = dir.path().join("kept");
    let without = |path: &Path, code: &str| {
        fs::rename(path, &kept).unwrap();
        refused(&tried(&world.north), code);
        fs::rename(&kept, path).unwrap();
    };
    without(&papers, "no-federation");
    without(&papers.join("rosters/1.cbor"), "no-roster");
    stop(start(&world.north));
}

#[test]
fn a_configuration_that_is_not_understood_or_not_there_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    let path = world.north.folder.join("comity.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("unheard_of = 1\n{text}")).unwrap();
    refused(&tried(&world.north), "config-invalid");
    fs::remove_file(&path).unwrap();
    refused(&tried(&world.north), "config-not-found");
    fs::write(&path, text).unwrap();
    stop(start(&world.north));
}
