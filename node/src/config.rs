//! The configuration of one node: `comity.toml`.
//!
//! ```text
//! text -> toml, unknown fields refused -> words read (parse) -> rules between fields -> Config
//! ```
//!
//! Every error names file, line and field. Relative paths start at the folder of the
//! file, so that the node can be started from anywhere. There are no secrets in it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};

use comity_log::key::VerifierKey;
use comity_trust::owned::{Domain, Prefix};
use comity_wire::ids::MemberId;
use comity_wire::registry::Kind;
use comity_wire::words::{Code, Country, Language, Name, Reference};
use serde::{Deserialize, Deserializer, de};
use toml::Spanned;

use crate::error::Failure;
use crate::limits::{CONFIG_BYTES_MAX, OUTSIDE_WITNESSES_MAX};
use crate::{files, parse};

/// The configuration, with every path absolute or as good as: relative to where the
/// program runs.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file that it was read from.
    pub path: PathBuf,
    /// The member.
    pub id: MemberId,
    /// The folder of the journal, the log and the views.
    pub data_dir: PathBuf,
    /// The folder of the private keys.
    pub keys_dir: PathBuf,
    /// The folder of the tokens: one file for each person.
    pub tokens_dir: PathBuf,
    /// The folder of charters and rosters that the node first starts from.
    pub federation: PathBuf,
    /// The peer network.
    pub network: Network,
    /// The HTTP API and console.
    pub api: Api,
    /// How work is done here.
    pub work: Work,
    /// The audit log.
    pub log: Log,
    /// What the member says about itself.
    pub member: Profile,
}

/// The peer network.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Multiaddresses to listen at.
    #[serde(deserialize_with = "addresses")]
    pub listen: Vec<String>,
    /// Multiaddresses at which others reach the node: they go into the roster.
    #[serde(default, deserialize_with = "addresses")]
    pub external: Vec<String>,
}

/// The HTTP API and console.
#[derive(Debug, Clone)]
pub struct Api {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Whether that may be an address that other machines reach.
    pub allow_remote: bool,
    /// Names by which people reach it, besides loopback.
    pub hosts: Vec<String>,
}

/// How work is done here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// Kinds of statement that a second person must confirm before they are signed.
    #[serde(default = "review_default", deserialize_with = "kinds")]
    pub review: Vec<Kind>,
    /// Whether answers of a child case go upstream by themselves.
    #[serde(default)]
    pub relay: Relay,
}

/// Whether answers of a child case go upstream by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relay {
    /// As soon as they are here.
    #[default]
    Automatic,
    /// When a person says so.
    Manual,
}

/// The audit log.
#[derive(Debug, Clone)]
pub struct Log {
    /// Which of the member's logs this node writes, from 1. Its key is `log-<number>.pem`.
    pub number: u32,
    /// Where the number stands in the text of the configuration, in bytes.
    pub number_at: Range<usize>,
    /// The file of the copy of the newest signed head, apart from the data.
    pub head_copy: PathBuf,
    /// Where log and witness are served to everybody; none: they are not.
    pub http: Option<SocketAddr>,
    /// Witnesses from outside of the federation that are asked to cosign it. No two have a name or a key in common.
    pub witnesses: Vec<OutsideWitness>,
}

/// A witness from outside of the federation.
#[derive(Debug, Clone)]
pub struct OutsideWitness {
    /// The key that its cosignatures are checked under.
    pub key: VerifierKey,
    /// What stands before `/add-checkpoint`.
    pub url: String,
}

/// What the member says about itself: `comity member export` puts it into the entry
/// that the governance is given.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name, in the first of its languages.
    #[serde(deserialize_with = "one::<NameText, _>")]
    pub name: Name,
    /// Registry `role`.
    #[serde(deserialize_with = "some::<CodeText, _>")]
    pub roles: Vec<Code>,
    /// The countries that it answers for.
    #[serde(deserialize_with = "some::<CountryText, _>")]
    pub countries: Vec<Country>,
    /// The languages that it reads, the preferred one first.
    #[serde(deserialize_with = "some::<LanguageText, _>")]
    pub languages: Vec<Language>,
    /// Registry `capacity`.
    #[serde(default, deserialize_with = "any::<CodeText, _>")]
    pub capacities: Vec<Code>,
    /// Where people reach it.
    pub contact: Contact,
    /// What it answers for on the network.
    #[serde(default)]
    pub owns: Owned,
    /// The legal ground for transfers of personal data to it.
    #[serde(default, deserialize_with = "perhaps::<ReferenceText, _>")]
    pub transfer_basis: Option<Reference>,
}

