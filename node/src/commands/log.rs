//! `comity log`: is the log what was signed, is a statement in it, and the whole of it for other people's tools.
//!
//! ```text
//! verify                the running node's signed head
//! verify --data DIR     every record of a stopped node, against its tiles and its signed head
//! fsck --data DIR       everything on the disk of a stopped node, made again from the frames and compared     fsck.rs
//! prove STATEMENT       an inclusion proof, checked before it is shown
//! prove --data, --from  the same of any record, and that the log has only grown, without a running node
//! policy MEMBER         whom to believe about a log, for other people's verifiers
//! export --data DIR     a folder that C2SP tlog-tiles tools read
//! evidence …            that a log or the governance contradicts itself: see `evidence`
//! ```

mod prove;

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args as ClapArgs, Subcommand};
use comity_log::checkpoint::{UnverifiedCheckpoint, VerifiedCheckpoint};
use comity_log::hash::leaf_hash;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::names::Origin;
use comity_log::tlog_proof::TlogProof;
use comity_store::{Journal, StorageKey, StoreError};
use comity_wire::ids::{MemberId, PublicKey, StatementId};
use comity_wire::leaf::Leaf;
use data_encoding::HEXLOWER;
use serde::Deserialize;
use serde_json::{Value, json};

use self::prove::{Source, What};
use super::evidence;
use super::log_policy;
use super::restore;
use super::work::rows;
use crate::answers::{self, Log, OutsideWitness, Proof, RestoredLog, Witnessed};
use crate::client::{Client, Reach};
use crate::config::Config;
use crate::error::{Exit, Failure};
use crate::files::{self, Mode, NewFiles};
use crate::keys::STORAGE_KEY_FILE;
use crate::limits::IDENTITY_BYTES_MAX;
use crate::log_check::{Checked, check_log};
use crate::output::Output;
use crate::tables::{Table, plain};
use crate::{parse, times};

/// What to do with the log.
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check the log: the signed head of a running node, or every record of a stopped one
    #[command(after_help = "\
Without --data the running node is asked for its signed head, and the signature is checked. With --data every record of \
a stopped node is read, and root, tiles and signed head are made anew and compared.

Example:
  comity log verify
  comity log verify --data north/data --config north/comity.toml
  comity log verify --policy north-policy --checkpoint checkpoint")]
    Verify {
        #[command(flatten)]
        data: MaybeData,
        /// Whom to believe, as a tlog-policy: a checkpoint of anybody is checked, and no node is asked
        #[arg(
            long,
            value_name = "FILE",
            requires = "checkpoint",
            conflicts_with = "data"
        )]
        policy: Option<PathBuf>,
        /// The checkpoint to check, with its cosignatures
        #[arg(long, value_name = "FILE", requires = "policy")]
        checkpoint: Option<PathBuf>,
        #[command(flatten)]
        reach: Reach,
    },
    /// Write whom to believe about a member's log, as a C2SP tlog-policy
    #[command(after_help = "\
The quorum of the charter is written in groups. Whatever this policy trusts has that quorum; a head that only just has \
it may not pass, where members have several roles. With --config the witnesses from outside that the node asks are named \
after that, in no group; whoever wants their word adds one.

