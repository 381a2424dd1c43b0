//! The binary `comity`: command line, configuration, wiring. No logic of the protocol.
//!
//! ```text
//! arguments -> cli        the tree of commands; a mistake there is code `usage`
//!           -> commands   one file for each group: its arguments and what it does
//!           -> output     the result: text for people, or one JSON object
//!           -> error      or why not: a code, a sentence, whose move is next
//!
//! config, keys, person      what a member's node starts from
//! entry                     what a member says about itself, as a roster lists it
//! federation_dir, draft     charters and rosters as files; those being signed
//! roster_edit, follows      what the next roster changes, and whether it may
//! show                      charter, roster and member for people and programs
//! running, ports            one node put together; what it gives its engine
//! telemetry                 what it tells its operator
//! demo                      four members in one process, and the whole job
//! client, answers           a running node, asked over its API; what it answers
//! log_check                 every record of a log, held against what a log promises
//! times, tables             how people write times and read tables
//! files, clock, limits      the edges
//! ```
//!
//! It is a library only so that its tests can use it; nothing else may.

mod answers;
pub mod cli;
mod client;
pub mod clock;
pub mod commands;
pub mod config;
pub mod config_file;
pub mod demo;
pub mod draft;
pub mod entry;
pub mod error;
pub mod federation_dir;
pub mod files;
pub mod follows;
pub mod keys;
pub mod limits;
mod log_check;
pub mod output;
pub mod parse;
pub mod person;
pub mod ports;
mod public;
pub mod restore;
pub mod roster_edit;
pub mod running;
pub mod show;
mod tables;
pub mod telemetry;
mod times;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::Cli;
use crate::error::{Exit, Failure};
use crate::output::Output;

/// Does what the arguments say, the name of the program first. The result is on
/// standard output, everything else on standard error.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let wants_json = arguments.iter().any(|argument| argument == "--json");
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error, wants_json),
    };
    let output = Output::new(cli.json);
    match commands::run(cli.command, &output) {
        Ok(()) => ExitCode::from(Exit::Done.number()),
        Err(failure) => output.failure(&failure),
    }
}

/// `--help` and `--version` come this way too: they are no mistakes.
fn not_understood(error: &clap::Error, wants_json: bool) -> ExitCode {
    if !error.use_stderr() || !wants_json {
        // Nobody is left to tell if the terminal is gone.
        let _ = error.print();
        let exit = if error.use_stderr() {
            Exit::Usage
        } else {
            Exit::Done
        };
        return ExitCode::from(exit.number());
    }
    let said = error.to_string();
    let first = said.lines().next().unwrap_or_default();
    let message = first.strip_prefix("error: ").unwrap_or(first);
    let next = "Correct the command; `--help` after it shows its arguments and an example.";
    Output::new(true).failure(&Failure::new("usage", message, next).exits(Exit::Usage))
}