/// Where people reach a member. Roles, never persons.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// The address of a role.
    #[serde(deserialize_with = "one::<ReferenceText, _>")]
    pub address: Reference,
    /// When somebody answers.
    #[serde(deserialize_with = "one::<ReferenceText, _>")]
    pub hours: Reference,
    /// The time zone of `hours`.
    #[serde(deserialize_with = "one::<ReferenceText, _>")]
    pub time_zone: Reference,
    /// Whom to reach at other times.
    #[serde(default, deserialize_with = "perhaps::<ReferenceText, _>")]
    pub out_of_hours: Option<Reference>,
}

/// What a member answers for on the network.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owned {
    /// Domains, with everything below them.
    #[serde(default, deserialize_with = "any::<DomainText, _>")]
    pub domains: Vec<Domain>,
    /// Ranges of addresses.
    #[serde(default, deserialize_with = "any::<PrefixText, _>")]
    pub prefixes: Vec<Prefix>,
    /// Autonomous systems.
    #[serde(default)]
    pub asns: Vec<u32>,
}

/// As it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(deserialize_with = "one::<MemberIdText, _>")]
    id: MemberId,
    data_dir: PathBuf,
    keys_dir: PathBuf,
    tokens_dir: PathBuf,
    federation: PathBuf,
    network: Network,
    #[serde(default)]
    api: WrittenApi,
    #[serde(default)]
    work: Work,
    log: WrittenLog,
    member: Profile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenLog {
    number: Spanned<LogNumber>,
    head_copy: Option<Spanned<PathBuf>>,
    http: Option<SocketAddr>,
    #[serde(default)]
    witness: Vec<WrittenWitness>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenWitness {
    vkey: Spanned<WitnessKeyText>,
    #[serde(deserialize_with = "one::<WitnessUrlText, _>")]
    url: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct WrittenApi {
    listen: Option<Spanned<SocketAddr>>,
    #[serde(default)]
    allow_remote: bool,
    #[serde(default)]
    hosts: Vec<String>,
}

/// The copy of the newest signed head, beside the keys unless the file says otherwise.
const HEAD_COPY_FILE: &str = "head-copy";

/// Where the API listens unless the file says otherwise.
pub const API_LISTEN_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8640);

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// `config-invalid` with file, line and field; `api-not-loopback`; `config-not-found`;
    /// what the disk says.
    pub fn load(path: &Path) -> Result<Self, Failure> {
        let bytes = files::read(path, CONFIG_BYTES_MAX).map_err(|failure| {
            if failure.code != "file-not-found" {
                return failure;
            }
            Failure::new(
                "config-not-found",
                format!("There is no configuration at {}.", path.display()),
                "Name the file with --config, or make a member with `comity member init`.",
            )
        })?;
        let text =
            String::from_utf8(bytes).map_err(|_| invalid(path, None, "it is not text in UTF-8"))?;
        Self::parse(path, &text)
    }

    /// Reads the text of a file at `path`.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, Failure> {
        let written: Written = toml::from_str(text).map_err(|error| {
            let at = error.span().map(|span| Place::of(text, span.start));
            invalid(path, at, error.message())
        })?;
        let api = written.api.checked(path, text)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let (data_dir, keys_dir) = (folder.join(written.data_dir), folder.join(written.keys_dir));
        let head_copy = written.log.head_copy.as_ref();
        let log = Log {
            number: written.log.number.get_ref().0,
            number_at: written.log.number.span(),
            head_copy: head_copy.map_or_else(
                || keys_dir.join(HEAD_COPY_FILE),
                |file| folder.join(file.get_ref()),
            ),
            http: written.log.http,
            witnesses: outside_witnesses(written.log.witness, path, text)?,
        };
        if let Some(named) = head_copy.filter(|_| log.head_copy.starts_with(&data_dir)) {
            let at = Place::of(text, named.span().start);
            return Err(invalid(
                path,
                Some(at),
                "the copy of the head must lie apart from the data: whoever puts an old copy of the data back would put it back too",
            ));
        }
        Ok(Self {
            path: path.to_owned(),
            id: written.id,
            data_dir,
            keys_dir,
            tokens_dir: folder.join(written.tokens_dir),
            federation: folder.join(written.federation),
            network: written.network,
            api,
            work: written.work,
            log,
            member: written.member,
        })
    }
}

