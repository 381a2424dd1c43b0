//! A federation on this machine, made with the program itself: every command that a governance and a member type.
//!
//! ```text
//! Federation::found          charter, signed by two of three
//! Federation::join           keys, configuration, a second person, the entry for the roster
//! Federation::admit          the next roster with these entries, signed by two of three
//! Member::run                its node, as a process
//! Member::client             its HTTP API, as one of its people
//! ```

use std::fs;
use std::net::{SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::address;
use crate::binary;
use crate::client::Client;
use crate::process::{Ended, Process};
use crate::{Trouble, trouble};

/// The person whose token comes with a new member.
pub const FIRST_PERSON: &str = "admin";

/// The person who confirms what the first one drafts.
pub const SECOND_PERSON: &str = "second";

/// Signatures that a charter and a roster need, of the three keys that `federation init` makes.
const THRESHOLD: u32 = 2;

/// A folder with the papers of a federation, and the folders of its members beside them.
#[derive(Clone, Debug)]
pub struct Federation {
    folder: PathBuf,
}

/// A member with one node.
#[derive(Clone, Debug)]
pub struct Member {
    /// The first part of its id, and the name of its folder.
    pub name: String,
    /// Its configuration, keys, tokens and data.
    pub folder: PathBuf,
    /// Where its node listens for other members.
    pub network: SocketAddrV4,
    /// Where its node listens for its own people.
    pub api: SocketAddrV4,
}

impl Federation {
    /// A new federation in an empty folder, with a charter that is in force.
    ///
    /// # Errors
    /// The program is not here, or a command refused.
    pub fn found(folder: &Path) -> Result<Self, Trouble> {
        Self::found_with(folder, "")
    }

    /// The same with more in its charter: `more` are further arguments of `federation init`, such as `--mandate`.
    ///
    /// # Errors
    /// As [`Federation::found`].
    pub fn found_with(folder: &Path, more: &str) -> Result<Self, Trouble> {
        let federation = Self {
            folder: folder.to_owned(),
        };
        let init = "federation init --name Example --dir federation --sign-here";
        federation.done(&format!("{init} {more}"))?;
        Ok(federation)
    }

    /// Makes a member `<name>.example` with two people. It is not in the roster yet. `more` are further arguments of
    /// `member init`, such as `--owns-domain platform.example`.
    ///
    /// # Errors
    /// A command refused.
    pub fn join(
        &self,
        name: &str,
        role: &str,
        country: &str,
        more: &str,
    ) -> Result<Member, Trouble> {
        let member = Member {
            name: name.to_owned(),
            folder: self.folder.join(name),
            network: address::own(),
            api: address::own(),
        };
        let (ip, port, api) = (member.network.ip(), member.network.port(), member.api);
        self.done(&format!(
            "member init --id {name}.example --role {role} --country {country} --dir {name} --federation federation \
             --listen /ip4/{ip}/tcp/{port} --api {api} {more}"
        ))?;
        self.done(&format!(
            "person add {SECOND_PERSON} --config {name}/comity.toml"
        ))?;
        self.done(&format!(
            "member export --config {name}/comity.toml --out {name}.member"
        ))?;
        Ok(member)
    }

    /// Puts members into the next roster, and signs it: it is in force.
    ///
    /// # Errors
    /// A command refused.
    pub fn admit(&self, members: &[&Member]) -> Result<(), Trouble> {
        let entries: Vec<_> = members
            .iter()
            .map(|member| format!("{}.member", member.name))
            .collect();
        self.done(&format!("roster add {}", entries.join(" ")))?;
        self.sign_roster()
    }

    /// Takes a member out of the roster, in a new one that is in force.
    ///
    /// # Errors
    /// A command refused.
    pub fn remove(&self, member: &Member) -> Result<(), Trouble> {
        self.done(&format!("roster remove {}.example", member.name))?;
        self.sign_roster()
    }

    /// Runs a command of the program in the folder of the federation, without looking at how it ends. The words hold
    /// no blanks.
    ///
    /// # Errors
    /// The program is not here, or does not end.
    pub fn command(&self, words: &str) -> Result<Ended, Trouble> {
        let words: Vec<_> = words.split_whitespace().collect();
        Process::run(binary::command(&words)?.current_dir(&self.folder))
    }

    /// As [`Federation::command`], and returns what it printed.
    ///
    /// # Errors
    /// As there; it refused.
    pub fn done(&self, words: &str) -> Result<String, Trouble> {
        let ended = self.command(words)?;
        if ended.code == Some(0) {
            Ok(ended.output)
        } else {
            Err(Trouble::Refused {
                command: words.to_owned(),
                said: ended.error,
            })
        }
    }

    /// The folder that its papers and its members are in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What it is known by: the hash of its first charter, in hex.
    ///
    /// # Errors
    /// It is not shown.
    pub fn hash(&self) -> Result<String, Trouble> {
        let shown = self.done("federation show --json")?;
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap_or_default();
        let hash = shown
            .pointer("/charters/0/hash")
            .and_then(|hash| hash.as_str());
        hash.map(ToOwned::to_owned).ok_or_else(|| Trouble::Refused {
            command: "federation show --json".to_owned(),
            said: "no hash of the first charter".to_owned(),
        })
    }

    /// Its signed `charters` or `rosters`, in the order of their versions.
    ///
    /// # Errors
    /// There is no such folder.
    pub fn papers(&self, kind: &str) -> Result<Vec<PathBuf>, Trouble> {
        let folder = self.folder.join("federation").join(kind);
        let entries = fs::read_dir(&folder).map_err(|error| trouble::file(&folder, error))?;
        let mut papers: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        papers.sort_by_key(|path| version_of(path));
        Ok(papers)
    }

    /// The governance signs the next roster: it is in force.
    ///
    /// # Errors
    /// A command refused.
    pub fn sign_roster(&self) -> Result<(), Trouble> {
        for key in 1..=THRESHOLD {
            self.done(&format!(
                "roster sign --key governance/governance-{key}.pem"
            ))?;
        }
        Ok(())
    }
}

impl Member {
    /// Starts its node. [`Process::wait_for`] what it says when it is ready.
    ///
    /// # Errors
    /// The program is not here, or does not start.
    pub fn run(&self) -> Result<Process, Trouble> {
        Process::start(&mut self.command(&["run"])?)
    }

    /// A command of the program with this member's configuration.
    ///
    /// # Errors
    /// The program is not here.
    pub fn command(&self, args: &[&str]) -> Result<Command, Trouble> {
        let mut command = binary::command(args)?;
        command.arg("--config").arg(self.folder.join("comity.toml"));
        Ok(command)
    }

    /// Its HTTP API, as this person.
    ///
    /// # Errors
    /// The person has no token.
    pub fn client(&self, person: &str) -> Result<Client, Trouble> {
        let path = self.folder.join("tokens").join(format!("{person}.token"));
        let token = fs::read_to_string(&path).map_err(|error| trouble::file(&path, error))?;
        Client::new(SocketAddr::V4(self.api), &token)
    }

    /// Its data directory.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
}

/// `<version>.cbor`
fn version_of(path: &Path) -> Option<u64> {
    path.file_stem()?.to_str()?.parse().ok()
}
