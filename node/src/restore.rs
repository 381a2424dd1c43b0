//! A restore from an old copy: what is lost, and the steps from the old log to the next one.
//!
//! ```text
//! copy + heads that others prove -> what is lost, in words
//! decided: new keys -> announcement (signed, a file) -> the journal ends the old log -> number in the configuration
//! ```
//! Each step is there or not, whatever happens in between; a restore that was cut off goes on when it is run again, with
//! what the announcement says. Nothing is decided twice.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use comity_log::head::Head;
use comity_store::{Journal, StorageKey, StoreError};
use comity_trust::key_file;
use comity_wire::ids::{MemberId, PublicKey};
use comity_wire::leaf::{Leaf, LogHead, Origin};
use comity_wire::notice::{Restored, SignedNotice};
use comity_wire::words::{TimeMs, Version};

use crate::config::Config;
use crate::error::Failure;
use crate::files::{self, Mode};
use crate::keys::{self, Keys, STORAGE_KEY_FILE, read_signing_key};
use crate::limits::MEMBER_FILE_BYTES_MAX;

/// What stands in the copy.
#[derive(Debug)]
pub struct Copy {
    /// The log.
    pub origin: Origin,
    /// Its head here.
    pub head: Head,
    /// The time of its last record.
    pub last_at: Option<TimeMs>,
    /// For each other member, how many records here are about it.
    pub counterparts: BTreeMap<MemberId, u64>,
}

/// A step of a restore, once it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The keys of the next log and of its witness are there.
    Keys,
    /// The announcement is there: what it says is decided.
    Announced,
    /// The journal has ended the old log.
    Ended,
    /// The configuration names the next log.
    Configured,
}

impl Copy {
    /// Reads a copy, without changing it.
    ///
    /// # Errors
    /// `journal-damaged` and the other codes of the store.
    pub fn of(journal: &Journal) -> Result<Self, Failure> {
        let head = journal.head();
        let mut copy = Self {
            origin: journal.origin().clone(),
            head,
            last_at: None,
            counterparts: BTreeMap::new(),
        };
        for index in 0..head.size() {
            let (leaf, _) = journal.record(index).map_err(|error| of_store(&error))?;
            let leaf = Leaf::decode(&leaf).map_err(|error| {
                Failure::new(
                    "journal-damaged",
                    format!("record {index} of the copy cannot be read: {error}."),
                    "Take an older copy, or ask those who hold one.",
                )
            })?;
            copy.last_at = Some(leaf.time);
            if let (Some(counterpart), Some(seq)) = (leaf.counterpart, leaf.seq) {
                copy.counterparts.insert(counterpart, seq.saturating_add(1));
            }
        }
        Ok(copy)
    }
}

/// Where the announcement of the restore from log `number` is written.
#[must_use]
pub fn announcement_path(config: &Config, number: u32) -> PathBuf {
    let beside = config.path.parent().unwrap_or(Path::new(""));
    beside.join(format!(
        "{}-log-{}.restored",
        config.id.as_str(),
        number.saturating_add(1)
    ))
}

/// The announcement of a restore that was cut off, if there is one.
///
/// # Errors
/// It is not one of this member's log.
pub fn announced(config: &Config, keys: &Keys) -> Result<Option<Restored>, Failure> {
    let path = announcement_path(config, config.log.number);
    if !path.exists() {
        return Ok(None);
    }
    let bytes = files::read(&path, MEMBER_FILE_BYTES_MAX)?;
    let notice = SignedNotice::<Restored>::read(&bytes);
    let read = notice.and_then(|notice| notice.verify(&keys.statement.verifying_key()).cloned());
    match read {
        Ok(content) if content.member == config.id => Ok(Some(content)),
        _ => Err(Failure::new(
            "not-an-announcement",
            format!(
                "{}: this is not the announcement of a restore of this member.",
                path.display()
            ),
            "Move the file away, and run the command again.",
        )),
    }
}

