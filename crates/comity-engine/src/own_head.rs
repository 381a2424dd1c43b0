//! Before a node acknowledges anything it asks the other members for the newest head of its own log that they have. One
//! that is longer than the log here, or another tree, shows that an old copy of the data was put back.
//!
//! ```text
//! journal -> history -> every member at once, for a few seconds -> heads that this log has signed -> are they of this tree?
//! ```
//! Who cannot be reached stops nobody: a node that hears nothing starts. What it hears later stops it then.

use std::sync::Arc;

use comity_log::checkpoint::{UnverifiedCheckpoint, VerifiedCheckpoint};
use comity_log::head::Head;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::tree::Tree;
use comity_trust::history::History;
use comity_wire::ids::{Kid, MemberId};
use comity_wire::leaf::Origin;
use comity_wire::witness_exchange::{WitnessReply, WitnessRequest};
use ed25519_dalek::VerifyingKey;
use tokio::task::JoinSet;

use crate::core::history_of;
use crate::limits::OWN_HEAD_ASKED_MS;
use crate::node::Start;
use crate::ports::{Clock, Fault, Protocol, Store, Transport};
use crate::receipt::Tiles;
use crate::rosters::nodes_of;

/// What the members say about the newest head of a log.
#[derive(Debug, Default)]
pub struct Heads {
    /// Who proves which head: the log has signed it.
    pub proven: Vec<(MemberId, VerifiedCheckpoint)>,
    /// Who was reached and proves none.
    pub without: Vec<MemberId>,
    /// Who was not reached in time.
    pub silent: Vec<MemberId>,
}

/// Asks every other member for the newest head of the log `origin`, for [`OWN_HEAD_ASKED_MS`].
pub async fn newest_heads(
    transport: &Arc<dyn Transport>,
    clock: &dyn Clock,
    history: &History,
    origin: &Origin,
    key: &VerifyingKey,
) -> Heads {
    let Ok(key) = VerifierKey::new(KeyName::from(origin), KeyKind::Log, *key) else {
        return Heads::default();
    };
    let members = history.roster().map(|roster| roster.members.clone());
    let others = members.iter().flatten().map(|member| member.id.clone());
    let mut silent: Vec<MemberId> = others.filter(|id| *id != origin.member).collect();
    let request = WitnessRequest::Head(origin.clone(), None).encode();
    let mut asked = JoinSet::new();
    for member in silent.clone() {
        let (transport, request) = (Arc::clone(transport), request.clone());
        let nodes = nodes_of(history, &member);
        asked.spawn(async move {
            for node in nodes {
                let reply = transport.request(node, Protocol::Witness, request.clone());
                if let Ok(reply) = reply.await {
                    return Some((member, reply));
                }
            }
            None
        });
    }
    let mut heads = Heads::default();
    let end = clock.until(clock.now_ms().saturating_add(OWN_HEAD_ASKED_MS));
    tokio::pin!(end);
    loop {
        let ended = tokio::select! {
            ended = asked.join_next() => ended,
            () = &mut end => None,
        };
        let Some(ended) = ended else {
            heads.silent = silent;
            return heads;
        };
        let Ok(Some((member, reply))) = ended else {
            continue;
        };
        silent.retain(|id| *id != member);
        match head_in(&reply, &key) {
            Some(head) => heads.proven.push((member, head)),
            None => heads.without.push(member),
        }
    }
}

/// The head of a reply, if the log has signed it. What it has not signed is no proof.
pub(crate) fn head_in(reply: &[u8], key: &VerifierKey) -> Option<VerifiedCheckpoint> {
    let WitnessReply::Head(Some(text), _) = WitnessReply::decode(reply).ok()? else {
        return None;
    };
    let unverified = UnverifiedCheckpoint::parse(text.as_bytes()).ok()?;
    unverified.verify(key).ok()
}

/// Asks the members, before anything of a node is started. Nothing is written.
///
/// # Errors
/// `log-behind-peers`: a member proves a head of this log that is not in the journal. As [`crate::Engine::start`].
pub async fn not_behind_peers(start: &Start) -> Result<(), Fault> {
    let origin = &start.identity.origin;
    let history = history_of(&*start.store, &origin.fed, &start.charters)?;
    let mut history = history;
    let now = start.clock.now_ms();
    for charter in &start.charters {
        drop(history.add_charter(charter));
    }
    for roster in &start.rosters {
        drop(history.add_roster(roster, now));
    }
    let own = Kid::of(&comity_wire::ids::PublicKey::new(
        start.identity.log_key.verifying_key().to_bytes(),
    ));
    if history.log(origin).is_none_or(|log| log.key != own) {
        return Ok(());
    }
    let key = start.identity.log_key.verifying_key();
    let heads = newest_heads(&start.transport, &*start.clock, &history, origin, &key).await;
    tracing::info!(
        target: "comity.engine",
        event = "own-head-asked",
        proven = heads.proven.len(),
        silent = heads.silent.len(),
    );
    for (member, head) in &heads.proven {
        is_of_the_log(&*start.store, member, head.head())?;
    }
    Ok(())
}

/// A member has shown a node that runs a head that its log has signed, and that is not here.
pub(crate) fn behind_while_running(proven: &Head, own: &Head) -> Fault {
    let why = "An old copy of the data was put back, or another process writes the same log, and to go on would be a fork. Nothing was acknowledged since";
    let how = format!("here are {}", own.size());
    Fault::new(BEHIND, proof_of("Another member", proven, &how, why))
}

fn proof_of(by: &str, proven: &Head, how: &str, why: &str) -> String {
    let (size, root) = (proven.size(), proven.root());
    format!(
        "{by} proves a head of this log with {size} records and the root {root}; {how}. {why}. `comity log restore` says what is lost and begins the next log"
    )
}

/// The code of a log that others have seen more of than is here, or otherwise.
const BEHIND: &str = "log-behind-peers";

/// Whether a head that a member proves is of the tree here, or of it when it was smaller.
pub(crate) fn is_of_the_log(store: &dyn Store, by: &MemberId, proven: &Head) -> Result<(), Fault> {
    let own = store.head();
    let behind = |how: &str| {
        let why = "An old copy of the data was put back, and to go on from it would be a fork. Nothing was written";
        Fault::new(BEHIND, proof_of(by.as_str(), proven, how, why))
    };
    if proven.size() > own.size() {
        return Err(behind(&format!("here are {}", own.size())));
    }
    if proven.size() == 0 || *proven == own {
        return Ok(());
    }
    let unreadable = |error: comity_log::tree::TreeError<Fault>| {
        Fault::new("journal-damaged", format!("the log's tiles: {error}"))
    };
    let had = match proven.size() == own.size() {
        true => own,
        false => {
            let mut tree = Tree::open(Tiles(store), &own).map_err(unreadable)?;
            tree.head_at(proven.size()).map_err(unreadable)?
        }
    };
    if had == *proven {
        Ok(())
    } else {
        Err(behind("here the log has other records at that size"))
    }
}
