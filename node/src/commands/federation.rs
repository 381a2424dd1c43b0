//! `comity federation`: the charter, from its first draft to the signatures under it.
//!
//! ```text
//! init  -> charter-next.cbor, governance keys     amend -> charter-next.cbor
//! sign  -> one signature more; enough of them -> charters/<version>.cbor
//! ```

use std::path::{Path, PathBuf};

use clap::Subcommand;
use comity_trust::chain_error::ChainError;
use comity_trust::charter::{Charter, Mandate, Quorum};
use comity_trust::history::{Added, History};
use comity_trust::key_file;
use comity_trust::limits::{CHARTER_BYTES_MAX, ROSTER_BYTES_MAX};
use comity_trust::matrix::default_matrix;
use comity_trust::roster::Roster;
use comity_trust::signed::SignedPayload;
use comity_wire::cbor;
use comity_wire::ids::{Hash, Kid, MemberId, PublicKey};
use comity_wire::registry::role;
use comity_wire::words::{Code, DurationMs, Name, Reference, Sorted, Version};
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

use super::signing::{self, Signatures};
use crate::clock::{DAY_MS, now_ms};
use crate::draft::{Draft, What};
use crate::error::{Exit, Failure};
use crate::federation_dir::{Chain, FederationDir};
use crate::files::{self, Mode, NewFiles};
use crate::follows::charter_follows;
use crate::keys::new_signing_key;
use crate::limits::{
    GOVERNANCE_KEYS_DEFAULT, GRACE_DAYS_DEFAULT, GRACE_DAYS_MAX, HUMAN_ANSWER_MINUTES_DEFAULT,
    HUMAN_ANSWER_MINUTES_MAX, QUORUM_MEMBERS_DEFAULT, SMALL_CELL_DEFAULT, THRESHOLD_DEFAULT,
};
use crate::output::Output;
use crate::{parse, show, times};

/// What to do with a federation.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Begin a federation: governance keys, and a first charter for them to sign
    #[command(after_help = "\
Example:
  comity federation init --name \"Example federation\" --dir federation \\
      --orphans south.example --mandate \"regulator.example/platform/IE/Example Act 2024, s. 5\"
  comity federation sign --federation federation --key governance/governance-1.pem
  comity federation sign --federation federation --key governance/governance-2.pem

Each key belongs to another person, on another machine: move the files there. To never have them on one machine, let
each person make a key with `comity federation key` and name the public keys here with --public.")]
    Init(Init),
    /// Make one governance key, on the machine of who will hold it
    #[command(after_help = "Example:\n  comity federation key --out governance-1.pem")]
    Key {
        /// The file of the private key
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Draft the next charter: what is not named stays
    #[command(after_help = "\
Example:
  comity federation amend --federation federation --orphans south.example

The next charter needs the signatures of the governance until now and of the new one.")]
    Amend(Amend),
    /// Add one signature to the charter that is being signed
    #[command(
        after_help = "Example:\n  comity federation sign --federation federation --key governance-1.pem"
    )]
    Sign {
        /// The folder of the federation
        #[arg(long, value_name = "DIR", default_value = "federation")]
        federation: PathBuf,
        /// The private key of the governance that signs
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Take the signatures that others made on copies of the charter
    #[command(
        after_help = "Example:\n  comity federation collect --federation federation from-anna/charter-next.cbor"
    )]
    Collect {
        /// The folder of the federation
        #[arg(long, value_name = "DIR", default_value = "federation")]
        federation: PathBuf,
        /// Copies of charter-next.cbor
        #[arg(required = true, value_name = "FILE")]
        copies: Vec<PathBuf>,
    },
    /// Show a charter or roster file, or the whole folder of a federation after verifying it
    #[command(
        after_help = "Example:\n  comity federation show federation\n  comity federation show federation/charters/1.cbor"
    )]
    Show {
        /// A folder or a file
        #[arg(default_value = "federation")]
        path: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
struct Init {
    /// The name of the federation
    #[arg(long, value_parser = parse::name)]
    name: Name,
    /// The folder to make: it is what members are given
    #[arg(long, value_name = "DIR", default_value = "federation")]
    dir: PathBuf,
    /// The folder for the private keys [default: `governance` beside --dir]
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// How many governance keys to make
    #[arg(long, value_name = "N", default_value_t = GOVERNANCE_KEYS_DEFAULT, value_parser = clap::value_parser!(u64).range(1..=64))]
    governance: u64,
    /// Public keys that were made elsewhere, in hex; none is made here then
    #[arg(long, value_name = "HEX", value_parser = parse::public_key, conflicts_with_all = ["governance", "keys", "sign_here"])]
    public: Vec<PublicKey>,
    /// How many of the keys must sign
    #[arg(long, value_name = "K", default_value_t = THRESHOLD_DEFAULT, value_parser = clap::value_parser!(u64).range(1..=64))]
    threshold: u64,
    /// Sign with the keys just made. For trying things out: one machine has seen every key then
    #[arg(long)]
    sign_here: bool,
    #[command(flatten)]
    policy: Policy,
}

#[derive(Debug, clap::Args)]
struct Amend {
    /// The folder of the federation
    #[arg(long, value_name = "DIR", default_value = "federation")]
    federation: PathBuf,
    /// The name of the federation
    #[arg(long, value_parser = parse::name)]
    name: Option<Name>,
    /// A public key that governs from now on, in hex
    #[arg(long, value_name = "HEX", value_parser = parse::public_key)]
    add_key: Vec<PublicKey>,
    /// The kid of a key that does not govern any more, as `federation show` prints it
    #[arg(long, value_name = "KID", value_parser = parse::kid)]
    remove_key: Vec<Kid>,
    /// How many of the keys must sign
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..=64))]
    threshold: Option<u64>,
    #[command(flatten)]
    policy: Policy,
}

