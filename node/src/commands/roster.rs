//! `comity roster`: who is a member, from a draft to the signatures under it.
//!
//! ```text
//! add, remove, end-key, close-log, renew -> roster-next.cbor, unsigned
//! sign, collect -> signatures; enough of them -> rosters/<version>.cbor
//! ```

use std::path::{Path, PathBuf};

use clap::Subcommand;
use comity_trust::chain_error::ChainError;
use comity_trust::history::Added;
use comity_trust::key::{Ended, Validity};
use comity_trust::member::Member;
use comity_trust::standing::Standing;
use comity_wire::cbor;
use comity_wire::ids::{Hash, Kid, MemberId};
use comity_wire::notice::{Restored, SignedNotice};
use comity_wire::registry::KeyPurpose;
use comity_wire::words::TimeMs;
use serde_json::json;

use super::signing::{self, Signatures};
use super::work::rosters;
use crate::clock::{DAY_MS, now_ms, text_of};
use crate::draft::{Draft, What};
use crate::error::{Exit, Failure};
use crate::federation_dir::{Chain, FederationDir};
use crate::files;
use crate::limits::{MEMBER_FILE_BYTES_MAX, ROSTER_DAYS_DEFAULT, ROSTER_DAYS_MAX};
use crate::output::Output;
use crate::roster_edit::{Changes, NextRoster, roster_of};
use crate::{entry, parse, show};

/// What to do with the roster.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Put members into the next roster, or what they say now in the place of what they said before
    #[command(
        after_help = "Example:\n  comity roster add --federation federation north.example.member south.example.member"
    )]
    Add {
        #[command(flatten)]
        edit: Edit,
        /// Files of `comity member export`
        #[arg(required = true, value_name = "MEMBER_FILE")]
        files: Vec<PathBuf>,
    },
    /// Leave a member out of the next roster
    #[command(
        after_help = "Example:\n  comity roster remove north.example --federation federation"
    )]
    Remove {
        #[command(flatten)]
        edit: Edit,
        /// The member
        #[arg(value_parser = parse::member_id)]
        id: MemberId,
    },
    /// End a key of a member
    #[command(after_help = "\
Example:
  comity roster end-key north.example 5a…hex…9f superseded --federation federation
  comity roster end-key north.example 5a…hex…9f compromised --since 2026-03-02T12:00:00Z --federation federation

superseded: another took its place; what it signed until now stays valid.
compromised: somebody else may have it; whatever is first seen since then is not believed.")]
    EndKey {
        #[command(flatten)]
        edit: Edit,
        /// The member
        #[arg(value_parser = parse::member_id)]
        id: MemberId,
        /// The kid of the key, as `roster show --keys` prints it
        #[arg(value_parser = parse::kid)]
        kid: Kid,
        /// How it ended
        how: How,
        /// Since when it may be in other hands [default: now]
        #[arg(long, value_name = "TIME", value_parser = parse::time)]
        since: Option<TimeMs>,
    },
    /// Close a log of a member at its last head, so that it can open the next one
    #[command(
        after_help = "Example:\n  comity roster close-log north.example 1 --size 120 --root 5a…hex…9f --federation federation"
    )]
    CloseLog {
        #[command(flatten)]
        edit: Edit,
        /// The member
        #[arg(value_parser = parse::member_id)]
        id: MemberId,
        /// The number of the log
        number: u32,
        /// How many records it has: the highest head that others can prove
        #[arg(long)]
        size: u64,
        /// The root of that head, in hex
        #[arg(long, value_name = "HEX", value_parser = parse::hash)]
        root: Hash,
    },
    /// Close the log of a member that was restored from an old copy, and list its next one
    #[command(
        after_help = "Example:\n  comity roster restored north.example-log-2.restored --federation federation"
    )]
    Restored {
        #[command(flatten)]
        edit: Edit,
        /// The file that `comity log restore` has written
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Make a roster that is in force for longer, with nothing else changed
    #[command(after_help = "Example:\n  comity roster renew --days 90 --federation federation")]
    Renew {
        #[command(flatten)]
        edit: Edit,
    },
    /// Add one signature to the roster that is being signed
    #[command(
        after_help = "Example:\n  comity roster sign --key governance-1.pem --federation federation"
    )]
    Sign {
        #[command(flatten)]
        at: At,
        /// The private key of the governance that signs
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Take the signatures that others made on copies of the roster
    #[command(
        after_help = "Example:\n  comity roster collect --federation federation from-anna/roster-next.cbor"
    )]
    Collect {
        #[command(flatten)]
        at: At,
        /// Copies of roster-next.cbor
        #[arg(required = true, value_name = "FILE")]
        copies: Vec<PathBuf>,
    },
    /// Show the newest roster, after verifying the whole folder
    #[command(
        after_help = "Example:\n  comity roster show --federation federation\n  comity roster show --next --keys"
    )]
    Show {
        #[command(flatten)]
        at: At,
        /// Show the roster that is being signed, and what it changes
        #[arg(long)]
        next: bool,
        /// List every key too
        #[arg(long)]
        keys: bool,
    },
    /// Give a running node the charters and rosters of a folder; members learn of them from each other
    #[command(after_help = rosters::PUBLISH_EXAMPLE)]
    Publish(rosters::Publish),
}

