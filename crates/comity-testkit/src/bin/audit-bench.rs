//! `cargo xtask bench audit`: how long an audit of a million records takes, and how much memory.
//!
//! Two logs are made as two nodes would write them: a hotline and a platform, and for each case a request, an
//! acknowledgement and an outcome, each offered, registered and receipted. The pages come as a node sends them. Then
//! everything is done that an auditor does: pages read and kept (encrypted, on the disk), every leaf verified under the
//! signed head, every statement joined with the other side's record, every case looked at.

use std::error::Error;
use std::time::{Duration, Instant};

use comity_audit::range::CompactRange;
use comity_audit::{CaseMatched, Reader, Rosters, Rules};
use comity_engine::inspect::{Source, inspect_all, match_inspected};
use comity_engine::kept::{Kept, KeptHead, block_of, right_of};
use comity_engine::ports::{AuditStore, Fault, Scratch};
use comity_log::checkpoint::{Checkpoint, UnverifiedCheckpoint};
use comity_log::hash::leaf_hash;
use comity_log::head::Head;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_store::{Audits, StorageKey, StoreError};
use comity_testkit::federation::{Federation, MemberKeys, NOW_MS, code, country};
use comity_wire::audit_exchange::{AuditRecord, AuditReply, Page};
use comity_wire::ids::{CaseId, Hash, MemberId, Nonce, StatementId};
use comity_wire::leaf::{Facts, FactsItem, FactsResult, Leaf, Origin, RosterRef};
use comity_wire::limits::AUDIT_RECORDS_MAX;
use comity_wire::registry::{Answer, Kind, OutcomeAnswer, by, direction, record_kind};
use comity_wire::words::{Sorted, TimeMs, Version};
use serde_bytes::ByteBuf;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Each case is three statements, and each of these three records.
const RECORDS_PER_CASE: u64 = 9;

fn main() -> Outcome {
    let records: u64 = match std::env::args().nth(1) {
        Some(text) => text.parse()?,
        None => 1_000_000,
    };
    let federation = Federation::new();
    let history = federation.history();
    let roster = history.roster_ref().ok_or("the federation has a roster")?;
    let dir = tempfile::tempdir()?;
    let audits = Audits::open(dir.path(), &StorageKey::generate()?)?;
    let store = Files(audits);

    let began = Instant::now();
    let cases = records / RECORDS_PER_CASE;
    let mut made = Made::new(&federation, roster, cases)?;
    let mut pulling = Pulling::default();
    for n in 0..cases {
        made.case(n)?;
        for log in [&mut made.north, &mut made.platform] {
            // A case has five records at most in one log.
            if log.rows.len() + 5 > AUDIT_RECORDS_MAX {
                pulling.page(&store, log)?;
            }
        }
    }
    let mut sources = Vec::new();
    for log in [&mut made.north, &mut made.platform] {
        pulling.page(&store, log)?;
        sources.push(pulling.end(&store, log)?);
    }
    let making = began.elapsed().saturating_sub(pulling.took);
    println!("made       {:>8.1} s   not counted", making.as_secs_f64());
    forget_peak();

    let began = Instant::now();
    let mut logs = Vec::new();
    let mut count = 0;
    for outcome in inspect_all(&store, &sources, &Rosters::of(history)) {
        let log = outcome?.map_err(|findings| format!("{:?}", findings.first()))?;
        count += log.verified.records;
        if let Some(finding) = log.verified.findings.first() {
            return Err(finding.to_string().into());
        }
        logs.push(log);
    }
    let verified = began.elapsed();
    let began = Instant::now();
    let rules = Rules {
        clocks: vec![(code("federation-24h"), Some(86_400_000))],
        ..Rules::of(history)
    };
    let (mut cases, mut statements, mut findings) = (0_u64, 0, 0);
    match_inspected(&store, logs, &rules, &mut |case: &CaseMatched| {
        cases += 1;
        statements += case.statements.len();
        findings += case.findings.len();
    })?;
    let matched = began.elapsed();
    let all = pulling.took + verified + matched;
    println!(
        "pages      {:>8.1} s   {} pages, {} bytes",
        pulling.took.as_secs_f64(),
        pulling.pages,
        pulling.bytes
    );
    println!(
        "verified   {:>8.1} s   {count} records",
        verified.as_secs_f64()
    );
    println!(
        "matched    {:>8.1} s   {statements} statements, {cases} cases, {findings} findings",
        matched.as_secs_f64()
    );
    println!(
        "all        {:>8.1} s   {} MiB at most",
        all.as_secs_f64(),
        peak_kib()? / 1024
    );
    Ok(())
}

// ---- Pages in

#[derive(Default)]
struct Pulling {
    took: Duration,
    pages: u64,
    bytes: u64,
}

