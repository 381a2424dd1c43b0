//! Evidence that a log or the governance contradicts itself.
//!
//! ```text
//! found here, or handed over by a member -> judged -> new? -> frame, record `witness-conflict`, event -> [commit]
//!                                                  -> shown to people, and handed to every member until it has it
//! ```
//! Of one log and one sort the first piece is kept: a log that has forked once can be shown to have forked in as many
//! ways as it has records, and nobody must be able to fill this node with them. What proves nothing leaves no trace.

use comity_audit::evidence::judge;
use comity_audit::{Contradiction, NotProven, Reader};
use comity_log::evidence::Evidence;
use comity_trust::member::LogState;
use comity_wire::ids::{Hash, MemberId};
use comity_wire::leaf::Leaf;
use comity_wire::registry::record_kind;
use serde_bytes::ByteBuf;

use crate::core::Core;
use crate::desk::{ContradictionRow, ContradictionShown};
use crate::error::WorkError;
use crate::frame::{Frame, HandedEvidence, TookEvidence};
use crate::limits::EVIDENCE_MAX;
use crate::ports::{Fault, Position};
use crate::record::{Entry, code, no_facts, short};
use crate::show::hex;
use crate::tables::{self, EVIDENCE, EVIDENCE_OF, EvidenceEntry};

/// Why evidence is not taken.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// It proves nothing, or nothing yet.
    Not(NotProven),
    /// There is no room for more.
    Full,
}

impl Core {
    /// Takes evidence that was made here of what others have signed.
    pub(crate) fn found_evidence(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        match self.take_evidence(bytes, None)? {
            Ok(()) => Ok(()),
            // What was made here is judged by the same rules. It can only be that a roster is not here.
            Err(why) => {
                tracing::warn!(target: "comity.engine", event = "evidence-refused", from = self.me.as_str(), code = why.code());
                Ok(())
            }
        }
    }

    /// Takes evidence, from whomever it is: judged here, and recorded once.
    pub(crate) fn take_evidence(
        &mut self,
        bytes: &[u8],
        from: Option<&MemberId>,
    ) -> Result<Result<(), NotTaken>, Fault> {
        let hash = Hash::of(bytes);
        if self.evidence_entry(&hash)?.is_some() {
            return self.had_before(&hash, from).map(Ok);
        }
        let found = match judge(bytes, &self.history) {
            Ok(found) => found,
            Err(why) => return Ok(Err(NotTaken::Not(why))),
        };
        let about = found.about();
        if let Some(known) = self.views.get(EVIDENCE_OF, about.as_bytes())? {
            let known = tables::hash_of(&known)?;
            return self.had_before(&known, from).map(Ok);
        }
        if self.evidence_rows()?.len() >= EVIDENCE_MAX {
            return Ok(Err(NotTaken::Full));
        }
        let mut facts = no_facts()?;
        facts.code = Some(code(found.code())?);
        facts.evidence = Some(hash);
        let entry = Entry {
            kind: record_kind::WITNESS_CONFLICT,
            counterpart: found.member().filter(|member| **member != self.me).cloned(),
            facts: Some(facts),
            ..Entry::default()
        };
        let (index, time) = self.record(entry)?;
        let frame = TookEvidence(
            ByteBuf::from(bytes),
            about.into(),
            from.cloned(),
            time,
            index,
        );
        self.push(None, frame.into())?;
        // Who handed it over has it.
        self.had_before(&hash, from)?;
        tracing::error!(
            target: "comity.engine",
            event = "contradiction",
            sort = found.code(),
            of = found.member().map_or("governance", MemberId::as_str),
            evidence = %hash,
        );
        self.judged.insert(hash, found);
        self.signals.tell_heads();
        Ok(Ok(()))
    }

    /// Who hands over what is known here has it, too, or something that shows the same.
    fn had_before(&mut self, hash: &Hash, from: Option<&MemberId>) -> Result<(), Fault> {
        match from {
            Some(member) => self.handed_evidence(hash, member),
            None => Ok(()),
        }
    }

    /// A member says that it has taken evidence.
    pub(crate) fn handed_evidence(&mut self, hash: &Hash, to: &MemberId) -> Result<(), Fault> {
        let row = self.evidence_entry(hash)?;
        if row.is_some_and(|row| self.may_lack(&row, to)) {
            let (now, log) = (self.time(), self.log_written_by(to));
            self.push(None, HandedEvidence(*hash, to.clone(), now, log).into())?;
        }
        Ok(())
    }

    /// Whether a member has not said that it has a piece of evidence; or it has, and its log was closed since: if that was
    /// a restore, what it had is lost, and whoever has taken it twice says so.
    pub(crate) fn may_lack(&self, row: &EvidenceEntry, member: &MemberId) -> bool {
        let log = self.log_written_by(member);
        let has = |(of, then): &(MemberId, u32)| of == member && *then >= log;
        *member != self.me && !row.handed.iter().any(has)
    }

    /// The number of the log that a member writes; 0: the roster lists none.
    fn log_written_by(&self, member: &MemberId) -> u32 {
        let member = self.history.member(member);
        let open = member.and_then(|member| member.open_log());
        open.map_or(0, |log| log.origin.n)
    }

