//! The members whom the kit plays, each a peer with its published transport key, and a stranger. They dial, and the
//! target answers and delivers over the connections that they hold open; so it needs to find none of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use comity_conformance::judge::{Answer, turns_down};
use comity_conformance::plan::{Manner, Speaker, Wire};
use comity_conformance::world::World;
use comity_net::{Inbox, Incoming, Network, PeerKey, Protocol, RequestError};
use comity_wire::exchange::{ExchangeReply, ExchangeRequest, ExchangeResult};
use comity_wire::ids::{Hash, StatementId};
use comity_wire::registry::{KeyPurpose, exchange_code};
use comity_wire::roster_exchange::{RosterReply, RosterRequest};
use comity_wire::words::Code;
use serde_bytes::ByteBuf;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::REPORT_IT;
use crate::error::Failure;

/// The members and the stranger.
pub(super) struct Kit {
    peers: BTreeMap<Speaker, Network>,
    target: PeerKey,
    addresses: Vec<String>,
    timeout: Duration,
    heard: watch::Sender<Heard>,
    // They end with the kit.
    _tasks: JoinSet<()>,
}

/// What the target has sent of its own accord, and what it is offered when it asks.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Statements that it has turned down, and why.
    pub(super) turned_down: BTreeMap<StatementId, String>,
    /// A signed roster that is offered.
    offer: Option<Vec<u8>>,
    /// How often it has asked for it.
    pub(super) asked: u64,
}

impl Kit {
    /// Everybody whom the kit plays, none of them connected yet.
    ///
    /// # Errors
    /// The vectors lack a key.
    pub(super) fn new(world: &Arc<World>, peer: &str, timeout: Duration) -> Result<Self, Failure> {
        let target = world.target_key();
        let target = target.ok_or_else(|| no_key(world.target.member.as_str()))?;
        let target = PeerKey(*target.as_bytes());
        let heard = watch::Sender::new(Heard::default());
        let mut tasks = JoinSet::new();
        let mut peers = BTreeMap::new();
        let stranger = (Speaker::Stranger, *Hash::of(STRANGER).as_bytes());
        let mut everybody = vec![stranger];
        for member in &world.members {
            let key = world.key(member.as_str(), KeyPurpose::Transport);
            let key = key.ok_or_else(|| no_key(member.as_str()))?;
            everybody.push((Speaker::Member(member.clone()), key.to_bytes()));
        }
        for (speaker, seed) in everybody {
            let (network, inbox, owner) = comity_net::start(comity_net::Config {
                transport_seed: Zeroizing::new(seed),
                listen: Vec::new(),
                external: Vec::new(),
            })
            .map_err(|error| Failure::new(error.code(), error.to_string(), REPORT_IT))?;
            tasks.spawn(owner);
            tasks.spawn(listen(inbox, Arc::clone(world), heard.clone()));
            peers.insert(speaker, network);
        }
        Ok(Self {
            peers,
            target,
            addresses: vec![without_peer(peer, target)?],
            timeout,
            heard,
            _tasks: tasks,
        })
    }

    /// Lets the target speak to every member of the kit.
    pub(super) async fn admit(&self) {
        for network in self.peers.values() {
            network.admit(vec![self.target]).await;
        }
    }

    /// Sends a message, and gives what came back.
    pub(super) async fn ask(
        &self,
        from: &Speaker,
        on: Wire,
        manner: Manner,
        bytes: Vec<u8>,
    ) -> Answer {
        let Some(network) = self.peers.get(from) else {
            return Answer::Nothing("not-played");
        };
        let protocol = protocol(on);
        let manner = match manner {
            Manner::Whole => comity_net::Manner::Whole,
            Manner::TooLong => comity_net::Manner::AnyLength,
            Manner::LeftOpen => comity_net::Manner::LeftOpen,
        };
        // Who leaves a stream open waits for as long as the target may.
        let time = match manner {
            comity_net::Manner::LeftOpen => self.timeout.max(protocol.time_max().saturating_mul(2)),
            _ => self.timeout,
        };
        let request = network.request_in(manner, self.target, &self.addresses, protocol, bytes);
        match timeout(time, request).await {
            Ok(Ok(bytes)) => Answer::Bytes(bytes),
            Ok(Err(RequestError::Closed)) => Answer::Closed,
            Ok(Err(RequestError::NotOffered)) => Answer::NotOffered,
            Ok(Err(error)) => Answer::Nothing(error.code()),
            Err(_) => Answer::Nothing(RequestError::Timeout.code()),
        }
    }