Example:
  comity log policy north.example --federation federation > north-policy
  comity log policy north.example --federation federation --config north/comity.toml > north-policy")]
    Policy {
        /// Whose log
        #[arg(value_parser = parse::member_id)]
        member: MemberId,
        /// The folder of the federation
        #[arg(long, value_name = "DIR", default_value = "federation")]
        federation: PathBuf,
        /// The configuration of that member's node: its witnesses from outside are named as well
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Derive everything on the disk of a stopped node again, and compare
    #[command(after_help = "\
Every frame is decrypted and hashed. Root, tiles, signed head, indexes, and the numbers and times of the records are made anew from \
them and compared. Nothing is changed, but with --repair: then what is derived (tiles, indexes, views) is made again. \
Status 4 if anything is not as it must be.

Example:
  comity log fsck --data north/data --config north/comity.toml")]
    Fsck {
        #[command(flatten)]
        data: Data,
        /// Make again what is derived and wrong: tiles, indexes, views
        #[arg(long)]
        repair: bool,
    },
    /// Prove that a statement or a record is in our log, or that the log has only grown
    #[command(after_help = "\
The proof is checked before it is shown. A running node proves statements; the data of a stopped node and an exported \
folder prove any record and any older size. With --out the proof is written: c2sp.org/tlog-proof@v1, or for \
--consistency the lines that C2SP tlog-witness has for it. Beside it stand .leaf, the record; .receipt, the other \
side's receipt, from a running node; .cose, our own receipt of RFC 9942, with --log-key.

Example:
  comity log prove 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff --out proof.txt
  comity log prove --index 7 --data north/data --config north/comity.toml --log-key north/keys/log-1.pem --out proof.txt
  comity log prove --consistency 1000 --from north-log")]
    #[command(group = ArgGroup::new("what").required(true).args(["statement", "index", "consistency"]))]
    #[command(group = ArgGroup::new("source").args(["data", "from"]))]
    Prove {
        /// The statement
        #[arg(value_parser = rows::statement_id)]
        statement: Option<StatementId>,
        /// The record with this index, from 0
        #[arg(long, value_name = "N", requires = "source")]
        index: Option<u64>,
        /// That the log of so many records is the beginning of the log as it is
        #[arg(long, value_name = "OLD_SIZE", requires = "source")]
        consistency: Option<u64>,
        #[command(flatten)]
        data: MaybeData,
        /// A folder that `comity log export` wrote
        #[arg(long, value_name = "FOLDER")]
        from: Option<PathBuf>,
        /// The key of the log, for a receipt of RFC 9942
        #[arg(long, value_name = "FILE", requires = "source")]
        log_key: Option<PathBuf>,
        /// Where to write the proof; nothing is overwritten
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        reach: Reach,
    },
    /// Evidence that a log or the governance contradicts itself: check a file, list, show and export
    #[command(
        after_help = "Example:\n  comity log evidence verify evidence.cbor --federation federation"
    )]
    Evidence(evidence::Args),
    /// Begin a new log where an old copy of the data was put back: first says what is lost
    #[command(after_help = restore::EXAMPLE)]
    Restore(restore::Restore),
    /// Write the whole log of a stopped node as a folder for other people's verifiers
    #[command(after_help = "\
Writes OUT/checkpoint, OUT/tile/<level>/…, OUT/tile/entries/… (C2SP tlog-tiles) and OUT/vkey, the verifier key in one line.

Example:
  comity log export --data north/data --config north/comity.toml --to north-log")]
    Export {
        #[command(flatten)]
        data: Data,
        /// The folder to write; it must be empty or not there
        #[arg(long, value_name = "OUT")]
        to: PathBuf,
    },
}

/// The data directory of a stopped node.
#[derive(Debug, Clone, ClapArgs)]
pub(super) struct Data {
    /// The data directory of a stopped node
    #[arg(long, value_name = "DIR")]
    pub(super) data: PathBuf,
    /// The key that protects what is stored [default: DIR/keys/storage.key, else that of --config]
    #[arg(long, value_name = "FILE")]
    storage_key: Option<PathBuf>,
    /// The node's configuration
    #[arg(
        long,
        value_name = "FILE",
        env = "COMITY_CONFIG",
        default_value = "comity.toml"
    )]
    config: PathBuf,
}

/// The same, if it is wanted; `--config` is that of [`Reach`].
#[derive(Debug, Clone, ClapArgs)]
struct MaybeData {
    /// The data directory of a stopped node
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The key that protects what is stored [default: DIR/keys/storage.key, else that of --config]
    #[arg(long, value_name = "FILE", requires = "data")]
    storage_key: Option<PathBuf>,
}

