//! `cargo run -p comity-testkit --bin vectors [-- --check]`: writes the test
//! vectors, or says which files differ.

use std::path::Path;
use std::process::ExitCode;

use comity_testkit::vectors::{Made, files};

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocol-spec/vectors");
    let mut status = ExitCode::SUCCESS;
    let files = files();
    let diag = folder.join("diag");
    if let Err(error) = std::fs::create_dir_all(&diag) {
        eprintln!("{}: {error}", diag.display());
        return ExitCode::FAILURE;
    }
    for name in left_over(&diag, &files) {
        eprintln!("protocol-spec/vectors/{name} is no vector's any more: delete it.");
        status = ExitCode::FAILURE;
    }
    for Made { name, text } in files {
        let path = folder.join(&name);
        if std::fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        if check {
            eprintln!(
                "protocol-spec/vectors/{name} differs. Run `cargo xtask spec` and commit the result."
            );
            status = ExitCode::FAILURE;
        } else if let Err(error) = std::fs::write(&path, text) {
            eprintln!("{}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    status
}

/// Pages in diagnostic notation that nothing makes any more.
fn left_over(diag: &Path, files: &[Made]) -> Vec<String> {
    let entries = std::fs::read_dir(diag).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .map(|name| format!("diag/{name}"))
        .filter(|name| files.iter().all(|made| made.name != *name))
        .collect()
}
