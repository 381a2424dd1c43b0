//! `comity member`: a member's own keys and configuration, and what it gives to the
//! governance.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use comity_trust::owned::{Domain, Prefix};
use comity_wire::cbor;
use comity_wire::ids::{Hash, MemberId};
use comity_wire::registry::{capacity, role};
use comity_wire::words::{Code, Country, Language, Name, Reference};
use serde_json::json;

use super::federation::WhichFederation;
use super::person::ConfigPath;
use crate::clock::now_ms;
use crate::config::{API_LISTEN_DEFAULT, Config};
use crate::config_file::{NewConfig, federation_path};
use crate::error::Failure;
use crate::files::{Mode, NewFiles};
use crate::keys::Keys;
use crate::output::Output;
use crate::{entry, parse, person, show};

/// What to do with the member.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the keys, the first token and the configuration of a member
    #[command(after_help = "\
Example:
  comity member init --id north.example --role hotline --country SE --dir north \\
      --name \"Hotline North\" --address /dns/node.north.example/tcp/4001 --contact desk@north.example")]
    Init(Box<Init>),
    /// Write the member's entry for the roster, without private keys: give it to the governance
    #[command(
        after_help = "Example:\n  comity member export --config north/comity.toml --federation federation"
    )]
    Export {
        #[command(flatten)]
        config: ConfigPath,
        #[command(flatten)]
        which: WhichFederation,
        /// The file to write (default: ID.member beside the configuration)
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
struct Init {
    /// The member's id for ever: best the domain name of the organisation
    #[arg(long, value_parser = parse::member_id)]
    id: MemberId,
    /// What it is: hotline, platform, regulator, law-enforcement
    #[arg(long, required = true, value_delimiter = ',', value_parser = parse::code)]
    role: Vec<Code>,
    /// The countries that it answers for
    #[arg(long, required = true, value_delimiter = ',', value_parser = parse::country)]
    country: Vec<Country>,
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The name of the organisation [default: the id]
    #[arg(long, value_parser = parse::name)]
    name: Option<Name>,
    /// The languages that it reads, the preferred one first
    #[arg(long, value_delimiter = ',', default_value = "en", value_parser = parse::language)]
    language: Vec<Language>,
    /// What it can be asked as [default for a platform: service]
    #[arg(long, value_delimiter = ',', value_parser = parse::code)]
    capacity: Vec<Code>,
    /// Where the node listens
    #[arg(long, value_name = "ADDRESS", default_value = "/ip4/0.0.0.0/tcp/4001", value_parser = parse::address)]
    listen: Vec<String>,
    /// Where others reach it, as it stands in the roster
    #[arg(long, value_name = "ADDRESS", value_parser = parse::address)]
    address: Vec<String>,
    /// Where the API and the console listen: a loopback address
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = API_LISTEN_DEFAULT)]
    api: SocketAddr,
    /// The folder of the federation [default: `federation` beside the configuration]
    #[arg(long, value_name = "DIR")]
    federation: Option<PathBuf>,
    /// A domain that it answers for, with everything below it
    #[arg(long, value_name = "DOMAIN", value_delimiter = ',', value_parser = parse::domain)]
    owns_domain: Vec<Domain>,
    /// A range of addresses that it answers for
    #[arg(long, value_name = "PREFIX", value_delimiter = ',', value_parser = parse::prefix)]
    owns_prefix: Vec<Prefix>,
    /// A network (autonomous system) that it answers for
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', value_parser = parse::asn)]
    owns_asn: Vec<u64>,
    /// The address of a role that people can write to (default: desk@ID)
    #[arg(long, value_name = "ADDRESS", value_parser = parse::reference)]
    contact: Option<Reference>,
    /// When somebody answers
    #[arg(long, default_value = "Mo-Fr 09:00-17:00", value_parser = parse::reference)]
    hours: Reference,
    /// The time zone of the hours
    #[arg(long, default_value = "Etc/UTC", value_parser = parse::reference)]
    time_zone: Reference,
    /// Whom to reach at other times
    #[arg(long, value_name = "ADDRESS", value_parser = parse::reference)]
    out_of_hours: Option<Reference>,
}

/// Does it.
///
/// # Errors
/// Why it was not done.
pub fn run(args: Args, output: &Output) -> Result<(), Failure> {
    match args.command {
        Command::Init(init) => begin(&init, output),
        Command::Export { config, which, out } => {
            let config = Config::load(&config.config)?;
            let fed = which.hash(&config.federation)?;
            export(&config, &fed, out, output)
        }
    }
}