/// What a charter says beside its keys.
#[derive(Debug, clap::Args)]
struct Policy {
    /// The hotline for countries that have none
    #[arg(long, value_name = "ID", value_parser = parse::member_id)]
    orphans: Option<MemberId>,
    /// Which regulator may audit whom, and by what law: ID/ROLE,…/COUNTRY,…/CITATION
    #[arg(long, value_name = "MANDATE", value_parser = mandate)]
    mandate: Vec<Mandate>,
    /// A legal clock in force, such as eu-tco-1h (`comity clocks list`); with =12h of another length than published. A
    /// clock of the federation's own has its length, such as example-72h=72h
    #[arg(long, value_name = "ID[=LENGTH]", value_parser = clock)]
    clock: Vec<(Code, Option<DurationMs>)>,
    /// How the governance is reached: the address of a role
    #[arg(long, value_name = "ADDRESS", value_parser = parse::reference)]
    contact: Vec<Reference>,
    /// How many days members go on when a roster has run out [default at init: 30]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(0..=GRACE_DAYS_MAX))]
    grace_days: Option<u64>,
    /// How many other members must cosign a log before an audit says anything of it [default at init: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=64))]
    quorum: Option<u64>,
    /// Public figures suppress smaller cells [default at init: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    small_cell: Option<u64>,
    /// Within how many minutes a person must answer at imminent risk [default at init: 60]
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(1..=HUMAN_ANSWER_MINUTES_MAX))]
    human_answer_minutes: Option<u64>,
}

/// Does it.
///
/// # Errors
/// Why it was not done.
pub fn run(args: Args, output: &Output) -> Result<(), Failure> {
    match args.command {
        Command::Init(init) => begin(&init, output),
        Command::Key { out } => key(&out, output),
        Command::Amend(amend) => draft_next(&amend, output),
        Command::Sign { federation, key } => sign(
            &FederationDir::new(federation),
            &Signatures::Key(&key),
            output,
        ),
        Command::Collect { federation, copies } => sign(
            &FederationDir::new(federation),
            &Signatures::Copies(&copies),
            output,
        ),
        Command::Show { path } if path.is_dir() => show_folder(&FederationDir::new(path), output),
        Command::Show { path } => show_file(&path, output),
    }
}

