//! `/comity/roster/1` and `/comity/hello/1`: who has which roster, and how the newer one travels.
//!
//! A version that is newer than the one here is fetched from whoever showed it. What is fetched is believed for its
//! signatures, not for who gave it. When the roster changes, the allow-list of the network changes with it, at once,
//! and every member is told the new version. A node that starts tells its version too, and hears what it missed while it
//! was down; so does one that has run for an hour, for a message may get lost.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use comity_trust::history::History;
use comity_wire::ids::{Kid, MemberId, PublicKey};
use comity_wire::leaf::RosterRef;
use comity_wire::limits::{EXCHANGE_REPLY_BYTES_MAX, ROSTER_CHAIN_MAX, ROSTER_PART_BYTES_MAX};
use comity_wire::registry::exchange_code;
use comity_wire::roster_exchange::{RosterReply, RosterRequest};
use comity_wire::words::{Code, TimeMs};
use serde_bytes::ByteBuf;
use tokio::sync::oneshot;

use crate::core::Command;
use crate::limits::{CHAIN_ROUNDS_MAX, ROSTER_ASK_EVERY_MS, STRANGER_EVERY_MS};
use crate::node::Engine;
use crate::ports::{Peer, Protocol};

impl Engine {
    /// What somebody hears who may not be a member.
    pub(crate) fn hello(
        &self,
        peer: PublicKey,
        member: Option<&MemberId>,
        bytes: &[u8],
    ) -> Vec<u8> {
        let history = self.history();
        match RosterRequest::decode(bytes) {
            Ok(RosterRequest::Hello(theirs)) => {
                self.notice_stranger(peer, theirs.0);
                match member {
                    Some(_) => RosterReply::Hello(reference(&history), None).encode(),
                    None => not_admitted(&history),
                }
            }
            Ok(RosterRequest::Part(version, offset)) => part(&history, version, offset),
            _ => RosterReply::Unknown(reference(&history)).encode(),
        }
    }

    /// What a member hears.
    pub(crate) fn roster_request(&self, peer: PublicKey, bytes: &[u8]) -> Vec<u8> {
        let history = self.history();
        match RosterRequest::decode(bytes) {
            Ok(RosterRequest::Hello(theirs)) => {
                self.notice_roster(peer, theirs.0);
                RosterReply::Hello(reference(&history), None).encode()
            }
            Ok(RosterRequest::Since(version)) => chain(&history, version),
            Ok(RosterRequest::Part(version, offset)) => part(&history, version, offset),
            Err(_) => RosterReply::Unknown(reference(&history)).encode(),
        }
    }

    /// A member showed a version: if it is newer, it is fetched from there.
    pub(crate) fn notice_roster(&self, peer: PublicKey, version: u64) {
        if version > reference(&self.history()).0 && self.fetches.begins(peer) {
            let engine = self.clone();
            tokio::spawn(async move {
                loop {
                    engine.fetch_chain(peer).await;
                    if engine.fetches.ends(&peer) {
                        return;
                    }
                }
            });
        }
    }

    /// A stranger showed a version. It is asked for of members first, then of the stranger, in small parts.
    fn notice_stranger(&self, peer: PublicKey, version: u64) {
        let newer = version > reference(&self.history()).0;
        if !newer || !self.fetches.may_believe_a_stranger(self.clock.now_ms()) {
            return;
        }
        let engine = self.clone();
        tokio::spawn(async move {
            let history = engine.history();
            let members = history
                .roster()
                .map(|roster| roster.members.clone())
                .unwrap_or_default();
            for member in members.iter().filter(|member| member.id != engine.me) {
                for node in nodes_of(&history, &member.id) {
                    engine.fetch_chain(node.key).await;
                }
                if reference(&engine.history()).0 >= version {
                    return;
                }
            }
            engine
                .fetch_parts(Peer {
                    key: peer,
                    addresses: Vec::new(),
                })
                .await;
        });
    }

    /// Both sides say which roster they have, so that the older one is renewed.
    pub(crate) async fn settle(&self, node: &Peer, theirs: u64) {
        let ours = reference(&self.history());
        if theirs > ours.0 {
            self.fetch_parts(node.clone()).await;
        } else if theirs < ours.0 {
            let hello = RosterRequest::Hello(ours).encode();
            let _ = self
                .transport
                .request(node.clone(), Protocol::Hello, hello)
                .await;
        }
    }

    /// Says to a member that has an older roster which one is here, so that it fetches it.
    pub(crate) async fn tell_roster(&self, member: &MemberId, theirs: u64) {
        let history = self.history();
        let ours = reference(&history);
        if theirs >= ours.0 {
            return;
        }
        let hello = RosterRequest::Hello(ours).encode();
        let _heard_or_not = self.ask(member, Protocol::Roster, hello).await;
    }

