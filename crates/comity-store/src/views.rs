//! Views: whatever is shown, in sled. The only module that names it.
//!
//! sled 0.34 does not sync what it says it does, and panics on some of the files it leaves behind
//! (measured). So nothing here is the truth: a database that cannot be opened, that panics, cannot be
//! read through, or is of another schema is deleted and opened empty, and the caller makes it anew from
//! the journal, from [`Views::marked`] on. Later failures are `views-damaged`: start again.
//!
//! All tables are in one tree: a row's key is the table's name, a zero, and its own key.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::{StoreError, io_error};
use crate::limits::{
    VIEW_CACHE_BYTES, VIEW_KEY_BYTES_MAX, VIEW_VALUE_BYTES_MAX, VIEWS_LOCK_TRIES_MAX,
    VIEWS_LOCK_WAIT_MS,
};

/// Tables of small rows that the journal can bring back. May be read from several threads.
#[derive(Debug)]
pub struct Views {
    db: sled::Db,
    opened_empty: Option<&'static str>,
    damaged: AtomicBool,
}

/// What [`Views::look`] finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// They hold what the journal has before this sequence number.
    Marked(u64),
    /// They are made anew at the next opening, and why.
    Unusable(&'static str),
}

/// Key and value of a row.
pub type Row = (Vec<u8>, Vec<u8>);

impl Views {
    /// Opens the views of the data directory `dir` (they are in `dir/views`), which are to be of `schema`.
    ///
    /// # Errors
    /// Not even an empty database can be made.
    pub fn open(dir: &Path, schema: u32) -> Result<Self, StoreError> {
        let path = dir.join("views");
        let why = if path.exists() {
            match opened(&path, schema) {
                Ok(db) => return Ok(Self::of(db, None)),
                Err(why) => why,
            }
        } else {
            "views-missing"
        };
        begin(&path)?;
        let db = guarded(|| {
            let db = config(&path).open()?;
            db.insert(full_key(META, SCHEMA), &schema.to_be_bytes())?;
            Ok(db)
        })?;
        Ok(Self::of(db, Some(why)))
    }

    /// What the views of the data directory `dir` are, for who only looks: nothing is deleted.
    #[must_use]
    pub fn look(dir: &Path, schema: u32) -> Found {
        let path = dir.join("views");
        if !path.exists() {
            return Found::Unusable("views-missing");
        }
        match opened(&path, schema) {
            Err(why) => Found::Unusable(why),
            Ok(db) => match Self::of(db, None).marked() {
                Ok(marked) => Found::Marked(marked),
                Err(_) => Found::Unusable("views-damaged"),
            },
        }
    }

    /// Deletes the views of the data directory `dir`, which nobody has open: the next opening makes them anew.
    ///
    /// # Errors
    /// The disk.
    pub fn remove(dir: &Path) -> Result<(), StoreError> {
        let path = dir.join("views");
        if path.exists() {
            fs::remove_dir_all(&path).map_err(io_error("remove", &path))?;
        }
        Ok(())
    }

