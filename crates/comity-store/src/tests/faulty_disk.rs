//! A disk that fails where it is told to, and forgets what was not synced when the power goes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::disk::{Disk, DiskFile, RealDisk};

/// How one step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Nothing is done.
    Undone,
    /// It is done, and said to have failed.
    Done,
    /// Half of a write is done.
    Half,
    /// A read gives back a flipped bit, and no error.
    Flipped,
}

/// What is lost when the process ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Loss {
    /// Nothing: only the process was killed.
    Nothing,
    /// Everything that was not synced.
    All,
    /// Every second of what was not synced.
    Half,
}

#[derive(Clone, Default)]
pub(super) struct FaultyDisk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    steps: usize,
    fails_at: Option<(usize, How)>,
    failed: Option<String>,
    unsynced: Vec<Undo>,
}

/// How to take back what is not durable yet.
enum Undo {
    /// Content of an open file: durable when it is synced.
    Bytes { path: PathBuf, whole: Vec<u8> },
    /// A name: durable when its directory is synced.
    Name {
        path: PathBuf,
        before: Option<Vec<u8>>,
    },
    /// A file that is written as a whole: durable when it is synced, and then its directory.
    Whole {
        path: PathBuf,
        before: Option<Vec<u8>>,
        synced: bool,
    },
}

impl FaultyDisk {
    /// The `step`-th step from now on fails, counted from 1.
    pub(super) fn fail_at(&self, step: usize, how: How) {
        let mut state = self.0.lock().unwrap();
        state.fails_at = Some((state.steps + step, how));
        state.failed = None;
    }

    /// Nothing fails any more. Which step did, if one did.
    pub(super) fn heal(&self) -> Option<String> {
        let mut state = self.0.lock().unwrap();
        state.fails_at = None;
        state.failed.take()
    }

    pub(super) fn lose(&self, loss: Loss) {
        let unsynced = std::mem::take(&mut self.0.lock().unwrap().unsynced);
        let mut given_back = Vec::new();
        for (place, undo) in unsynced.into_iter().enumerate().rev() {
            match loss {
                Loss::Nothing => continue,
                Loss::Half if place % 2 == 0 => continue,
                Loss::Half | Loss::All => undo.undo(&mut given_back),
            }
        }
    }

    fn step(&self, what: &str, path: &Path) -> Verdict {
        let mut state = self.0.lock().unwrap();
        state.steps += 1;
        match state.fails_at {
            Some((step, how)) if step == state.steps => {
                state.failed = Some(format!("{what} {}", path.display()));
                Verdict::Fails(how)
            }
            _ => Verdict::Goes,
        }
    }

    fn note(&self, undo: Undo) {
        self.0.lock().unwrap().unsynced.push(undo);
    }

    fn settled(&self, durable: impl Fn(&Undo) -> bool) {
        self.0
            .lock()
            .unwrap()
            .unsynced
            .retain(|undo| !durable(undo));
    }

    fn name(&self, path: &Path) {
        let (path, before) = (path.to_owned(), std::fs::read(path).ok());
        self.note(Undo::Name { path, before });
    }
}

enum Verdict {
    Goes,
    Fails(How),
}

impl Verdict {
    fn run<T>(self, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        match self {
            Self::Goes | Self::Fails(How::Flipped) => act(),
            Self::Fails(How::Undone | How::Half) => Err(failure()),
            Self::Fails(How::Done) => act().and(Err(failure())),
        }
    }
}

fn failure() -> io::Error {
    io::Error::other("made to fail")
}

fn flip(bytes: &mut [u8]) {
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 0x10;
    }
}

impl Undo {
    /// `given_back` are the names that stand for another file again: its content is not what was written.
    fn undo(self, given_back: &mut Vec<PathBuf>) {
        match self {
            Self::Bytes { path, whole } => {
                if path.exists() && !given_back.contains(&path) {
                    std::fs::write(path, whole).unwrap();
                }
            }
            Self::Name { path, before } | Self::Whole { path, before, .. } => {
                match before {
                    Some(before) if path.parent().unwrap().exists() => {
                        std::fs::write(&path, before).unwrap();
                    }
                    Some(_) => (),
                    None => drop(std::fs::remove_file(&path)),
                }
                given_back.push(path);
            }
        }
    }
}