    /// Fetches what is newer from a member.
    async fn fetch_chain(&self, peer: PublicKey) {
        for _ in 0..CHAIN_ROUNDS_MAX {
            let history = self.history();
            let node = node_of(&history, peer);
            let since = RosterRequest::Since(reference(&history).0.saturating_add(1)).encode();
            let Ok(bytes) = self.transport.request(node, Protocol::Roster, since).await else {
                return;
            };
            let Ok(RosterReply::Chain(charters, rosters, more)) = RosterReply::decode(&bytes)
            else {
                return;
            };
            if !self.learn(charters, rosters).await || !more {
                return;
            }
        }
    }

    /// Fetches the next rosters from somebody who is no member here, in parts.
    async fn fetch_parts(&self, node: Peer) {
        for _ in 0..CHAIN_ROUNDS_MAX {
            let version = reference(&self.history()).0.saturating_add(1);
            let mut whole: Vec<u8> = Vec::new();
            loop {
                let offset = u64::try_from(whole.len()).unwrap_or(u64::MAX);
                let ask = RosterRequest::Part(version, offset).encode();
                let Ok(bytes) = self
                    .transport
                    .request(node.clone(), Protocol::Hello, ask)
                    .await
                else {
                    return;
                };
                let Ok(RosterReply::Part(of, size, piece)) = RosterReply::decode(&bytes) else {
                    return;
                };
                // Every piece but the last is whole: nobody is asked a million times for a byte.
                let size = usize::try_from(size).unwrap_or(usize::MAX);
                let left = size.saturating_sub(whole.len());
                let fits = of == version
                    && size <= comity_trust::limits::ROSTER_BYTES_MAX
                    && !piece.is_empty()
                    && piece.len() == left.min(ROSTER_PART_BYTES_MAX);
                if !fits {
                    return;
                }
                whole.extend_from_slice(&piece);
                if whole.len() == size {
                    break;
                }
            }
            if !self.learn(Vec::new(), vec![ByteBuf::from(whole)]).await {
                return;
            }
        }
    }

    async fn learn(&self, charters: Vec<ByteBuf>, rosters: Vec<ByteBuf>) -> bool {
        let (reply, learned) = oneshot::channel();
        let sent = self
            .send(Command::Learn {
                charters,
                rosters,
                reply,
            })
            .await;
        sent.is_ok() && learned.await.unwrap_or(false)
    }

    /// The network admits whom the roster lists: now, and whenever it changes.
    pub(crate) async fn follow_roster(self) {
        let mut hear = self.history_changes();
        loop {
            let history = hear.borrow_and_update().clone();
            let mut keys = Vec::new();
            for member in history
                .roster()
                .map(|roster| roster.members.iter())
                .into_iter()
                .flatten()
            {
                if history
                    .roles_in_force(&member.id, self.clock.now_ms())
                    .is_some()
                {
                    keys.extend(
                        nodes_of(&history, &member.id)
                            .into_iter()
                            .map(|node| node.key),
                    );
                }
            }
            self.transport.admit(keys, not_admitted(&history)).await;
            self.announce(&history);
            let again = self.clock.now_ms().saturating_add(ROSTER_ASK_EVERY_MS);
            // The clock may wake whoever waits too early.
            while self.clock.now_ms() < again {
                tokio::select! {
                    changed = hear.changed() => match changed {
                        Ok(()) => break,
                        Err(_) => return,
                    },
                    () = self.clock.until(again) => {}
                }
            }
        }
    }

    /// Tells every member which roster is in force here, and hears which one is there. Who has the older one fetches
    /// the newer.
    fn announce(&self, history: &History) {
        let hello = RosterRequest::Hello(reference(history)).encode();
        let members = history
            .roster()
            .map(|roster| roster.members.clone())
            .unwrap_or_default();
        for member in members.iter().filter(|member| member.id != self.me) {
            for node in nodes_of(history, &member.id) {
                let (engine, hello) = (self.clone(), hello.clone());
                tokio::spawn(async move {
                    let asked = engine
                        .transport
                        .request(node.clone(), Protocol::Roster, hello);
                    let Ok(reply) = asked.await else {
                        return;
                    };
                    match RosterReply::decode(&reply) {
                        Ok(RosterReply::Hello(theirs, None)) => {
                            engine.notice_roster(node.key, theirs.0);
                        }
                        Ok(RosterReply::Hello(theirs, Some(_))) => {
                            engine.settle(&node, theirs.0).await;
                        }
                        _ => {}
                    }
                });
            }
        }
    }
}

