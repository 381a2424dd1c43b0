//! Verifies one log row by row, keeping none of them.
//!
//! ```text
//! row -> leaf, in order -> under the head (all there: their root is the head's)
//!     -> facts are those committed to; numbers contiguous; times never decreasing,
//!        within what others know; rosters that exist, and never an older one again
//! all rows -> the heads that the log signed before are heads of the same tree
//! ```
//! What is not under the head is worth nothing, so that ends it. What is under it
//! and breaks a rule stays a record, with a finding beside it: the log has signed
//! that it did so.

use std::collections::{BTreeMap, BTreeSet};

use comity_log::hash::leaf_hash;
use comity_log::head::Head;
use comity_log::proof::verify_inclusion;
use comity_wire::ids::{Hash, MemberId};
use comity_wire::leaf::{Facts, Leaf, LogHead, Origin};
use comity_wire::notice::Sequences;
use comity_wire::registry::record_kind;
use comity_wire::words::TimeMs;

use crate::bounds::Bounds;
use crate::finding::{Finding, Found};
use crate::limits::FINDINGS_PER_LOG_MAX;
use crate::range::CompactRange;
use crate::rights::{Reader, Right};
use crate::rosters::Rosters;
use crate::verify::LogShown;

/// What an auditor knows of a log besides the rows.
#[derive(Debug, Clone, Default)]
pub struct Known<'a> {
    /// The rosters of the federation; without, those that records name are not
    /// looked at.
    pub rosters: Option<&'a Rosters>,
    /// Who else knows when the log had how many records.
    pub bounds: Bounds,
    /// Heads that the log signed before this one.
    pub earlier: Vec<Head>,
    /// Up to which size a head of it is known to be witnessed.
    pub witnessed: u64,
    /// Where the log was closed, as the roster says. After a restore the member
    /// itself may have less of it.
    pub closed: Option<Head>,
}

/// A log whose rows have all been looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How much of it was there.
    pub shown: LogShown,
    /// The head that all of it is under.
    pub head: Head,
    /// How many rows there were.
    pub records: u64,
    /// Rules that the log has broken.
    pub findings: Vec<Finding>,
    /// Earlier heads that are not of this tree.
    pub contradicted: Vec<Head>,
    /// The time of the first record beyond the size that is known to be witnessed.
    pub unwitnessed_since: Option<TimeMs>,
}

/// Verifies one log. Rows come in the order of their indexes.
#[derive(Debug)]
pub struct Verifier<'a> {
    origin: &'a Origin,
    reader: &'a Reader,
    known: Known<'a>,
    from: u64,
    head: Head,
    rows: u64,
    /// The index that the next row has at least.
    least: u64,
    /// The tree, as long as no leaf is missing.
    tree: Option<CompactRange>,
    /// The earlier heads that have not been reached yet, the smallest last.
    ahead: Vec<Head>,
    contradicted: Vec<Head>,
    begins: Option<TimeMs>,
    unwitnessed_since: Option<TimeMs>,
    latest: TimeMs,
    roster: u64,
    out_of_bounds: bool,
    numbers: Numbers,
    notes: Notes,
}

impl<'a> Verifier<'a> {
    /// Begins with the first index that was asked for.
    #[must_use]
    pub fn new(origin: &'a Origin, reader: &'a Reader, from: u64, mut known: Known<'a>) -> Self {
        let mut ahead = std::mem::take(&mut known.earlier);
        ahead.extend(known.closed);
        ahead.sort_unstable_by_key(|head| std::cmp::Reverse(head.size()));
        Self {
            origin,
            reader,
            known,
            from,
            head: Head::empty(),
            rows: 0,
            least: from,
            tree: (from == 0).then(CompactRange::default),
            ahead,
            contradicted: Vec::new(),
            begins: None,
            unwitnessed_since: None,
            latest: 0,
            roster: 0,
            out_of_bounds: false,
            numbers: Numbers::default(),
            notes: Notes::of(&origin.member),
        }
    }

    /// The head that the paths of the rows from here on lead to. The last one is the
    /// head of all. That one grows out of the other is for the caller to verify,
    /// where not all leaves are there.
    pub fn under(&mut self, head: Head) {
        self.head = head;
    }

