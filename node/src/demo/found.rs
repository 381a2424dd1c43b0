//! A federation of four on loopback, with keys made for this run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use comity_engine::clock::ManualClock;
use comity_engine::desk::{Desk as _, Done, Person, Query, Shown, Work};
use comity_engine::error::WorkError;
use comity_engine::ports::Clock as _;
use comity_engine::{Engine, Policy};
use comity_trust::charter::{Charter, Mandate, Quorum};
use comity_trust::history::History;
use comity_trust::matrix::default_matrix;
use comity_trust::member::Member;
use comity_trust::roster::Roster;
use comity_wire::ids::{Hash, MemberId, PublicKey};
use comity_wire::leaf::Origin;
use comity_wire::registry::role;
use comity_wire::words::{Code, Country, Name, Reference, Sorted, TimeMs, Version};

use crate::clock::{DAY_MS, text_of};
use crate::config::Config;
use crate::config_file::NewConfig;
use crate::error::Failure;
use crate::federation_dir::FederationDir;
use crate::files::{self, Mode, NewFiles};
use crate::keys::{Keys, new_signing_key};
use crate::running::{Bound, Node, Parts};
use crate::{entry, person};

/// Where everything is kept.
pub(super) enum Folder {
    /// It goes when the demo ends.
    Temporary(tempfile::TempDir),
    /// It stays.
    Kept(PathBuf),
}

impl Folder {
    /// The folder given, or one that goes when the demo ends.
    pub(super) fn at(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return tempfile::tempdir().map(Self::Temporary).map_err(|error| {
                Failure::of_file("cannot be made", &std::env::temp_dir(), &error)
            });
        };
        let taken = std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
        if taken {
            return Err(Failure::new(
                "folder-not-empty",
                format!("{} holds something already.", path.display()),
                "Give a new folder: the demo overwrites nothing.",
            ));
        }
        files::make_folder(path, Mode::Private)?;
        Ok(Self::Kept(path.to_owned()))
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(path) => path,
        }
    }

    /// Whether it stays.
    pub(super) const fn is_kept(&self) -> bool {
        matches!(self, Self::Kept(_))
    }
}

/// Who plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    North,
    South,
    Platform,
    Regulator,
}

impl Who {
    pub(super) const ALL: [Self; 4] = [Self::North, Self::South, Self::Platform, Self::Regulator];

    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::North => "north.example",
            Self::South => "south.example",
            Self::Platform => "platform.example",
            Self::Regulator => "regulator.example",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::North => "Hotline North",
            Self::South => "Hotline South",
            Self::Platform => "Example Platform",
            Self::Regulator => "Example Regulator",
        }
    }

    const fn role(self) -> &'static str {
        match self {
            Self::North | Self::South => role::HOTLINE,
            Self::Platform => role::PLATFORM,
            Self::Regulator => role::REGULATOR,
        }
    }

    const fn country(self) -> &'static str {
        match self {
            Self::North => "SE",
            Self::South => "NL",
            Self::Platform | Self::Regulator => "IE",
        }
    }

    pub(super) fn of_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|who| who.id() == id)
    }
}

/// A member that plays.
pub(super) struct Player {
    pub(super) who: Who,
    pub(super) node: Node,
    pub(super) origin: Origin,
    pub(super) data_dir: PathBuf,
}

/// The federation.
pub(super) struct World {
    pub(super) clock: ManualClock,
    pub(super) players: Vec<Player>,
    pub(super) folder: Folder,
}

