//! `comity log restore`: from an old copy of the data to the next log, with words first.

use std::path::PathBuf;
use std::sync::Arc;

use comity_engine::clock::SystemClock;
use comity_engine::own_head::{Heads, newest_heads};
use comity_engine::ports::Transport;
use comity_log::checkpoint::UnverifiedCheckpoint;
use comity_log::head::Head;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_store::Journal;
use comity_wire::leaf::{LogHead, Origin};
use comity_wire::notice::Restored;
use serde_json::json;

use super::person::ConfigPath;
use super::run::runtime;
use crate::clock::{now_ms, text_of};
use crate::config::Config;
use crate::error::{Exit, Failure};
use crate::federation_dir::{Chain, FederationDir};
use crate::files;
use crate::keys::Keys;
use crate::output::Output;
use crate::ports::Net;
use crate::restore::{self, Copy, announcement_path};
use crate::running::Bound;

/// What to restore, and on what proof.
#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    config: ConfigPath,
    /// A signed head of this log that somebody has given you; others are asked of the members
    #[arg(long, value_name = "FILE")]
    head: Vec<PathBuf>,
    /// Do it; without, nothing is changed and what would be done is said
    #[arg(long)]
    yes: bool,
}

pub(crate) const EXAMPLE: &str = "\
The node must be stopped, and the copy must stand in its data_dir. Without --yes nothing is changed.

Example:
  comity log restore --config north/comity.toml
  comity log restore --config north/comity.toml --yes";

/// A head, and who proves it.
struct Proof {
    head: Head,
    by: String,
}

/// Says what is lost; with `--yes`, ends the log and begins the next one.
pub(crate) fn restore(args: &Restore, output: &Output) -> Result<(), Failure> {
    let config = Config::load(&args.config.config)?;
    let keys = Keys::load(&config)?;
    let chain = FederationDir::new(&config.federation).load(now_ms())?;
    let origin = Origin {
        fed: *chain.history.fed(),
        member: config.id.clone(),
        n: config.log.number,
    };
    if let Some(decided) = restore::announced(&config, &keys)? {
        if !args.yes {
            output.note("A restore was begun and cut off. Run the command with --yes: it goes on.");
            return Ok(());
        }
        return finish(&config, &keys, &decided.closed, decided.restored, output);
    }
    let journal = restore::open_old(&config, &origin)?.ok_or_else(|| {
        Failure::new(
            "store-origin-is-another",
            "The data is of the next log already, and there is no announcement of a restore.",
            "Set log.number in the configuration to the log of the data.",
        )
    })?;
    if journal.head().size() == 0 && !journal.closed().is_empty() {
        return Err(Failure::new(
            "restored-already",
            format!(
                "The log {} was begun by a restore, and nothing is in it yet.",
                config.log.number
            ),
            "Give the announcement (`*.restored` beside the configuration) to the governance, and start the node with the roster that lists the log.",
        ));
    }
    let copy = Copy::of(&journal)?;
    let (proofs, heads) = proofs(args, &config, &keys, &chain, &journal)?;
    let highest = highest(&journal, &proofs)?;
    let closed = LogHead(origin, highest.size(), *highest.root());
    drop(journal);
    say(&config, &copy, &closed, &proofs, &heads, args.yes, output);
    if args.yes {
        finish(&config, &keys, &closed, copy.head.size(), output)?;
    }
    Ok(())
}

/// Every signed head of this log that can be had.
fn proofs(
    args: &Restore,
    config: &Config,
    keys: &Keys,
    chain: &Chain,
    journal: &Journal,
) -> Result<(Vec<Proof>, Heads), Failure> {
    let origin = journal.origin();
    let public = keys.log.verifying_key();
    let key = VerifierKey::new(KeyName::from(origin), KeyKind::Log, public)
        .map_err(|error| Failure::new("log-key", error.to_string(), "Put the right key back."))?;
    let mut files = args.head.clone();
    files.push(config.data_dir.join("log").join("checkpoint"));
    files.push(config.log.head_copy.clone());
    let mut proofs = Vec::new();
    for (place, path) in files.iter().enumerate() {
        let named = place < args.head.len();
        if !named && !path.exists() {
            continue;
        }
        let bytes = files::read(path, HEAD_FILE_BYTES_MAX)?;
        let verified = UnverifiedCheckpoint::parse(&bytes).and_then(|head| head.verify(&key));
        match verified {
            Ok(verified) => proofs.push(Proof {
                head: *verified.head(),
                by: path.display().to_string(),
            }),
            Err(error) if named => {
                return Err(Failure::new(
                    error.code(),
                    format!(
                        "{}: this is no signed head of this log: {error}.",
                        path.display()
                    ),
                    "Leave the file out, or give the right one.",
                )
                .exits(Exit::NotVerified));
            }
            Err(_) => {}
        }
    }
    let asked = runtime()?.block_on(async {
        let bound = Bound::bind(&keys.transport, vec![LOOPBACK.to_owned()], Vec::new())?;
        let transport: Arc<dyn Transport> = Arc::new(Net(bound.network()));
        Ok(newest_heads(&transport, &SystemClock, &chain.history, origin, &public).await)
    });
    let heads: Heads = asked?;
    for (member, head) in &heads.proven {
        proofs.push(Proof {
            head: *head.head(),
            by: member.to_string(),
        });
    }
    Ok((proofs, heads))
}

