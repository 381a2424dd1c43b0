//! The roster that is being made: the newest one and what is to be different.
//!
//! ```text
//! newest roster, or the draft -> edit -> rules -> draft without signatures -> what changes, in words
//! ```

use std::collections::BTreeSet;

use comity_trust::key::{Ended, Key};
use comity_trust::member::{Log, LogState, Member};
use comity_trust::roster::Roster;
use comity_wire::cbor;
use comity_wire::ids::{Hash, Kid, MemberId};
use comity_wire::leaf::LogHead;
use comity_wire::notice::Restored;
use comity_wire::registry::KeyPurpose;
use comity_wire::words::{Sorted, TimeMs, Version};
use serde_json::{Value, json};

use crate::draft::{Draft, What};
use crate::error::Failure;
use crate::federation_dir::{Chain, FederationDir};
use crate::follows::roster_follows;

/// The next roster, in the making.
#[derive(Debug, Clone)]
pub struct NextRoster {
    /// It.
    pub roster: Roster,
    /// How many signatures the draft had before: they are void after an edit.
    pub signatures_before: usize,
}

/// What the next roster changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Members that are new, or back.
    pub added: Vec<MemberId>,
    /// Members whose entry changes, and what of it.
    pub changed: Vec<(MemberId, Vec<String>)>,
    /// Members that are none any more.
    pub removed: Vec<MemberId>,
}

impl NextRoster {
    /// The draft of the folder, else one that follows the newest roster and is issued
    /// at `now_ms`.
    ///
    /// # Errors
    /// `draft-stale`, or what is wrong with the draft.
    pub fn of(
        dir: &FederationDir,
        chain: &Chain,
        now_ms: TimeMs,
        in_force_ms: u64,
    ) -> Result<Self, Failure> {
        if dir.roster_draft().exists() {
            let draft = Draft::load(What::Roster, &dir.roster_draft())?;
            return Ok(Self {
                roster: roster_of(&draft, chain)?,
                signatures_before: draft.signed().1.len(),
            });
        }
        let history = &chain.history;
        let fed = *history.fed();
        let version = chain.roster_version() + 1;
        // There is one for every version once the folder was read.
        let charter = chain.charter_for(version).map_or(fed, |(_, hash)| *hash);
        let last = history.roster();
        // A clock that was set back must not stop the governance.
        let issued = last.map_or(now_ms, |last| now_ms.max(last.issued));
        let roster = Roster {
            v: Version,
            fed,
            issued,
            charter,
            expires: issued.saturating_add(in_force_ms),
            members: last.map(|last| last.members.clone()).unwrap_or_default(),
            version,
            previous: history.roster_ref().map_or(fed, |last| last.1),
            resolves: None,
        };
        Ok(Self {
            roster,
            signatures_before: 0,
        })
    }

    /// Adds a member, or puts what it says now in the place of what it said before.
    /// Keys and logs that were ever listed stay, as they are listed.
    pub fn put(&mut self, chain: &Chain, new: Member) {
        let before = self.roster.member(&new.id).cloned();
        let known = chain
            .history
            .known_keys()
            .filter(|known| known.member == new.id);
        let known = known.map(|known| known.listed.clone());
        let drafted = before.iter().flat_map(|member| member.keys.iter().cloned());
        // Of equal keys the first stays: the draft may have ended one.
        let keys = drafted.chain(known).chain(new.keys.iter().cloned());
        let mut logs: Vec<Log> = before.as_ref().map_or_else(
            || chain.history.logs_of(&new.id).to_vec(),
            |member| member.logs.clone(),
        );
        for log in &new.logs {
            match logs.iter_mut().find(|known| known.origin == log.origin) {
                Some(known) if known.key == log.key => {}
                Some(known) => *known = log.clone(),
                None => logs.push(log.clone()),
            }
        }
        logs.sort_by_key(|log| log.origin.n);
        let earlier = before.as_ref();
        let put = Member {
            keys: Sorted::new(keys),
            logs,
            ext: new.ext.clone().or_else(|| earlier?.ext.clone()),
            trusted_flagger: new
                .trusted_flagger
                .clone()
                .or_else(|| earlier?.trusted_flagger.clone()),
            ..new
        };
        let others = self
            .roster
            .members
            .iter()
            .filter(|member| member.id != put.id)
            .cloned();
        self.roster.members = Sorted::new(others.chain([put.clone()]));
    }

    /// Removes a member.
    ///
    /// # Errors
    /// `not-a-member`.
    pub fn remove(&mut self, id: &MemberId) -> Result<(), Failure> {
        self.member(id)?;
        let others = self
            .roster
            .members
            .iter()
            .filter(|member| member.id != *id)
            .cloned();
        self.roster.members = Sorted::new(others);
        Ok(())
    }