/// Makes keys, charter and roster, and starts the four nodes.
pub(super) async fn found(folder: Folder, newest: TimeMs) -> Result<World, Failure> {
    let clock = ManualClock::new(newest.saturating_add(1));
    let begins = newest.saturating_sub(DAY_MS);
    let governance = [new_signing_key()?, new_signing_key()?, new_signing_key()?];
    let signers: Vec<_> = governance.iter().take(2).collect();
    let public = governance
        .iter()
        .map(|key| PublicKey::new(key.verifying_key().to_bytes()));
    let charter = charter(Sorted::new(public), begins)?;
    let signed = charter.sign(&signers);
    let fed = signed.hash();
    let (mut ready, mut entries) = (Vec::new(), Vec::new());
    for who in Who::ALL {
        let keys = Keys::generate()?;
        let bound = Bound::bind(&keys.transport, vec![LOOPBACK.to_owned()], Vec::new())?;
        let config = config(&folder, who, bound.listening().await)?;
        entries.push(entry::of(&config, &keys, &fed, begins)?);
        ready.push((who, keys, bound, config));
    }
    let roster = roster(fed, begins, entries).sign(&signers);
    write_chain(folder.path(), &signed.encode(), &roster.encode())?;
    let mut players = Vec::new();
    for (who, keys, bound, config) in ready {
        let data_dir = folder.path().join(who.id());
        let origin = Origin {
            fed,
            member: config.id.clone(),
            n: 1,
        };
        let parts = Parts {
            member: config.id.clone(),
            origin: origin.clone(),
            keys: &keys,
            keys_dir: config.keys_dir.clone(),
            data_dir: &data_dir,
            head_copy: config.log.head_copy.clone(),
            // The others are not started yet, and nothing was ever written.
            asks_for_its_head: false,
            listen: Vec::new(),
            external: Vec::new(),
            witnesses: Vec::new(),
            policy: Policy::default(),
            clock: Arc::new(clock.clone()),
            charters: vec![signed.encode()],
            rosters: vec![roster.encode()],
        };
        write_member(&config, &keys)?;
        let node = Node::start_bound(parts, bound).await?;
        players.push(Player {
            who,
            node,
            origin,
            data_dir,
        });
    }
    Ok(World {
        clock,
        players,
        folder,
    })
}

/// Any port of loopback.
const LOOPBACK: &str = "/ip4/127.0.0.1/tcp/0";

fn charter(keys: Sorted<PublicKey>, issued: TimeMs) -> Result<Charter, Failure> {
    let mandate = Mandate {
        cites: word(Reference::new("Example Act 2024, s. 5"))?,
        roles: Sorted::new([word(Code::new(role::PLATFORM))?]),
        regulator: word(MemberId::new(Who::Regulator.id()))?,
        jurisdictions: Sorted::new([word(Country::new("IE"))?]),
    };
    Ok(Charter {
        k: 2,
        v: Version,
        keys,
        name: word(Name::new("Example federation"))?,
        grace: 30 * DAY_MS,
        clocks: vec![
            (word(Code::new("eu-dsa-notice-decision"))?, None),
            (word(Code::new("eu-dsa-trusted-flagger"))?, None),
            (word(Code::new("example-72h"))?, Some(3 * DAY_MS)),
        ],
        issued,
        matrix: default_matrix(),
        quorum: Quorum {
            roles: Sorted::new([(word(Code::new(role::REGULATOR))?, 1)]),
            members: 2,
            different_roles: true,
        },
        orphans: MemberId::new(Who::South.id()),
        version: 1,
        contacts: Vec::new(),
        mandates: vec![mandate],
        previous: None,
        small_cell: 10,
        first_roster: 1,
        human_answer: DAY_MS / 24,
    })
}

fn roster(fed: Hash, issued: TimeMs, members: Vec<Member>) -> Roster {
    Roster {
        v: Version,
        fed,
        issued,
        charter: fed,
        expires: issued.saturating_add(90 * DAY_MS),
        members: Sorted::new(members),
        version: 1,
        previous: fed,
        resolves: None,
    }
}

/// The configuration of a player: what `comity member init` would write, with the addresses of this run.
fn config(folder: &Folder, who: Who, listening: Vec<String>) -> Result<Config, Failure> {
    let addresses: Vec<String> = listening
        .iter()
        .filter_map(|address| address.split("/p2p/").next().map(str::to_owned))
        .collect();
    let owns = who == Who::Platform;
    let listed = |texts: &[&str]| -> Vec<String> {
        texts
            .iter()
            .filter(|_| owns)
            .map(|text| (*text).to_owned())
            .collect()
    };
    let new = NewConfig {
        id: who.id().to_owned(),
        federation: "../federation".to_owned(),
        listen: addresses.clone(),
        external: addresses,
        api: "127.0.0.1:0".to_owned(),
        name: who.name().to_owned(),
        roles: vec![who.role().to_owned()],
        countries: vec![who.country().to_owned()],
        languages: vec!["en".to_owned()],
        capacities: listed(&["service", "host"]),
        contact: format!("desk@{}", who.id()),
        hours: "Mo-Fr 08:00-18:00".to_owned(),
        time_zone: "Etc/UTC".to_owned(),
        out_of_hours: Some(format!("duty@{}", who.id())),
        domains: listed(&PLATFORM_DOMAINS),
        prefixes: listed(&["192.0.2.0/24"]),
        asns: if owns { vec![64_500] } else { Vec::new() },
    };
    Config::parse(
        &folder.path().join(who.id()).join("comity.toml"),
        &new.text(),
    )
}

