//! The key of the node: what protects the epoch keys. One line of hexadecimal digits in a file of its own, mode 0600.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{StoreError, io_error};
use crate::seal::{self, KEY_BYTES, Key};

/// 32 random bytes that protect the epoch keys. Whoever has them and the data directory can read everything.
#[derive(Clone)]
pub struct StorageKey(Key);

impl StorageKey {
    /// A new one.
    ///
    /// # Errors
    /// The operating system gave no random bytes.
    pub fn generate() -> Result<Self, StoreError> {
        Key::generate(seal::random).map(Self)
    }

    /// Reads a file that [`StorageKey::write_new`] wrote.
    ///
    /// # Errors
    /// It cannot be read; others may read it too; it does not hold one line of 64 hexadecimal digits.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        let failed = || io_error("read", path);
        let mut file = fs::File::open(path).map_err(failed())?;
        let mode = file.metadata().map_err(failed())?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(StoreError::StorageKeyExposed {
                file: path.to_owned(),
            });
        }
        let mut line = Zeroizing::new([0; LINE_BYTES + 1]);
        let mut filled = 0;
        while let Some(rest) = line.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match file.read(rest).map_err(failed())? {
                0 => break,
                read => filled = filled.saturating_add(read),
            }
        }
        let line = line.get(..filled).unwrap_or_default();
        let key = from_line(line).ok_or_else(|| StoreError::StorageKeyFormat {
            file: path.to_owned(),
        })?;
        Ok(Self(key))
    }

    /// Writes it to a new file, mode 0600, durable.
    ///
    /// # Errors
    /// The file exists, or cannot be written.
    pub fn write_new(&self, path: &Path) -> Result<(), StoreError> {
        let failed = || io_error("write", path);
        let mut line = Zeroizing::new(Vec::with_capacity(LINE_BYTES));
        for byte in self.0.as_bytes() {
            line.extend([byte >> 4, byte & 0x0f].map(digit));
        }
        line.push(b'\n');
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = options.open(path).map_err(failed())?;
        file.write_all(&line).map_err(failed())?;
        file.sync_all().map_err(failed())?;
        match path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            Some(dir) => fs::File::open(dir)
                .and_then(|dir| dir.sync_all())
                .map_err(failed()),
            None => Ok(()),
        }
    }

    pub(crate) fn key(&self) -> &Key {
        &self.0
    }

    #[cfg(test)]
    pub(crate) fn of_bytes(bytes: [u8; KEY_BYTES]) -> Option<Self> {
        Key::from_slice(&bytes).map(Self)
    }
}

impl fmt::Debug for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StorageKey(..)")
    }
}

/// 64 digits and the end of the line.
const LINE_BYTES: usize = 2 * KEY_BYTES + 1;

fn digit(value: u8) -> u8 {
    match value {
        0..=9 => b'0'.saturating_add(value),
        _ => (b'a' - 10).saturating_add(value),
    }
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => digit.checked_sub(b'0'),
        b'a'..=b'f' => digit.checked_sub(b'a' - 10),
        _ => None,
    }
}

/// The end of the line may be missing, as it is after copying by hand.
fn from_line(line: &[u8]) -> Option<Key> {
    let digits = line.strip_suffix(b"\n").unwrap_or(line);
    if digits.len() != 2 * KEY_BYTES {
        return None;
    }
    let mut bytes = Zeroizing::new([0_u8; KEY_BYTES]);
    for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        let [high, low] = *pair;
        *byte = value(high)? << 4 | value(low)?;
    }
    Key::from_slice(bytes.as_slice())
}