impl Data {
    fn at(data: PathBuf, storage_key: Option<PathBuf>, reach: &Reach) -> Self {
        Self {
            data,
            storage_key,
            config: reach.config.clone(),
        }
    }
}

/// Does it.
///
/// # Errors
/// Why it was not done; with status 4 what does not verify.
pub fn run(args: Args, output: &Output) -> Result<(), Failure> {
    match args.command {
        Command::Verify {
            policy: Some(policy),
            checkpoint: Some(checkpoint),
            ..
        } => log_policy::check(&policy, &checkpoint, output),
        Command::Policy {
            member,
            federation,
            config,
        } => log_policy::write(&federation, &member, config.as_deref(), output),
        Command::Restore(args) => restore::restore(&args, output),
        Command::Verify { data, reach, .. } => match data.data {
            Some(dir) => {
                let data = Data::at(dir, data.storage_key, &reach);
                verify_data(&data, output)
            }
            None => verify_node(&reach.client()?, output),
        },
        Command::Prove {
            statement,
            index,
            consistency,
            data,
            from,
            log_key,
            out,
            reach,
        } => {
            let what = statement.map(What::Statement);
            let what = what.or(index.map(What::Record));
            let what = what.or(consistency.map(What::GrownFrom));
            let out = out.as_deref();
            let source = match (data.data, from) {
                (Some(dir), _) => Some(Source::stopped(&Data::at(dir, data.storage_key, &reach))?),
                (None, Some(dir)) => Some(Source::folder(&dir)?),
                (None, None) => None,
            };
            match (source, what) {
                (Some(source), Some(what)) => {
                    prove::prove(&source, what, log_key.as_deref(), out, output)
                }
                (None, Some(What::Statement(statement))) => {
                    prove(&reach.client()?, &statement, out, output)
                }
                _ => Err(Failure::new(
                    "nothing-to-prove",
                    "A running node proves statements only.".to_owned(),
                    "Name a statement, or stop the node and give its data directory with --data.",
                )),
            }
        }
        Command::Evidence(args) => evidence::run(args, output),
        Command::Fsck { data, repair } => super::fsck::run(&data, repair, output),
        Command::Export { data, to } => export(&data, &to, output),
    }
}

// A running node.

fn verify_node(client: &Client, output: &Output) -> Result<(), Failure> {
    let answer = client.get("/v1/log", &[])?;
    let log: Log = answers::take(&answer, "log")?;
    let vkey = vkey_of(&log)?;
    let checkpoint = UnverifiedCheckpoint::parse(log.checkpoint.as_bytes());
    let checkpoint = checkpoint
        .and_then(|checkpoint| checkpoint.verify(&vkey))
        .map_err(|error| not_verified(error.code(), &format!("the signed head: {error}")))?;
    let head = checkpoint.head();
    let same = head.size() == log.size
        && head.root().to_string() == log.root
        && checkpoint.origin().to_string() == log.origin;
    if !same {
        return Err(not_verified(
            "head-differs",
            "the node names another head than the one that it signed",
        ));
    }
    let mut text = evidence::warning(client);
    text.push_str(&format!(
        "The signed head is valid.\n  log      {}\n  records  {}\n  root     {}\n  key      {vkey}\n{}{}This checks the signature, not the records: stop the node and run `comity log verify --data DIR` for every one of them.",
        checkpoint.origin(),
        head.size(),
        head.root(),
        witnessed_words(&log.witnessed),
        log.restored.as_ref().map_or_else(String::new, restored_words),
    ));
    let mut answer = answer;
    if let Value::Object(answer) = &mut answer {
        answer.insert(
            "verified".to_owned(),
            json!({"signature": true, "records": false}),
        );
    }
    output.result(&answer, &text);
    Ok(())
}