/// Which folder.
#[derive(Debug, clap::Args)]
struct At {
    /// The folder of the federation
    #[arg(long, value_name = "DIR", default_value = "federation")]
    federation: PathBuf,
}

/// What every edit can say.
#[derive(Debug, clap::Args)]
struct Edit {
    #[command(flatten)]
    at: At,
    /// For how many days the next roster is in force, from now [default: 90]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=ROSTER_DAYS_MAX))]
    days: Option<u64>,
}

/// How a key ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum How {
    /// Another took its place.
    Superseded,
    /// Somebody else may have it.
    Compromised,
}

/// Does it.
///
/// # Errors
/// Why it was not done.
pub fn run(args: Args, output: &Output) -> Result<(), Failure> {
    match args.command {
        Command::Publish(args) => rosters::publish(&args, output),
        Command::Add { edit, files } => edit.make(output, |next, chain, _| {
            for path in &files {
                let member = read_member(path, chain.history.fed())?;
                next.put(chain, member);
            }
            Ok(())
        }),
        Command::Remove { edit, id } => edit.make(output, |next, _, _| next.remove(&id)),
        Command::EndKey {
            edit,
            id,
            kid,
            how,
            since,
        } => edit.make(output, |next, _, now| {
            let ended = ended(how, since, now)?;
            next.end_key(&id, &kid, ended, now)
        }),
        Command::CloseLog {
            edit,
            id,
            number,
            size,
            root,
        } => edit.make(output, |next, _, _| next.close_log(&id, number, size, root)),
        Command::Restored { edit, file } => edit.make(output, |next, chain, now| {
            let notice = read_announcement(&file, chain, now)?;
            next.restored(&notice, now)
        }),
        Command::Renew { edit } => edit.make(output, |_, _, _| Ok(())),
        Command::Sign { at, key } => sign(&at.dir(), &Signatures::Key(&key), output),
        Command::Collect { at, copies } => sign(&at.dir(), &Signatures::Copies(&copies), output),
        Command::Show {
            at,
            next: true,
            keys,
        } => show_next(&at.dir(), keys, output),
        Command::Show {
            at,
            next: false,
            keys,
        } => show_newest(&at.dir(), keys, output),
    }
}

impl At {
    fn dir(&self) -> FederationDir {
        FederationDir::new(&self.federation)
    }
}

