//! One file for each group of commands: its arguments, and what they do.

pub mod completions;
pub mod federation;
pub mod member;
pub mod person;
pub mod roster;
pub mod signing;

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
        Command::Completions(args) => completions::run(&args, output),
    }
}
