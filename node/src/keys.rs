//! The keys of one node: a file for each purpose, which only its owner may read.
//!
//! ```text
//! keys/statement.pem   signs statements and refusals
//! keys/log-<n>.pem     signs checkpoints and receipts of log n
//! keys/witness.pem     is for cosigning the checkpoints of others; `witness-<n>.pem` since a restore opened log n
//! keys/transport.pem   is the identity of the node on the network
//! keys/storage.key     protects what is stored: 64 hex digits and a line end
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use comity_trust::key_file;
use comity_trust::limits::{KEY_FILE_BYTES_MAX, LOGS_PER_MEMBER_MAX};
use comity_wire::registry::KeyPurpose;
use data_encoding::HEXLOWER;
use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use crate::config::Config;
use crate::error::Failure;
use crate::files::{self, Mode, NewFiles};
use crate::limits::{HEX_FILE_BYTES_MAX, SECRET_BYTES};

/// The keys of one node. There is no `Debug`: nothing of them can be printed.
pub struct Keys {
    /// Signs statements and refusals.
    pub statement: SigningKey,
    /// Signs the checkpoints and receipts of the log that this node writes.
    pub log: SigningKey,
    /// Signed those of the logs that were closed, as far as they are still here.
    pub closed_logs: BTreeMap<u32, SigningKey>,
    /// Cosigns the checkpoints of others.
    pub witness: SigningKey,
    /// Is the identity of the node on the network.
    pub transport: SigningKey,
    /// Protects what is stored.
    pub storage: Zeroizing<[u8; SECRET_BYTES]>,
}

impl Keys {
    /// Reads the keys that a configuration names.
    ///
    /// # Errors
    /// `key-file-permissions` with the command that corrects it; the codes of
    /// [`comity_trust::key_file::KeyFileError`]; `key-used-twice`; what the disk says.
    pub fn load(config: &Config) -> Result<Self, Failure> {
        let read =
            |purpose| read_signing_key(&path_of(&config.keys_dir, purpose, config.log.number));
        let keys = Self {
            statement: read(KeyPurpose::Statement)?,
            log: read(KeyPurpose::Log)?,
            closed_logs: closed_logs(&config.keys_dir, config.log.number)?,
            witness: read(KeyPurpose::Witness)?,
            transport: read(KeyPurpose::Transport)?,
            storage: read_hex_secret(&config.keys_dir.join(STORAGE_KEY_FILE))?,
        };
        let signing = [&keys.statement, &keys.log, &keys.witness, &keys.transport];
        let publics = signing.map(|key| key.verifying_key().to_bytes());
        let distinct = std::collections::BTreeSet::from(publics);
        if distinct.len() < publics.len() {
            return Err(Failure::new(
                "key-used-twice",
                format!(
                    "In {}, two files hold the same key.",
                    config.keys_dir.display()
                ),
                "Each purpose has a key of its own: put the right file back, or make another member folder and take the missing key from there.",
            ));
        }
        Ok(keys)
    }

    /// Makes new ones.
    ///
    /// # Errors
    /// `no-randomness`.
    pub fn generate() -> Result<Self, Failure> {
        Ok(Self {
            statement: new_signing_key()?,
            log: new_signing_key()?,
            closed_logs: BTreeMap::new(),
            witness: new_signing_key()?,
            transport: new_signing_key()?,
            storage: new_secret()?,
        })
    }

    /// The key of a purpose.
    #[must_use]
    pub const fn of(&self, purpose: KeyPurpose) -> &SigningKey {
        match purpose {
            KeyPurpose::Statement => &self.statement,
            KeyPurpose::Log => &self.log,
            KeyPurpose::Witness => &self.witness,
            KeyPurpose::Transport => &self.transport,
        }
    }