impl Edit {
    /// Reads the chain and the draft, edits, judges, writes, says what changes.
    fn make(
        &self,
        output: &Output,
        edit: impl FnOnce(&mut NextRoster, &Chain, TimeMs) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let now = now_ms();
        let dir = self.at.dir();
        let chain = dir.load(now)?;
        let in_force_ms = self.days.unwrap_or(ROSTER_DAYS_DEFAULT) * DAY_MS;
        let mut next = NextRoster::of(&dir, &chain, now, in_force_ms)?;
        if self.days.is_some() {
            next.renew(now, in_force_ms);
        }
        edit(&mut next, &chain, now)?;
        let draft = next.save(&dir, &chain)?;
        if next.signatures_before > 0 {
            output.note(&format!(
                "The draft had {} signatures. They were for what it said before: everybody signs again.",
                next.signatures_before
            ));
        }
        let changes = Changes::between(chain.history.roster(), &next.roster);
        let governance = chain
            .charter_for(next.roster.version)
            .map_or(0, |(charter, _)| charter.k);
        let (path, hash) = (draft.path().display(), draft.signed().hash());
        let text = format!(
            "{path}: version {} of the roster, {} members, in force until {}\n  hash {hash}\n{}Check that each member is who it says, and owns what it says.\nNext: {governance} of the governance sign: `comity roster sign --federation {} --key KEY`.",
            next.roster.version,
            next.roster.members.len(),
            text_of(next.roster.expires),
            changes.text(),
            dir.path().display()
        );
        let value = json!({
            "file": path.to_string(),
            "changes": changes.json(),
            "signatures_needed": governance,
            "roster": show::roster_json(&next.roster, &hash),
        });
        output.result(&value, &text);
        Ok(())
    }
}

fn read_member(path: &Path, fed: &Hash) -> Result<Member, Failure> {
    let bytes = files::read(path, MEMBER_FILE_BYTES_MAX)?;
    let place = path.display();
    let member: Member = cbor::decode(&bytes).map_err(|error| {
        Failure::new(
            "not-a-member-file",
            format!("{place}: this is not the entry of a member: {error}."),
            "The member writes it with `comity member export` and gives it to you again.",
        )
    })?;
    entry::is_mergeable(&member, fed).map_err(|(code, why)| {
        let next = if code == "foreign-origin" {
            "The member exported for another federation: it takes your folder, exports again and gives you the file."
        } else {
            "The member corrects its configuration, exports again and gives you the file. Nothing was changed."
        };
        Failure::new(code, format!("{place}: no roster would take this entry: {why}"), next)
    })?;
    Ok(member)
}

/// The announcement of a restore, signed by a statement key of the member that is valid now.
fn read_announcement(path: &Path, chain: &Chain, now: TimeMs) -> Result<Restored, Failure> {
    let bytes = files::read(path, MEMBER_FILE_BYTES_MAX)?;
    let notice = SignedNotice::<Restored>::read(&bytes).ok();
    let content = notice.as_ref().and_then(|notice| {
        let kid = notice.kid();
        chain.history.known_keys().find_map(|known| {
            let usable = known.listed.kid == *kid
                && known.listed.purpose == KeyPurpose::Statement
                && known.validity(now, now) == Validity::Valid;
            let content = notice.verify(known.verifying()).ok().filter(|_| usable)?;
            (content.member == known.member && content.fed == *chain.history.fed())
                .then(|| content.clone())
        })
    });
    content.ok_or_else(|| {
        Failure::new(
            "not-an-announcement",
            format!("{}: this is not the announcement of a restore, signed by a member with a key that is valid now.", path.display()),
            "Ask the member for the file that `comity log restore` has written, and check by another way that it comes from it.",
        )
        .exits(Exit::NotVerified)
    })
}

fn ended(how: How, since: Option<TimeMs>, now: TimeMs) -> Result<Ended, Failure> {
    match (how, since) {
        (How::Superseded, None) => Ok(Ended::Superseded),
        (How::Superseded, Some(_)) => Err(Failure::new(
            "usage",
            "A superseded key ends now: --since is for compromised ones.",
            "Leave --since out, or say compromised.",
        )
        .exits(Exit::Usage)),
        (How::Compromised, Some(since)) if since > now => Err(Failure::new(
            "usage",
            "The time of --since has not come yet.",
            "Name the earliest time at which somebody else may have had the key.",
        )
        .exits(Exit::Usage)),
        (How::Compromised, since) => Ok(Ended::CompromisedSince(since.unwrap_or(now))),
    }
}

