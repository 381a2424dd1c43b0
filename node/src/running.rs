//! One node, put together: journal, views, network and engine. `comity run` starts one, the demo starts four.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use comity_engine::own_head::not_behind_peers;
use comity_engine::ports::Clock;
use comity_engine::{Engine, Identity, Outside, Policy, Running, Start, Witness};
use comity_net::{Inbox, Network};
use comity_store::{Audits, Journal, StorageKey, StoreError, Views, WitnessStates};
use comity_wire::ids::{Hash, MemberId, PublicKey};
use comity_wire::leaf::Origin;
use ed25519_dalek::SigningKey;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use crate::error::Failure;
use crate::keys::{Keys, STORAGE_KEY_FILE};
use crate::limits::REQUESTS_AT_A_TIME_MAX;
use crate::ports::{FileAudits, JournalStore, Net, SledViews, VIEWS_SCHEMA, WitnessFiles};

/// What a node is put together from.
pub struct Parts<'a> {
    /// The member.
    pub member: MemberId,
    /// The log that it writes.
    pub origin: Origin,
    /// Its keys.
    pub keys: &'a Keys,
    /// Where `storage.key` is.
    pub keys_dir: PathBuf,
    /// The folder of journal, log and views.
    pub data_dir: &'a Path,
    /// The file of the copy of the newest signed head.
    pub head_copy: PathBuf,
    /// Whether it asks the other members for the newest head of its own log before it starts.
    pub asks_for_its_head: bool,
    /// Multiaddresses to listen at.
    pub listen: Vec<String>,
    /// Multiaddresses at which others reach it.
    pub external: Vec<String>,
    /// Witnesses from outside that are asked to cosign the log.
    pub witnesses: Vec<Outside>,
    /// What the operator decides.
    pub policy: Policy,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Signed charters, from the first.
    pub charters: Vec<Vec<u8>>,
    /// Signed rosters, from the first.
    pub rosters: Vec<Vec<u8>>,
}

/// A node that runs.
#[derive(Debug)]
pub struct Node {
    /// What people and peers ask.
    pub engine: Engine,
    /// The network.
    pub network: Network,
    running: Running,
    tasks: JoinSet<()>,
}

/// A network that is bound and not used yet: its addresses can go into a roster.
pub struct Bound {
    network: Network,
    inbox: Inbox,
    tasks: JoinSet<()>,
}

impl Bound {
    /// Binds the listen addresses.
    ///
    /// # Errors
    /// An address is taken or not an address.
    pub fn bind(
        transport: &SigningKey,
        listen: Vec<String>,
        external: Vec<String>,
    ) -> Result<Self, Failure> {
        let config = comity_net::Config {
            transport_seed: Zeroizing::new(transport.to_bytes()),
            listen,
            external,
        };
        let (network, inbox, owner) = comity_net::start(config).map_err(|error| {
            Failure::new(
                error.code(),
                error.to_string(),
                "Correct `network.listen` in the configuration, or stop what has the port.",
            )
        })?;
        let mut tasks = JoinSet::new();
        tasks.spawn(owner);
        Ok(Self {
            network,
            inbox,
            tasks,
        })
    }

    /// The network, to ask others.
    #[must_use]
    pub fn network(&self) -> Network {
        self.network.clone()
    }

    /// Where it listens.
    pub async fn listening(&self) -> Vec<String> {
        self.network.listening().await
    }
}

impl Node {
    /// Starts a node.
    ///
    /// # Errors
    /// The data directory is in use or damaged, a key is wrong, an address is taken, there is no roster.
    pub async fn start(parts: Parts<'_>) -> Result<Self, Failure> {
        let (listen, external) = (parts.listen.clone(), parts.external.clone());
        // The directory first: a second process on it must not take the port from the first.
        let stores = Stores::open(&parts)?;
        let bound = Bound::bind(&parts.keys.transport, listen, external)?;
        Self::start_on(parts, stores, bound).await
    }

    /// Starts a node on a network that is bound already.
    ///
    /// # Errors
    /// As [`Node::start`].
    pub async fn start_bound(parts: Parts<'_>, bound: Bound) -> Result<Self, Failure> {
        let stores = Stores::open(&parts)?;
        Self::start_on(parts, stores, bound).await
    }