    /// The next row. What comes back is worth something if [`Verifier::finish`]
    /// says so. A row of a log that is read as a whole needs no path.
    pub fn row(
        &mut self,
        leaf: &[u8],
        facts: Option<&[u8]>,
        path: &[Hash],
    ) -> Option<(Leaf, Option<Facts>)> {
        self.rows = self.rows.saturating_add(1);
        let hash = leaf_hash(leaf);
        let Ok(leaf) = Leaf::decode(leaf) else {
            self.notes.unread(Found::LeafUnreadable, self.least);
            return None;
        };
        if leaf.index < self.least {
            self.notes.unread(Found::IndexOrder, leaf.index);
        }
        self.is_under_head(&leaf, hash, path);
        if self.reader.right() == Right::All && leaf.index > self.least {
            self.notes.add_at(Found::IndexGap, self.least);
        }
        self.least = leaf.index.saturating_add(1);
        self.follows_the_rules(&leaf);
        let facts = self.facts_of(&leaf, facts);
        Some((leaf, facts))
    }

    /// All rows have come.
    ///
    /// # Errors
    /// Findings `leaf-unreadable`, `index-order`, `not-under-head`, `root-differs`:
    /// then none of it can be relied upon.
    pub fn finish(
        mut self,
        sequences: Option<&Sequences>,
        taken_at: TimeMs,
    ) -> Result<Verified, Vec<Finding>> {
        self.notes.none_unread()?;
        let complete = self.has_the_root()?;
        if self.reader.right() == Right::All && self.least < self.head.size() {
            self.notes.add_at(Found::IndexGap, self.least);
        }
        self.earlier_heads_are_reached();
        self.compare_with_signed(sequences);
        // What is lost of a log that was closed is not here for anybody.
        let is_cut = self
            .known
            .closed
            .is_some_and(|closed| self.head.size() < closed.size());
        let shown = if self.from == 0 && !is_cut {
            let in_remit = self.reader.in_remit();
            in_remit.difference(&self.numbers.gaps).cloned().collect()
        } else {
            BTreeSet::new()
        };
        Ok(Verified {
            shown: LogShown {
                origin: self.origin.clone(),
                complete: complete && !is_cut,
                counterparts: shown,
                taken_at,
                begins: self.begins,
                is_cut,
            },
            head: self.head,
            records: self.rows,
            findings: self.notes.findings,
            contradicted: self.contradicted,
            unwitnessed_since: self.unwitnessed_since,
        })
    }
}

// ---- What must hold for anything to be worth something

impl Verifier<'_> {
    fn is_under_head(&mut self, leaf: &Leaf, hash: Hash, path: &[Hash]) {
        match &mut self.tree {
            Some(tree) if tree.size() == leaf.index => {
                tree.push(hash);
                self.passes_earlier_heads();
            }
            // A leaf is missing: from now on only paths can tell.
            _ => self.tree = None,
        }
        // One that is read as a whole has its root looked at; then no path is needed.
        let is_spared = self.tree.is_some() && path.is_empty();
        if is_spared {
            self.notes.spared.get_or_insert(leaf.index);
        } else if verify_inclusion(&hash, leaf.index, path, &self.head).is_err() {
            self.notes.unproven(leaf);
        }
    }

    /// Whether all leaves of the tree are here; then they have its root.
    fn has_the_root(&mut self) -> Result<bool, Vec<Finding>> {
        let size = self.head.size();
        if let Some(tree) = self.tree.as_ref().filter(|tree| tree.size() == size) {
            if tree.root() != *self.head.root() {
                let member = &self.origin.member;
                return Err(vec![Finding::in_log_of(member, Found::RootDiffers)]);
            }
            return Ok(true);
        }
        self.notes.none_unproven(size)?;
        Ok(false)
    }

    /// An earlier head of a growing tree has the root that the tree had then.
    fn passes_earlier_heads(&mut self) {
        let Some(tree) = &self.tree else { return };
        while let Some(head) = self.ahead.pop_if(|head| head.size() <= tree.size()) {
            if head.size() == tree.size() && *head.root() != tree.root() {
                self.notes.add_at(Found::Fork, head.size());
                self.contradicted.push(head);
            }
        }
    }

    fn earlier_heads_are_reached(&mut self) {
        let last = self.head;
        // A log that was closed has the size that the roster says.
        let end = self
            .known
            .closed
            .map_or(last.size(), |closed| closed.size());
        let longest = self.ahead.first().map_or(0, Head::size).max(last.size());
        if longest > end {
            self.notes.add_at(Found::LogWentBack, end);
        }
        let of_its_size = self.ahead.iter().filter(|head| head.size() == last.size());
        let others: Vec<Head> = of_its_size
            .filter(|head| head.root() != last.root())
            .copied()
            .collect();
        if !others.is_empty() {
            self.notes.add_at(Found::Fork, last.size());
            self.contradicted.extend(others);
        }
    }
}

