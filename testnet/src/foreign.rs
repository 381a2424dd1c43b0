//! Members that are not ours: `testnet/interop/js` and `testnet/interop/python`, written from the specification alone. Each
//! language has two: one that does all that is asked of a client, and a minimal one in a single file.
//!
//! What is asked of them is in `testnet/interop/README.md`. `cargo xtask test --only interop` installs what they need and names
//! the programs that run them in [`Language::variable`].

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::federation::{Federation, Member};
use crate::process::{Ended, Process};
use crate::{Trouble, address};

/// In what a member is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// In `testnet/interop/js`.
    JavaScript,
    /// In `testnet/interop/python`.
    Python,
}

/// How much of what is asked of a client a member does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it: `client.mjs`, `client.py`, and the files beside it.
    Whole,
    /// What section 6.17 of the specification asks for, in one file: `minimal.py`. There is none in JavaScript.
    Minimal,
}

impl Language {
    /// The environment variable that names the program that runs it.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            Self::JavaScript => "COMITY_NODE",
            Self::Python => "COMITY_PYTHON",
        }
    }

    /// Where its sources are, and how their names end.
    #[must_use]
    pub fn sources(self) -> (PathBuf, &'static str) {
        let (folder, ending) = match self {
            Self::JavaScript => ("js", "mjs"),
            Self::Python => ("python", "py"),
        };
        let interop = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop");
        (interop.join(folder), ending)
    }
}

/// A program that can be a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// In what it is written.
    pub language: Language,
    /// How much it does.
    pub extent: Extent,
}

impl Client {
    /// Its first file. A minimal member has no other.
    #[must_use]
    pub fn source(self) -> PathBuf {
        let (folder, ending) = self.language.sources();
        let stem = match self.extent {
            Extent::Whole => "client",
            Extent::Minimal => "minimal",
        };
        folder.join(stem).with_extension(ending)
    }

    /// The program, to be given arguments.
    ///
    /// # Errors
    /// Nothing names the program that runs it.
    pub fn command(self) -> Result<Command, Trouble> {
        let variable = self.language.variable();
        let program = env::var_os(variable).ok_or(Trouble::Variable {
            variable,
            remedy: "run `cargo xtask test --only interop`, which installs what the client needs",
        })?;
        let mut command = Command::new(program);
        command.arg(self.source());
        Ok(command)
    }
}

/// A member with keys that follow from a seed.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// What runs it.
    pub client: Client,
    /// As the federation knows it. It has no API, and nothing in its folder.
    pub member: Member,
    /// Of its keys, in hex. Nothing but a test may use such a key.
    pub seed: String,
}

impl Foreign {
    /// A member `<name>.example`, which writes its own entry for the roster. It is not in the roster yet.
    ///
    /// # Errors
    /// The client does not run, or refuses.
    pub fn join(
        federation: &Federation,
        client: Client,
        name: &str,
        role: &str,
        country: &str,
    ) -> Result<Self, Trouble> {
        let folder = federation.folder().join(name);
        let entry = folder.with_extension("member");
        let foreign = Self {
            client,
            member: Member {
                name: name.to_owned(),
                folder,
                network: address::own(),
                api: address::own(),
            },
            // As many letters as a seed has digits; other names give other keys.
            seed: name
                .bytes()
                .cycle()
                .take(32)
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        };
        let mut command = foreign.command("member")?;
        command.args([
            "--role",
            role,
            "--country",
            country,
            "--fed",
            &federation.hash()?,
        ]);
        let ended = Process::run(command.arg(&entry))?;
        if ended.code == Some(0) {
            Ok(foreign)
        } else {
            Err(Trouble::Refused {
                command: format!("{name}: client member"),
                said: ended.error,
            })
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}.example", self.member.name)
    }

    /// Starts it with the papers that the federation has now, and waits until it is ready.
    ///
    /// # Errors
    /// It does not start, or is not ready in time.
    pub fn run(&self, federation: &Federation) -> Result<Talk, Trouble> {
        let mut command = self.command("run")?;
        for (option, folder) in [("--charter", "charters"), ("--roster", "rosters")] {
            command.arg(option).args(federation.papers(folder)?);
        }
        let mut talk = Talk(Process::start_listening(&mut command)?);
        let ready = talk.answer("run")?;
        if ready.get("ready").is_some_and(Value::is_array) {
            Ok(talk)
        } else {
            Err(not_understood("run", "it is not ready", &ready.to_string()))
        }
    }

    fn command(&self, word: &str) -> Result<Command, Trouble> {
        let network = self.member.network;
        let listen = format!("/ip4/{}/tcp/{}", network.ip(), network.port());
        let mut command = self.client.command()?;
        command.args([
            word,
            "--id",
            &self.id(),
            "--seed",
            &self.seed,
            "--listen",
            &listen,
        ]);
        Ok(command)
    }
}

/// A running member, and what is said to it.
#[derive(Debug)]
pub struct Talk(Process);

impl Talk {
    /// Tells it to do something, and waits for the answer.
    ///
    /// # Errors
    /// It ended, is quiet, or its answer is not an object.
    pub fn tell(&mut self, command: &Value) -> Result<Value, Trouble> {
        let command = command.to_string();
        self.0.say(&command)?;
        self.answer(&command)
    }

    /// Tells it to end.
    ///
    /// # Errors
    /// It does not.
    pub fn quit(mut self) -> Result<Ended, Trouble> {
        self.tell(&serde_json::json!({"do": "quit"}))?;
        self.0.ended()
    }

    fn answer(&mut self, asked: &str) -> Result<Value, Trouble> {
        let line = self.0.next_output()?;
        match serde_json::from_str(&line) {
            Ok(answer @ Value::Object(_)) => Ok(answer),
            Ok(_) => Err(not_understood(asked, "it is no object", &line)),
            Err(error) => Err(not_understood(asked, &error.to_string(), &line)),
        }
    }
}

fn not_understood(asked: &str, reason: &str, printed: &str) -> Trouble {
    Trouble::Answer {
        asked: asked.to_owned(),
        reason: reason.to_owned(),
        printed: printed.to_owned(),
    }
}