    /// Ends a key.
    ///
    /// # Errors
    /// `not-a-member`, `not-a-key`.
    pub fn end_key(
        &mut self,
        id: &MemberId,
        kid: &Kid,
        ended: Ended,
        now_ms: TimeMs,
    ) -> Result<(), Failure> {
        let listed = self.member(id)?.key(kid).is_some();
        if !listed {
            return Err(Failure::new(
                "not-a-key",
                format!("{id} has no key {kid}."),
                "`comity roster show --keys` shows the keys of every member.",
            ));
        }
        let at = now_ms.max(self.roster.issued);
        self.edit(id, |member| {
            let keys = member.keys.iter().cloned().map(|mut key: Key| {
                if key.kid == *kid {
                    if ended == Ended::Superseded {
                        key.until = Some(key.until.map_or(at, |until| until.min(at)));
                    }
                    key.ended = Some(ended);
                }
                key
            });
            member.keys = Sorted::new(keys);
        });
        Ok(())
    }

    /// Closes a log at its last head.
    ///
    /// # Errors
    /// `not-a-member`, `not-a-log`.
    pub fn close_log(
        &mut self,
        id: &MemberId,
        number: u32,
        size: u64,
        root: Hash,
    ) -> Result<(), Failure> {
        let listed = self
            .member(id)?
            .logs
            .iter()
            .any(|log| log.origin.n == number);
        if !listed {
            return Err(Failure::new(
                "not-a-log",
                format!("{id} has no log {number}."),
                "`comity roster show` shows the logs of every member.",
            ));
        }
        self.edit(id, |member| {
            for log in &mut member.logs {
                if log.origin.n == number {
                    log.state = LogState::Closed((size, root));
                }
            }
        });
        Ok(())
    }

    /// A member was restored from an older copy: its log is closed where the announcement says, the next one is listed with
    /// its key, and the witness has a new key.
    ///
    /// # Errors
    /// `not-a-member`, `not-a-log`.
    pub fn restored(&mut self, notice: &Restored, now_ms: TimeMs) -> Result<(), Failure> {
        let id = &notice.member;
        let LogHead(closed, size, root) = &notice.closed;
        self.close_log(id, closed.n, *size, *root)?;
        let member = self.member(id)?;
        let new = Kid::of(&notice.witness);
        let witnesses: Vec<Kid> = member
            .keys
            .iter()
            .filter(|key| key.purpose == KeyPurpose::Witness && key.ended.is_none())
            .map(|key| key.kid)
            .filter(|kid| *kid != new)
            .collect();
        for kid in witnesses {
            self.end_key(id, &kid, Ended::Superseded, now_ms)?;
        }
        self.edit(id, |member| {
            let log = Key::new(notice.key, KeyPurpose::Log, notice.time);
            let witness = Key::new(notice.witness, KeyPurpose::Witness, notice.time);
            if member
                .logs
                .iter()
                .all(|known| known.origin != notice.opened)
            {
                member.logs.push(Log {
                    key: log.kid,
                    state: LogState::Open,
                    origin: notice.opened.clone(),
                });
            }
            let keys = member.keys.iter().cloned().chain([log, witness]);
            member.keys = Sorted::new(keys);
        });
        Ok(())
    }

    /// Sets how long it is in force, from now on.
    pub fn renew(&mut self, now_ms: TimeMs, in_force_ms: u64) {
        let from = now_ms.max(self.roster.issued);
        self.roster.expires = from.saturating_add(in_force_ms);
    }

    /// Holds it to every rule, and writes the draft. Nobody has signed it then.
    ///
    /// # Errors
    /// The code of the rule that does not hold; nothing is written then.
    pub fn save(&self, dir: &FederationDir, chain: &Chain) -> Result<Draft, Failure> {
        let draft = Draft::new(What::Roster, dir.roster_draft(), cbor::encode(&self.roster));
        roster_of(&draft, chain)?;
        draft.save()?;
        Ok(draft)
    }

    fn member(&self, id: &MemberId) -> Result<&Member, Failure> {
        self.roster.member(id).ok_or_else(|| {
            Failure::new(
                "not-a-member",
                format!("{id} is not a member."),
                "`comity roster show` lists the members.",
            )
        })
    }

    fn edit(&mut self, id: &MemberId, mut edit: impl FnMut(&mut Member)) {
        let members = self.roster.members.iter().cloned().map(|mut member| {
            if member.id == *id {
                edit(&mut member);
            }
            member
        });
        self.roster.members = Sorted::new(members);
    }
}

/// The roster of a draft, if it follows the chain.
///
/// # Errors
/// `draft-stale`, or the code of the rule that does not hold.
pub fn roster_of(draft: &Draft, chain: &Chain) -> Result<Roster, Failure> {
    let what = draft.path().display().to_string();
    let refused = |error| Failure::of_chain(&what, &error, advice(error.code()));
    let roster = Roster::decode(draft.signed().payload()).map_err(refused)?;
    let newest = chain.roster_version();
    if roster.version <= newest && roster.fed == *chain.history.fed() {
        return Err(Failure::new(
            "draft-stale",
            format!(
                "{what}: version {} of the roster is signed already.",
                roster.version
            ),
            "Remove this draft and make the change again.",
        ));
    }
    roster_follows(chain, &roster).map_err(refused)?;
    Ok(roster)
}

