//! `comity log evidence`: that a log or the governance contradicts itself.
//!
//! ```text
//! verify FILE           offline: needs the file, and the key of the log or the folder of the federation
//! list, show, export    what a running node has found or was handed
//! ```

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand};
use comity_audit::evidence::{Contradiction, NotProven, is_of_rosters, judge, judge_with_key};
use comity_log::checkpoint::UnverifiedCheckpoint;
use comity_log::evidence::Evidence;
use comity_log::key::VerifierKey;
use comity_trust::limits::ROSTER_BYTES_MAX;
use comity_trust::roster::{Roster, RosterConflict};
use comity_wire::ids::Hash;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use crate::answers::{self, ContradictionRow};
use crate::client::{Client, Reach};
use crate::clock;
use crate::config::Config;
use crate::error::{Exit, Failure};
use crate::federation_dir::FederationDir;
use crate::files::{self, Mode};
use crate::output::Output;
use crate::tables::plain;
use crate::times;

/// What to do with evidence.
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a file offline: does it prove that a log has forked, or that there are two rosters of one version?
    #[command(after_help = "\
Nothing is asked of any node. The key of the log is taken from --vkey, or from the rosters in the folder of the \
federation. Two rosters are checked with the charters in that folder. Exit status 0: proven. 4: not proven.

Example:
  comity log evidence verify evidence.cbor --federation federation
  comity log evidence verify evidence.cbor --vkey \"$(cat north.vkey)\"")]
    Verify {
        /// The file
        file: PathBuf,
        /// The key of the log, as a signed-note verifier key
        #[arg(long, value_name = "VKEY", conflicts_with = "federation")]
        vkey: Option<String>,
        /// The folder of the federation [default: that of --config]
        #[arg(long, value_name = "DIR")]
        federation: Option<PathBuf>,
        /// The configuration of a node, for its folder of the federation
        #[arg(
            long,
            value_name = "FILE",
            env = "COMITY_CONFIG",
            default_value = "comity.toml"
        )]
        config: PathBuf,
    },
    /// List the evidence that a running node has
    #[command(after_help = "Example:\n  comity log evidence list")]
    List {
        #[command(flatten)]
        reach: Reach,
    },
    /// Show what one piece of evidence proves, and who has it
    #[command(
        after_help = "Example:\n  comity log evidence show 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
    )]
    Show {
        /// The evidence
        #[arg(value_parser = evidence_id)]
        evidence: Hash,
        #[command(flatten)]
        reach: Reach,
    },
    /// Write one piece of evidence to a file that anybody can check
    #[command(
        after_help = "Example:\n  comity log evidence export 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff --out evidence.cbor"
    )]
    Export {
        /// The evidence
        #[arg(value_parser = evidence_id)]
        evidence: Hash,
        /// Where to write it; nothing is overwritten
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        reach: Reach,
    },
}

/// Does it.
///
/// # Errors
/// Why it was not done; with status 4 what proves nothing.
pub fn run(args: Args, output: &Output) -> Result<(), Failure> {
    match args.command {
        Command::Verify {
            file,
            vkey,
            federation,
            config,
        } => verify(&file, vkey.as_deref(), federation, &config, output),
        Command::List { reach } => list(&reach, output),
        Command::Show { evidence, reach } => show(&reach, &evidence, output),
        Command::Export {
            evidence,
            out,
            reach,
        } => export(&reach, &evidence, &out, output),
    }
}

fn evidence_id(text: &str) -> Result<Hash, String> {
    Hash::from_hex(text)
        .ok_or_else(|| "the name of evidence is 64 lower-case hex digits".to_owned())
}

/// What a running node has proof of and no roster has settled, to be said before anything else; empty if there is nothing,
/// or if the node does not say: then what was asked for is shown without it.
pub(crate) fn warning(client: &Client) -> String {
    let answer = client.get("/v1/evidence", &[]);
    let rows =
        answer.and_then(|answer| answers::take::<Vec<ContradictionRow>>(&answer, "contradictions"));
    let open = rows.unwrap_or_default().into_iter().filter(|row| row.open);
    open.map(|row| {
        format!(
            "PROVEN CONTRADICTION: {}\n  comity log evidence show {}\n\n",
            plain(&row.words),
            plain(&row.evidence)
        )
    })
    .collect()
}

// Offline.

fn verify(
    file: &Path,
    vkey: Option<&str>,
    federation: Option<PathBuf>,
    config: &Path,
    output: &Output,
) -> Result<(), Failure> {
    let bytes = files::read(file, bytes_max())?;
    let found = match vkey {
        Some(vkey) => judge_with_key(&bytes, &vkey_of(vkey)?),
        None => {
            let folder = folder_of(federation, config)?;
            let chain = FederationDir::new(folder).load(clock::now_ms())?;
            judge(&bytes, &chain.history)
        }
    };
    let found = found.map_err(|error| not_proven(file, &error))?;
    let text = proven_text(&bytes, &found);
    output.result(&json!({"evidence": proven_json(&bytes, &found)}), &text);
    Ok(())
}