// ---- What the log may have done wrong

impl Verifier<'_> {
    fn follows_the_rules(&mut self, leaf: &Leaf) {
        let opens = leaf.kind.as_str() == record_kind::LOG_OPENED;
        if opens != (leaf.index == 0) {
            self.notes.about(Found::LogNotOpened, leaf);
        }
        if leaf.time < self.latest {
            self.notes.about(Found::TimeDecreases, leaf);
        }
        self.latest = leaf.time.max(self.latest);
        self.begins.get_or_insert(leaf.time);
        if leaf.index >= self.known.witnessed {
            self.unwitnessed_since.get_or_insert(leaf.time);
        }
        self.is_within_bounds(leaf);
        self.names_a_roster(leaf);
        if self.numbers.next(leaf, self.from, self.reader).is_err() {
            self.notes.about(Found::SeqGap, leaf);
        }
        if !is_whole(leaf) {
            self.notes.about(Found::RecordIncomplete, leaf);
        }
    }

    /// Says the first of some records in a row.
    fn is_within_bounds(&mut self, leaf: &Leaf) {
        let is_out = !self.known.bounds.allow(leaf.index, leaf.time);
        if is_out && !self.out_of_bounds {
            self.notes.about(Found::TimeOutOfBounds, leaf);
        }
        self.out_of_bounds = is_out;
    }

    fn names_a_roster(&mut self, leaf: &Leaf) {
        let Some(rosters) = self.known.rosters else {
            return;
        };
        if let Some(found) = rosters.judge(leaf.roster, leaf.time) {
            self.notes.about(found, leaf);
        }
        if leaf.roster.0 < self.roster {
            self.notes.about(Found::RosterWentBack, leaf);
        }
        self.roster = leaf.roster.0.max(self.roster);
    }

    /// The facts, if they were shown and are those that the leaf commits to. That
    /// they are not shown is no fault: they have a retention of their own.
    fn facts_of(&mut self, leaf: &Leaf, bytes: Option<&[u8]>) -> Option<Facts> {
        let bytes = bytes?;
        if leaf.facts != Some(Hash::of(bytes)) {
            self.notes.about(Found::FactsNotCommitted, leaf);
            return None;
        }
        let facts = Facts::decode(bytes);
        if facts.is_err() {
            self.notes.about(Found::FactsUnreadable, leaf);
        }
        facts.ok()
    }

    /// Whether as many records were shown as the member has signed that there are.
    fn compare_with_signed(&mut self, sequences: Option<&Sequences>) {
        let Some(Sequences(origin, size, root, signed)) = sequences else {
            return;
        };
        let head = LogHead(origin.clone(), *size, *root);
        let own = LogHead(self.origin.clone(), self.head.size(), *self.head.root());
        if head != own {
            let member = &self.origin.member;
            let finding = Finding::in_log_of(member, Found::SequencesOfAnotherHead);
            return self.notes.add(finding);
        }
        let signed: BTreeMap<_, _> = signed.iter().map(|entry| (&entry.0, entry.1)).collect();
        let next = &self.numbers.next;
        let named: BTreeSet<_> = next.keys().chain(signed.keys().copied()).cloned().collect();
        for counterpart in named {
            let here = self.numbers.next.get(&counterpart).copied();
            // Before the first index asked for there may have been others.
            let unknown = here.is_none() && self.from > 0;
            let all_here = here.unwrap_or(0) == signed.get(&counterpart).copied().unwrap_or(0);
            if self.reader.sees_all_with(&counterpart) && !unknown && !all_here {
                self.notes.add(Finding {
                    counterpart: Some(counterpart.clone()),
                    ..Finding::in_log_of(&self.origin.member, Found::SeqGap)
                });
                self.numbers.gaps.insert(counterpart);
            }
        }
    }
}

