//! `cargo run -p comity-testkit --bin samples [-- --check]`: writes the sample
//! reports that the node ships, or says which files differ.

use std::path::Path;
use std::process::ExitCode;

use comity_testkit::samples::{Sample, files};

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../node/samples");
    let mut status = ExitCode::SUCCESS;
    for Sample { name, text } in files() {
        let path = folder.join(name);
        if std::fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        if check {
            eprintln!(
                "node/samples/{name} differs. Run `cargo run -p comity-testkit --bin samples` and commit the result."
            );
            status = ExitCode::FAILURE;
        } else if let Err(error) = std::fs::write(&path, text) {
            eprintln!("{}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    status
}
