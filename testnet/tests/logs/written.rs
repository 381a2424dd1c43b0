//! A long log that a node wrote: the engine with its journal and its views on a disk, as `comity run` puts them together.
//!
//! ```text
//! statements of another member, signed here -> exchange requests -> engine -> journal, tiles, signed head
//! ```
//! The requests come in where the network would hand them over, so that 100,000 records take a minute and not ten.
//! Everything from there on is the node's own: every signature is checked, every statement is recorded, every batch is
//! synced, read back and signed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use comity::ports::{FileAudits, JournalStore, SledViews, VIEWS_SCHEMA};
use comity_engine::clock::ManualClock;
use comity_engine::ports::{Fault, Peer, Pending, Protocol, Transport};
use comity_engine::{Engine, Identity, Policy, Running, Start};
use comity_store::{Audits, Journal, StorageKey, Views};
use comity_testkit::federation::{Federation, NOW_MS, public, takedown_request};
use comity_wire::exchange::{ExchangeReply, ExchangeRequest, ExchangeResult, Offer};
use comity_wire::ids::PublicKey;
use comity_wire::leaf::Origin;
use comity_wire::limits::EXCHANGE_STATEMENTS_MAX;
use ed25519_dalek::SigningKey;

/// Whose log it is.
const WRITER: &str = "platform";
/// Who sends what it records.
const SENDER: &str = "north";

/// The data directory of a node that was stopped.
pub(crate) struct Written {
    /// `DIR/platform`, with the storage key beside the data.
    pub(crate) data: PathBuf,
    /// The key of its log, as a file.
    pub(crate) log_key: PathBuf,
    /// The key of a witness, and the name that it signs under.
    pub(crate) witness: (String, SigningKey),
    /// What the first receipt that the node gave is over: `[leaf, COSE receipt]`.
    pub(crate) first_receipt: Vec<u8>,
}

/// Writes a log of exactly so many records.
pub(crate) fn log_of(size: u64, dir: &Path) -> Written {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(write(size, dir))
}

async fn write(size: u64, dir: &Path) -> Written {
    let federation = Arc::new(Federation::new());
    let data = dir.join(WRITER);
    let (engine, running) = start(&federation, &data);
    // `log-opened` and the roster.
    let mut left = usize::try_from(size - 2).unwrap();
    let mut first_receipt = None;
    let mut next = request(&federation, left);
    while left > 0 {
        let (asked, bytes) = next.await.unwrap();
        left -= asked;
        // The next one is signed while this one is recorded.
        next = request(&federation, left);
        let from = public(&federation.member(SENDER).transport);
        let reply = engine.inbound(from, Protocol::Exchange, bytes).await;
        let reply = ExchangeReply::decode(&reply.unwrap(), asked).unwrap();
        for result in reply.2 {
            let ExchangeResult::Registered(receipt) = result else {
                panic!("it was not registered: {result:?}");
            };
            first_receipt.get_or_insert_with(|| comity_wire::cbor::encode(&receipt));
        }
    }
    running.stop().await.unwrap();
    let keys = federation.member(WRITER);
    let log_key = dir.join("log-1.pem");
    secret(
        &log_key,
        comity_trust::key_file::write(&keys.log).as_bytes(),
    );
    Written {
        data,
        log_key,
        witness: (
            format!("{}/regulator.example/witness", federation.fed()),
            federation.member("regulator").witness.clone(),
        ),
        first_receipt: first_receipt.unwrap(),
    }
}

fn start(federation: &Federation, data: &Path) -> (Engine, Running) {
    let keys = federation.member(WRITER);
    let origin = Origin {
        fed: *federation.fed(),
        member: keys.id.clone(),
        n: 1,
    };
    fs::create_dir_all(data.join("keys")).unwrap();
    let storage = StorageKey::generate().unwrap();
    storage.write_new(&data.join("keys/storage.key")).unwrap();
    let journal = Journal::open(data, &storage, &origin).unwrap();
    let log_public = public(&keys.log);
    let identity = format!("origin = \"{origin}\"\nlog_public = \"{log_public}\"\n");
    fs::write(data.join("identity.toml"), identity).unwrap();
    let history = federation.history();
    let started = Engine::start(Start {
        outside: Vec::new(),
        identity: Identity {
            member: keys.id.clone(),
            origin,
            statement_key: keys.statement.clone(),
            log_key: keys.log.clone(),
            closed_keys: std::collections::BTreeMap::new(),
            fingerprint_key: [7; 32],
        },
        policy: Policy::default(),
        store: Box::new(JournalStore(journal)),
        views: Box::new(SledViews(Views::open(data, VIEWS_SCHEMA).unwrap())),
        audits: Arc::new(FileAudits(Audits::open(data, &storage).unwrap())),
        transport: Arc::new(Nobody),
        clock: Arc::new(ManualClock::new(NOW_MS)),
        witness: None,
        charters: history.charters_from(1).map(<[u8]>::to_vec).collect(),
        rosters: history.rosters_from(1).map(<[u8]>::to_vec).collect(),
        extensions: comity_wire::ext::NONE,
    });
    started.unwrap()
}

/// Signs the statements of one request, as many as it may have.
fn request(federation: &Arc<Federation>, left: usize) -> tokio::task::JoinHandle<(usize, Vec<u8>)> {
    let federation = Arc::clone(federation);
    tokio::task::spawn_blocking(move || {
        let asked = left.min(EXCHANGE_STATEMENTS_MAX);
        let key = &federation.member(SENDER).statement;
        let offers = (0..asked).map(|_| {
            let statement = federation
                .draft(SENDER, WRITER, takedown_request())
                .sign(key);
            Offer(statement.unwrap().bytes().to_vec().into(), None, Vec::new())
        });
        let roster = federation.history().roster_ref().unwrap();
        (asked, ExchangeRequest(roster, offers.collect()).encode())
    })
}

/// Only its owner may read it.
fn secret(path: &Path, bytes: &[u8]) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A network without anybody.
struct Nobody;

impl Transport for Nobody {
    fn request(&self, _: Peer, _: Protocol, _: Vec<u8>) -> Pending<'_, Result<Vec<u8>, Fault>> {
        Box::pin(async { Err(Fault::new("unreachable", "nobody is there")) })
    }

    fn admit(&self, _: Vec<PublicKey>, _: Vec<u8>) -> Pending<'_, ()> {
        Box::pin(async {})
    }

    fn connected(&self) -> Pending<'_, Vec<PublicKey>> {
        Box::pin(async { Vec::new() })
    }
}