/// What the platform of the story answers for.
const PLATFORM_DOMAINS: [&str; 4] = [
    "platform.example",
    "cdn.platform.example.net",
    "share.example",
    "up.store.example",
];

fn write_chain(folder: &Path, charter: &[u8], roster: &[u8]) -> Result<(), Failure> {
    // Held to the same checks as any other chain before it is kept.
    let mut history = History::start(charter).map_err(|error| not_a_chain(&error))?;
    let issued = history.charter().issued.saturating_add(1);
    history
        .add_roster(roster, issued)
        .map_err(|error| not_a_chain(&error))?;
    let dir = FederationDir::new(folder.join("federation"));
    let mut new = NewFiles::default();
    new.add(dir.charter_path(1), Mode::Public, charter);
    new.add(dir.roster_path(1), Mode::Public, roster);
    new.write()
}

fn not_a_chain(error: &comity_trust::chain_error::ChainError) -> Failure {
    Failure::of_chain(
        "The federation of the demo",
        error,
        "Report this: it is a fault of the program.",
    )
}

fn write_member(config: &Config, keys: &Keys) -> Result<(), Failure> {
    let mut new = NewFiles::default();
    keys.add_to(&mut new, &config.keys_dir, 1);
    person::add_to(&mut new, &config.tokens_dir, person::ADMIN)?;
    new.write()
}

fn word<T>(word: Option<T>) -> Result<T, Failure> {
    word.ok_or_else(|| {
        Failure::new(
            "internal-word",
            "A word of the story has not its form.",
            "Report this: it is a fault of the program.",
        )
    })
}

impl World {
    /// Who plays, for people.
    pub(super) fn introduction(&self) -> String {
        let mut text = format!(
            "A federation of four, on loopback, in this one process. Everything that people do in it is simulated,\n\
             on a virtual clock that begins at the newest report: {}.\n",
            text_of(self.clock.now_ms()),
        );
        for player in &self.players {
            let who = player.who;
            text += &format!(
                "  {:<18} {:<10} {}  {}\n",
                who.name(),
                who.role(),
                who.country(),
                who.id()
            );
        }
        text
    }

    /// A player.
    pub(super) fn player(&self, who: Who) -> Result<&Player, Failure> {
        let found = self.players.iter().find(|player| player.who == who);
        word(found)
    }

    /// What a player's node does for people.
    pub(super) fn desk(&self, who: Who) -> Result<&Engine, Failure> {
        self.player(who).map(|player| &player.node.engine)
    }

    /// Somebody does something.
    pub(super) async fn work(&self, who: Who, name: &str, work: Work) -> Result<Done, WorkError> {
        let desk = self.desk(who).map_err(of_failure)?;
        desk.work(person_of(name)?, work).await
    }

    /// Somebody looks something up.
    pub(super) async fn query(&self, who: Who, query: Query) -> Result<Shown, Failure> {
        let desk = self.desk(who)?;
        let name = person_of("auditor").map_err(|error| of_work(&error))?;
        desk.query(name, query)
            .await
            .map_err(|error| of_work(&error))
    }

    /// Ends the nodes. The folder stays until it is dropped.
    pub(super) async fn stop(self) -> Result<Stopped, Failure> {
        let mut logs = Vec::new();
        for player in self.players {
            player.node.stop().await?;
            logs.push((player.who, player.origin, player.data_dir));
        }
        Ok(Stopped {
            folder: self.folder,
            logs,
        })
    }
}

/// What is left when the nodes have ended.
pub(super) struct Stopped {
    pub(super) folder: Folder,
    pub(super) logs: Vec<(Who, Origin, PathBuf)>,
}

fn person_of(name: &str) -> Result<Person, WorkError> {
    Person::new(name).ok_or_else(|| WorkError::field("person", "a name"))
}

fn of_failure(failure: Failure) -> WorkError {
    WorkError::operator(
        failure.code,
        failure.message,
        "report this: it is a fault of the program",
    )
}

/// A refusal of a node, as a failure of the demo.
pub(super) fn of_work(error: &WorkError) -> Failure {
    Failure::new(error.code, error.message.clone(), error.next)
}
