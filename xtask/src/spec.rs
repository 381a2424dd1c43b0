//! `cargo xtask spec`: writes the generated files and the test vectors anew, or checks that they are up to date.

use crate::process::{self, Outcome};

/// Write the generated files and the test vectors anew
///
/// Code from the registries of `protocol-spec`, then the vectors, which are made with that code.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: cargo xtask spec --check")]
pub(crate) struct Args {
    /// Change nothing; fail if a file is not what would be written
    #[arg(long)]
    check: bool,
}

pub(crate) fn main(args: &Args) -> Outcome {
    generate(args.check)
}

/// Runs every generator; with `check`, all of them even if one finds a stale file.
pub(crate) fn generate(check: bool) -> Outcome {
    let mut stale = Vec::new();
    for (package, bin) in [("comity-spec", "generate"), ("comity-testkit", "vectors")] {
        let mut command = process::cargo(&["run", "--quiet", "--package", package, "--bin", bin]);
        if check {
            command.args(["--", "--check"]);
        }
        match process::run(&mut command) {
            Err(reason) if check => stale.push(reason),
            other => other?,
        }
    }
    if stale.is_empty() {
        Ok(())
    } else {
        Err(stale.join("\n"))
    }
}
