//! The copy of the newest signed head, in a file apart from the data directory.
//!
//! ```text
//! open      what the copy says must be in the journal, or the journal is an old copy: refused
//! publish   compare with what was written last, replace
//! ```
//! It is written with every head that is published, not with every commit: under load a head is published when nobody
//! waits. So it tells a copy that is older than the last quiet moment, and costs no commit a second disk.

use std::path::{Path, PathBuf};

use comity_log::checkpoint::UnverifiedCheckpoint;
use comity_log::head::Head;
use comity_log::names::Origin;

use crate::disk::{self, Disk};
use crate::error::{StoreError, io_error};
use crate::head::HeadRecord;

/// The file, and what this process knows to be in it.
pub(crate) struct HeadCopy {
    path: PathBuf,
    written: Option<Vec<u8>>,
    copied: Option<(Origin, Head)>,
}

impl HeadCopy {
    /// Reads the copy, before anything of the journal is believed.
    ///
    /// # Errors
    /// `head-behind-copy`, `head-copy-unreadable`, the disk.
    pub(crate) fn read(
        disk: &dyn Disk,
        path: &Path,
        stored: &HeadRecord,
    ) -> Result<Self, StoreError> {
        let written = disk.read(path).map_err(io_error("read", path))?;
        let copied = match &written {
            Some(bytes) => Some(claims(path, bytes)?),
            None => None,
        };
        if let Some((origin, head)) = &copied
            && !is_of_the_log_before(origin, &stored.origin)
        {
            if *origin != stored.origin {
                return Err(unreadable(path));
            }
            let size = stored.head.size();
            if head.size() > size || (head.size() == size && *head != stored.head) {
                return Err(StoreError::HeadBehindCopy {
                    size,
                    copied: head.size(),
                });
            }
        }
        Ok(Self {
            path: path.to_owned(),
            written,
            copied,
        })
    }

    /// The copied head, if it is of this log.
    pub(crate) fn head(&self, origin: &Origin) -> Option<Head> {
        let (of, head) = self.copied.as_ref()?;
        (of == origin).then_some(*head)
    }

    /// Writes a newer head, if the file is as this process left it; durable.
    pub(crate) fn swap(&mut self, disk: &dyn Disk, checkpoint: &[u8]) -> Result<(), StoreError> {
        let found = disk
            .read(&self.path)
            .map_err(io_error("read", &self.path))?;
        if found != self.written {
            return Err(StoreError::HeadCopyConflict {
                file: self.path.clone(),
            });
        }
        if let Some(dir) = self.path.parent() {
            disk.create_dir(dir).map_err(io_error("make", dir))?;
        }
        let written = disk::replace(disk, &self.path, checkpoint);
        written.map_err(io_error("write", &self.path))?;
        self.written = Some(checkpoint.to_vec());
        Ok(())
    }
}

/// Whether a log is one that the same member wrote before.
pub(crate) fn is_of_the_log_before(before: &Origin, now: &Origin) -> bool {
    (&before.fed, &before.member) == (&now.fed, &now.member) && before.n < now.n
}

fn claims(path: &Path, bytes: &[u8]) -> Result<(Origin, Head), StoreError> {
    let parsed = UnverifiedCheckpoint::parse(bytes).map_err(|_| unreadable(path))?;
    let claimed = parsed.claimed();
    Ok((claimed.origin.clone(), claimed.head))
}

fn unreadable(path: &Path) -> StoreError {
    StoreError::HeadCopyUnreadable {
        file: path.to_owned(),
    }
}
