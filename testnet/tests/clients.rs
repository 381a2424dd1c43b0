//! Members that were written from the specification alone, in other languages: `testnet/interop/{js,python}`.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

/// In lines. A client must stay something that a person reads in one sitting.
const LINES_MAX: usize = 400;

#[test]
fn every_source_file_of_a_client_has_fewer_than_400_lines() {
    for (folder, extension) in [("js", "mjs"), ("python", "py")] {
        let sources = sources(folder, extension);
        assert!(!sources.is_empty(), "{folder} has no client");
        for path in sources {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines < LINES_MAX, "{}: {lines} lines", path.display());
        }
    }
}

fn sources(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("interop")
        .join(folder);
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect()
}