fn sign(dir: &FederationDir, signatures: &Signatures<'_>, output: &Output) -> Result<(), Failure> {
    let now = now_ms();
    let chain = dir.load(now)?;
    let mut draft = Draft::load(What::Roster, &dir.roster_draft())?;
    let roster = roster_of(&draft, &chain)?;
    let changes = Changes::between(chain.history.roster(), &roster);
    output.note(&format!(
        "Roster, version {}, in force until {}:\n{}",
        roster.version,
        text_of(roster.expires),
        changes.text()
    ));
    let governed_by: Vec<_> = chain
        .charter_for(roster.version)
        .map(|(charter, _)| charter)
        .into_iter()
        .collect();
    let to = dir.roster_path(roster.version);
    let signed = signing::sign(&mut draft, signatures, &governed_by, &to, |bytes| {
        judge(&chain, bytes, now)
    })?;
    let next = "give the folder to members that are new. One node that is running needs it too; from there it reaches the others over the network.";
    let hash = draft.signed().hash();
    signing::say(
        output,
        &draft,
        &signed,
        show::roster_json(&roster, &hash),
        next,
    );
    Ok(())
}

fn judge(chain: &Chain, bytes: &[u8], now: TimeMs) -> Result<(), Failure> {
    let refused = |error: &ChainError| {
        Failure::of_chain(
            "the roster",
            error,
            "Remove the draft and make the change again.",
        )
    };
    match chain.history.clone().add_roster(bytes, now) {
        Ok(Added::Extended) => Ok(()),
        Ok(_) => Err(refused(&ChainError::WrongPrevious)),
        Err(error) => Err(refused(&error)),
    }
}

fn show_newest(dir: &FederationDir, keys: bool, output: &Output) -> Result<(), Failure> {
    let now = now_ms();
    let chain = dir.load(now)?;
    let newest = chain.history.roster().zip(chain.history.roster_ref());
    let (roster, reference) = newest.ok_or_else(|| {
        Failure::new(
            "no-roster",
            format!("{}: there is no roster yet.", dir.path().display()),
            "The governance makes one with `comity roster add`, and signs it.",
        )
    })?;
    let standing = chain.history.standing(now);
    let text = format!(
        "Roster, version {}: {}\n{}",
        roster.version,
        standing_text(standing),
        show::roster_text(roster, &reference.1, keys)
    );
    let value = json!({
        "standing": standing.code(),
        "roster": show::roster_json(roster, &reference.1),
    });
    output.result(&value, &text);
    Ok(())
}

fn show_next(dir: &FederationDir, keys: bool, output: &Output) -> Result<(), Failure> {
    let chain = dir.load(now_ms())?;
    let draft = Draft::load(What::Roster, &dir.roster_draft())?;
    let roster = roster_of(&draft, &chain)?;
    let governed_by: Vec<_> = chain
        .charter_for(roster.version)
        .map(|(charter, _)| charter)
        .into_iter()
        .collect();
    let progress = draft.progress(&governed_by)?;
    let changes = Changes::between(chain.history.roster(), &roster);
    let hash = draft.signed().hash();
    let text = format!(
        "Roster, version {}, not in force: {}\n{}\n{}",
        roster.version,
        progress.text(),
        changes.text(),
        show::roster_text(&roster, &hash, keys)
    );
    let value = json!({
        "signatures": progress.json(),
        "changes": changes.json(),
        "roster": show::roster_json(&roster, &hash),
    });
    output.result(&value, &text);
    Ok(())
}

fn standing_text(standing: Standing) -> String {
    match standing {
        Standing::NoRoster => "there is none".to_owned(),
        Standing::Current { until } => format!("in force until {}", text_of(until)),
        Standing::InGrace { expired_at, until } => format!(
            "EXPIRED on {}; members go on until {}. The governance signs a new one: `comity roster renew`",
            text_of(expired_at),
            text_of(until)
        ),
        Standing::PastGrace { since } => format!(
            "EXPIRED, and its grace ended on {}: only answers, receipts and audits go on. The governance signs a new one: `comity roster renew`",
            text_of(since)
        ),
    }
}