/// Carries a restore out, or on. `reached` hears of each step; a failure of it ends the restore there.
///
/// # Errors
/// What the disk or the store says; what was done stays, and running it again goes on.
pub fn carry_out(
    config: &Config,
    keys: &Keys,
    closed: &LogHead,
    copy_size: u64,
    now: TimeMs,
    mut reached: impl FnMut(Step) -> Result<(), Failure>,
) -> Result<Restored, Failure> {
    let number = config.log.number;
    let next = number.saturating_add(1);
    let log = key_of(&config.keys_dir.join(format!("log-{next}.pem")))?;
    let witness = key_of(&config.keys_dir.join(format!("witness-{next}.pem")))?;
    reached(Step::Keys)?;
    let notice = match announced(config, keys)? {
        Some(notice) => notice,
        None => {
            let opened = Origin {
                n: next,
                ..closed.0.clone()
            };
            let notice = Restored {
                v: Version,
                fed: closed.0.fed,
                key: log,
                time: now,
                closed: closed.clone(),
                member: config.id.clone(),
                opened,
                witness,
                restored: copy_size,
            };
            let signed = SignedNotice::sign(&keys.statement, &notice);
            files::replace(&announcement_path(config, number), &signed)?;
            notice
        }
    };
    reached(Step::Announced)?;
    if let Some(journal) = open_old(config, &notice.closed.0)? {
        let head = Head::new(notice.closed.1, notice.closed.2).map_err(|error| {
            Failure::new(
                "not-an-announcement",
                format!("The announcement names no head: {error}."),
                "Move the file away, and run the command again.",
            )
        })?;
        let bytes = files::read(&announcement_path(config, number), MEMBER_FILE_BYTES_MAX)?;
        let ended = journal.close(&head, &notice.opened, &bytes);
        ended.map_err(|error| of_store(&error))?;
    }
    reached(Step::Ended)?;
    name_log(config, next)?;
    reached(Step::Configured)?;
    Ok(notice)
}

/// The copy, to be looked at. None: its log has ended already.
///
/// # Errors
/// The node runs (`store-locked`); the copy is damaged.
pub fn open_old(config: &Config, origin: &Origin) -> Result<Option<Journal>, Failure> {
    let key = StorageKey::read(&config.keys_dir.join(STORAGE_KEY_FILE));
    let key = key.map_err(|error| of_store(&error))?;
    match Journal::open_old_copy(&config.data_dir, &key, origin) {
        Ok(journal) => Ok(Some(journal)),
        Err(StoreError::OriginIsAnother) => {
            let next = Origin {
                n: origin.n.saturating_add(1),
                ..origin.clone()
            };
            let opened = Journal::open_old_copy(&config.data_dir, &key, &next);
            opened.map(|_| None).map_err(|error| of_store(&error))
        }
        Err(error) => Err(of_store(&error)),
    }
}

/// A new key, or the one that a restore that was cut off has made.
fn key_of(path: &Path) -> Result<PublicKey, Failure> {
    if !path.exists() {
        let text = key_file::write(&keys::new_signing_key()?);
        files::write_new(path, Mode::Private, text.as_bytes())?;
    }
    let key = read_signing_key(path)?;
    Ok(PublicKey::new(key.verifying_key().to_bytes()))
}

/// Writes the number of the log into the configuration, and nothing else.
fn name_log(config: &Config, number: u32) -> Result<(), Failure> {
    let bytes = files::read(&config.path, crate::limits::CONFIG_BYTES_MAX)?;
    let mut text = String::from_utf8(bytes).unwrap_or_default();
    if text.get(config.log.number_at.clone()).is_some() {
        text.replace_range(config.log.number_at.clone(), &number.to_string());
    }
    let changed = Config::parse(&config.path, &text)?;
    if changed.log.number == number {
        return files::replace(&config.path, text.as_bytes());
    }
    Err(Failure::new(
        "config-changed",
        format!("{} was changed meanwhile.", config.path.display()),
        "Run the command again: it goes on where it was.",
    ))
}