    /// Adds the files of these keys, for the log `number`.
    pub fn add_to(&self, files: &mut NewFiles, dir: &Path, number: u32) {
        for purpose in KeyPurpose::ALL {
            let text = key_file::write(self.of(purpose));
            files.add(
                path_of(dir, purpose, number),
                Mode::Private,
                text.as_bytes(),
            );
        }
        let storage = hex_line(&self.storage);
        files.add(
            dir.join(STORAGE_KEY_FILE),
            Mode::Private,
            storage.as_bytes(),
        );
    }
}

/// The name of the file that protects what is stored.
pub const STORAGE_KEY_FILE: &str = "storage.key";

/// Where the key of a purpose is.
#[must_use]
pub fn path_of(dir: &Path, purpose: KeyPurpose, log_number: u32) -> PathBuf {
    match purpose {
        KeyPurpose::Log => dir.join(format!("log-{log_number}.pem")),
        KeyPurpose::Witness => {
            // A restore makes a new one with the new log, and the number of the log decides from when on it counts.
            let renewed = (1..=log_number).rev().take(LOGS_PER_MEMBER_MAX);
            let renewed = renewed.map(|number| dir.join(format!("witness-{number}.pem")));
            let newest = renewed.into_iter().find(|path| path.exists());
            newest.unwrap_or_else(|| dir.join("witness.pem"))
        }
        other => dir.join(format!("{other}.pem")),
    }
}

/// The keys of the logs before this one.
fn closed_logs(dir: &Path, log_number: u32) -> Result<BTreeMap<u32, SigningKey>, Failure> {
    let mut keys = BTreeMap::new();
    for number in (1..log_number).rev().take(LOGS_PER_MEMBER_MAX) {
        let path = path_of(dir, KeyPurpose::Log, number);
        if path.exists() {
            keys.insert(number, read_signing_key(&path)?);
        }
    }
    Ok(keys)
}

/// Reads a private key that only its owner may read.
///
/// # Errors
/// As [`Keys::load`].
pub fn read_signing_key(path: &Path) -> Result<SigningKey, Failure> {
    let bytes_max = u64::try_from(KEY_FILE_BYTES_MAX).unwrap_or(u64::MAX);
    let text = files::read_secret(path, bytes_max)?;
    key_file::read(&text).map_err(|error| {
        Failure::new(
            error.code(),
            format!("{}: {error}.", path.display()),
            "Put the right key file there, from your backup; a key that is lost must be replaced in the roster.",
        )
    })
}

/// Reads 64 hex digits and a line end.
///
/// # Errors
/// `not-a-hex-file`, or as [`Keys::load`].
pub fn read_hex_secret(path: &Path) -> Result<Zeroizing<[u8; SECRET_BYTES]>, Failure> {
    let text = files::read_secret(path, HEX_FILE_BYTES_MAX)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let bytes = HEXLOWER.decode(line.as_bytes()).map(Zeroizing::new);
    let secret = bytes
        .ok()
        .and_then(|bytes| bytes.as_slice().try_into().ok());
    secret.map(Zeroizing::new).ok_or_else(|| {
        Failure::new(
            "not-a-hex-file",
            format!(
                "{}: this is not one line of 64 lower-case hex digits.",
                path.display()
            ),
            "Put the right file there, from your backup.",
        )
    })
}

/// A new private key.
///
/// # Errors
/// `no-randomness`.
pub fn new_signing_key() -> Result<SigningKey, Failure> {
    new_secret().map(|seed| key_file::from_seed(&seed))
}

/// New random bytes.
///
/// # Errors
/// `no-randomness`.
pub fn new_secret() -> Result<Zeroizing<[u8; SECRET_BYTES]>, Failure> {
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| {
        Failure::new(
            "no-randomness",
            "This machine gives no random numbers, so no key can be made.",
            "Make keys on a machine whose system is fully started.",
        )
    })?;
    Ok(bytes)
}

/// One line of hex.
#[must_use]
pub fn hex_line(secret: &[u8; SECRET_BYTES]) -> Zeroizing<String> {
    let mut line = Zeroizing::new(HEXLOWER.encode(secret));
    line.push('\n');
    line
}