/// What is being fetched. Whoever says that it has a newer roster is asked for it once at a time, however often it says
/// so; a stranger makes this node ask its members once in a while.
#[derive(Debug, Default)]
pub(crate) struct Fetches(Mutex<UnderWay>);

#[derive(Debug, Default)]
struct UnderWay {
    /// Who is being asked, and whether it has shown a newer version again meanwhile.
    asked: BTreeMap<PublicKey, bool>,
    stranger_at: Option<TimeMs>,
}

impl Fetches {
    /// Whether to ask a peer now. If it is being asked, it will be once more.
    fn begins(&self, peer: PublicKey) -> bool {
        let mut under_way = self.under_way();
        let known = under_way.asked.insert(peer, true).is_some();
        if !known {
            under_way.asked.insert(peer, false);
        }
        !known
    }

    /// A peer was asked. Whether that was all.
    fn ends(&self, peer: &PublicKey) -> bool {
        let mut under_way = self.under_way();
        let again = under_way.asked.remove(peer).unwrap_or(false);
        if again {
            under_way.asked.insert(*peer, false);
        }
        !again
    }

    fn may_believe_a_stranger(&self, now: TimeMs) -> bool {
        let mut under_way = self.under_way();
        let free = |at: TimeMs| now >= at.saturating_add(STRANGER_EVERY_MS);
        let may = under_way.stranger_at.is_none_or(free);
        if may {
            under_way.stranger_at = Some(now);
        }
        may
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        // Nothing is half done while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The newest roster; of version 0 if there is none.
pub(crate) fn reference(history: &History) -> RosterRef {
    history.roster_ref().unwrap_or(RosterRef(0, *history.fed()))
}

/// What everybody hears who is not admitted, whatever they asked.
pub(crate) fn not_admitted(history: &History) -> Vec<u8> {
    RosterReply::Hello(reference(history), Code::new(exchange_code::NOT_ADMITTED)).encode()
}

/// The nodes of a member.
pub(crate) fn nodes_of(history: &History, member: &MemberId) -> Vec<Peer> {
    let Some(listed) = history.member(member) else {
        return Vec::new();
    };
    let node = |node: &comity_trust::member::Node| {
        let key = listed.key(&node.key)?.public;
        let addresses = node
            .addresses
            .iter()
            .map(|text| text.as_str().to_owned())
            .collect();
        Some(Peer { key, addresses })
    };
    listed.nodes.iter().filter_map(node).collect()
}

fn node_of(history: &History, key: PublicKey) -> Peer {
    let kid = Kid::of(&key);
    let members = history
        .roster()
        .map(|roster| roster.members.iter())
        .into_iter()
        .flatten();
    let mut nodes = members.flat_map(|member| &member.nodes);
    let addresses = nodes.find(|node| node.key == kid).map(|node| {
        node.addresses
            .iter()
            .map(|text| text.as_str().to_owned())
            .collect()
    });
    Peer {
        key,
        addresses: addresses.unwrap_or_default(),
    }
}

/// Charters are few and each is needed to judge the rosters after it, so all of them go along, or the newest: who asks
/// has the older ones.
fn chain(history: &History, version: u64) -> Vec<u8> {
    let own = |bytes: &[u8]| ByteBuf::from(bytes);
    let older = history
        .charters_from(1)
        .count()
        .saturating_sub(ROSTER_CHAIN_MAX);
    let charters: Vec<ByteBuf> = history.charters_from(1).skip(older).map(own).collect();
    let taken: usize = charters.iter().map(|bytes| bytes.len()).sum();
    let mut left = EXCHANGE_REPLY_BYTES_MAX.saturating_sub(taken);
    let mut rosters = Vec::new();
    let mut more = false;
    for bytes in history.rosters_lacking(version) {
        // One goes along however long it is.
        if rosters.len() >= ROSTER_CHAIN_MAX || (bytes.len() > left && !rosters.is_empty()) {
            more = true;
            break;
        }
        left = left.saturating_sub(bytes.len());
        rosters.push(own(bytes));
    }
    RosterReply::Chain(charters, rosters, more).encode()
}

fn part(history: &History, version: u64, offset: u64) -> Vec<u8> {
    let unknown = || RosterReply::Unknown(reference(history)).encode();
    if version == 0 || version > reference(history).0 {
        return unknown();
    }
    let Some(bytes) = history.rosters_from(version).next() else {
        return unknown();
    };
    let from = usize::try_from(offset)
        .unwrap_or(usize::MAX)
        .min(bytes.len());
    let (_, rest) = bytes.split_at(from);
    let (piece, _) = rest.split_at(rest.len().min(ROSTER_PART_BYTES_MAX));
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    RosterReply::Part(version, size, ByteBuf::from(piece)).encode()
}
