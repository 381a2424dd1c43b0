//! `cargo run -p comity-testkit --bin vectors [-- --check]`: writes the test
//! vectors, or says which files differ.

use std::path::Path;
use std::process::ExitCode;

use comity_testkit::vectors::{Made, files};

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocol-spec/vectors");
    let mut status = ExitCode::SUCCESS;
    for Made { name, text } in files() {
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
