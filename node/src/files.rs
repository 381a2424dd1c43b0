//! Files: never overwritten by accident, never half written, private where they hold
//! a secret.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::error::Failure;

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everybody: 0644.
    Public,
    /// Its owner only: 0600.
    Private,
}

impl Mode {
    const fn bits(self) -> u32 {
        match self {
            Self::Public => 0o644,
            Self::Private => 0o600,
        }
    }
}

/// Files that are written together, or not at all: the names are looked at first.
#[derive(Debug, Default)]
pub struct NewFiles {
    files: Vec<(PathBuf, Mode, Zeroizing<Vec<u8>>)>,
}

impl NewFiles {
    /// Adds a file.
    pub fn add(&mut self, path: impl Into<PathBuf>, mode: Mode, bytes: &[u8]) {
        let bytes = Zeroizing::new(bytes.to_vec());
        self.files.push((path.into(), mode, bytes));
    }

    /// Writes them all, with the folders that they need. Folders of private files are
    /// made with mode 0700.
    ///
    /// # Errors
    /// `file-exists` if one of them is there already; nothing is written then. Else
    /// what the disk says.
    pub fn write(self) -> Result<(), Failure> {
        for (path, ..) in &self.files {
            if path.symlink_metadata().is_ok() {
                return Err(exists(path));
            }
        }
        for (path, mode, bytes) in &self.files {
            let parent = folder_of(path);
            make_folder(parent, *mode)?;
            write_new(path, *mode, bytes)?;
            sync_folder(parent)?;
        }
        Ok(())
    }
}

/// Makes a folder and those above it, unless they are there.
///
/// # Errors
/// What the disk says.
pub fn make_folder(path: &Path, mode: Mode) -> Result<(), Failure> {
    if path.is_dir() {
        return Ok(());
    }
    let bits = match mode {
        Mode::Public => 0o755,
        Mode::Private => 0o700,
    };
    DirBuilder::new()
        .recursive(true)
        .mode(bits)
        .create(path)
        .map_err(|error| Failure::of_file("the folder could not be made", path, &error))
}

/// Writes a file that is not there yet, and syncs it.
///
/// # Errors
/// `file-exists`, or what the disk says.
pub fn write_new(path: &Path, mode: Mode, bytes: &[u8]) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(mode.bits());
    let written = options.open(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => exists(path),
        _ => Failure::of_file("the file could not be written", path, &error),
    })
}

/// Puts a public file in the place of the old one, in one step.
///
/// # Errors
/// What the disk says; the old file stays then.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let beside = path.with_extension("new");
    // Left over from a run that was cut off.
    let _ = fs::remove_file(&beside);
    write_new(&beside, Mode::Public, bytes)?;
    fs::rename(&beside, path)
        .map_err(|error| Failure::of_file("the file could not be replaced", path, &error))?;
    sync_folder(folder_of(path))
}

/// Removes a file.
///
/// # Errors
/// What the disk says.
pub fn remove(path: &Path) -> Result<(), Failure> {
    fs::remove_file(path)
        .map_err(|error| Failure::of_file("the file could not be removed", path, &error))
}

/// Reads a file of at most `bytes_max` bytes.
///
/// # Errors
/// `file-too-long`, or what the disk says.
pub fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    let file = File::open(path)
        .map_err(|error| Failure::of_file("the file could not be opened", path, &error))?;
    read_from(&file, path, bytes_max)
}

/// Reads a file that holds a secret, as text.
///
/// # Errors
/// `key-file-permissions` if others may read it; the permissions looked at are those
/// of the file that is read. Else as [`read`].
pub fn read_secret(path: &Path, bytes_max: u64) -> Result<Zeroizing<String>, Failure> {
    let could_not = |error| Failure::of_file("the file could not be opened", path, &error);
    let file = File::open(path).map_err(could_not)?;
    let mode = file.metadata().map_err(could_not)?.mode();
    if mode & 0o077 != 0 {
        return Err(Failure::new(
            "key-file-permissions",
            format!(
                "{}: other users of this machine may read or change this secret file (mode {:04o}).",
                path.display(),
                mode & 0o7777
            ),
            format!(
                "Run: chmod 600 '{}'. If others had access to this machine, have the key replaced.",
                path.display()
            ),
        ));
    }
    let bytes = Zeroizing::new(read_from(&file, path, bytes_max)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        Failure::new(
            "not-a-key-file",
            format!("{}: this is not a text file.", path.display()),
            "Check the path: a key file is text.",
        )
    })?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn read_from(file: &File, path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::of_file("the file could not be read", path, &error))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > bytes_max {
        return Err(Failure::new(
            "file-too-long",
            format!("{}: longer than {bytes_max} bytes.", path.display()),
            "Check the path: a file of this kind is never that long.",
        ));
    }
    Ok(bytes)
}

fn exists(path: &Path) -> Failure {
    Failure::new(
        "file-exists",
        format!("{} is there already.", path.display()),
        "Nothing is ever overwritten, and nothing was written now: move the old file away, or choose another place.",
    )
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Only then does a new name survive a power cut.
fn sync_folder(path: &Path) -> Result<(), Failure> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| Failure::of_file("the folder could not be synced", path, &error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn if_one_file_is_there_none_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("a/one"), dir.path().join("two"));
        fs::write(&two, "old").unwrap();
        let mut files = NewFiles::default();
        files.add(&one, Mode::Private, b"new");
        files.add(&two, Mode::Public, b"new");
        assert_eq!(files.write().unwrap_err().code, "file-exists");
        assert!(!one.exists());
        assert_eq!(fs::read(&two).unwrap(), b"old");
    }

    #[test]
    fn a_file_that_is_too_long_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("long");
        fs::write(&path, [b'x'; 11]).unwrap();
        assert_eq!(read(&path, 10).unwrap_err().code, "file-too-long");
        assert_eq!(read(&path, 11).unwrap().len(), 11);
        let missing = dir.path().join("missing");
        assert_eq!(read(&missing, 11).unwrap_err().code, "file-not-found");
    }

    #[test]
    fn replacing_is_one_step_and_leaves_nothing_beside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("draft.cbor");
        for text in ["one", "two"] {
            replace(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