/// Two rosters are by far the longest evidence.
fn bytes_max() -> u64 {
    u64::try_from(ROSTER_BYTES_MAX.saturating_mul(2).saturating_add(1)).unwrap_or(u64::MAX)
}

fn vkey_of(text: &str) -> Result<VerifierKey, Failure> {
    text.trim()
        .parse()
        .map_err(|error: comity_log::key::VerifierKeyError| {
            Failure::new(
                error.code(),
                format!("The verifier key: {error}."),
                "Give it as one word, as `comity log verify` and the federation's roster show it.",
            )
            .exits(Exit::Usage)
        })
}

fn folder_of(given: Option<PathBuf>, config: &Path) -> Result<PathBuf, Failure> {
    match given {
        Some(folder) => Ok(folder),
        None if config.exists() => Ok(Config::load(config)?.federation),
        None => Err(Failure::new(
            "no-key",
            "There is nothing to check the evidence with.",
            "Give the key of the log with --vkey, or the folder of the federation with --federation.",
        )
        .exits(Exit::Usage)),
    }
}

fn not_proven(file: &Path, error: &NotProven) -> Failure {
    let next = match error {
        NotProven::NeedsCharters => {
            "Give the folder of the federation with --federation instead of --vkey."
        }
        error if error.may_pass_later() => {
            "Ask the governance for the newest folder of the federation, and check again."
        }
        _ => {
            "Do not act on it. If somebody gave it to you as proof, ask for the whole file and for the key that it is about."
        }
    };
    let why = error.to_string();
    Failure::new(
        error.code(),
        format!(
            "Not proven: {}: {}.",
            file.display(),
            why.trim_end_matches('.')
        ),
        next,
    )
    .exits(Exit::NotVerified)
}

/// What evidence holds, for people to look at: signed texts, and what they say.
fn parts_of(bytes: &[u8]) -> Vec<(&'static str, String)> {
    let head = |checkpoint: &UnverifiedCheckpoint| checkpoint.to_string();
    match Evidence::parse(bytes) {
        Ok(Evidence::SameSize(one, other)) => {
            vec![("one head", head(&one)), ("the other head", head(&other))]
        }
        Ok(Evidence::NoConsistency { older, newer, .. }) => {
            vec![
                ("the shorter head", head(&older)),
                ("the longer head", head(&newer)),
            ]
        }
        Ok(Evidence::TwoLeaves(one, other)) => [
            (
                "one record, by its SHA-256, and the head that it is under",
                one,
            ),
            ("the other record, and its head", other),
        ]
        .into_iter()
        .map(|(name, leaf)| {
            (
                name,
                format!("{}\n{}", Hash::of(&leaf.leaf), leaf.checkpoint),
            )
        })
        .collect(),
        Err(_) => rosters_of(bytes),
    }
}

fn rosters_of(bytes: &[u8]) -> Vec<(&'static str, String)> {
    let Ok(conflict) = RosterConflict::decode(bytes) else {
        return Vec::new();
    };
    let of = |name, signed: &comity_trust::signed::SignedPayload| {
        let roster = Roster::decode(signed.payload()).ok()?;
        let issued = clock::text_of(roster.issued);
        let text = format!(
            "{}\nversion {}, issued {issued}, {} members",
            signed.hash(),
            roster.version,
            roster.members.len()
        );
        Some((name, text))
    };
    let one = of("one roster, by its hash", &conflict.0);
    one.into_iter()
        .chain(of("the other roster", &conflict.1))
        .collect()
}

fn proven_text(bytes: &[u8], found: &Contradiction) -> String {
    let mut text = format!(
        "Proven: {}\n  sort      {}\n",
        found.sentence(),
        found.code()
    );
    match found {
        Contradiction::Log { fork, key } => {
            let origin = fork.origin();
            text.push_str(&format!(
                "  log       {origin}\n  member    {}\n  key       {key}\n",
                origin.member
            ));
        }
        Contradiction::Governance { fed, .. } => {
            text.push_str(&format!("  federation  {fed}\n"));
        }
    }
    text.push_str(&format!("  evidence  {}\n", Hash::of(bytes)));
    for (name, part) in parts_of(bytes) {
        text.push_str(&format!("\n{name}:\n"));
        for line in part.trim_end().lines() {
            text.push_str(&format!("  {}\n", plain(line)));
        }
    }
    text.push_str(if is_of_rosters(bytes) {
        "\nBoth are signed by enough keys of the governance. Nobody else can have made them.\nNext: ask the governance which one it meant; its next roster names both and settles it."
    } else {
        "\nBoth are signed with the key of the log. Nobody who does not have that key can have made this, and no later word takes it back.\nNext: this is for the governance of the federation. It does not say who did it, nor why: a restored backup and a second process look the same."
    });
    text
}