/// The witnesses from outside, each once.
fn outside_witnesses(
    written: Vec<WrittenWitness>,
    path: &Path,
    text: &str,
) -> Result<Vec<OutsideWitness>, Failure> {
    let mut witnesses: Vec<OutsideWitness> = Vec::new();
    for WrittenWitness { vkey, url } in written {
        let at = vkey.span().start;
        let wrong = |why: &str| Err(invalid(path, Some(Place::of(text, at)), why));
        let key = vkey.into_inner().0;
        if witnesses.iter().any(|one| one.key.key() == key.key()) {
            return wrong("this key stands here twice");
        }
        if witnesses.iter().any(|one| one.key.name() == key.name()) {
            return wrong(
                "another key here has this name: of one witness, name the key that it signs with now",
            );
        }
        if witnesses.len() == OUTSIDE_WITNESSES_MAX {
            return wrong(&format!(
                "there may be {OUTSIDE_WITNESSES_MAX} witnesses at most"
            ));
        }
        witnesses.push(OutsideWitness { key, url });
    }
    Ok(witnesses)
}

impl Network {
    /// The addresses for the roster: those named, else those listened at that name one
    /// machine and one port.
    pub fn dialled_at(&self) -> impl Iterator<Item = &String> {
        let named = &self.external;
        let listed = if named.is_empty() {
            &self.listen
        } else {
            named
        };
        listed
            .iter()
            .filter(|address| parse::can_be_dialled(address))
    }
}

impl Default for Work {
    fn default() -> Self {
        Self {
            review: review_default(),
            relay: Relay::default(),
        }
    }
}

impl WrittenApi {
    fn checked(self, path: &Path, text: &str) -> Result<Api, Failure> {
        let (listen, at) = self.listen.map_or((API_LISTEN_DEFAULT, 0), |listen| {
            let at = listen.span().start;
            (listen.into_inner(), at)
        });
        if !listen.ip().is_loopback() && !self.allow_remote {
            return Err(Failure::new(
                "api-not-loopback",
                format!(
                    "{}, {}: other machines could reach the API at this address, and it speaks plain HTTP.",
                    path.display(),
                    Place::of(text, at)
                ),
                "Use a loopback address such as 127.0.0.1:8640, or put a proxy with TLS before it and set allow_remote = true.",
            ));
        }
        Ok(Api {
            listen,
            allow_remote: self.allow_remote,
            hosts: self.hosts,
        })
    }
}

fn invalid(path: &Path, at: Option<Place>, why: &str) -> Failure {
    let at = at.map(|at| format!(", {at}")).unwrap_or_default();
    // The parser's own sentences may span lines.
    let why = why.lines().collect::<Vec<_>>().join(" ");
    Failure::new(
        "config-invalid",
        format!("{}{at}: {why}.", path.display()),
        "Correct this line; `comity member init` writes a file in which every field is explained.",
    )
}

/// A line, and the field that stands there.
struct Place {
    line: usize,
    field: Option<String>,
}

impl Place {
    fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let seen: Vec<_> = text.lines().take(line).map(str::trim).collect();
        let table_of = |line: &&str| {
            let (name, _) = line.trim_start_matches('[').split_once(']')?;
            line.starts_with('[').then(|| name.to_owned())
        };
        let key_of = |line: &&str| {
            let (key, _) = line.split_once('=')?;
            let key = key.trim();
            let word = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
            (!key.is_empty() && key.chars().all(word)).then(|| key.to_owned())
        };
        // The value of an array may stand some lines below its key.
        let key = seen
            .iter()
            .rev()
            .take_while(|line| !is_header(line))
            .find_map(key_of);
        let table = seen.iter().rev().filter(is_header).find_map(table_of);
        let field = match (table, key) {
            (Some(table), Some(key)) => Some(format!("{table}.{key}")),
            (table, key) => key.or(table),
        };
        Self { line, field }
    }
}