/// What a restore has lost, what came back, and what is still missing, as the node says.
fn restored_words(restored: &RestoredLog) -> String {
    let mut words = format!(
        "  restored   the log {} was closed with {} records: {} are here, {} are lost\n",
        restored.origin, restored.closed_size, restored.size, restored.lost
    );
    for row in &restored.members {
        let Some(at) = row.at else {
            continue;
        };
        words.push_str(&format!(
            "    {} answered at {}: {} of its statements and {} of ours came back\n",
            row.member,
            times::shown(at),
            row.statements,
            row.own
        ));
    }
    match restored.missing.is_empty() {
        true => words.push_str("    nothing is known to be missing of what others have\n"),
        false => words.push_str("  still missing\n"),
    }
    for missing in &restored.missing {
        words.push_str(&format!("    {missing}\n"));
    }
    words
}

/// Who has cosigned, and who is missing, as the node says.
fn witnessed_words(witnessed: &Witnessed) -> String {
    let mut words = String::from("  witnessed  ");
    match (witnessed.holds, witnessed.missing.is_empty()) {
        (true, _) => words.push_str("yes, the quorum holds"),
        (false, true) => words.push_str("no: nobody was asked yet"),
        (false, false) => words.push_str(&format!("no, missing: {}", witnessed.missing.join("; "))),
    }
    words.push_str(&format!(" (head of {} records)\n", witnessed.size));
    for row in &witnessed.by {
        words.push_str(&format!("    {} at {}\n", row.member, times::shown(row.at)));
    }
    for row in &witnessed.failing {
        let since = times::shown(row.since);
        words.push_str(&format!(
            "    not {} since {since} ({})\n",
            row.member, row.code
        ));
    }
    for row in &witnessed.outside {
        words.push_str(&outside_words(row));
    }
    words
}

/// Where a witness from outside stands.
fn outside_words(row: &OutsideWitness) -> String {
    let stands = match (row.at, row.since, row.code.as_deref()) {
        (Some(at), ..) => format!("cosigned at {}", times::shown(at)),
        (None, Some(since), Some(code)) => {
            format!(
                "gives no cosignature since {} ({code})",
                times::shown(since)
            )
        }
        (None, _, Some(code)) => format!("is not asked ({code})"),
        (None, _, None) => "was not asked yet".to_owned(),
    };
    format!(
        "    from outside, counts towards no quorum: {} {stands}\n",
        row.name
    )
}

/// The verifier key that a node names for its log.
fn vkey_of(log: &Log) -> Result<VerifierKey, Failure> {
    let vkey: Result<VerifierKey, _> = log.vkey.trim().parse();
    let vkey =
        vkey.map_err(|error| not_verified(error.code(), &format!("the verifier key: {error}")))?;
    if vkey.name().as_str() == log.origin {
        Ok(vkey)
    } else {
        Err(not_verified(
            "checkpoint-key-of-another",
            "the verifier key is that of another log",
        ))
    }
}

/// A proof that was checked, and the head it leads to.
pub(crate) struct Proved {
    pub(crate) shown: Proof,
    pub(crate) answer: Value,
    checkpoint: VerifiedCheckpoint,
    vkey: VerifierKey,
    leaf: Vec<u8>,
}

/// Asks the node for the proof of a statement, and checks it: the record names the statement and its own index, and its
/// path leads to a head that the log has signed.
///
/// # Errors
/// What the node says; with status 4 what does not hold.
pub(crate) fn proved(client: &Client, statement: &StatementId) -> Result<Proved, Failure> {
    let log: Log = answers::take(&client.get("/v1/log", &[])?, "log")?;
    let vkey = vkey_of(&log)?;
    let answer = client.get(&format!("/v1/log/proofs/{statement}"), &[])?;
    let shown: Proof = answers::take(&answer, "proof")?;
    let leaf = HEXLOWER
        .decode(shown.leaf.as_bytes())
        .map_err(|_| answers::not_understood())?;
    let decoded = Leaf::decode(&leaf)
        .map_err(|_| not_verified("leaf-unreadable", "the record cannot be read"))?;
    if decoded.statement != Some(*statement) || decoded.index != shown.index {
        return Err(not_verified(
            "leaf-of-another",
            "the record is not about this statement, or not at its index",
        ));
    }
    let proof = TlogProof::parse(shown.proof.as_bytes())
        .map_err(|error| not_verified(error.code(), &format!("the proof: {error}")))?;
    if proof.index != shown.index {
        return Err(not_verified(
            "leaf-of-another",
            "the proof is for another record",
        ));
    }
    let checkpoint = proof
        .verify(&leaf_hash(&leaf), &vkey)
        .map_err(|error| not_verified(error.code(), &format!("the proof: {error}")))?;
    Ok(Proved {
        shown,
        answer,
        checkpoint,
        vkey,
        leaf,
    })
}