fn begin(init: &Init, output: &Output) -> Result<(), Failure> {
    let dir = FederationDir::new(&init.dir);
    let made = make_keys(init)?;
    let mut publics = init.public.clone();
    publics.extend(made.iter().map(public_of));
    let charter = first_charter(init, &publics);
    let payload = cbor::encode(&charter);
    decoded_charter(&payload).map_err(|error| {
        let next = "Correct the options: nothing was written.";
        Failure::new(
            error.code(),
            format!("No verifier would take this charter: {error}."),
            next,
        )
    })?;
    let draft = Draft::new(What::Charter, dir.charter_draft(), payload);
    let fed = draft.signed().hash();

    let mut new = NewFiles::default();
    let keys_dir = init
        .keys
        .clone()
        .unwrap_or_else(|| init.dir.with_file_name("governance"));
    let mut keys = Vec::new();
    for (key, n) in made.iter().zip(1..) {
        let path = keys_dir.join(format!("governance-{n}.pem"));
        new.add(&path, Mode::Private, key_file::write(key).as_bytes());
        let kid = Kid::of(&public_of(key)).to_string();
        keys.push((path.display().to_string(), kid));
    }
    for taken in [dir.charter_path(1), dir.charter_draft()] {
        if taken.exists() {
            return Err(Failure::new(
                "file-exists",
                format!(
                    "{}: there is a federation in this folder already.",
                    dir.path().display()
                ),
                "Choose another folder with --dir; nothing was written.",
            ));
        }
    }
    if init.sign_here {
        let signers: Vec<_> = made.iter().collect();
        let signed = charter.sign(&signers).encode();
        judge_first(&signed)?;
        new.add(dir.charter_path(1), Mode::Public, &signed);
        output.note("Every governance key was on this machine: for trying things out, not for a real federation.");
    } else {
        new.add(dir.charter_draft(), Mode::Public, &draft.signed().encode());
    }
    new.write()?;
    let place = dir.path().display();
    let next = if init.sign_here {
        format!(
            "each organisation runs `comity member init` and gives you the file of `comity member export --federation {place}`; then `comity roster add`."
        )
    } else if made.is_empty() {
        format!(
            "each of {} holders of a key signs: `comity federation sign --federation {place} --key KEY`.",
            charter.k
        )
    } else {
        format!(
            "move each file of {} to the machine of who will hold it, and delete it here. Then {} of them sign, one after the other: `comity federation sign --federation {place} --key KEY`.",
            keys_dir.display(),
            charter.k
        )
    };
    let text = format!(
        "The federation is {fed}\nThis hash is its name for ever: tell it to each member by a way that you trust.\n\n{}{}\nNext: {next}",
        show::charter_text(&charter, &fed),
        keys.iter()
            .map(|(path, kid)| format!("  {:<18} {path} ({kid})\n", "private key"))
            .collect::<String>()
    );
    let value = json!({
        "fed": fed.to_string(),
        "dir": place.to_string(),
        "signed": init.sign_here,
        "governance_keys": keys.iter().map(|(file, kid)| json!({"file": file, "kid": kid})).collect::<Vec<_>>(),
        "charter": show::charter_json(&charter, &fed),
    });
    output.result(&value, &text);
    Ok(())
}

fn make_keys(init: &Init) -> Result<Vec<SigningKey>, Failure> {
    let n = if init.public.is_empty() {
        init.governance
    } else {
        0
    };
    (0..n).map(|_| new_signing_key()).collect()
}

fn first_charter(init: &Init, keys: &[PublicKey]) -> Charter {
    let regulator = Code::new(role::REGULATOR).map(|regulator| (regulator, 1));
    let mut charter = Charter {
        k: init.threshold,
        v: Version,
        keys: Sorted::new(keys.iter().copied()),
        name: init.name.clone(),
        grace: GRACE_DAYS_DEFAULT * DAY_MS,
        clocks: Vec::new(),
        issued: now_ms(),
        matrix: default_matrix(),
        quorum: Quorum {
            roles: Sorted::new(regulator),
            members: QUORUM_MEMBERS_DEFAULT,
            different_roles: true,
        },
        orphans: None,
        version: 1,
        contacts: Vec::new(),
        mandates: Vec::new(),
        previous: None,
        small_cell: SMALL_CELL_DEFAULT,
        first_roster: 1,
        human_answer: HUMAN_ANSWER_MINUTES_DEFAULT * 60_000,
    };
    init.policy.apply(&mut charter);
    charter
}