    /// Why the views had to be opened empty: `views-missing`, `views-schema`, `views-damaged`, `views-panicked`.
    /// None if they were there.
    #[must_use]
    pub fn opened_empty(&self) -> Option<&'static str> {
        self.opened_empty
    }

    /// The value of a row.
    ///
    /// # Errors
    /// `views-damaged`, as everywhere here.
    pub fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.run(|db| db.get(full_key(table, key)))?;
        Ok(found.map(|value| value.to_vec()))
    }

    /// Writes a row.
    ///
    /// # Errors
    /// A key or a value over the limit: `view-key-too-long`, `view-value-too-long`. Then nothing is written.
    pub fn put(&self, table: &'static str, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        if key.len() > VIEW_KEY_BYTES_MAX {
            return Err(StoreError::ViewKeyTooLong { bytes: key.len() });
        }
        if value.len() > VIEW_VALUE_BYTES_MAX {
            return Err(StoreError::ViewValueTooLong { bytes: value.len() });
        }
        self.run(|db| db.insert(full_key(table, key), value))?;
        Ok(())
    }

    /// Deletes a row, if it is there.
    ///
    /// # Errors
    /// `views-damaged`.
    pub fn delete(&self, table: &'static str, key: &[u8]) -> Result<(), StoreError> {
        self.run(|db| db.remove(full_key(table, key)))?;
        Ok(())
    }

    /// Rows whose keys begin with `prefix`, ascending, from the key `from` (inclusive) on, at most `limit`.
    ///
    /// # Errors
    /// `views-damaged`.
    pub fn scan(
        &self,
        table: &'static str,
        prefix: &[u8],
        from: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let (begin, end) = bounds(table, prefix);
        let from = from.map(|from| full_key(table, from));
        let begin = from.map_or(begin.clone(), |from| from.max(begin));
        if begin >= end {
            return Ok(Vec::new());
        }
        self.run(|db| rows(table, db.range(begin..end).take(limit)))
    }

    /// As [`Views::scan`], descending: from the key `from` (inclusive) down.
    ///
    /// # Errors
    /// `views-damaged`.
    pub fn scan_back(
        &self,
        table: &'static str,
        prefix: &[u8],
        from: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let (begin, end) = bounds(table, prefix);
        // The first key that is greater than `from`.
        let after = from.map(|from| [full_key(table, from).as_slice(), &[0]].concat());
        let end = after.map_or(end.clone(), |after| after.min(end));
        if begin >= end {
            return Ok(Vec::new());
        }
        self.run(|db| rows(table, db.range(begin..end).rev().take(limit)))
    }

    /// Notes that the views hold what the journal has before the sequence number `next_seq`.
    ///
    /// # Errors
    /// `views-damaged`.
    pub fn mark(&self, next_seq: u64) -> Result<(), StoreError> {
        self.run(|db| db.insert(full_key(META, MARK), &next_seq.to_be_bytes()))?;
        Ok(())
    }

    /// The sequence number noted last; 0 if none was. If the journal has fewer frames, the views are of
    /// another one: [`Views::clear`] them.
    ///
    /// # Errors
    /// `views-damaged`.
    pub fn marked(&self) -> Result<u64, StoreError> {
        let found = self.run(|db| db.get(full_key(META, MARK)))?;
        let Some(value) = found else {
            return Ok(0);
        };
        let bytes = value.as_ref().try_into().map_err(|_| self.give_up())?;
        Ok(u64::from_be_bytes(bytes))
    }

    /// Deletes every row and the mark.
    ///
    /// # Errors
    /// `views-damaged`.
    pub fn clear(&self) -> Result<(), StoreError> {
        let schema = self.run(|db| db.get(full_key(META, SCHEMA)))?;
        self.run(|db| {
            db.clear()?;
            schema.map_or(Ok(None), |schema| db.insert(full_key(META, SCHEMA), schema))
        })?;
        Ok(())
    }

    /// Hands everything to the operating system, so that the end of the process loses nothing.
    ///
    /// # Errors
    /// `views-damaged`.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.run(sled::Tree::flush)?;
        Ok(())
    }

    fn of(db: sled::Db, opened_empty: Option<&'static str>) -> Self {
        Self {
            db,
            opened_empty,
            damaged: AtomicBool::new(false),
        }
    }

    /// After the first failure nothing more is asked of sled: it might panic again, or wait for ever.
    fn run<T>(&self, ask: impl FnOnce(&sled::Tree) -> sled::Result<T>) -> Result<T, StoreError> {
        if self.damaged.load(Ordering::Relaxed) {
            return Err(StoreError::ViewsDamaged);
        }
        guarded(|| ask(&self.db)).map_err(|_| self.give_up())
    }

    fn give_up(&self) -> StoreError {
        self.damaged.store(true, Ordering::Relaxed);
        StoreError::ViewsDamaged
    }
}

const META: &str = "";
const SCHEMA: &[u8] = b"schema";
const MARK: &[u8] = b"mark";

/// Opens what is there and reads it through, so that damage shows now and not in the middle of work.
fn opened(path: &Path, schema: u32) -> Result<sled::Db, &'static str> {
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        #[cfg(test)]
        tests::panic_if_asked();
        let db = unlocked(path)?;
        for row in db.iter() {
            row?;
        }
        let found = db.get(full_key(META, SCHEMA))?;
        Ok::<_, sled::Error>((db, found))
    }));
    match attempt {
        Err(_) => Err("views-panicked"),
        Ok(Err(_)) => Err("views-damaged"),
        Ok(Ok((db, Some(found)))) if found == schema.to_be_bytes() => Ok(db),
        Ok(Ok(_)) => Err("views-schema"),
    }
}

