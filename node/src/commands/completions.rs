//! `comity completions`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::error::Failure;
use crate::output::Output;

/// Which shell.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Prints a script for the shell: the same with `--json`, because a shell reads it.
///
/// # Errors
/// None.
pub fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "comity", &mut script);
    output.raw(String::from_utf8_lossy(&script).trim_end());
    Ok(())
}
