//! Logs built by hand: records in their order, and the tree over them.

use std::collections::{BTreeMap, BTreeSet};

use comity_audit::LogRecords;
use comity_log::checkpoint::{Checkpoint, VerifiedCheckpoint};
use comity_log::edge::Edge;
use comity_log::hash::leaf_hash;
use comity_log::head::Head;
use comity_log::store::MemoryTiles;
use comity_log::tree::Tree;
use comity_testkit::federation::{MemberKeys, NOW_MS, code};
use comity_wire::audit_exchange::AuditRecord;
use comity_wire::ids::{CaseId, Hash, MemberId, Nonce, StatementId};
use comity_wire::leaf::{Facts, FactsItem, Leaf, Origin, RosterRef};
use comity_wire::registry::{Kind, direction, record_kind};
use comity_wire::words::{Sorted, TimeMs, Version};
use serde_bytes::ByteBuf;

pub(crate) fn id(name: &str) -> MemberId {
    MemberId::new(&format!("{name}.example")).unwrap()
}

pub(crate) fn statement(name: &str) -> StatementId {
    Hash::of(name.as_bytes())
}

pub(crate) fn case(n: u8) -> CaseId {
    CaseId::new([n; 16])
}

pub(crate) fn no_facts() -> Facts {
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
        claimed: None,
        receipt: None,
        urgency: None,
        complete: None,
        evidence: None,
        standing: None,
        reported_at: None,
        jurisdictions: None,
    }
}

/// Facts that say this.
pub(crate) fn facts(edit: impl FnOnce(&mut Facts)) -> Facts {
    let mut facts = no_facts();
    edit(&mut facts);
    facts
}

pub(crate) fn rows(rows: impl IntoIterator<Item = FactsItem>) -> Facts {
    facts(|facts| facts.items = Some(Sorted::new(rows)))
}

/// A log of a member, as it grows. It begins with `log-opened` at [`NOW_MS`].
pub(crate) struct Log {
    pub(crate) member: MemberId,
    pub(crate) n: u32,
    pub(crate) records: Vec<(Leaf, Option<Facts>)>,
    next: BTreeMap<MemberId, u64>,
}

impl Log {
    pub(crate) fn new(name: &str) -> Self {
        let mut log = Self {
            member: id(name),
            n: 1,
            records: Vec::new(),
            next: BTreeMap::new(),
        };
        log.add(record_kind::LOG_OPENED, 0, None);
        log
    }

    /// A record that is about no statement, so long after [`NOW_MS`].
    pub(crate) fn add(&mut self, kind: &str, after_ms: u64, with: Option<&str>) -> &mut Leaf {
        let counterpart = with.map(id);
        let seq = counterpart.clone().map(|counterpart| {
            let next = self.next.entry(counterpart).or_default();
            *next += 1;
            *next - 1
        });
        let index = self.records.len() as u64;
        let leaf = Leaf {
            v: Version,
            ext: None,
            seq,
            case: None,
            kind: code(kind),
            salt: Nonce::new([index as u8; 16]),
            time: NOW_MS + after_ms,
            facts: None,
            index,
            roster: RosterRef(1, Hash::of(b"roster")),
            direction: None,
            statement: None,
            counterpart,
            predecessor: None,
            statement_kind: None,
        };
        self.records.push((leaf, None));
        &mut self.records.last_mut().unwrap().0
    }

    /// A record about a statement. Returns the leaf's hash, which a receipt names.
    pub(crate) fn about(
        &mut self,
        kind: &str,
        after_ms: u64,
        with: &str,
        what: (&str, u8, Kind),
        facts: Option<Facts>,
    ) -> Hash {
        let out = [
            record_kind::OFFERED,
            record_kind::SENT,
            record_kind::GAVE_UP,
        ];
        let way = if out.contains(&kind) {
            direction::OUT
        } else {
            direction::IN
        };
        let leaf = self.add(kind, after_ms, Some(with));
        leaf.direction = Some(code(way));
        leaf.statement = Some(statement(what.0));
        leaf.case = Some(case(what.1));
        leaf.statement_kind = Some(what.2);
        leaf.facts = facts.as_ref().map(Facts::hash);
        let hash = leaf_hash(&leaf.encode());
        self.records.last_mut().unwrap().1 = facts;
        hash
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin {
            fed: Hash::of(b"fed"),
            member: self.member.clone(),
            n: self.n,
        }
    }

    /// As whoever has the whole log, a day after [`NOW_MS`].
    pub(crate) fn whole(&self) -> LogRecords {
        LogRecords {
            member: self.member.clone(),
            origin: self.origin(),
            head: Head::new(self.records.len() as u64, Hash::of(b"root")).unwrap(),
            complete: true,
            counterparts: BTreeSet::new(),
            taken_at: NOW_MS + 86_400_000,
            records: self.records.clone(),
            findings: Vec::new(),
        }
    }

    /// What the log signs, and every record with its path to it.
    pub(crate) fn signed(&self) -> (VerifiedCheckpoint, Vec<AuditRecord>) {
        let leaves: Vec<_> = self.records.iter().map(|(leaf, _)| leaf.encode()).collect();
        let mut tiles = MemoryTiles::default();
        let appended = Edge::empty().append(&leaves).unwrap();
        appended.write(&mut tiles).unwrap();
        let edge = appended.confirm(&tiles, &leaves).unwrap();
        let mut tree = Tree::open(&tiles, edge.head()).unwrap();
        let name = self.member.as_str().strip_suffix(".example").unwrap();
        let checkpoint = Checkpoint {
            origin: self.origin(),
            head: *edge.head(),
        }
        .sign(&MemberKeys::new(name).log);
        let size = leaves.len() as u64;
        let rows = self
            .records
            .iter()
            .zip(leaves)
            .map(|((leaf, facts), bytes)| {
                AuditRecord(
                    ByteBuf::from(bytes),
                    facts.as_ref().map(|facts| ByteBuf::from(facts.encode())),
                    tree.inclusion_path(leaf.index, size).unwrap(),
                )
            });
        let rows = rows.collect();
        (checkpoint, rows)
    }
}

/// Two logs of two members that speak with one another.
pub(crate) struct Two {
    pub(crate) north: Log,
    pub(crate) platform: Log,
}

impl Two {
    pub(crate) fn new() -> Self {
        Self {
            north: Log::new("north"),
            platform: Log::new("platform"),
        }
    }

    /// Offered by one, received by the other, and the receipt recorded, each so long
    /// after [`NOW_MS`].
    pub(crate) fn deliver(
        &mut self,
        from: &str,
        what: (&str, u8, Kind),
        at: [u64; 3],
        facts: Option<Facts>,
    ) {
        let [offered, received, sent] = at;
        let (sender, recipient, to) = if from == "north" {
            (&mut self.north, &mut self.platform, "platform")
        } else {
            (&mut self.platform, &mut self.north, "north")
        };
        sender.about(record_kind::OFFERED, offered, to, what, facts.clone());
        let receipt = recipient.about(record_kind::RECEIVED, received, from, what, facts);
        let proof = facts_of_receipt(receipt);
        sender.about(record_kind::SENT, sent, to, what, Some(proof));
    }

    pub(crate) fn logs(&self) -> [LogRecords; 2] {
        [self.north.whole(), self.platform.whole()]
    }
}

pub(crate) fn facts_of_receipt(receipt: Hash) -> Facts {
    facts(|facts| facts.receipt = Some(receipt))
}

pub(crate) fn at(after_ms: u64) -> TimeMs {
    NOW_MS + after_ms
}