impl Policy {
    /// What is named takes the place of what stood there.
    fn apply(&self, charter: &mut Charter) {
        if self.orphans.is_some() {
            charter.orphans.clone_from(&self.orphans);
        }
        if !self.mandate.is_empty() {
            charter.mandates.clone_from(&self.mandate);
        }
        if !self.clock.is_empty() {
            charter.clocks.clone_from(&self.clock);
        }
        if !self.contact.is_empty() {
            let governance = Code::new("governance").into_iter();
            let contacts = governance.flat_map(|role| {
                self.contact
                    .iter()
                    .map(move |to| (role.clone(), to.clone()))
            });
            charter.contacts = contacts.collect();
        }
        if let Some(days) = self.grace_days {
            charter.grace = days * DAY_MS;
        }
        if let Some(members) = self.quorum {
            charter.quorum.members = members;
        }
        if let Some(small_cell) = self.small_cell {
            charter.small_cell = small_cell;
        }
        if let Some(minutes) = self.human_answer_minutes {
            charter.human_answer = minutes * 60_000;
        }
    }
}

/// `ID` for a clock as it is published, `ID=LENGTH` for another length or a clock of one's own. A clock without a length
/// that this version does not know would be in force, and nobody here could compute it.
fn clock(text: &str) -> Result<(Code, Option<DurationMs>), String> {
    let (id, own) = text
        .split_once('=')
        .map_or((text, None), |(id, own)| (id, Some(own)));
    let id = parse::code(id)?;
    let length = |text: &str| {
        times::duration(text).ok_or_else(|| "a length is written 90m, 12h, 3d or 2w".to_owned())
    };
    let own = own.map(length).transpose()?;
    let known = comity_clocks::find(id.as_str());
    match (known, own) {
        (None, None) => Err(format!(
            "{} is no clock that this version knows (`comity clocks list`): give it a length, such as {}=72h",
            id.as_str(),
            id.as_str()
        )),
        (Some(clock), Some(_)) if !clock.is_computed() => Err(format!(
            "{} cannot be computed, whatever its length: what starts it is not said in this protocol",
            id.as_str()
        )),
        _ => Ok((id, own)),
    }
}

/// `ID/ROLE,…/COUNTRY,…/CITATION`
fn mandate(text: &str) -> Result<Mandate, String> {
    let parts: Vec<_> = text.splitn(4, '/').collect();
    let [regulator, roles, countries, cites] = parts.as_slice() else {
        return Err("must have the form ID/ROLE,…/COUNTRY,…/CITATION, such as regulator.example/platform/IE/Example Act 2024".to_owned());
    };
    let roles: Vec<_> = roles
        .split(',')
        .map(parse::code)
        .collect::<Result<_, _>>()?;
    let countries: Vec<_> = countries
        .split(',')
        .map(parse::country)
        .collect::<Result<_, _>>()?;
    Ok(Mandate {
        cites: parse::reference(cites)?,
        roles: Sorted::new(roles),
        regulator: parse::member_id(regulator)?,
        jurisdictions: Sorted::new(countries),
    })
}

fn key(out: &Path, output: &Output) -> Result<(), Failure> {
    let key = new_signing_key()?;
    let mut new = NewFiles::default();
    new.add(out, Mode::Private, key_file::write(&key).as_bytes());
    new.write()?;
    let public = public_of(&key);
    let (kid, out) = (Kid::of(&public), out.display());
    let text = format!(
        "{out} is your governance key: keep it on this machine, and a copy where only you get at it.\n  public {public}\n  kid    {kid}\nNext: who begins the federation runs `comity federation init` with --public and this public key."
    );
    let value =
        json!({"file": out.to_string(), "public": public.to_string(), "kid": kid.to_string()});
    output.result(&value, &text);
    Ok(())
}

fn draft_next(amend: &Amend, output: &Output) -> Result<(), Failure> {
    let dir = FederationDir::new(&amend.federation);
    let chain = dir.load(now_ms())?;
    if dir.charter_draft().exists() {
        return Err(Failure::new(
            "draft-exists",
            format!(
                "{}: another charter is being signed.",
                dir.charter_draft().display()
            ),
            "Have it signed, or remove it first.",
        ));
    }
    let (last, hash) = chain.history.newest_charter();
    let keys = last
        .keys
        .iter()
        .filter(|key| !amend.remove_key.contains(&Kid::of(key)));
    let keys = Sorted::new(keys.copied().chain(amend.add_key.iter().copied()));
    let mut next = Charter {
        k: amend.threshold.unwrap_or(last.k),
        keys,
        name: amend.name.clone().unwrap_or_else(|| last.name.clone()),
        issued: now_ms().max(last.issued),
        version: last.version + 1,
        previous: Some(hash),
        first_roster: (chain.roster_version() + 1).max(last.first_roster + 1),
        ..last.clone()
    };
    amend.policy.apply(&mut next);
    let draft = Draft::new(What::Charter, dir.charter_draft(), cbor::encode(&next));
    charter_of(&draft, Some(&chain))?;
    draft.save()?;
    let hash = draft.signed().hash();
    let text = format!(
        "{}: version {} of the charter, for rosters from version {} on.\n\n{}\nNext: {} of the governance until now and {} of the new one sign: `comity federation sign --federation {} --key KEY`.",
        draft.path().display(),
        next.version,
        next.first_roster,
        show::charter_text(&next, &hash),
        last.k,
        next.k,
        dir.path().display()
    );
    let value = json!({"file": draft.path().display().to_string(), "charter": show::charter_json(&next, &hash)});
    output.result(&value, &text);
    Ok(())
}