    /// Offers a roster to whoever asks.
    pub(super) fn offer(&self, roster: Vec<u8>) {
        self.heard.send_modify(|heard| {
            heard.offer = Some(roster);
            heard.asked = 0;
        });
    }

    /// Offers none any more.
    pub(super) fn offer_nothing(&self) {
        self.heard.send_modify(|heard| heard.offer = None);
    }

    /// Waits until something has been heard. False: it was not, in time.
    pub(super) async fn hears(&self, time: Duration, what: impl FnMut(&Heard) -> bool) -> bool {
        let mut heard = self.heard.subscribe();
        let waited = timeout(time, heard.wait_for(what)).await;
        matches!(waited, Ok(Ok(_)))
    }

    /// Why the target has turned a statement down, if it has.
    pub(super) fn turned_down(&self, id: &StatementId) -> Option<String> {
        self.heard.borrow().turned_down.get(id).cloned()
    }

    /// How long one answer may take.
    pub(super) const fn timeout(&self) -> Duration {
        self.timeout
    }
}

/// The address alone. If it names a peer, that must be the target's published key.
fn without_peer(address: &str, target: PeerKey) -> Result<String, Failure> {
    let Some((address, peer)) = address.split_once("/p2p/") else {
        return Ok(address.to_owned());
    };
    if peer == target.peer_id() {
        return Ok(address.to_owned());
    }
    Err(Failure::new(
        "wrong-peer",
        format!(
            "The target must have the published transport key of the member that it plays, and be {target}."
        ),
        "Start it with the seeds of protocol-spec/vectors/federation.json, or say with --as which member it plays.",
    ))
}

const fn protocol(on: Wire) -> Protocol {
    match on {
        Wire::Exchange => Protocol::Exchange,
        Wire::Witness => Protocol::Witness,
        Wire::Audit => Protocol::Audit,
        Wire::Roster => Protocol::Roster,
        Wire::Hello => Protocol::Hello,
    }
}

/// Answers what the target asks of a member, and notes it.
async fn listen(mut inbox: Inbox, world: Arc<World>, heard: watch::Sender<Heard>) {
    while let Some(incoming) = inbox.next().await {
        let reply = match incoming.protocol {
            Protocol::Exchange => delivered(&incoming, &world, &heard),
            Protocol::Roster | Protocol::Hello => about_rosters(&incoming, &world, &heard),
            Protocol::Audit | Protocol::Witness => None,
        };
        if let Some(reply) = reply {
            incoming.answer(reply);
        }
    }
}

/// The kit keeps no log, so it can give no receipt: it asks the target to come back.
fn delivered(incoming: &Incoming, world: &World, heard: &watch::Sender<Heard>) -> Option<Vec<u8>> {
    let request = ExchangeRequest::decode(&incoming.bytes).ok()?;
    let busy = Code::new(exchange_code::BUSY)?;
    let mut results = Vec::new();
    for offer in &request.1 {
        let statement = world.open(&offer.0);
        let turned_down = statement.map(|statement| turns_down(world, &statement));
        heard.send_modify(|heard| heard.turned_down.extend(turned_down.into_iter().flatten()));
        results.push(ExchangeResult::Turned(busy.clone(), None));
    }
    Some(ExchangeReply(world.roster_ref(), None, results).encode())
}

fn about_rosters(
    incoming: &Incoming,
    world: &World,
    heard: &watch::Sender<Heard>,
) -> Option<Vec<u8>> {
    let reply = match RosterRequest::decode(&incoming.bytes).ok()? {
        RosterRequest::Hello(_) => RosterReply::Hello(world.roster_ref(), None),
        RosterRequest::Since(_) => {
            let mut rosters = Vec::new();
            heard.send_modify(|heard| {
                // The second time is only to know that the first one has been dealt with.
                if heard.asked == 0 {
                    rosters.extend(heard.offer.clone().map(ByteBuf::from));
                }
                heard.asked = heard.asked.saturating_add(1);
            });
            let charters = world.chain.0.iter().cloned().map(ByteBuf::from);
            RosterReply::Chain(charters.collect(), rosters, false)
        }
        RosterRequest::Part(..) => RosterReply::Unknown(world.roster_ref()),
    };
    Some(reply.encode())
}

fn no_key(member: &str) -> Failure {
    Failure::new(
        "vectors-unreadable",
        format!("The vectors have no transport key of {member}."),
        REPORT_IT,
    )
}

/// What the stranger's key is made from: the same at every run, and in no roster.
const STRANGER: &[u8] = b"comity-conformance/1 stranger";