impl Pulling {
    /// What the auditor does with a page: it is read, and kept. The head comes with the last one here, because the log
    /// is still being made.
    fn page(&mut self, store: &Files, log: &mut Log) -> Outcome {
        let page = Page {
            roster: log.roster,
            checkpoint: log.checkpoint()?.into(),
            records: std::mem::take(&mut log.rows),
            sequences: None,
            next: Some(log.next),
        };
        let bytes = AuditReply::Records(page).encode();
        let began = Instant::now();
        let AuditReply::Records(page) = AuditReply::decode(&bytes)? else {
            return Err("no page".into());
        };
        UnverifiedCheckpoint::parse(page.checkpoint.as_bytes())?.verify(&log.verifier)?;
        let block = block_of(log.size, &page.records);
        log.kept.end = store.append(&log.name, log.kept.end, &block)?;
        log.kept.rows += u64::try_from(page.records.len())?;
        self.took += began.elapsed();
        self.pages += 1;
        self.bytes += u64::try_from(bytes.len())?;
        Ok(())
    }

    fn end(&mut self, store: &Files, log: &mut Log) -> Outcome<Source> {
        let began = Instant::now();
        let reader = Reader::of_own_log(&log.origin.member);
        log.kept.right = Some(right_of(&reader));
        log.kept.heads.push(KeptHead {
            checkpoint: log.checkpoint()?.into(),
            size: log.size,
            root: log.tree.root(),
            taken_at: log.time + 86_400_000,
            cosigned_at: Vec::new(),
            sequences: None,
        });
        store.keep(&log.name, &log.kept.encode())?;
        self.took += began.elapsed();
        Ok(Source {
            origin: log.origin.clone(),
            reader,
            kept: log.kept.clone(),
            closed: None,
            witnessed: 0,
        })
    }
}

// ---- Logs as nodes write them

struct Made {
    north: Log,
    platform: Log,
}

struct Log {
    origin: Origin,
    name: Hash,
    keys: MemberKeys,
    verifier: VerifierKey,
    roster: RosterRef,
    rows: Vec<AuditRecord>,
    tree: CompactRange,
    next: u64,
    seq: u64,
    time: TimeMs,
    /// Of the head that all pages are under.
    size: u64,
    kept: Kept,
}

impl Made {
    /// The hotline has four records of each case, the platform five, and each one that opens its log.
    fn new(federation: &Federation, roster: RosterRef, cases: u64) -> Outcome<Self> {
        let log = |name, of_case| Log::new(federation, name, roster, 1 + of_case * cases);
        Ok(Self {
            north: log("north", 4)?,
            platform: log("platform", 5)?,
        })
    }

    /// A case, a second after the one before.
    fn case(&mut self, n: u64) -> Outcome {
        let id = Hash::of(&n.to_be_bytes());
        let (case, _) = id.as_bytes().split_first_chunk::<16>().ok_or("16 bytes")?;
        let case = CaseId::new(*case);
        let at = NOW_MS + n * 1000;
        let statement = |what: &[u8]| Hash::of_parts(&[what, id.as_bytes()]);
        let (request, answer, outcome) = (statement(b"r"), statement(b"a"), statement(b"o"));
        let asks = Facts {
            urgency: Some(code("priority")),
            clocks: Some(vec![code("eu-dsa-notice-decision")]),
            reported_at: Some(at - 3_600_000),
            jurisdictions: Some(Sorted::new([country("IE"), country("DE")])),
            standing: Some(Sorted::new([(country("IE"), code("illegal"))])),
            ..no_facts(at)
        };
        let accepts = Facts {
            by: Some(code(by::PERSON)),
            re: Some(Sorted::new([request])),
            answer: Some(Answer::Accepted),
            ..no_facts(at)
        };
        let row = |item| {
            FactsItem(
                item,
                1,
                FactsResult::Outcome(OutcomeAnswer::Done),
                Vec::new(),
                Some(at + 500),
            )
        };
        let done = Facts {
            by: Some(code(by::PERSON)),
            re: Some(Sorted::new([answer])),
            items: Some(Sorted::new([row(1), row(2)])),
            ..no_facts(at)
        };
        let (north, platform) = (&mut self.north, &mut self.platform);
        deliver(
            north,
            platform,
            (request, case, Kind::TakedownRequest),
            at,
            &asks,
        )?;
        deliver(
            platform,
            north,
            (answer, case, Kind::Acknowledgement),
            at + 100,
            &accepts,
        )?;
        deliver(
            platform,
            north,
            (outcome, case, Kind::Outcome),
            at + 200,
            &done,
        )
    }
}

type What = (StatementId, CaseId, Kind);

fn deliver(from: &mut Log, to: &mut Log, what: What, at: TimeMs, facts: &Facts) -> Outcome {
    let (sender, recipient) = (from.origin.member.clone(), to.origin.member.clone());
    from.record(record_kind::OFFERED, &recipient, what, at, facts.clone())?;
    let receipt = to.record(record_kind::RECEIVED, &sender, what, at + 10, facts.clone())?;
    let proof = Facts {
        receipt: Some(receipt),
        ..no_facts(at)
    };
    from.record(record_kind::SENT, &recipient, what, at + 20, proof)?;
    Ok(())
}

