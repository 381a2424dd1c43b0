//! Every touch of the file system but for the views: one trait, so that tests can let each step fail.
//!
//! Errors are those of the operating system; callers say what they tried.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt as _, OpenOptionsExt};
use std::path::Path;

/// A file system.
pub(crate) trait Disk: Send + Sync {
    /// Makes a directory and those above it, mode 0700. Not durable before the one above is synced.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// A new file, mode 0600, for reading and writing; it must not exist.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// A file for reading and writing; none if it does not exist.
    fn open(&self, path: &Path) -> io::Result<Option<Box<dyn DiskFile>>>;
    /// The whole of a file; none if it does not exist.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;
    /// Creates or replaces a file, mode 0600. Neither atomic nor durable.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Replaces `to` at once. Durable when the directory is synced.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file if it is there.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes a directory with what is in it, if it is there.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;
    /// What is in a directory: names, and whether they are directories. Empty if it does not exist.
    fn list(&self, path: &Path) -> io::Result<Vec<(String, bool)>>;
    /// Makes the names in a directory durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Bytes that this process may still write.
    fn available_bytes(&self, path: &Path) -> io::Result<u64>;
}

/// An open file.
pub(crate) trait DiskFile: Send {
    /// Writes all of it.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Fills all of it.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;
    /// Makes the content durable, and what is needed to find it.
    fn sync(&self) -> io::Result<()>;
    /// Reserves room; the length is then at least that.
    fn allocate(&self, length: u64) -> io::Result<()>;
    /// Cuts off.
    fn truncate(&self, length: u64) -> io::Result<()>;
}

/// Replaces a file so that after a crash either the old or the new one is there.
pub(crate) fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    disk.remove(&beside)?;
    let file = disk.create(&beside)?;
    file.write_at(bytes, 0)?;
    file.sync()?;
    disk.rename(&beside, path)?;
    path.parent().map_or(Ok(()), |dir| disk.sync_dir(dir))
}

/// The file system of this machine.
pub(crate) struct RealDisk;

impl Disk for RealDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        Ok(Box::new(RealFile(options.open(path)?)))
    }

    fn open(&self, path: &Path) -> io::Result<Option<Box<dyn DiskFile>>> {
        let file = OpenOptions::new().read(true).write(true).open(path);
        Ok(found(file)?.map(|file| Box::new(RealFile(file)) as Box<dyn DiskFile>))
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let Some(mut file) = found(File::open(path))? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options.open(path)?.write_all(bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        found(fs::remove_file(path)).map(drop)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        found(fs::remove_dir_all(path)).map(drop)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(String, bool)>> {
        let Some(entries) = found(fs::read_dir(path))? else {
            return Ok(Vec::new());
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            names.push((name, entry.file_type()?.is_dir()));
        }
        names.sort_unstable();
        Ok(names)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn available_bytes(&self, path: &Path) -> io::Result<u64> {
        fs4::available_space(path)
    }
}

struct RealFile(File);

impl DiskFile for RealFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        match fs4::FileExt::allocate(&self.0, length) {
            // Not every file system can; then it is a hole, which is as good but for the speed.
            Err(error) if error.kind() == ErrorKind::Unsupported => self.0.set_len(length),
            result => result,
        }
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
}

/// Nothing, if the error is that there is no such file.
fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