fn prove(
    client: &Client,
    statement: &StatementId,
    out: Option<&Path>,
    output: &Output,
) -> Result<(), Failure> {
    let proved = proved(client, statement)?;
    let receipt = proved
        .shown
        .receipt
        .as_deref()
        .map(|hex| HEXLOWER.decode(hex.as_bytes()));
    let receipt = receipt.transpose().map_err(|_| answers::not_understood())?;
    let mut text = format!(
        "Proved: the statement is record {} of the log {}.\n  records in that head  {}\n  verifier key          {}\n",
        proved.shown.index,
        proved.checkpoint.origin(),
        proved.checkpoint.head().size(),
        proved.vkey,
    );
    text.push_str(match &receipt {
        Some(_) => "There is the other side's receipt, too.\n",
        None => "There is no receipt of the other side for it.\n",
    });
    match out {
        Some(path) => {
            let beside = |extension: &str| {
                let mut name = path.as_os_str().to_owned();
                name.push(extension);
                PathBuf::from(name)
            };
            let mut files = NewFiles::default();
            files.add(path, Mode::Public, proved.shown.proof.as_bytes());
            files.add(beside(".leaf"), Mode::Public, &proved.leaf);
            if let Some(receipt) = &receipt {
                files.add(beside(".receipt"), Mode::Public, receipt);
            }
            files.write()?;
            text.push_str(&format!(
                "Written: {}, and beside it what it proves.",
                path.display()
            ));
        }
        None => text.push_str(&format!("\n{}", plain_lines(&proved.shown.proof))),
    }
    let mut answer = proved.answer;
    if let Value::Object(answer) = &mut answer {
        answer.insert("verified".to_owned(), json!(true));
    }
    output.result(&answer, &text);
    Ok(())
}

fn plain_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(plain).collect();
    lines.join("\n")
}

// A stopped node.

/// `identity.toml` of a data directory: which log it is, and the key of that log.
#[derive(Deserialize)]
struct Identity {
    origin: String,
    log_public: String,
}

/// The name of the file that says which log a data directory is.
const IDENTITY_FILE: &str = "identity.toml";

/// A data directory that was opened: nobody else has it now.
struct Opened {
    journal: Journal,
    vkey: VerifierKey,
    checkpoint: VerifiedCheckpoint,
    checkpoint_bytes: Vec<u8>,
}