fn sign(dir: &FederationDir, signatures: &Signatures<'_>, output: &Output) -> Result<(), Failure> {
    let mut draft = Draft::load(What::Charter, &dir.charter_draft())?;
    let chain = if dir.is_founded() {
        Some(dir.load(now_ms())?)
    } else {
        None
    };
    let charter = charter_of(&draft, chain.as_ref())?;
    let hash = draft.signed().hash();
    output.note(&format!(
        "Charter, version {}:\n{}",
        charter.version,
        show::charter_text(&charter, &hash)
    ));
    let before = chain.as_ref().map(|chain| chain.history.newest_charter().0);
    let governed_by: Vec<_> = before.into_iter().chain([&charter]).collect();
    let to = dir.charter_path(charter.version);
    let signed = signing::sign(
        &mut draft,
        signatures,
        &governed_by,
        &to,
        |bytes| match &chain {
            None => judge_first(bytes).map(drop),
            Some(chain) => judge_next(chain, bytes),
        },
    )?;
    let place = dir.path().display();
    let next = if charter.version == 1 {
        format!(
            "each organisation runs `comity member init` and gives you the file of `comity member export --federation {place}`; then `comity roster add`."
        )
    } else {
        "the next roster is made under this charter: `comity roster renew` if nothing else changes."
            .to_owned()
    };
    signing::say(
        output,
        &draft,
        &signed,
        show::charter_json(&charter, &hash),
        &next,
    );
    Ok(())
}

fn judge_first(bytes: &[u8]) -> Result<History, Failure> {
    History::start(bytes).map_err(|error| {
        Failure::of_chain(
            "the charter",
            &error,
            "Begin again with `comity federation init`.",
        )
    })
}

fn judge_next(chain: &Chain, bytes: &[u8]) -> Result<(), Failure> {
    let refused = |error: &ChainError| {
        Failure::of_chain(
            "the charter",
            error,
            "Remove the draft and make it again with `comity federation amend`.",
        )
    };
    match chain.history.clone().add_charter(bytes) {
        Ok(Added::Extended) => Ok(()),
        Ok(_) => Err(refused(&ChainError::WrongPrevious)),
        Err(error) => Err(refused(&error)),
    }
}

/// The charter of a draft, if it is the first or follows the chain.
fn charter_of(draft: &Draft, chain: Option<&Chain>) -> Result<Charter, Failure> {
    let refused = |error: ChainError| {
        let next = "Sign nothing; whoever made the draft makes it again.";
        Failure::of_chain(&draft.path().display().to_string(), &error, next)
    };
    let charter = decoded_charter(draft.signed().payload()).map_err(refused)?;
    match chain {
        Some(chain) => charter_follows(chain, &charter).map_err(refused)?,
        None if charter.version == 1 => {}
        None => {
            let found = charter.version;
            return Err(refused(ChainError::Gap { expected: 1, found }));
        }
    }
    Ok(charter)
}

/// The charter of a payload, with keys that can govern.
fn decoded_charter(payload: &[u8]) -> Result<Charter, ChainError> {
    let charter = Charter::decode(payload)?;
    comity_trust::signed::Governance::new(&charter.keys, charter.k)?;
    Ok(charter)
}