/// Opens the database. A node that has just been closed in this process may still be letting go of it, in a thread of
/// sled's own; other processes are kept out by the lock of the data directory.
fn unlocked(path: &Path) -> sled::Result<sled::Db> {
    for _ in 0..VIEWS_LOCK_TRIES_MAX {
        match config(path).open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("could not acquire lock") => {
                std::thread::sleep(Duration::from_millis(VIEWS_LOCK_WAIT_MS));
            }
            opened => return opened,
        }
    }
    config(path).open()
}

/// An empty directory, under a new name on the disk: what opened the old one may still hold its lock.
fn begin(path: &Path) -> Result<(), StoreError> {
    if path.exists() {
        fs::remove_dir_all(path).map_err(io_error("remove", path))?;
    }
    let mut dir = DirBuilder::new();
    dir.recursive(true).mode(0o700);
    dir.create(path).map_err(io_error("make", path))
}

/// No thread that writes by itself: the caller flushes.
fn config(path: &Path) -> sled::Config {
    let path: PathBuf = path.to_owned();
    sled::Config::new()
        .path(path)
        .cache_capacity(VIEW_CACHE_BYTES)
        .flush_every_ms(None)
}

fn guarded<T>(ask: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(ask)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(_)) | Err(_) => Err(StoreError::ViewsDamaged),
    }
}

fn full_key(table: &str, key: &[u8]) -> Vec<u8> {
    [table.as_bytes(), &[0], key].concat()
}

/// The keys with a prefix: from the first on, before the second.
fn bounds(table: &str, prefix: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let begin = full_key(table, prefix);
    let mut end = begin.clone();
    while let Some(last) = end.pop() {
        if let Some(last) = last.checked_add(1) {
            end.push(last);
            break;
        }
    }
    (begin, end)
}

