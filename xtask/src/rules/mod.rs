//! Rules that no compiler holds, as tests: [`graph`] who may depend on whom, [`sources`] which file may name what,
//! [`docs`] what the documentation may claim. Each rule is a function that takes what it judges as an argument, so that
//! its own test can show it something forbidden.

mod docs;
mod graph;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};

type Tested = Result<(), Box<dyn std::error::Error>>;

/// Fails with every finding, one a line.
fn assert_clean(findings: &[String]) {
    assert!(findings.is_empty(), "\n- {}\n", findings.join("\n- "));
}

/// The files with this ending below `dir`, without what tools write there.
fn files_below(dir: &Path, ending: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            let is_ours = !matches!(name.as_str(), "target" | "node_modules" | "__pycache__");
            if is_ours && !name.starts_with('.') {
                found.extend(files_below(&path, ending)?);
            }
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