/// The head at which the log is closed: the highest one that is proved, or that of the copy.
fn highest(journal: &Journal, proofs: &[Proof]) -> Result<Head, Failure> {
    let mut highest = journal.head();
    for proof in proofs {
        let Proof { head, by } = proof;
        let forked = match head.size() <= journal.head().size() {
            true => !journal.has_had(head).unwrap_or(false),
            false => head.size() == highest.size() && *head != highest,
        };
        if forked {
            return Err(Failure::new(
                "copy-forked",
                format!(
                    "{by} proves a head of this log with {} records and the root {}, which no state of this copy can lead to or come from, or another one of that size is proved too. The copy was written to after it was put back.",
                    head.size(),
                    head.root()
                ),
                "Keep everything: this is evidence of a fork. Put another backup in its place, one that nobody has started a node on, and run the command again.",
            )
            .exits(Exit::NotVerified));
        }
        if head.size() > highest.size() {
            highest = *head;
        }
    }
    Ok(highest)
}

/// What is here, what is proved, what is lost, what follows.
fn say(
    config: &Config,
    copy: &Copy,
    closed: &LogHead,
    proofs: &[Proof],
    heads: &Heads,
    yes: bool,
    output: &Output,
) {
    let (here, at) = (copy.head.size(), closed.1);
    let lost = at.saturating_sub(here);
    let last = copy.last_at.map_or_else(|| "never".to_owned(), text_of);
    let by: Vec<&str> = proofs
        .iter()
        .filter(|proof| proof.head.size() == at)
        .map(|proof| proof.by.as_str())
        .collect();
    let names = |list: Vec<String>| match list.is_empty() {
        true => "nobody".to_owned(),
        false => list.join(", "),
    };
    let silent = names(heads.silent.iter().map(ToString::to_string).collect());
    let without = names(heads.without.iter().map(ToString::to_string).collect());
    let lost_text = match lost {
        0 => "No record is known to be lost: nobody proves more than this copy has.".to_owned(),
        _ => format!(
            "{lost} records are lost: those with the indexes {here} to {}.",
            at.saturating_sub(1)
        ),
    };
    let proved = match by.is_empty() {
        true => "nobody but the copy itself".to_owned(),
        false => by.join(", "),
    };
    let counterparts: String = copy
        .counterparts
        .iter()
        .map(|(member, count)| {
            format!("  {member}: {count} records here; the next ones may be lost\n")
        })
        .collect();
    let next = match yes {
        true => String::new(),
        false => format!(
            "What happens with --yes:\n  1. The log {n} ends at the proved head, and what is here of it stays. Nothing is lost by this step.\n  2. New keys for the log {m} and its witness are made in {keys}.\n  3. {file} is written: give it to the governance, which lists the new log (`comity roster restored`).\n  4. With that roster you start the node. It asks every member for what is lost, and takes it again.\nNothing was changed. If a newer copy exists, put that in its place first.\n",
            n = config.log.number,
            m = config.log.number.saturating_add(1),
            keys = config.keys_dir.display(),
            file = announcement_path(config, config.log.number).display(),
        ),
    };
    let text = format!(
        "The copy in {}: {here} records of the log {}, the last one of {last}.\nProved: {at} records, root {}, by {proved}.\n  reached, but without a head of this log: {without}\n  not reached: {silent}\n{lost_text}\n{counterparts}{next}",
        config.data_dir.display(),
        copy.origin,
        closed.2,
    );
    let value = json!({
        "origin": copy.origin.to_string(),
        "copy": {"size": here, "root": copy.head.root().to_string(), "last_at": copy.last_at},
        "closed": {"size": at, "root": closed.2.to_string()},
        "proved_by": by,
        "not_reached": heads.silent.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "lost": lost,
        "done": yes,
    });
    output.result(&value, &text);
}

fn finish(
    config: &Config,
    keys: &Keys,
    closed: &LogHead,
    copy_size: u64,
    output: &Output,
) -> Result<(), Failure> {
    let done = restore::carry_out(config, keys, closed, copy_size, now_ms(), |_| Ok(()))?;
    let Restored { opened, .. } = &done;
    let file = announcement_path(config, config.log.number);
    output.note(&format!(
        "The log {} has ended at {} records. The configuration names the log {} now.\nNext: give {} to the governance. They run `comity roster restored {}`, sign, and give you the folder. With it you start the node; it asks the members for what is lost.",
        closed.0,
        closed.1,
        opened.n,
        file.display(),
        file.display(),
    ));
    Ok(())
}

/// The command only asks; nobody has to reach it.
const LOOPBACK: &str = "/ip4/127.0.0.1/tcp/0";

/// In bytes. A signed note.
const HEAD_FILE_BYTES_MAX: u64 = 131_072;