/// Whether a record about a statement can be matched with one of the other side.
fn is_whole(leaf: &Leaf) -> bool {
    let delivered = [
        record_kind::OFFERED,
        record_kind::SENT,
        record_kind::RECEIVED,
        record_kind::GAVE_UP,
    ];
    let is_delivery = delivered.contains(&leaf.kind.as_str());
    let names_all = leaf.statement.is_some()
        && leaf.case.is_some()
        && leaf.counterpart.is_some()
        && leaf.statement_kind.is_some();
    let is_numbered = leaf.counterpart.is_none() || leaf.seq.is_some();
    (!is_delivery || names_all) && is_numbered
}

/// The sequence numbers of each counterpart.
#[derive(Debug, Default)]
struct Numbers {
    next: BTreeMap<MemberId, u64>,
    gaps: BTreeSet<MemberId>,
}

struct Gap;

impl Numbers {
    fn next(&mut self, leaf: &Leaf, from: u64, reader: &Reader) -> Result<(), Gap> {
        let (Some(counterpart), Some(seq)) = (&leaf.counterpart, leaf.seq) else {
            return Ok(());
        };
        let after = seq.saturating_add(1);
        let expected = match self.next.get_mut(counterpart) {
            Some(next) => Some(std::mem::replace(next, after)),
            None => {
                self.next.insert(counterpart.clone(), after);
                (from == 0).then_some(0)
            }
        };
        let fits = match expected {
            Some(expected) if reader.sees_all_with(counterpart) => seq == expected,
            Some(expected) => seq >= expected,
            None => true,
        };
        if fits {
            return Ok(());
        }
        self.gaps.insert(counterpart.clone());
        Err(Gap)
    }
}

/// What was found, each sort within its bound.
#[derive(Debug)]
struct Notes {
    member: MemberId,
    /// What could not be read, or stands in the wrong place.
    unread: Vec<Finding>,
    /// Not under the head, by their paths.
    unproven: Vec<Finding>,
    /// The first that came without a path.
    spared: Option<u64>,
    findings: Vec<Finding>,
}

impl Notes {
    fn of(member: &MemberId) -> Self {
        Self {
            member: member.clone(),
            unread: Vec::new(),
            unproven: Vec::new(),
            spared: None,
            findings: Vec::new(),
        }
    }

    fn add(&mut self, finding: Finding) {
        push(&mut self.findings, finding);
    }

    fn add_at(&mut self, found: Found, index: u64) {
        self.add(Finding::in_log_of(&self.member, found).at(index));
    }

    fn about(&mut self, found: Found, leaf: &Leaf) {
        let finding = self.finding(found, leaf);
        self.add(finding);
    }

    fn finding(&self, found: Found, leaf: &Leaf) -> Finding {
        Finding {
            counterpart: leaf.counterpart.clone(),
            case: leaf.case,
            statement: leaf.statement,
            ..Finding::in_log_of(&self.member, found).at(leaf.index)
        }
    }

    fn unread(&mut self, found: Found, index: u64) {
        let finding = Finding::in_log_of(&self.member, found).at(index);
        push(&mut self.unread, finding);
    }

    fn unproven(&mut self, leaf: &Leaf) {
        let finding = self.finding(Found::NotUnderHead, leaf);
        push(&mut self.unproven, finding);
    }

    /// Ends the verification if anything could not be read.
    fn none_unread(&mut self) -> Result<(), Vec<Finding>> {
        if self.unread.is_empty() {
            return Ok(());
        }
        Err(std::mem::take(&mut self.unread))
    }

    /// Ends the verification if anything is not proven. The only leaf of a tree needs
    /// no path.
    fn none_unproven(&mut self, size: u64) -> Result<(), Vec<Finding>> {
        if let Some(index) = self.spared.filter(|_| size != 1) {
            let finding = Finding::in_log_of(&self.member, Found::NotUnderHead);
            push(&mut self.unproven, finding.at(index));
        }
        if self.unproven.is_empty() {
            return Ok(());
        }
        Err(std::mem::take(&mut self.unproven))
    }
}

fn push(findings: &mut Vec<Finding>, finding: Finding) {
    if findings.len() < FINDINGS_PER_LOG_MAX {
        findings.push(finding);
    }
}