fn no_facts(at: TimeMs) -> Facts {
    Facts {
        by: None,
        re: None,
        code: None,
        salt: Nonce::new([9; 16]),
        basis: None,
        items: None,
        until: None,
        answer: None,
        clocks: None,
        parent: None,
        claimed: Some(at),
        receipt: None,
        urgency: None,
        complete: None,
        evidence: None,
        standing: None,
        reported_at: None,
        jurisdictions: None,
    }
}

impl Log {
    fn new(federation: &Federation, name: &str, roster: RosterRef, size: u64) -> Outcome<Self> {
        let keys = MemberKeys::new(name);
        let origin = Origin {
            fed: *federation.fed(),
            member: keys.id.clone(),
            n: 1,
        };
        let verifier = VerifierKey::new(
            KeyName::from(&origin),
            KeyKind::Log,
            keys.log.verifying_key(),
        )?;
        let mut log = Self {
            name: Kept::name_of(&origin),
            origin,
            keys,
            verifier,
            roster,
            rows: Vec::new(),
            tree: CompactRange::default(),
            next: 0,
            seq: 0,
            time: NOW_MS,
            size,
            kept: Kept::default(),
        };
        let opened = log.leaf(record_kind::LOG_OPENED, NOW_MS);
        log.push(&opened, None);
        Ok(log)
    }

    /// The head of now.
    fn checkpoint(&self) -> Outcome<String> {
        let head = Head::new(self.tree.size(), self.tree.root())?;
        let origin = self.origin.clone();
        Ok(Checkpoint { origin, head }.sign(&self.keys.log).to_string())
    }

    fn leaf(&self, kind: &str, time: TimeMs) -> Leaf {
        Leaf {
            v: Version,
            ext: None,
            seq: None,
            case: None,
            kind: code(kind),
            salt: Nonce::new([3; 16]),
            time,
            facts: None,
            index: self.next,
            roster: self.roster,
            direction: None,
            statement: None,
            counterpart: None,
            predecessor: None,
            statement_kind: None,
        }
    }

    fn record(
        &mut self,
        kind: &str,
        with: &MemberId,
        (statement, case, statement_kind): What,
        at: TimeMs,
        facts: Facts,
    ) -> Outcome<Hash> {
        let inward = kind == record_kind::RECEIVED;
        let leaf = Leaf {
            seq: Some(self.seq),
            case: Some(case),
            facts: Some(facts.hash()),
            direction: Some(code(if inward {
                direction::IN
            } else {
                direction::OUT
            })),
            statement: Some(statement),
            counterpart: Some(with.clone()),
            statement_kind: Some(statement_kind),
            ..self.leaf(kind, at)
        };
        self.seq += 1;
        Ok(self.push(&leaf, Some(&facts)))
    }

    fn push(&mut self, leaf: &Leaf, facts: Option<&Facts>) -> Hash {
        let bytes = leaf.encode();
        let hash = leaf_hash(&bytes);
        self.tree.push(hash);
        self.next += 1;
        self.time = leaf.time;
        let facts = facts.map(|facts| ByteBuf::from(facts.encode()));
        self.rows
            .push(AuditRecord(ByteBuf::from(bytes), facts, Vec::new()));
        hash
    }
}

// ---- Files

/// The files of audits, as a node has them.
struct Files(Audits);

struct FileScratch(comity_store::Scratch);

fn fault(error: StoreError) -> Fault {
    Fault::new(error.code(), error.to_string())
}

enum Stopped {
    Store(StoreError),
    Asker(Fault),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl AuditStore for Files {
    fn state(&self, log: &Hash) -> Result<Option<Vec<u8>>, Fault> {
        self.0.state(log).map_err(fault)
    }

    fn keep(&self, log: &Hash, state: &[u8]) -> Result<(), Fault> {
        self.0.keep(log, state).map_err(fault)
    }

    fn append(&self, log: &Hash, end: u64, block: &[u8]) -> Result<u64, Fault> {
        self.0.append(log, end, block).map_err(fault)
    }

    fn blocks(
        &self,
        log: &Hash,
        end: u64,
        each: &mut dyn FnMut(Vec<u8>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let read = self
            .0
            .blocks(log, end, |block| each(block).map_err(Stopped::Asker));
        read.map_err(|stopped| match stopped {
            Stopped::Asker(why) => why,
            Stopped::Store(error) => fault(error),
        })
    }

    fn scratch(&self, parts: usize) -> Result<Box<dyn Scratch>, Fault> {
        let scratch = self.0.scratch(parts).map_err(fault)?;
        Ok(Box::new(FileScratch(scratch)))
    }
}

impl Scratch for FileScratch {
    fn put(&mut self, part: usize, bytes: &[u8]) -> Result<(), Fault> {
        self.0.put(part, bytes).map_err(fault)
    }

    fn rest(&mut self) -> Result<(), Fault> {
        self.0.rest().map_err(fault)
    }

    fn part(&self, part: usize) -> Result<Vec<u8>, Fault> {
        self.0.part(part).map_err(fault)
    }
}

// ---- Memory

/// From here on the peak is that of the audit (Linux).
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn peak_kib() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("no VmHWM")?.parse()?)
}
