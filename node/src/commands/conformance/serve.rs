//! Our own node as a target: a member of the vectors' federation, with its published keys, in a folder that goes when it
//! ends. Its clock stands still at the time of the vectors, so that what is on the edge of a time window stays there.
//! `comity run` has no such clock, and no keys that everybody knows.

use std::sync::Arc;

use comity_conformance::world::World;
use comity_engine::Policy;
use comity_engine::clock::ManualClock;
use comity_trust::member::LogState;
use comity_wire::leaf::Origin;
use comity_wire::registry::KeyPurpose;
use serde_json::json;

use super::REPORT_IT;
use crate::commands::run::Signals;
use crate::error::Failure;
use crate::files::{Mode, NewFiles, make_folder};
use crate::keys::{Keys, new_secret};
use crate::output::Output;
use crate::running::{Node, Parts};

/// Runs until Ctrl-C.
///
/// # Errors
/// It does not start, or its store failed.
pub(super) async fn serve(
    world: World,
    listen: Vec<String>,
    output: &Output,
) -> Result<(), Failure> {
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::of_file("cannot be made", &std::env::temp_dir(), &error))?;
    let (keys_dir, data_dir) = (folder.path().join("keys"), folder.path().join("data"));
    let keys = keys(&world)?;
    let origin = origin(&world)?;
    make_folder(&keys_dir, Mode::Private)?;
    make_folder(&data_dir, Mode::Private)?;
    let mut files = NewFiles::default();
    keys.add_to(&mut files, &keys_dir, origin.n);
    files.write()?;
    let mut signals = Signals::listen()?;
    // Its rosters came in time, whatever its clock shows now: one that comes when it has run out admits nobody.
    let clock = ManualClock::new(world.target.now_ms.min(world.vectors.federation.now_ms));
    let (charters, rosters) = world.chain;
    let node = Node::start(Parts {
        member: world.target.member.clone(),
        origin,
        keys: &keys,
        keys_dir,
        data_dir: &data_dir,
        head_copy: data_dir.join("head-copy"),
        asks_for_its_head: false,
        listen,
        external: Vec::new(),
        witnesses: Vec::new(),
        policy: Policy::default(),
        clock: Arc::new(clock.clone()),
        charters,
        rosters,
    })
    .await?;
    clock.set(world.target.now_ms);
    let listening = node.network.listening().await;
    let target = &world.target;
    let says = json!({
        "ready": true,
        "member": target.member.as_str(),
        "chain": target.chain,
        "now_ms": target.now_ms,
        "listening": listening,
    });
    let words = format!(
        "ready: {} of the test vectors, chain {}, clock {}, listens at {}\n\
         Its keys are published: nothing that it signs means anything. Ctrl-C stops it, and it forgets everything.",
        target.member.as_str(),
        target.chain,
        crate::clock::text_of(target.now_ms),
        listening.join(", "),
    );
    output.result(&says, &words);
    tokio::select! {
        () = signals.next() => {}
        () = node.ended() => {}
    }
    signals.leave_at_once_when_asked_again();
    node.stop().await
}

fn keys(world: &World) -> Result<Keys, Failure> {
    let member = world.target.member.as_str();
    let published = |purpose| {
        world.key(member, purpose).ok_or_else(|| {
            Failure::new(
                "vectors-unreadable",
                format!("The vectors have no {purpose} key of {member}."),
                REPORT_IT,
            )
        })
    };
    Ok(Keys {
        statement: published(KeyPurpose::Statement)?,
        log: published(KeyPurpose::Log)?,
        closed_logs: std::collections::BTreeMap::new(),
        witness: published(KeyPurpose::Witness)?,
        transport: published(KeyPurpose::Transport)?,
        storage: new_secret()?,
    })
}

fn origin(world: &World) -> Result<Origin, Failure> {
    let logs = world.history.logs_of(&world.target.member);
    let open = logs.iter().find(|log| matches!(log.state, LogState::Open));
    open.map(|log| log.origin.clone()).ok_or_else(|| {
        Failure::new(
            "no-open-log",
            "The member has no open log in that chain.",
            "Choose another member with --as, or another chain.",
        )
    })
}