/// `[table]`, not an array within one.
fn is_header(line: &&&str) -> bool {
    line.starts_with('[')
        && line
            .split_once(']')
            .is_some_and(|(name, _)| !name.contains(['"', '\'', ',']))
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        match &self.field {
            Some(field) => write!(f, ", field {field}"),
            None => Ok(()),
        }
    }
}

fn review_default() -> Vec<Kind> {
    vec![
        Kind::TakedownRequest,
        Kind::Referral,
        Kind::Transfer,
        Kind::Amendment,
        Kind::Withdrawal,
    ]
}

/// 1 or more.
struct LogNumber(u32);

impl<'de> Deserialize<'de> for LogNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            0 => Err(de::Error::custom("must be 1 or more")),
            number => Ok(Self(number)),
        }
    }
}

fn kinds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Kind>, D::Error> {
    any::<KindText, D>(deserializer)
}

fn addresses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    any::<AddressText, D>(deserializer)
}

/// A text that is read into a word.
trait Word: for<'de> Deserialize<'de> {
    type Of;

    fn word(self) -> Self::Of;
}

/// Declares texts that are read by [`crate::parse`], so that an error has the place
/// of the text.
macro_rules! texts {
    ($($text:ident, $reader:path, $word:ty;)*) => {
        $(
            struct $text($word);

            impl Word for $text {
                type Of = $word;

                fn word(self) -> $word {
                    self.0
                }
            }

            impl<'de> Deserialize<'de> for $text {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let text = String::deserialize(deserializer)?;
                    $reader(&text).map(Self).map_err(de::Error::custom)
                }
            }
        )*
    };
}

texts! {
    MemberIdText, parse::member_id, MemberId;
    NameText, parse::name, Name;
    CodeText, parse::code, Code;
    CountryText, parse::country, Country;
    LanguageText, parse::language, Language;
    ReferenceText, parse::reference, Reference;
    DomainText, parse::domain, Domain;
    PrefixText, parse::prefix, Prefix;
    AddressText, parse::address, String;
    KindText, kind, Kind;
    WitnessKeyText, parse::witness_key, VerifierKey;
    WitnessUrlText, parse::witness_url, String;
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::from_name(text)
        .ok_or_else(|| "must be a kind of statement, such as 'referral'".to_owned())
}

fn one<'de, W: Word, D: Deserializer<'de>>(deserializer: D) -> Result<W::Of, D::Error> {
    Ok(W::deserialize(deserializer)?.word())
}

fn perhaps<'de, W: Word, D: Deserializer<'de>>(deserializer: D) -> Result<Option<W::Of>, D::Error> {
    Ok(Some(W::deserialize(deserializer)?.word()))
}

fn any<'de, W: Word, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<W::Of>, D::Error> {
    let texts = Vec::<W>::deserialize(deserializer)?;
    Ok(texts.into_iter().map(W::word).collect())
}

