//! One file for each group of commands: its arguments, and what they do.

pub mod audit;
pub mod clocks;
pub mod completions;
pub mod conformance;
pub mod evidence;
pub mod federation;
pub mod findings;
mod fsck;
pub mod log;
mod log_policy;
pub mod member;
pub mod person;
pub mod report;
mod restore;
pub mod roster;
pub mod run;
pub mod signing;
pub mod taxonomy;
pub mod work;

use crate::cli::Command;
use crate::error::Failure;
use crate::output::Output;

/// Does what a command says.
///
/// # Errors
/// Why it was not done.
pub fn run(command: Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::Federation(args) => federation::run(args, output),
        Command::Member(args) => member::run(args, output),
        Command::Roster(args) => roster::run(args, output),
        Command::Person(args) => person::run(args, output),
        Command::Demo(args) => crate::demo::run(&args, output),
        Command::Run(args) => run::run(&args, output),
        Command::Work(command) => work::run(command, output),
        Command::Log(args) => log::run(args, output),
        Command::Report(args) => report::run(&args, output),
        Command::Audit(args) => audit::run(&args, output),
        Command::Findings(args) => findings::run(args, output),
        Command::Clocks(args) => clocks::run(args, output),
        Command::Conformance(args) => conformance::run(&args, output),
        Command::Taxonomy(args) => taxonomy::run(args, output),
        Command::Completions(args) => completions::run(&args, output),
    }
}
