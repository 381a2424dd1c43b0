//! The bytes on the disk, pinned: what an earlier version wrote must be read for ever.

use super::*;
use std::cell::Cell;
use std::fs;

thread_local! {
    static NEXT: Cell<u8> = const { Cell::new(0) };
}

/// Bytes that count up: the same at each run.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands in for one that can fail"
)]
fn counting(bytes: &mut [u8]) -> Result<(), StoreError> {
    for byte in bytes {
        *byte = NEXT.get();
        NEXT.set(NEXT.get().wrapping_add(1));
    }
    Ok(())
}

fn written(dir: &Path) {
    NEXT.set(0);
    let settings = || Settings {
        segment_bytes: 1_200,
        random: counting,
        ..small()
    };
    let open = || Journal::open_on(Arc::new(RealDisk), settings(), dir, &key(), &origin()).unwrap();
    let mut journal = open();
    fill(&mut journal, 7).unwrap();
    journal.commit().unwrap();
    drop(journal);
    let mut journal = open();
    fill(&mut journal, 2).unwrap();
    journal.commit().unwrap();
}

/// `path length`, then the bytes in hexadecimal, 48 to a line, without the zeros at the end.
fn as_text(files: &[(String, Vec<u8>)]) -> String {
    let mut text = String::new();
    for (name, content) in files {
        text += &format!("{name} {}\n", content.len());
        let used = content
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        for line in content[..used].chunks(48) {
            text += &line
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>();
            text += "\n";
        }
        text += "\n";
    }
    text
}

fn from_text(text: &str, dir: &Path) {
    for file in text.trim_end().split("\n\n") {
        let mut lines = file.lines();
        let (name, length) = lines.next().unwrap().split_once(' ').unwrap();
        let digits: String = lines.collect();
        let mut bytes: Vec<u8> = (0..digits.len() / 2)
            .map(|place| u8::from_str_radix(&digits[place * 2..place * 2 + 2], 16).unwrap())
            .collect();
        bytes.resize(length.parse().unwrap(), 0);
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// What must be read for ever, and what is derived from it.
const JOURNAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/journal-1.txt");
const INDEX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/index-1.txt");

#[test]
fn the_bytes_on_the_disk_are_the_golden_ones() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path());
    let is_index = |(name, _): &(String, Vec<u8>)| name.starts_with("index/");
    let (index, journal): (Vec<_>, Vec<_>) = files(dir.path()).into_iter().partition(is_index);
    for (golden, files) in [(JOURNAL, journal), (INDEX, index)] {
        let text = as_text(&files);
        if !Path::new(golden).exists() {
            fs::write(golden, &text).unwrap();
            panic!("{golden} was missing; it is there now: read it");
        }
        assert!(
            fs::read_to_string(golden).unwrap() == text,
            "the format has changed"
        );
    }
}

#[test]
fn the_golden_journal_can_be_read() {
    for with_index in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        from_text(&fs::read_to_string(JOURNAL).unwrap(), dir.path());
        if with_index {
            from_text(&fs::read_to_string(INDEX).unwrap(), dir.path());
        }
        let mut journal = open(dir.path()).unwrap();
        assert_eq!(committed(&journal).len(), 9);
        fill(&mut journal, 5).unwrap();
        journal.commit().unwrap();
        assert_eq!(committed(&journal).len(), 14);
        // Made again, an index is the very same.
        let golden = tempfile::tempdir().unwrap();
        from_text(&fs::read_to_string(INDEX).unwrap(), golden.path());
        for (name, bytes) in files(golden.path()) {
            assert_eq!(fs::read(dir.path().join(&name)).unwrap(), bytes, "{name}");
        }
    }
}
