//! What everybody may see of a node: its log as hashes and heads, and its witness, as C2SP has them.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use comity_log::add_checkpoint::{Request, SIZE_MEDIA_TYPE, read_size};
use comity_log::checkpoint::UnverifiedCheckpoint;
use comity_log::hash::Hash;
use comity_log::store::TileReader;
use comity_log::tile::TileId;
use comity_log::tree::Tree;
use comity_testnet::client::{Answer, Client};
use comity_testnet::federation::Member;
use comity_testnet::process::Process;
use comity_testnet::{Trouble, address};

use crate::support::acts::Staff;
use crate::support::world::{World, refused, start, stop};

/// Has a member show its log and its witness, and where.
pub(crate) fn shown(member: &Member) -> (Client, SocketAddr) {
    let at = address::own();
    let path = member.folder.join("comity.toml");
    let config = fs::read_to_string(&path).unwrap();
    let config = config.replace(
        "\nnumber = 1\n",
        &format!("\nnumber = 1\nhttp = \"{at}\"\n"),
    );
    fs::write(&path, config).unwrap();
    let at = SocketAddr::V4(at);
    (Client::new(at, "").unwrap(), at)
}

/// A log that is read over HTTP.
struct Far<'a>(&'a Client);

impl TileReader for Far<'_> {
    type Error = Trouble;

    fn read_tile(&self, tile: TileId) -> Result<Option<Vec<u8>>, Trouble> {
        let answer = self.0.get(&format!("/log/1/{tile}"))?;
        Ok((answer.status == 200).then_some(answer.body))
    }
}

/// A log that is read from its folder.
struct Near(PathBuf);

impl TileReader for Near {
    type Error = std::io::Error;

    fn read_tile(&self, tile: TileId) -> Result<Option<Vec<u8>>, std::io::Error> {
        fs::read(self.0.join(tile.to_string())).map(Some)
    }
}

fn add(witness: &Client, old_size: u64, path: Vec<Hash>, of: &UnverifiedCheckpoint) -> Answer {
    let request = Request {
        old_size,
        path,
        checkpoint: of.clone(),
    };
    let body = request.to_string();
    let media_type = "text/plain; charset=utf-8";
    let answer = witness.post_file("/witness/add-checkpoint", media_type, body.as_bytes());
    answer.unwrap()
}

#[test]
fn everybody_reads_a_log_and_asks_its_witness_and_gets_no_record() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    let (log, witness) = (shown(&world.north).0, shown(&world.platform).0);
    let (north, platform) = (start(&world.north), start(&world.platform));
    Staff::of(&world.north).request(1);

    // Every leaf of the head that is shown leads to its root, by tiles from there.
    let text = log.get("/log/1/checkpoint").unwrap();
    assert_eq!(
        (text.status, text.content_type.as_str()),
        (200, "text/plain; charset=utf-8")
    );
    let head = UnverifiedCheckpoint::parse(&text.body)
        .unwrap()
        .claimed()
        .head;
    let mut tree = Tree::open(Far(&log), &head).unwrap();
    assert!(head.size() > 0);
    for leaf in 0..head.size() {
        tree.leaf_hash(leaf).unwrap();
    }
    for (path, status) in [
        (format!("/log/1/tile/0/000.p/{}", head.size()), 200),
        ("/log/1/tile/0/000.p/255".to_owned(), 404),
        ("/log/1/tile/entries/000.p/1".to_owned(), 404),
        ("/log/2/checkpoint".to_owned(), 404),
        ("/v1/requests".to_owned(), 404),
        ("/".to_owned(), 404),
    ] {
        assert_eq!(log.get(&path).unwrap().status, status, "{path}");
    }

    // The last head of the log, before a witness that has seen some of it, or nothing.
    stop(north);
    let folder = world.north.data().join("log");
    let text = fs::read(folder.join("checkpoint")).unwrap();
    let last = UnverifiedCheckpoint::parse(&text).unwrap();
    let head = last.claimed().head;
    let mut answer = add(&witness, 0, Vec::new(), &last);
    if answer.status == 409 {
        assert_eq!(answer.content_type, SIZE_MEDIA_TYPE);
        let old = read_size(&answer.body).unwrap();
        let path = Tree::open(Near(folder), &head).unwrap();
        let path = { path }.consistency_path(old, head.size()).unwrap();
        answer = add(&witness, old, path, &last);
    }
    assert_eq!(
        answer.status,
        200,
        "{:?}",
        String::from_utf8_lossy(&answer.body)
    );
    let line = String::from_utf8(answer.body).unwrap();
    assert!(line.starts_with("\u{2014} "), "{line}");
    let origin = Hash::of(last.claimed().origin.to_string().as_bytes());
    let cosigned = witness
        .get(&format!("/witness/{origin}/checkpoint"))
        .unwrap();
    let cosigned = String::from_utf8(cosigned.body).unwrap();
    assert!(
        cosigned.starts_with(last.note().text()) && cosigned.ends_with(&line),
        "{cosigned}"
    );

    // What is no request, and what is of no log that it knows.
    assert_eq!(
        add(&witness, head.size() + 1, Vec::new(), &last).status,
        400
    );
    let nothing = witness.post_file("/witness/add-checkpoint", "text/plain", b"old 0\n");
    assert_eq!(nothing.unwrap().status, 400);
    let own = witness.get("/log/1/checkpoint").unwrap();
    let own = UnverifiedCheckpoint::parse(&own.body).unwrap();
    assert_eq!(add(&witness, 0, Vec::new(), &own).status, 404);
    let unknown = format!("/witness/{}/checkpoint", Hash::of(b"nobody"));
    assert_eq!(witness.get(&unknown).unwrap().status, 404);
    stop(platform);
}

#[test]
fn a_node_shows_nobody_its_log_unless_the_configuration_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    let mut command = world.north.command(&["run", "--json"]).unwrap();
    let mut node = Process::start(&mut command).unwrap();
    let log = node.wait_for("  \"log\": ").unwrap();
    assert_eq!(log, "  \"log\": null,");
    node.wait_for("  \"roster\": ").unwrap();
    stop(node);

    shown(&world.north);
    let path = world.north.folder.join("comity.toml");
    let config = fs::read_to_string(&path).unwrap();
    let at = config.split("http = \"").nth(1).unwrap();
    let at: SocketAddr = at.split('"').next().unwrap().parse().unwrap();
    let _taken = std::net::TcpListener::bind(at).unwrap();
    let mut command = world.north.command(&["run", "--json"]).unwrap();
    let ended = Process::run(&mut command).unwrap();
    refused(&ended, "log-address-taken");
}
