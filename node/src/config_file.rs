//! The text of a new `comity.toml`, in which every field is explained.

use std::path::Path;

use toml::Value;

/// What goes into a new configuration. Texts stand as they are in the file.
#[derive(Debug, Clone, Default)]
pub struct NewConfig {
    /// Id of the member.
    pub id: String,
    /// The folder of charters and rosters.
    pub federation: String,
    /// Multiaddresses.
    pub listen: Vec<String>,
    /// Multiaddresses.
    pub external: Vec<String>,
    /// Address and port.
    pub api: String,
    /// The name of the organisation.
    pub name: String,
    /// Registry `role`.
    pub roles: Vec<String>,
    /// Countries.
    pub countries: Vec<String>,
    /// Languages.
    pub languages: Vec<String>,
    /// Registry `capacity`.
    pub capacities: Vec<String>,
    /// The address of a role.
    pub contact: String,
    /// When somebody answers.
    pub hours: String,
    /// The time zone of `hours`.
    pub time_zone: String,
    /// Whom to reach at other times.
    pub out_of_hours: Option<String>,
    /// Domains.
    pub domains: Vec<String>,
    /// Ranges of addresses.
    pub prefixes: Vec<String>,
    /// Numbers of networks.
    pub asns: Vec<u64>,
}

impl NewConfig {
    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        let out_of_hours = match &self.out_of_hours {
            Some(address) => format!("out_of_hours = {}", text(address)),
            None => "# out_of_hours = \"duty@member.example\"".to_owned(),
        };
        format!(
            r#"# The configuration of one node of a Comity federation. There are no secrets in this file.
# Relative paths start at the folder of this file. A field that is not known is an error.

# The member that this node belongs to: its id in the roster and in every signature. It never changes.
id = {id}

# The journal, the audit log and the views. Back it up. One node at a time may use it.
data_dir = "data"

# The private keys, one file for each purpose, mode 0600. Back them up apart from the data:
#   statement.pem  signs what this member says        log-1.pem      signs the audit log
#   witness.pem    is to cosign others' logs           transport.pem  is the node's identity on the network
#   storage.key    protects what is stored; without it the data cannot be read
keys_dir = "keys"

# One token for each person who works with this node: `comity person add`.
tokens_dir = "tokens"

# The folder of charters and rosters that the governance gave you. It is read at the first start;
# later rosters come over the network.
federation = {federation}

[network]
# Where the node listens for other members. 0.0.0.0 is every IPv4 address of this machine.
# A second line with /udp/4001/quic-v1 in the place of /tcp/4001 adds QUIC.
listen = {listen}

# Where other members reach it; this goes into the roster. Empty: the addresses above that name one machine.
external = {external}

[api]
# The HTTP API and the web console. Only programs on this machine reach a loopback address.
listen = {api}

# true lets `listen` be an address that other machines reach. It speaks plain HTTP: put a proxy with TLS before it.
allow_remote = false

# The names by which people reach it through that proxy, such as "comity.member.example". A request for any other name
# but loopback is turned away: a page of somebody else could be pointed at this node.
hosts = []

[work]
# Kinds of statement that a second person must confirm before they are signed.
review = ["takedown-request", "referral", "transfer", "amendment", "withdrawal"]

# When a case was passed on to another member, its answers go back upstream: "automatic", as soon as they are
# here, or "manual", when a person says so.
relay = "automatic"

[log]
# Which of the member's audit logs this node writes. A restore from backup opens the next one: `comity log restore`
# writes it here.
number = 1

# The newest signed head once more, apart from the data: by it the node tells that an old copy of the data was put back.
# Best on another disk, and not part of the backup of the data. Default: beside the keys.
# head_copy = "keys/head-copy"

# Where log and witness are served over HTTP to everybody: hashes and signed heads, and cosignatures for other members'
# logs (C2SP tlog-tiles, tlog-witness). Put a web server with TLS before it. Default: they are not.
# http = "127.0.0.1:7071"

# Witnesses from outside of the federation that are to cosign this log (C2SP tlog-witness), up to 8. They are shown
# and published beside the members, and count towards no quorum. Who runs one has to know this log first: give them
# its origin and its key, as `comity log verify` shows them. Only http: a proxy on this machine speaks TLS.
# [[log.witness]]
# vkey = "witness.example+1a2b3c4d+BASE64"
# url = "http://127.0.0.1:7072"

# What follows is what the member says about itself. `comity member export` makes the entry that the governance puts
# into the roster; after a change, export again and give it to the governance. Roles and role addresses, never persons.
[member]
# The name of the organisation, in the first of its languages.
name = {name}

# hotline, platform, regulator, law-enforcement. The charter says who may send what to whom.
roles = {roles}

# The countries that it answers for (ISO 3166-1).
countries = {countries}

# The languages that it reads (BCP 47), the preferred one first.
languages = {languages}

# What it can be asked as: service, host, cdn, registrar, search, site-owner. For platforms.
capacities = {capacities}

# The legal ground for transfers of personal data to it, if there is one to be named.
# transfer_basis = "adequacy decision"

[member.contact]
# The address of a role that people can write to.
address = {contact}

# When somebody answers, and in which time zone.
hours = {hours}
time_zone = {time_zone}

# Whom to reach at other times, when a child is in danger now.
{out_of_hours}

[member.owns]
# What it answers for on the network: requests about these go to it. Domains count with everything below them.
domains = {domains}

# Ranges of addresses: "192.0.2.0/24", "2001:db8::/32".
prefixes = {prefixes}

# Numbers of networks (autonomous systems): 64496.
asns = {asns}
"#,
            id = text(&self.id),
            federation = text(&self.federation),
            listen = texts(&self.listen),
            external = texts(&self.external),
            api = text(&self.api),
            name = text(&self.name),
            roles = texts(&self.roles),
            countries = texts(&self.countries),
            languages = texts(&self.languages),
            capacities = texts(&self.capacities),
            contact = text(&self.contact),
            hours = text(&self.hours),
            time_zone = text(&self.time_zone),
            domains = texts(&self.domains),
            prefixes = texts(&self.prefixes),
            asns = numbers(&self.asns),
        )
    }
}

/// The folder of the federation as it stands in the file: what was given on the command
/// line starts at where that was, not at the file.
#[must_use]
pub fn federation_path(given: Option<&Path>) -> String {
    let absolute = given.map(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    absolute.map_or_else(
        || "federation".to_owned(),
        |path| path.to_string_lossy().into_owned(),
    )
}

fn text(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

fn texts(texts: &[String]) -> String {
    let quoted: Vec<_> = texts.iter().map(|one| text(one)).collect();
    format!("[{}]", quoted.join(", "))
}

fn numbers(numbers: &[u64]) -> String {
    let written: Vec<_> = numbers.iter().map(u64::to_string).collect();
    format!("[{}]", written.join(", "))
}