fn verify_data(data: &Data, output: &Output) -> Result<(), Failure> {
    let stopped = Stopped::find(data)?;
    let (checkpoint, _) = signed_head(&data.data, &stopped.vkey)?;
    // What is derived is made again, if it was missing or damaged; that it had to be is worth knowing.
    let checked = stopped.check(true)?;
    if let Some(damage) = checked.lost() {
        let what = format!(
            "{} at byte {}: {}",
            damage.file.display(),
            damage.offset,
            damage.what
        );
        return Err(not_verified(damage.code, &what));
    }
    let (report, counts) = (&checked.report, &checked.counts);
    let is_tile = |path: &&PathBuf| path.extension().is_none_or(|extension| extension != "idx");
    let mended = report.made_again.iter().filter(is_tile).count();
    let signed = checkpoint.head().size();
    let mut text = format!(
        "The log is sound.\n  log            {}\n  records        {}\n  signed         {signed}\n  root           {}\n  facts          {} match, {} are gone\n  counterparts   {}, their numbers without a gap\n  tiles          {}, {mended} of them missing or damaged before and made anew\n",
        checkpoint.origin(),
        report.head.size(),
        report.head.root(),
        counts.facts,
        counts.facts_gone,
        counts.counterparts,
        report.tiles,
    );
    let mut table = Table::new(&["records", "kind"]);
    for (kind, count) in &counts.kinds {
        table.row([count.to_string().as_str(), kind.as_str()]);
    }
    text.push_str(&table.to_string());
    let value = json!({"log": {
        "origin": checkpoint.origin().to_string(),
        "size": report.head.size(),
        "root": report.head.root().to_string(),
        "signed_size": signed,
        "vkey": stopped.vkey.to_string(),
        "kinds": counts.kinds,
        "facts": counts.facts,
        "facts_gone": counts.facts_gone,
        "counterparts": counts.counterparts,
        "tiles": report.tiles,
        "tiles_mended": mended,
    }, "verified": {"signature": true, "records": true}});
    output.result(&value, &text);
    Ok(())
}

/// What a data directory says of itself, and the key that opens it.
pub(super) struct Stopped {
    dir: PathBuf,
    pub(super) origin: Origin,
    pub(super) vkey: VerifierKey,
    key: StorageKey,
}

impl Stopped {
    pub(super) fn find(data: &Data) -> Result<Self, Failure> {
        let (origin, vkey) = identity(&data.data)?;
        let key = storage_key_path(data)?;
        let key = StorageKey::read(&key).map_err(|error| of_store(&error))?;
        Ok(Self {
            dir: data.data.clone(),
            origin,
            vkey,
            key,
        })
    }

    pub(super) fn check(&self, repair: bool) -> Result<Checked, Failure> {
        let checked = check_log(&self.dir, &self.key, &self.origin, repair, &mut |_| {});
        checked.map_err(|error| in_use(&self.dir, &error))
    }
}

/// The signed head of a data directory, and its bytes.
pub(super) fn signed_head(
    dir: &Path,
    vkey: &VerifierKey,
) -> Result<(VerifiedCheckpoint, Vec<u8>), Failure> {
    let path = dir.join("log").join("checkpoint");
    let bytes_max = u64::try_from(comity_log::limits::NOTE_BYTES_MAX).unwrap_or(u64::MAX);
    let bytes = files::read(&path, bytes_max)?;
    let checkpoint = UnverifiedCheckpoint::parse(&bytes)
        .and_then(|checkpoint| checkpoint.verify(vkey))
        .map_err(|error| not_verified(error.code(), &format!("{}: {error}", path.display())))?;
    Ok((checkpoint, bytes))
}

fn in_use(dir: &Path, error: &StoreError) -> Failure {
    match error {
        StoreError::Locked { .. } => Failure::new(
            "store-locked",
            format!("{}: the node is running.", dir.display()),
            "Stop the node first (its signed head alone: `comity log verify` without --data asks the running node).",
        ),
        other => of_store(other),
    }
}

fn export(data: &Data, to: &Path, output: &Output) -> Result<(), Failure> {
    let opened = open(data)?;
    let exported = opened.journal.export(to, &opened.checkpoint_bytes);
    exported.map_err(|error| of_store(&error))?;
    files::write_new(
        &to.join("vkey"),
        Mode::Public,
        format!("{}\n", opened.vkey).as_bytes(),
    )?;
    let size = opened.checkpoint.head().size();
    let value = json!({"exported": {
        "origin": opened.checkpoint.origin().to_string(),
        "size": size,
        "root": opened.checkpoint.head().root().to_string(),
        "to": to.display().to_string(),
        "vkey": opened.vkey.to_string(),
    }});
    let text = format!(
        "{} holds {size} records of the log {}.\n  verifier key  {}\nNext: give the folder to whom may read the records; the verifier key is also in the federation's roster.",
        to.display(),
        opened.checkpoint.origin(),
        opened.vkey
    );
    output.result(&value, &text);
    Ok(())
}