impl Disk for FaultyDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.step("create_dir", path)
            .run(|| RealDisk.create_dir(path))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.step("create", path).run(|| {
            self.name(path);
            Ok(self.file(path, RealDisk.create(path)?))
        })
    }

    fn open(&self, path: &Path) -> io::Result<Option<Box<dyn DiskFile>>> {
        self.step("open", path)
            .run(|| Ok(RealDisk.open(path)?.map(|file| self.file(path, file))))
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let verdict = self.step("read", path);
        let flipped = matches!(verdict, Verdict::Fails(How::Flipped));
        let mut bytes = verdict.run(|| RealDisk.read(path))?;
        if flipped {
            bytes.iter_mut().for_each(|bytes| flip(bytes));
        }
        Ok(bytes)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let verdict = self.step("write", path);
        let before = std::fs::read(path).ok();
        let half = matches!(verdict, Verdict::Fails(How::Half));
        if path.parent().unwrap().exists() {
            self.note(Undo::Whole {
                path: path.to_owned(),
                before,
                synced: false,
            });
        }
        if half {
            RealDisk.write(path, &bytes[..bytes.len() / 2])?;
        }
        verdict.run(|| RealDisk.write(path, bytes))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step("rename", to).run(|| {
            self.name(from);
            self.name(to);
            RealDisk.rename(from, to)?;
            // The content goes with the file, durable or not.
            for undo in &mut self.0.lock().unwrap().unsynced {
                if let Undo::Bytes { path, .. } = undo
                    && path == from
                {
                    *path = to.to_owned();
                }
            }
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step("remove", path).run(|| {
            self.name(path);
            RealDisk.remove(path)
        })
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.step("remove_dir", path)
            .run(|| RealDisk.remove_dir(path))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(String, bool)>> {
        self.step("list", path).run(|| RealDisk.list(path))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        match self.step("sync_dir", path) {
            Verdict::Fails(_) => Err(failure()),
            Verdict::Goes => {
                self.settled(|undo| match undo {
                    Undo::Bytes { .. } | Undo::Whole { synced: false, .. } => false,
                    Undo::Name { path: name, .. } | Undo::Whole { path: name, .. } => {
                        name.parent() == Some(path)
                    }
                });
                Ok(())
            }
        }
    }

    fn available_bytes(&self, path: &Path) -> io::Result<u64> {
        self.step("available_bytes", path).run(|| Ok(u64::MAX))
    }
}

impl FaultyDisk {
    fn file(&self, path: &Path, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(FaultyFile {
            disk: self.clone(),
            path: path.to_owned(),
            file,
        })
    }
}

struct FaultyFile {
    disk: FaultyDisk,
    path: PathBuf,
    file: Box<dyn DiskFile>,
}

impl FaultyFile {
    fn changes(&self) {
        if let Ok(whole) = std::fs::read(&self.path) {
            let path = self.path.clone();
            self.disk.note(Undo::Bytes { path, whole });
        }
    }
}

impl DiskFile for FaultyFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let verdict = self.disk.step("write_at", &self.path);
        self.changes();
        if matches!(verdict, Verdict::Fails(How::Half)) {
            self.file.write_at(&bytes[..bytes.len() / 2], offset)?;
        }
        verdict.run(|| self.file.write_at(bytes, offset))
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let verdict = self.disk.step("read_at", &self.path);
        let flipped = matches!(verdict, Verdict::Fails(How::Flipped));
        verdict.run(|| self.file.read_at(bytes, offset))?;
        if flipped {
            flip(bytes);
        }
        Ok(())
    }

    /// A sync that fails has made nothing durable, and what is in memory stays readable.
    fn sync(&self) -> io::Result<()> {
        match self.disk.step("sync", &self.path) {
            Verdict::Fails(_) => Err(failure()),
            Verdict::Goes => {
                self.disk
                    .settled(|undo| matches!(undo, Undo::Bytes { path, .. } if *path == self.path));
                for undo in &mut self.disk.0.lock().unwrap().unsynced {
                    if let Undo::Whole { path, synced, .. } = undo
                        && *path == self.path
                    {
                        *synced = true;
                    }
                }
                Ok(())
            }
        }
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        self.disk.step("allocate", &self.path).run(|| {
            self.changes();
            self.file.truncate(length)
        })
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.disk.step("truncate", &self.path).run(|| {
            self.changes();
            self.file.truncate(length)
        })
    }
}
