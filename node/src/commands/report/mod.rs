//! `comity report`: how long things took, for who has a right to the records and for the public.
//!
//! ```text
//! response-times     asks the node -> brief (as ever), or a report: text, json, csv, parquet, html
//!   --proofs DIR     the records of every case that was counted, each with its proof
//! check DIR          whether such a folder proves what it says, without any node
//! transparency       public figures: nothing of a case, small cells suppressed
//! ```

mod brief;
mod check;
mod files;
mod period;
mod proofs;
mod public;
mod text;
mod times;

use clap::{Args as ClapArgs, Subcommand};

pub(crate) use self::brief::text_of;
use crate::error::Failure;
use crate::output::Output;

/// What to report.
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show how long each step took
    #[command(after_help = times::EXAMPLE)]
    ResponseTimes(times::Args),
    /// Check a folder of proofs, without any node
    #[command(after_help = check::EXAMPLE)]
    Check(check::Args),
    /// Make public figures: nothing of a case, small cells hidden
    #[command(after_help = public::EXAMPLE)]
    Transparency(public::Args),
}

/// Does it.
///
/// # Errors
/// Why it was not done.
pub fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    match &args.command {
        Command::ResponseTimes(args) => times::run(args, output),
        Command::Check(args) => check::run(args, output),
        Command::Transparency(args) => public::run(args, output),
    }
}