fn of_store(error: &StoreError) -> Failure {
    Failure::new(error.code(), format!("{error}."), error.next_step())
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use comity_wire::ids::Hash;

    use super::*;
    use crate::config_file::NewConfig;
    use crate::files::NewFiles;

    const NOW: TimeMs = 1_772_452_800_000;

    fn origin() -> Origin {
        Origin::parse(&format!("{}/north.example/1", "a1".repeat(32))).unwrap()
    }

    /// A stopped node with three records.
    fn stopped(dir: &Path) -> Config {
        let list = |text: &str| vec![text.to_owned()];
        let new = NewConfig {
            id: "north.example".to_owned(),
            federation: "federation".to_owned(),
            listen: list("/ip4/127.0.0.1/tcp/4001"),
            api: "127.0.0.1:8640".to_owned(),
            name: "Hotline North".to_owned(),
            roles: list("hotline"),
            countries: list("SE"),
            languages: list("en"),
            contact: "desk@north.example".to_owned(),
            hours: "Mo-Fr 09:00-17:00".to_owned(),
            time_zone: "Etc/UTC".to_owned(),
            ..NewConfig::default()
        };
        let path = dir.join("comity.toml");
        files::write_new(&path, Mode::Public, new.text().as_bytes()).unwrap();
        let config = Config::load(&path).unwrap();
        let mut files = NewFiles::default();
        let keys = Keys::generate().unwrap();
        keys.add_to(&mut files, &config.keys_dir, 1);
        files.write().unwrap();
        let storage = StorageKey::read(&config.keys_dir.join(STORAGE_KEY_FILE)).unwrap();
        let mut journal = Journal::open(&config.data_dir, &storage, &origin()).unwrap();
        for leaf in 0..3_u8 {
            journal.stage_record(&[leaf], None).unwrap();
        }
        journal.stage(1, None, b"work").unwrap();
        journal.commit().unwrap();
        config
    }

    fn closed() -> LogHead {
        LogHead(origin(), 9, Hash::new([9; 32]))
    }

    #[test]
    fn a_restore_that_is_cut_off_after_any_step_goes_on_and_decides_nothing_twice() {
        for cut_at in [Step::Keys, Step::Announced, Step::Ended] {
            let dir = tempfile::tempdir().unwrap();
            let config = stopped(dir.path());
            let keys = Keys::load(&config).unwrap();
            let cut = |step| match step == cut_at {
                true => Err(Failure::new("cut", "cut off.", "Again.")),
                false => Ok(()),
            };
            let failed = carry_out(&config, &keys, &closed(), 3, NOW, cut).unwrap_err();
            assert_eq!(failed.code, "cut");
            let decided = announced(&config, &keys).unwrap();
            assert_eq!(decided.is_some(), cut_at != Step::Keys);
            // Whatever is proved by then: what was announced stands.
            let other = match &decided {
                Some(_) => LogHead(origin(), 12, Hash::new([1; 32])),
                None => closed(),
            };
            let config = Config::load(&config.path).unwrap();
            assert_eq!(config.log.number, 1);
            let done = carry_out(&config, &keys, &other, 3, NOW + 1, |_| Ok(())).unwrap();
            assert_eq!((&done.closed, done.restored), (&closed(), 3));
            assert!(decided.is_none_or(|decided| decided == done));

            let text = std::fs::read_to_string(&config.path).unwrap();
            assert!(text.contains("\nnumber = 2\n") && text.contains("# head_copy"));
            let config = Config::load(&config.path).unwrap();
            let keys = Keys::load(&config).unwrap();
            let log = PublicKey::new(keys.log.verifying_key().to_bytes());
            let witness = PublicKey::new(keys.witness.verifying_key().to_bytes());
            assert_eq!((done.key, done.witness), (log, witness));
            assert_eq!(keys.closed_logs.len(), 1);
            let storage = StorageKey::read(&config.keys_dir.join(STORAGE_KEY_FILE)).unwrap();
            let next = Origin { n: 2, ..origin() };
            let journal = Journal::open(&config.data_dir, &storage, &next).unwrap();
            let ended = &journal.closed()[0];
            assert_eq!((ended.head.size(), ended.closed.size()), (3, 9));
            let notice = SignedNotice::<Restored>::read(&ended.notice).unwrap();
            assert_eq!(
                notice.verify(&keys.statement.verifying_key()).unwrap(),
                &done
            );
        }
    }

    #[test]
    fn an_announcement_of_somebody_else_is_none_of_this_member() {
        let dir = tempfile::tempdir().unwrap();
        let config = stopped(dir.path());
        let keys = Keys::load(&config).unwrap();
        carry_out(&config, &keys, &closed(), 3, NOW, |step| match step {
            Step::Announced => Err(Failure::new("cut", "cut off.", "Again.")),
            _ => Ok(()),
        })
        .unwrap_err();
        let others = Keys::generate().unwrap();
        assert_eq!(
            announced(&config, &others).unwrap_err().code,
            "not-an-announcement"
        );
    }
}