fn rows(
    table: &str,
    found: impl Iterator<Item = sled::Result<(sled::IVec, sled::IVec)>>,
) -> sled::Result<Vec<Row>> {
    let before = table.len().saturating_add(1);
    found
        .map(|row| {
            let (key, value) = row?;
            let key = key.get(before..).unwrap_or_default();
            Ok((key.to_vec(), value.to_vec()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "a test may stop at once"
    )]
    use super::*;
    use std::cell::Cell;

    thread_local! {
        static PANICS: Cell<bool> = const { Cell::new(false) };
    }

    pub(super) fn panic_if_asked() {
        if PANICS.take() {
            panic!("as sled does on some of its own files");
        }
    }

    fn filled(dir: &Path) {
        let views = Views::open(dir, 3).unwrap();
        for number in 0..500_u16 {
            views
                .put("cases", &number.to_be_bytes(), &[7; 300])
                .unwrap();
        }
        views.mark(500).unwrap();
        views.flush().unwrap();
    }

    /// Opens, and says why it was empty; what it then holds must be all or nothing.
    fn reopened(dir: &Path, schema: u32) -> Option<&'static str> {
        let views = Views::open(dir, schema).unwrap();
        let (marked, rows) = (
            views.marked().unwrap(),
            views.scan("cases", &[], None, 1_000),
        );
        let expected = if views.opened_empty().is_some() {
            0
        } else {
            500
        };
        assert_eq!(
            (marked, rows.unwrap().len()),
            (expected, usize::try_from(expected).unwrap())
        );
        views.opened_empty()
    }

    #[test]
    fn views_that_cannot_be_used_are_opened_empty_and_say_why() {
        let check = |spoil: &dyn Fn(&Path), schema, expected: &[Option<&str>]| {
            let dir = tempfile::tempdir().unwrap();
            filled(dir.path());
            spoil(&dir.path().join("views"));
            let why = reopened(dir.path(), schema);
            assert!(expected.contains(&why), "{why:?}");
            // And the second time they are there.
            let views = Views::open(dir.path(), schema).unwrap();
            assert_eq!(views.opened_empty(), None);
        };
        let garble = |path: &Path| {
            let db = path.join("db");
            let mut bytes = fs::read(&db).unwrap();
            bytes
                .iter_mut()
                .for_each(|byte| *byte = byte.rotate_left(3) ^ 0x5a);
            fs::write(&db, bytes).unwrap();
        };
        let unreadable = |path: &Path| {
            fs::remove_file(path.join("db")).unwrap();
            fs::create_dir(path.join("db")).unwrap();
        };
        check(&|_| (), 3, &[None]);
        check(&|_| (), 4, &[Some("views-schema")]);
        check(
            &|path| fs::remove_dir_all(path).unwrap(),
            3,
            &[Some("views-missing")],
        );
        check(
            &|path| fs::remove_file(path.join("db")).unwrap(),
            3,
            &[Some("views-schema"), Some("views-damaged")],
        );
        check(
            &unreadable,
            3,
            &[Some("views-damaged"), Some("views-panicked")],
        );
        check(
            &garble,
            3,
            &[
                Some("views-schema"),
                Some("views-damaged"),
                Some("views-panicked"),
            ],
        );
        check(&|_| PANICS.set(true), 3, &[Some("views-panicked")]);
    }

    #[test]
    fn a_view_that_panics_later_is_damaged_and_stays_so() {
        let dir = tempfile::tempdir().unwrap();
        let views = Views::open(dir.path(), 1).unwrap();
        let panicked: Result<(), _> = views.run(|_| panic!("as sled does"));
        assert_eq!(panicked.unwrap_err().code(), "views-damaged");
        assert_eq!(
            views.get("cases", b"a").unwrap_err().code(),
            "views-damaged"
        );
        drop(views);
        assert_eq!(Views::open(dir.path(), 1).unwrap().opened_empty(), None);
    }

    #[test]
    fn rows_are_scanned_by_prefix_both_ways() {
        let dir = tempfile::tempdir().unwrap();
        let views = Views::open(dir.path(), 1).unwrap();
        for key in ["a1", "a2", "a3", "b1", "\u{ff}"] {
            views.put("t", key.as_bytes(), key.as_bytes()).unwrap();
        }
        views.put("t2", b"a0", b"another table").unwrap();
        views.put("t", &[0xff; 4], b"ff").unwrap();
        let check = |prefix: &[u8], from: Option<&str>, limit, up: &[&str], down: &[&str]| {
            let keys = |rows: Vec<Row>| -> Vec<String> {
                rows.into_iter()
                    .map(|(key, _)| String::from_utf8_lossy(&key).into())
                    .collect()
            };
            let from = from.map(str::as_bytes);
            assert_eq!(keys(views.scan("t", prefix, from, limit).unwrap()), up);
            assert_eq!(
                keys(views.scan_back("t", prefix, from, limit).unwrap()),
                down
            );
        };
        check(b"a", None, 9, &["a1", "a2", "a3"], &["a3", "a2", "a1"]);
        check(b"a", None, 2, &["a1", "a2"], &["a3", "a2"]);
        check(b"a", Some("a2"), 9, &["a2", "a3"], &["a2", "a1"]);
        check(b"a", Some("a21"), 9, &["a3"], &["a2", "a1"]);
        check(b"a", Some("b1"), 9, &[], &["a3", "a2", "a1"]);
        check(b"b", Some("a1"), 9, &["b1"], &[]);
        check(b"c", None, 9, &[], &[]);
        check(
            &[0xff; 4],
            None,
            9,
            &["\u{fffd}\u{fffd}\u{fffd}\u{fffd}"],
            &["\u{fffd}\u{fffd}\u{fffd}\u{fffd}"],
        );
        assert_eq!(views.scan("t", b"", None, 9).unwrap().len(), 6);
        views.delete("t", b"a1").unwrap();
        assert_eq!(views.get("t", b"a1").unwrap(), None);
        views.mark(7).unwrap();
        views.clear().unwrap();
        assert_eq!(
            (
                views.marked().unwrap(),
                views.scan("t", b"", None, 9).unwrap()
            ),
            (0, vec![])
        );
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let views = Views::open(dir.path(), 1).unwrap();
        let check = |key: usize, value: usize, code: Option<&str>| {
            let put = views.put("t", &vec![1; key], &vec![2; value]);
            assert_eq!(put.err().map(|error| error.code()), code);
        };
        check(VIEW_KEY_BYTES_MAX, VIEW_VALUE_BYTES_MAX, None);
        check(VIEW_KEY_BYTES_MAX + 1, 1, Some("view-key-too-long"));
        check(1, VIEW_VALUE_BYTES_MAX + 1, Some("view-value-too-long"));
    }
}