fn show_folder(dir: &FederationDir, output: &Output) -> Result<(), Failure> {
    let chain = dir.load(now_ms())?;
    let fed = chain.history.fed();
    let mut text = format!(
        "Federation {fed}: verified, {} charters, {} rosters\n",
        chain.charters.len(),
        chain.roster_version()
    );
    for (charter, hash) in &chain.charters {
        text += &format!(
            "\nCharter, version {}\n{}",
            charter.version,
            show::charter_text(charter, hash)
        );
    }
    if let (Some(roster), Some(reference)) = (chain.history.roster(), chain.history.roster_ref()) {
        text += &format!(
            "\nRoster, version {}\n{}",
            roster.version,
            show::roster_text(roster, &reference.1, false)
        );
    }
    let charters: Vec<_> = chain
        .charters
        .iter()
        .map(|(charter, hash)| show::charter_json(charter, hash))
        .collect();
    let roster = chain.history.roster().zip(chain.history.roster_ref());
    let value = json!({
        "fed": fed.to_string(),
        "charters": charters,
        "roster": roster.map(|(roster, reference)| show::roster_json(roster, &reference.1)),
    });
    output.result(&value, &text);
    Ok(())
}

fn show_file(path: &Path, output: &Output) -> Result<(), Failure> {
    let bytes_max = u64::try_from(ROSTER_BYTES_MAX.max(CHARTER_BYTES_MAX)).unwrap_or(u64::MAX);
    let bytes = files::read(path, bytes_max)?;
    let unknown = || {
        Failure::new(
            "not-a-charter-or-roster",
            format!(
                "{}: this is neither a charter nor a roster, or it is damaged.",
                path.display()
            ),
            "Check the path; members' entries are shown by `comity roster add`.",
        )
        .exits(Exit::NotVerified)
    };
    let signed: SignedPayload = cbor::decode(&bytes).map_err(|_| unknown())?;
    let (hash, signers) = (signed.hash(), signers(&signed));
    let (name, value, text) = if let Ok(charter) = Charter::decode(signed.payload()) {
        (
            "charter",
            show::charter_json(&charter, &hash),
            show::charter_text(&charter, &hash),
        )
    } else if let Ok(roster) = Roster::decode(signed.payload()) {
        (
            "roster",
            show::roster_json(&roster, &hash),
            show::roster_text(&roster, &hash, true),
        )
    } else {
        return Err(unknown());
    };
    let listed: String = signers
        .iter()
        .map(|kid| format!("  {:<18} {kid}\n", "signed by"))
        .collect();
    let version = value
        .get("version")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    let text = format!(
        "{name}, version {version}\n{text}{listed}\nOne file alone is not verified: `comity federation show` with the folder does that."
    );
    output.result(
        &json!({name: value, "signed_by": signers, "verified": false}),
        &text,
    );
    Ok(())
}

fn signers(signed: &SignedPayload) -> Vec<String> {
    signed.1.iter().map(|one| one.0.to_string()).collect()
}

fn public_of(key: &SigningKey) -> PublicKey {
    PublicKey::new(key.verifying_key().to_bytes())
}

/// Where the hash of the federation comes from, for a member that exports its entry.
#[derive(Debug, clap::Args)]
pub struct WhichFederation {
    /// The hash of the federation, in hex
    #[arg(long, value_name = "HEX", value_parser = parse::hash, conflicts_with_all = ["charter", "federation"])]
    pub fed: Option<Hash>,
    /// Its first charter
    #[arg(long, value_name = "FILE", conflicts_with = "federation")]
    pub charter: Option<PathBuf>,
    /// Its folder [default: the one that the configuration names]
    #[arg(long, value_name = "DIR")]
    pub federation: Option<PathBuf>,
}

impl WhichFederation {
    /// The hash.
    ///
    /// # Errors
    /// Why there is none.
    pub fn hash(&self, configured: &Path) -> Result<Hash, Failure> {
        if let Some(fed) = self.fed {
            return Ok(fed);
        }
        if let Some(path) = &self.charter {
            let bytes = files::read(path, u64::try_from(CHARTER_BYTES_MAX).unwrap_or(u64::MAX))?;
            let history = History::start(&bytes).map_err(|error| {
                let next = "Ask the governance for the first charter of the federation.";
                Failure::of_chain(&path.display().to_string(), &error, next)
            })?;
            return Ok(*history.fed());
        }
        let dir = FederationDir::new(self.federation.as_deref().unwrap_or(configured));
        let chain = dir.load(now_ms()).map_err(|failure| Failure {
            next: format!("{} Or name its hash with --fed.", failure.next),
            ..failure
        })?;
        Ok(*chain.history.fed())
    }
}