fn begin(init: &Init, output: &Output) -> Result<(), Failure> {
    let path = init.dir.join("comity.toml");
    let text = init.new_config().text();
    // What is written is what a node can start from.
    let config = Config::parse(&path, &text)?;
    let keys = Keys::generate()?;
    let no_federation = Hash::of(&[]);
    entry::of(&config, &keys, &no_federation, now_ms())?;

    let mut new = NewFiles::default();
    keys.add_to(&mut new, &config.keys_dir, config.log.number);
    person::add_to(&mut new, &config.tokens_dir, person::ADMIN)?;
    new.add(&path, Mode::Public, text.as_bytes());
    new.write()?;
    if config.network.dialled_at().next().is_none() {
        output.note("No other member can reach this node yet: name its address under network.external in the configuration, then export.");
    }
    let config_path = path.display();
    let token = person::token_path(&config.tokens_dir, person::ADMIN);
    let text = format!(
        "{id}: keys, a token and a configuration are in {dir}\n  configuration      {config_path}\n  private keys       {keys} (only you may read them; back them up apart from the data)\n  token              {token}\nNext: read the configuration, then `comity member export --config {config_path}` and give the file to the governance.\nA second person is needed to confirm what is drafted: `comity person add NAME --config {config_path}`.",
        id = init.id.as_str(),
        dir = init.dir.display(),
        keys = config.keys_dir.display(),
        token = token.display(),
    );
    let value = json!({
        "id": init.id.as_str(),
        "config": config_path.to_string(),
        "keys_dir": config.keys_dir.display().to_string(),
        "admin_token": token.display().to_string(),
    });
    output.result(&value, &text);
    Ok(())
}

impl Init {
    fn new_config(&self) -> NewConfig {
        let id = self.id.as_str().to_owned();
        let is_platform = self.role.iter().any(|role| role.as_str() == role::PLATFORM);
        let capacities = if self.capacity.is_empty() && is_platform {
            vec![capacity::SERVICE.to_owned()]
        } else {
            self.capacity.iter().map(ToString::to_string).collect()
        };
        let text = |reference: &Reference| reference.as_str().to_owned();
        NewConfig {
            federation: federation_path(self.federation.as_deref()),
            listen: self.listen.clone(),
            external: self.address.clone(),
            api: self.api.to_string(),
            name: self
                .name
                .as_ref()
                .map_or_else(|| id.clone(), |name| name.as_str().to_owned()),
            roles: self.role.iter().map(ToString::to_string).collect(),
            countries: self
                .country
                .iter()
                .map(|country| country.as_str().to_owned())
                .collect(),
            languages: self
                .language
                .iter()
                .map(|language| language.as_str().to_owned())
                .collect(),
            capacities,
            contact: self
                .contact
                .as_ref()
                .map_or_else(|| format!("desk@{id}"), text),
            hours: text(&self.hours),
            time_zone: text(&self.time_zone),
            out_of_hours: self.out_of_hours.as_ref().map(text),
            domains: self.owns_domain.iter().map(ToString::to_string).collect(),
            prefixes: self
                .owns_prefix
                .iter()
                .filter_map(|prefix| Some(prefix.net()?.to_string()))
                .collect(),
            asns: self.owns_asn.clone(),
            id,
        }
    }
}

fn export(
    config: &Config,
    fed: &Hash,
    out: Option<PathBuf>,
    output: &Output,
) -> Result<(), Failure> {
    let keys = Keys::load(config)?;
    let member = entry::of(config, &keys, fed, now_ms())?;
    let bytes = cbor::encode(&member);
    let beside = config.path.parent().unwrap_or(Path::new(""));
    let out = out.unwrap_or_else(|| beside.join(format!("{}.member", config.id.as_str())));
    let mut new = NewFiles::default();
    new.add(&out, Mode::Public, &bytes);
    new.write()?;
    if config.network.dialled_at().next().is_none() {
        output.note("No other member can reach this node: name its address under network.external in the configuration, then export again.");
    }
    let (hash, out) = (Hash::of(&bytes), out.display());
    let text = format!(
        "{out} is the entry of this member; there is no private key in it.\n  sha256 {hash}\n\n{}\nNext: give the file to the governance, and read the sha256 to them by another way. They run `comity roster add`.",
        show::member_text(&member, true)
    );
    let value = json!({
        "file": out.to_string(),
        "sha256": hash.to_string(),
        "fed": fed.to_string(),
        "member": show::member_json(&member),
    });
    output.result(&value, &text);
    Ok(())
}