fn proven_json(bytes: &[u8], found: &Contradiction) -> Value {
    let key = match found {
        Contradiction::Log { key, .. } => Some(key.to_string()),
        Contradiction::Governance { .. } => None,
    };
    let parts: Vec<Value> = parts_of(bytes)
        .into_iter()
        .map(|(name, text)| json!({"name": name, "text": text}))
        .collect();
    json!({
        "proven": true,
        "sort": found.code(),
        "words": found.sentence(),
        "origin": found.origin().map(ToString::to_string),
        "member": found.member().map(ToString::to_string),
        "vkey": key,
        "evidence": Hash::of(bytes).to_string(),
        "parts": parts,
    })
}

// A running node.

fn list(reach: &Reach, output: &Output) -> Result<(), Failure> {
    let answer = reach.client()?.get("/v1/evidence", &[])?;
    let rows: Vec<ContradictionRow> = answers::take(&answer, "contradictions")?;
    let text = if rows.is_empty() {
        "No evidence here: no log and no governance has contradicted itself that this node knows of.".to_owned()
    } else {
        rows.iter().map(row_text).collect::<Vec<_>>().join("\n")
    };
    output.result(&answer, text.trim_end());
    Ok(())
}

fn show(reach: &Reach, evidence: &Hash, output: &Output) -> Result<(), Failure> {
    let answer = reach
        .client()?
        .get(&format!("/v1/evidence/{evidence}"), &[])?;
    let (shown, bytes) = taken(&answer, evidence)?;
    let mut text = row_text(&shown.row);
    if let Some(vkey) = &shown.vkey {
        text.push_str(&format!("  key       {}\n", plain(vkey)));
    }
    for (name, part) in parts_of(&bytes) {
        text.push_str(&format!("\n{name}:\n"));
        for line in part.trim_end().lines() {
            text.push_str(&format!("  {}\n", plain(line)));
        }
    }
    text.push_str(&format!("\nThe node says so. To check it without the node: `comity log evidence export {evidence} --out FILE`, then `comity log evidence verify FILE`."));
    output.result(&answer, &text);
    Ok(())
}

fn export(reach: &Reach, evidence: &Hash, out: &Path, output: &Output) -> Result<(), Failure> {
    let answer = reach
        .client()?
        .get(&format!("/v1/evidence/{evidence}"), &[])?;
    let (shown, bytes) = taken(&answer, evidence)?;
    files::write_new(out, Mode::Public, &bytes)?;
    let with = shown.vkey.map_or_else(
        || "--federation DIR".to_owned(),
        |vkey| format!("--vkey '{}'", plain(&vkey)),
    );
    let text = format!(
        "Written: {}\n{}\nWhoever has the file can check it: `comity log evidence verify {} {with}`. Give the key, or the folder of the federation, on another way than the file.",
        out.display(),
        plain(&shown.row.words),
        out.display(),
    );
    let value =
        json!({"exported": {"evidence": evidence.to_string(), "to": out.display().to_string()}});
    output.result(&value, &text);
    Ok(())
}

/// The answer of a node, and the bytes in it, which have the name that was asked for.
fn taken(answer: &Value, evidence: &Hash) -> Result<(answers::Contradiction, Vec<u8>), Failure> {
    let shown: answers::Contradiction = answers::take(answer, "contradiction")?;
    let bytes = HEXLOWER.decode(shown.bytes.as_bytes());
    let bytes = bytes.map_err(|_| answers::not_understood())?;
    if Hash::of(&bytes) == *evidence {
        Ok((shown, bytes))
    } else {
        Err(answers::not_understood())
    }
}

fn row_text(row: &ContradictionRow) -> String {
    let names = |names: &[String]| match names {
        [] => "nobody".to_owned(),
        names => plain(&names.join(", ")),
    };
    format!(
        "{}\n  evidence  {}\n  sort      {}\n  settled   {}\n  recorded  {}, record {} of this log\n  from      {}\n  has it    {}\n  waits     {}\n",
        plain(&row.words),
        plain(&row.evidence),
        plain(&row.sort),
        if row.open {
            "NO: the governance has to say what follows"
        } else {
            "yes, by the roster"
        },
        times::shown(row.at),
        row.index,
        plain(row.from.as_deref().unwrap_or("found by this node")),
        names(&row.handed),
        names(&row.waiting),
    )
}