    /// The row of a piece of evidence.
    pub(crate) fn evidence_entry(&self, hash: &Hash) -> Result<Option<EvidenceEntry>, Fault> {
        tables::get(&*self.views, EVIDENCE, hash.as_bytes())
    }

    /// Every piece, oldest first.
    pub(crate) fn evidence_rows(&self) -> Result<Vec<(Hash, EvidenceEntry)>, Fault> {
        let mut rows = Vec::new();
        for (hash, row) in self.views.scan(EVIDENCE, &[], None, EVIDENCE_MAX)? {
            let row: EvidenceEntry = tables::decode(EVIDENCE, &row)?;
            rows.push((tables::hash_of(&hash)?, row));
        }
        rows.sort_by_key(|(_, row)| row.seq);
        Ok(rows)
    }

    /// The bytes of a piece.
    pub(crate) fn evidence_at(&self, row: &EvidenceEntry) -> Result<Vec<u8>, Fault> {
        let stored = self.store.read(Position(row.at))?;
        match Frame::decode(stored.kind, &stored.body)? {
            Frame::TookEvidence(frame) => Ok(frame.0.into_vec()),
            _ => Err(Fault::new(
                "views-damaged",
                "a row names a frame that is no evidence",
            )),
        }
    }

    /// What a piece proves. It was judged before it was recorded; it is judged again, so that a journal that somebody
    /// has edited is not believed.
    fn judged(&mut self, hash: &Hash, row: &EvidenceEntry) -> Result<Contradiction, Fault> {
        if let Some(found) = self.judged.get(hash) {
            return Ok(found.clone());
        }
        let found = judge(&self.evidence_at(row)?, &self.history)
            .map_err(|error| Fault::new("journal-edited", format!("evidence: {error}")))?;
        self.judged.insert(*hash, found.clone());
        Ok(found)
    }

    /// Every piece, as people see it.
    pub(crate) fn contradictions(&mut self) -> Result<Vec<ContradictionRow>, WorkError> {
        let rows = self.evidence_rows()?;
        rows.into_iter()
            .map(|(hash, row)| self.contradiction_row(&hash, row))
            .collect()
    }

    fn contradiction_row(
        &mut self,
        hash: &Hash,
        row: EvidenceEntry,
    ) -> Result<ContradictionRow, WorkError> {
        let found = self.judged(hash, &row)?;
        let bytes = self.evidence_at(&row)?;
        let roster = self.history.roster();
        let members = roster.map(|roster| roster.members.iter());
        let waiting = members.into_iter().flatten().map(|member| &member.id);
        let waiting = waiting.filter(|id| self.may_lack(&row, id) && self.may_have(id, &bytes));
        let open = match &found {
            Contradiction::Log { fork, .. } => {
                let log = self.history.log(fork.origin());
                log.is_some_and(|log| log.state == LogState::Open)
                    && self.history.member(&fork.origin().member).is_some()
            }
            Contradiction::Governance { version, .. } => {
                self.history.open_conflicts().any(|open| open == *version)
            }
        };
        Ok(ContradictionRow {
            open,
            evidence: hash.to_string(),
            sort: found.code().to_owned(),
            member: found.member().map(ToString::to_string),
            origin: found.origin().map(ToString::to_string),
            words: found.sentence(),
            at: row.time,
            index: row.index,
            from: row.from.as_ref().map(ToString::to_string),
            waiting: waiting.map(ToString::to_string).collect(),
            handed: row.handed.iter().map(|(id, _)| id.to_string()).collect(),
        })
    }

    /// Whether a member may be handed evidence: two records only if it may read both of them, everything else always.
    /// That one member has sent another something is nobody else's business, whoever has lied about it.
    pub(crate) fn may_have(&self, to: &MemberId, bytes: &[u8]) -> bool {
        let Ok(Evidence::TwoLeaves(one, other)) = Evidence::parse(bytes) else {
            return true;
        };
        let of = &one.checkpoint.claimed().origin.member;
        let Some(roster) = self.history.roster().filter(|_| to != of) else {
            return to == of;
        };
        let charter = self.history.charter();
        let mut mandates = charter.mandates.iter();
        let mandate = mandates.find(|mandate| mandate.regulator == *to);
        let mandate = mandate.map(|mandate| &mandate.cites);
        let Ok(reader) = Reader::new(charter, roster, to, of, mandate) else {
            return false;
        };
        [one, other].iter().all(|proof| {
            let leaf = Leaf::decode(&proof.leaf);
            leaf.is_ok_and(|leaf| reader.may_read(&leaf))
        })
    }

    /// One piece, with its bytes.
    pub(crate) fn contradiction(&mut self, hash: &Hash) -> Result<ContradictionShown, WorkError> {
        let row = self.evidence_entry(hash)?.ok_or_else(|| {
            WorkError::asker(
                "unknown-evidence",
                format!("no evidence {} is here", short(hash)),
                "`comity log evidence list` shows what there is",
            )
        })?;
        let bytes = hex(&self.evidence_at(&row)?);
        let vkey = match self.judged(hash, &row)? {
            Contradiction::Log { key, .. } => Some(key.to_string()),
            Contradiction::Governance { .. } => None,
        };
        let row = self.contradiction_row(hash, row)?;
        Ok(ContradictionShown { row, vkey, bytes })
    }
}

impl NotTaken {
    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Not(why) => why.code(),
            Self::Full => "evidence-full",
        }
    }
}