/// Reads what the directory says of itself, checks the signed head, and opens the journal.
fn open(data: &Data) -> Result<Opened, Failure> {
    let dir = &data.data;
    let (origin, vkey) = identity(dir)?;
    let (checkpoint, checkpoint_bytes) = signed_head(dir, &vkey)?;
    let key_path = storage_key_path(data)?;
    let key = StorageKey::read(&key_path).map_err(|error| of_store(&error))?;
    let journal = Journal::open(dir, &key, &origin).map_err(|error| in_use(dir, &error))?;
    Ok(Opened {
        journal,
        vkey,
        checkpoint,
        checkpoint_bytes,
    })
}

fn identity(dir: &Path) -> Result<(Origin, VerifierKey), Failure> {
    let path = dir.join(IDENTITY_FILE);
    let bytes = files::read(&path, IDENTITY_BYTES_MAX).map_err(|failure| match failure.code {
        "file-not-found" => Failure::new(
            "no-data-directory",
            format!("{}: there is no {IDENTITY_FILE}, so this is not the data directory of a node.", dir.display()),
            "Check the path: it is `data_dir` of the configuration, or DIR/MEMBER after `comity demo --data DIR`.",
        ),
        _ => failure,
    })?;
    let text = String::from_utf8(bytes).unwrap_or_default();
    let read = toml::from_str::<Identity>(&text).ok().and_then(|identity| {
        let origin = Origin::parse(&identity.origin)?;
        let key = PublicKey::from_hex(&identity.log_public)?.usable()?;
        let vkey = VerifierKey::new(KeyName::from(&origin), KeyKind::Log, key).ok()?;
        Some((origin, vkey))
    });
    read.ok_or_else(|| {
        Failure::new(
            "identity-damaged",
            format!("{}: origin and log_public cannot be read.", path.display()),
            "Start the node once with its configuration: it writes this file anew.",
        )
    })
}

fn storage_key_path(data: &Data) -> Result<PathBuf, Failure> {
    if let Some(path) = &data.storage_key {
        return Ok(path.clone());
    }
    let beside = data.data.join("keys").join(STORAGE_KEY_FILE);
    if beside.exists() {
        return Ok(beside);
    }
    if !data.config.exists() {
        return Err(Failure::new(
            "no-storage-key",
            format!(
                "{} holds no {STORAGE_KEY_FILE}, and there is no configuration that names one.",
                data.data.display()
            ),
            "Give the key with --storage-key FILE, or the node's configuration with --config.",
        ));
    }
    Ok(Config::load(&data.config)?.keys_dir.join(STORAGE_KEY_FILE))
}

/// What the store says, with status 4 where the data is not what was written.
fn of_store(error: &StoreError) -> Failure {
    let failure = Failure::new(
        error.code(),
        format!("{}.", capital(&error.to_string())),
        error.next_step(),
    );
    match error {
        StoreError::JournalDamaged { .. }
        | StoreError::HeadDamaged { .. }
        | StoreError::HeadMissing { .. }
        | StoreError::HeadBehindCheckpoint { .. }
        | StoreError::HeadBehindCopy { .. }
        | StoreError::CheckpointIsAnother
        | StoreError::Tree(_) => failure.exits(Exit::NotVerified),
        _ => failure,
    }
}

pub(super) fn not_verified(code: &'static str, what: &str) -> Failure {
    Failure::new(
        code,
        format!("Not verified: {what}."),
        "Keep everything as it is: this is evidence. Ask the operator of the log; other members hold earlier signed heads of it.",
    )
    .exits(Exit::NotVerified)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    first.map_or_else(String::new, |first| first + chars.as_str())
}