fn advice(code: &str) -> &'static str {
    match code {
        "public-suffix" => {
            "Nobody can own this domain: the member corrects member.owns in its configuration and exports again."
        }
        "owned-twice" => {
            "Two members say that the same domain, range or network is theirs: ask both, then the wrong one exports again."
        }
        "key-used-twice" | "key-reused" => {
            "The member makes a new key: one key has one purpose and one holder for ever."
        }
        "log-changed" | "two-open-logs" => {
            "Close the old log first (`comity roster close-log`); the member gives the new one the next number."
        }
        "wrong-charter" | "wrong-previous" | "version-gap" => {
            "Remove this draft and make the change again: it was made before another charter or roster was signed."
        }
        _ => "Nothing was written. Correct what the sentence says, then try again.",
    }
}

impl Changes {
    /// What is different from one roster to the next.
    #[must_use]
    pub fn between(before: Option<&Roster>, after: &Roster) -> Self {
        let old = |id: &MemberId| before.and_then(|roster| roster.member(id));
        let mut changes = Self::default();
        for member in &after.members {
            match old(&member.id) {
                None => changes.added.push(member.id.clone()),
                Some(was) if was != member => {
                    let what = differences(was, member);
                    changes.changed.push((member.id.clone(), what));
                }
                Some(_) => {}
            }
        }
        let gone = before.iter().flat_map(|roster| roster.members.iter());
        let gone = gone.filter(|member| after.member(&member.id).is_none());
        changes.removed = gone.map(|member| member.id.clone()).collect();
        changes
    }

    /// For people, a line each.
    #[must_use]
    pub fn text(&self) -> String {
        let added = self.added.iter().map(|id| format!("  + {id} joins"));
        let changed = self
            .changed
            .iter()
            .map(|(id, what)| format!("  ~ {id}: {}", what.join("; ")));
        let removed = self
            .removed
            .iter()
            .map(|id| format!("  - {id} leaves: its nodes are cut off, its keys end"));
        let lines: Vec<_> = added.chain(changed).chain(removed).collect();
        if lines.is_empty() {
            "  no member changes\n".to_owned()
        } else {
            lines.join("\n") + "\n"
        }
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let ids = |ids: &[MemberId]| {
            ids.iter()
                .map(|id| id.as_str().to_owned())
                .collect::<Vec<_>>()
        };
        let changed = self
            .changed
            .iter()
            .map(|(id, what)| json!({"id": id.as_str(), "what": what}));
        json!({
            "added": ids(&self.added),
            "changed": changed.collect::<Vec<_>>(),
            "removed": ids(&self.removed),
        })
    }
}

fn differences(was: &Member, is: &Member) -> Vec<String> {
    let mut found = Vec::new();
    for key in &is.keys {
        match was.key(&key.kid) {
            None => found.push(format!("new {} key {}", key.purpose, key.kid)),
            Some(before) if before != key => {
                let how = match key.ended {
                    Some(Ended::Superseded) => "superseded",
                    Some(Ended::CompromisedSince(_)) => "compromised",
                    None => "other times",
                };
                found.push(format!("{} key {} {how}", key.purpose, key.kid));
            }
            Some(_) => {}
        }
    }
    for log in &is.logs {
        match was.logs.iter().find(|before| before.origin == log.origin) {
            None => found.push(format!("new log {}", log.origin.n)),
            Some(before) if before != log => found.push(format!("log {} closed", log.origin.n)),
            Some(_) => {}
        }
    }
    let texts = |member: &Member| -> [(&'static str, BTreeSet<String>); 5] {
        [
            (
                "role",
                member.roles.iter().map(ToString::to_string).collect(),
            ),
            (
                "country",
                member
                    .jurisdictions
                    .iter()
                    .map(|one| one.as_str().to_owned())
                    .collect(),
            ),
            (
                "domain",
                member
                    .owns
                    .domains
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
            ),
            (
                "range",
                member
                    .owns
                    .prefixes
                    .iter()
                    .filter_map(|prefix| Some(prefix.net()?.to_string()))
                    .collect(),
            ),
            (
                "network",
                member.owns.asns.iter().map(ToString::to_string).collect(),
            ),
        ]
    };
    for ((what, before), (_, after)) in texts(was).iter().zip(texts(is)) {
        found.extend(
            after
                .difference(before)
                .map(|one| format!("gains the {what} {one}")),
        );
        found.extend(
            before
                .difference(&after)
                .map(|one| format!("loses the {what} {one}")),
        );
    }
    let rest = [
        ("nodes", was.nodes != is.nodes),
        ("names", was.names != is.names),
        ("contact", was.contact != is.contact),
        ("languages", was.languages != is.languages),
        ("capacities", was.capacities != is.capacities),
        ("transfer basis", was.transfer_basis != is.transfer_basis),
        (
            "status as trusted flagger",
            was.trusted_flagger != is.trusted_flagger,
        ),
        ("extensions", was.ext != is.ext),
    ];
    let changed = rest.iter().filter(|(_, differs)| *differs);
    found.extend(changed.map(|(what, _)| format!("other {what}")));
    found
}
