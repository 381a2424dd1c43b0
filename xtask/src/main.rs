//! Set-up, tests, fuzzing, benches and generated files of Comity: `cargo xtask --help`.
//!
//! One file per command: [`mod@test`] runs every suite, [`fuzz`] looks for crashes, [`mod@bench`] measures, [`spec`] writes
//! the generated files. [`tools`] finds or installs what they need, with [`debian`] for what the system has packages
//! of; [`go`] builds the verifier that is not ours, [`clients`] installs what the members need that are not; [`process`] starts all of it. The rules that no compiler
//! holds (who may depend on whom, what the documentation may claim) are tests, under `rules/`.

mod bench;
mod clients;
mod debian;
mod fuzz;
mod go;
mod process;
#[cfg(test)]
mod rules;
mod spec;
mod test;
mod tools;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Set-up, tests, fuzzing, benches and generated files of Comity
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Test(test::Args),
    Fuzz(fuzz::Args),
    Bench(bench::Args),
    Spec(spec::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Test(args) => test::main(&args),
        Command::Fuzz(args) => fuzz::main(&args),
        Command::Bench(args) => bench::main(&args),
        Command::Spec(args) => spec::main(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("\n{reason}");
            ExitCode::FAILURE
        }
    }
}