    async fn start_on(parts: Parts<'_>, stores: Stores, bound: Bound) -> Result<Self, Failure> {
        let Bound {
            network,
            inbox,
            mut tasks,
        } = bound;
        write_identity(&parts)?;
        let asks_for_its_head = parts.asks_for_its_head;
        let fingerprint = Hash::of_parts(&[b"comity-fingerprint/1", parts.keys.storage.as_slice()]);
        let start = Start {
            identity: Identity {
                member: parts.member,
                origin: parts.origin,
                statement_key: parts.keys.statement.clone(),
                log_key: parts.keys.log.clone(),
                closed_keys: parts.keys.closed_logs.clone(),
                fingerprint_key: *fingerprint.as_bytes(),
            },
            policy: parts.policy,
            store: Box::new(JournalStore(stores.journal)),
            views: Box::new(SledViews(stores.views)),
            audits: Arc::new(FileAudits(stores.audits)),
            transport: Arc::new(Net(network.clone())),
            clock: parts.clock,
            witness: Some(Witness {
                key: parts.keys.witness.clone(),
                states: Arc::new(WitnessFiles(WitnessStates::open(parts.data_dir))),
            }),
            outside: parts.witnesses,
            charters: parts.charters,
            rosters: parts.rosters,
            extensions: comity_wire::ext::NONE,
        };
        if asks_for_its_head {
            not_behind_peers(&start).await.map_err(of_fault)?;
        }
        let (engine, running) = Engine::start(start).map_err(of_fault)?;
        tasks.spawn(serve(inbox, engine.clone()));
        Ok(Self {
            engine,
            network,
            running,
            tasks,
        })
    }

    /// Waits until the node has ended by itself, because its store failed.
    pub async fn ended(&self) {
        self.running.ended().await;
    }

    /// Finishes what is in hand, and ends.
    ///
    /// # Errors
    /// The store had failed before.
    pub async fn stop(mut self) -> Result<(), Failure> {
        let ended = self.running.stop().await;
        self.network.close().await;
        self.tasks.shutdown().await;
        ended.map_err(of_fault)
    }
}

/// Journal and views of one data directory.
struct Stores {
    journal: Journal,
    views: Views,
    audits: Audits,
}

impl Stores {
    fn open(parts: &Parts<'_>) -> Result<Self, Failure> {
        let key = StorageKey::read(&parts.keys_dir.join(STORAGE_KEY_FILE)).map_err(of_store)?;
        let (dir, origin, copy) = (parts.data_dir, &parts.origin, &parts.head_copy);
        let journal = Journal::open_beside(dir, &key, origin, copy).map_err(of_store)?;
        let views = Views::open(parts.data_dir, VIEWS_SCHEMA).map_err(of_store)?;
        if let Some(why) = views.opened_empty() {
            tracing::info!(target: "comity.node", event = "views-opened-empty", why);
        }
        let audits = Audits::open(parts.data_dir, &key).map_err(of_store)?;
        Ok(Self {
            journal,
            views,
            audits,
        })
    }
}

/// Requests of peers, so many at a time; what comes on top hears `busy` at once, so that the inbox never fills.
async fn serve(mut inbox: Inbox, engine: Engine) {
    let room = Arc::new(Semaphore::new(REQUESTS_AT_A_TIME_MAX));
    let mut answers = JoinSet::new();
    while let Some(incoming) = inbox.next().await {
        while answers.try_join_next().is_some() {}
        let protocol = Net::spoken(incoming.protocol);
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            if let Some(reply) = engine.busy(protocol, &incoming.bytes) {
                incoming.answer(reply);
            }
            continue;
        };
        let engine = engine.clone();
        answers.spawn(async move {
            let mut incoming = incoming;
            let peer = PublicKey::new(incoming.peer.0);
            let bytes = std::mem::take(&mut incoming.bytes);
            if let Some(reply) = engine.inbound(peer, protocol, bytes).await {
                incoming.answer(reply);
            }
            drop(place);
        });
    }
}

/// Says which log a data directory is, for `comity log verify` and `comity log export`.
fn write_identity(parts: &Parts<'_>) -> Result<(), Failure> {
    let public = PublicKey::new(parts.keys.log.verifying_key().to_bytes());
    let text = format!("origin = \"{}\"\nlog_public = \"{public}\"\n", parts.origin);
    let path = parts.data_dir.join("identity.toml");
    std::fs::write(&path, text)
        .map_err(|error| Failure::of_file("cannot be written", &path, &error))
}

/// A fault of the engine, for the operator.
pub(crate) fn of_fault(fault: comity_engine::ports::Fault) -> Failure {
    let next = match fault.code {
        "log-behind-peers" => {
            "If a newer copy of the data exists, put that in its place. Else run `comity log restore`: it changes nothing before you say so."
        }
        _ => "When that is put right, start the node again; what was acknowledged is kept.",
    };
    Failure::new(fault.code, fault.detail, next)
}

fn of_store(error: StoreError) -> Failure {
    Failure::new(error.code(), error.to_string(), error.next_step())
}