fn some<'de, W: Word, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<W::Of>, D::Error> {
    let words = any::<W, D>(deserializer)?;
    if words.is_empty() {
        return Err(de::Error::custom("must name at least one"));
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use crate::config_file::NewConfig;

    use super::*;

    fn new_config() -> NewConfig {
        let list = |text: &str| vec![text.to_owned()];
        NewConfig {
            id: "north.example".to_owned(),
            federation: "federation".to_owned(),
            listen: list("/ip4/0.0.0.0/tcp/4001"),
            api: API_LISTEN_DEFAULT.to_string(),
            name: "Hotline North".to_owned(),
            roles: list("hotline"),
            countries: list("SE"),
            languages: list("en"),
            contact: "desk@north.example".to_owned(),
            hours: "Mo-Fr 09:00-17:00".to_owned(),
            time_zone: "Etc/UTC".to_owned(),
            ..NewConfig::default()
        }
    }

    fn parsed(text: &str) -> Result<Config, Failure> {
        Config::parse(Path::new("here/comity.toml"), text)
    }

    /// Puts `new` in the place of the line that begins with `old`; the error names that
    /// line and `field`, and says `why`.
    fn check(old: &str, new: &str, field: &str, why: &str) {
        let text = new_config().text();
        let place = text.lines().position(|line| line.starts_with(old)).unwrap();
        let lines = text.lines().enumerate();
        let changed: Vec<_> = lines
            .map(|(n, line)| if n == place { new } else { line })
            .collect();
        let failure = parsed(&changed.join("\n")).unwrap_err();
        let message = &failure.message;
        let at = format!("here/comity.toml, line {}, field {field}: ", place + 1);
        assert!(message.starts_with(&at), "{at} / {message}");
        assert!(message.contains(why), "{why} / {message}");
        assert_eq!(failure.code, "config-invalid");
    }

    #[test]
    fn a_new_file_has_every_default_and_paths_start_at_its_folder() {
        let config = parsed(&new_config().text()).unwrap();
        assert_eq!(config.data_dir, Path::new("here/data"));
        assert_eq!(config.keys_dir, Path::new("here/keys"));
        assert_eq!(config.tokens_dir, Path::new("here/tokens"));
        assert_eq!(config.federation, Path::new("here/federation"));
        assert_eq!(config.api.listen, API_LISTEN_DEFAULT);
        assert!(!config.api.allow_remote);
        assert_eq!(config.work.review, review_default());
        assert_eq!(config.work.relay, Relay::Automatic);
        assert_eq!(config.log.number, 1);
        assert_eq!(config.log.head_copy, Path::new("here/keys/head-copy"));
    }

    #[test]
    fn what_has_a_default_may_be_left_out() {
        let defaults = [
            "[api]",
            "listen = \"127",
            "allow_remote",
            "[work]",
            "review",
            "relay",
            "hosts",
            "external",
        ];
        let text = new_config().text();
        let kept = |line: &&str| !defaults.iter().any(|start| line.starts_with(start));
        let short: Vec<_> = text.lines().filter(kept).collect();
        let config = parsed(&short.join("\n")).unwrap();
        assert_eq!(config.work.review, review_default());
        assert_eq!(config.api.listen, API_LISTEN_DEFAULT);
    }

    #[test]
    fn an_error_names_the_line_and_the_field() {
        check("id =", "id = \"UPPER\"", "id", "must be 1 to 63 of a-z");
        check("id =", "ident = \"a.example\"", "ident", "unknown field");
        check("data_dir", "data_dir = 7", "data_dir", "invalid type");
        let listen = "network.listen";
        check(
            "listen = [",
            "listen = [\"192.0.2.1:4001\"]",
            listen,
            "must look like /ip4/",
        );
        check(
            "listen = [",
            "listen = \"/ip4/192.0.2.1/tcp/1\"",
            listen,
            "invalid type",
        );
        check(
            "external",
            "external = [\"x\"]",
            "network.external",
            "must look like /ip4/",
        );
        check(
            "listen = \"127",
            "listen = \"localhost\"",
            "api.listen",
            "socket address",
        );
        check(
            "review",
            "review = [\"referal\"]",
            "work.review",
            "must be a kind of statement",
        );
        check(
            "relay",
            "relay = \"sometimes\"",
            "work.relay",
            "unknown variant",
        );
        check("number", "number = 0", "log.number", "must be 1 or more");
        check(
            "# head_copy",
            "head_copy = \"data/copy\"",
            "log.head_copy",
            "must lie apart from the data",
        );
        check("number", "number = -1", "log.number", "invalid value");
        check(
            "name =",
            "name = \"\"",
            "member.name",
            "must be 1 to 256 bytes long",
        );
        check(
            "roles",
            "roles = []",
            "member.roles",
            "must name at least one",
        );
        check(
            "countries",
            "countries = [\"SWE\"]",
            "member.countries",
            "ISO 3166-1",
        );
        check(
            "address",
            "address = 1",
            "member.contact.address",
            "invalid type",
        );
        check(
            "prefixes",
            "prefixes = [\"192.0.2.1/24\"]",
            "member.owns.prefixes",
            "has bits set",
        );
        check(
            "domains",
            "domains = [\"localhost\"]",
            "member.owns.domains",
            "must be a domain",
        );
        check(
            "asns",
            "asns = [4294967296]",
            "member.owns.asns",
            "invalid value",
        );
        check("[work]", "[wrok]", "wrok", "unknown field");
    }

    /// A verifier key of this type, by 32 bytes that are a key of Ed25519.
    fn vkey(name: &str, kind: u8, seed: u8) -> String {
        let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]).verifying_key();
        let bytes = [&[kind], key.as_bytes().as_slice()].concat();
        let id = comity_log::hash::Hash::of_parts(&[name.as_bytes(), b"\n", &bytes]);
        let (id, bytes) = (&id.to_string()[..8], data_encoding::BASE64.encode(&bytes));
        format!("{name}+{id}+{bytes}")
    }

    /// The configuration with witnesses from outside: key and address of each.
    fn with_witnesses(witnesses: &[(String, &str)]) -> String {
        let tables = witnesses
            .iter()
            .map(|(vkey, url)| format!("[[log.witness]]\nvkey = \"{vkey}\"\nurl = \"{url}\"\n\n"));
        let tables: String = tables.collect();
        let text = new_config().text();
        text.replace("[member]\n", &format!("{tables}[member]\n"))
    }

    #[test]
    fn witnesses_from_outside_are_named_by_key_and_address() {
        let one = vkey("witness.example/w1", 4, 1);
        let other = vkey("witness.example/w2", 4, 2);
        let text = with_witnesses(&[
            (one.clone(), "http://127.0.0.1:7072/"),
            (other, "http://proxy.member.example:80/a/b"),
        ]);
        let witnesses = parsed(&text).unwrap().log.witnesses;
        let urls: Vec<_> = witnesses.iter().map(|one| one.url.as_str()).collect();
        assert_eq!(
            urls,
            [
                "http://127.0.0.1:7072",
                "http://proxy.member.example:80/a/b"
            ]
        );
        assert_eq!(witnesses.first().unwrap().key.to_string(), one);
        assert!(
            parsed(&new_config().text())
                .unwrap()
                .log
                .witnesses
                .is_empty()
        );
    }

    #[test]
    fn a_witness_from_outside_that_cannot_be_asked_is_refused_with_its_line() {
        let at = "http://127.0.0.1:7072";
        let good = || vkey("witness.example/w1", 4, 1);
        let check = |witnesses: &[(String, &str)], field: &str, why: &str| {
            let text = with_witnesses(witnesses);
            let failure = parsed(&text).unwrap_err();
            let message = failure.message;
            assert_eq!(failure.code, "config-invalid");
            let lines = || text.lines().enumerate();
            let begins = format!("{field} = ");
            let last = lines()
                .filter(|(_, line)| line.starts_with(&begins))
                .filter(|(_, line)| {
                    witnesses
                        .iter()
                        .any(|one| line.contains(&one.0) || line.contains(one.1))
                });
            let (line, _) = last.last().unwrap();
            let named = format!("line {}, field log.witness.{field}: ", line + 1);
            assert!(message.contains(&named), "{named} / {message}");
            assert!(message.contains(why), "{why} / {message}");
        };
        let key = |vkey: String, why: &str| check(&[(vkey, at)], "vkey", why);
        key(vkey("witness.example/w1", 1, 1), "is the key of a log");
        key(
            vkey("witness.example/w1", 6, 1),
            "type 0x06 (ML-DSA-44), which is not checked here",
        );
        key(
            vkey("witness.example/w1", 5, 1),
            "type 0x05, which is not checked here",
        );
        key(good().replace("+", "+0"), "must be a verifier key");
        key("witness.example/w1".to_owned(), "must be a verifier key");
        key(
            good().replace("w1", "w2"),
            "the key id is not that of this name and key",
        );
        let url = |url: &str, why: &str| check(&[(good(), url)], "url", why);
        url("https://witness.example", "put a proxy on this machine");
        for wrong in [
            "ftp://witness.example",
            "witness.example:80",
            "/witness",
            "",
            "http://",
            "http://a:b@witness.example",
            "http://witness.example/?a=b",
            "http://witness.example/#a",
        ] {
            url(wrong, "must be an address such as");
        }
        url(
            &format!("http://witness.example/{}", "a".repeat(512)),
            "at most 512 bytes",
        );
        check(
            &[(good(), at), (good(), at)],
            "vkey",
            "this key stands here twice",
        );
        let renamed = vkey("witness.example/w1", 4, 2);
        check(
            &[(good(), at), (renamed, at)],
            "vkey",
            "another key here has this name",
        );
        let many: Vec<_> = (1..=9)
            .map(|n| (vkey(&format!("witness.example/w{n}"), 4, n), at))
            .collect();
        check(&many, "vkey", "there may be 8 witnesses at most");
        assert_eq!(
            parsed(&with_witnesses(many.get(..8).unwrap()))
                .unwrap()
                .log
                .witnesses
                .len(),
            8
        );
    }

    #[test]
    fn an_array_over_several_lines_is_named_by_the_line_of_its_key() {
        let several = "countries = [\n  \"SE\",\n  \"Norway\",\n]";
        let text = new_config().text().replace("countries = [\"SE\"]", several);
        let place = text.lines().position(|line| line.starts_with("countries"));
        let at = format!("line {}, field member.countries", place.unwrap() + 1);
        let message = parsed(&text).unwrap_err().message;
        assert!(message.contains(&at), "{message}");
    }

    #[test]
    fn what_is_missing_is_named() {
        for field in [
            "keys_dir",
            "tokens_dir",
            "federation",
            "number",
            "time_zone",
        ] {
            let text = new_config().text();
            let start = format!("{field} =");
            let kept: Vec<_> = text
                .lines()
                .filter(|line| !line.starts_with(&start))
                .collect();
            let failure = parsed(&kept.join("\n")).unwrap_err();
            assert_eq!(failure.code, "config-invalid");
            let missing = format!("missing field `{field}`");
            assert!(failure.message.contains(&missing), "{}", failure.message);
        }
    }

    #[test]
    fn an_api_that_other_machines_reach_has_to_be_allowed() {
        let text = new_config().text();
        let remote = text.replace("127.0.0.1:8640", "0.0.0.0:8640");
        let failure = parsed(&remote).unwrap_err();
        assert_eq!(failure.code, "api-not-loopback");
        assert!(
            failure.message.contains("field api.listen"),
            "{}",
            failure.message
        );
        let allowed = remote.replace("allow_remote = false", "allow_remote = true");
        assert!(parsed(&allowed).unwrap().api.allow_remote);
        let six = text.replace("127.0.0.1:8640", "[::1]:8640");
        assert!(parsed(&six).unwrap().api.listen.ip().is_loopback());
    }

    #[test]
    fn texts_with_quotes_come_back_as_they_were() {
        for name in [
            "a \"b\" c",
            "a\\b",
            "it's",
            "# [x] = \"y\"",
            "'''",
            "\"\"\"",
            "\u{f6}",
        ] {
            let new = NewConfig {
                name: name.to_owned(),
                ..new_config()
            };
            assert_eq!(parsed(&new.text()).unwrap().member.name.as_str(), name);
        }
    }

    #[test]
    fn without_external_addresses_those_that_name_one_machine_are_dialled() {
        let check = |listen: &[&str], external: &[&str], expected: &[&str]| {
            let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
            let new = NewConfig {
                listen: owned(listen),
                external: owned(external),
                ..new_config()
            };
            let config = parsed(&new.text()).unwrap();
            assert_eq!(config.network.dialled_at().collect::<Vec<_>>(), expected);
        };
        let any = "/ip4/0.0.0.0/tcp/4001";
        let one = "/ip4/192.0.2.1/tcp/4001";
        let named = "/dns/north.example/tcp/1";
        check(&[any], &[], &[]);
        check(&[any, one], &[], &[one]);
        check(&[one], &[named], &[named]);
    }
}
