//! `comity demo`: four members in one process, each a full node with its own keys, journal, views, log and peer on
//! loopback, and the whole job played through them.
//!
//! ```text
//! found    keys, charter, roster, four nodes
//! input    reports: files, or the samples of this folder
//! play     import, review, requests and referrals, answers, outcomes, observations, a withdrawal, a hold
//!            staff   who does what, when; all of it simulated
//! check    every report in one state, both sides agree, every log verifies
//! report   one JSON object, and a table for people
//! stay     consoles on loopback until Ctrl-C
//! ```
//! The clock is virtual: it begins at the newest report and is moved forward from one act to the next. What the staff
//! decides and how long it takes is invented; signatures, deliveries, receipts, logs and proofs are real.

mod check;
mod found;
mod input;
mod play;
mod report;
mod staff;
mod stay;

use std::path::PathBuf;

use clap::Args as ClapArgs;

use crate::commands::run::runtime;
use crate::error::{Exit, Failure};
use crate::output::Output;

/// Play the whole job with four members in one process
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// End when everything has been played and verified
    #[arg(long)]
    once: bool,
    /// A file of reports: XARF 4 JSON lines or the hotline CSV; can be given again. Without one, the samples
    /// that come with the program
    #[arg(long, value_name = "FILE")]
    input: Vec<PathBuf>,
    /// Keep the federation and the members' data in this folder, which must be new or empty
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Plays.
///
/// # Errors
/// The input cannot be read, a node does not start, or something does not verify.
pub fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let input = input::Input::read(&args.input)?;
    let folder = found::Folder::at(args.data.as_deref())?;
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let mut world = found::found(folder, input.newest()).await?;
        output.progress(&world.introduction());
        let story = play::play(&mut world, &input, output).await?;
        let mut verdict = check::online(&world, &story).await?;
        output.progress(&verdict.words());
        if !args.once {
            stay::stay(&world, output).await?;
        }
        let folder = world.stop().await?;
        check::offline(&folder, &mut verdict)?;
        Ok::<_, Failure>(verdict)
    });
    runtime.shutdown_background();
    let verdict = ended?;
    output.result(&report::json(&verdict), &report::text(&verdict));
    if verdict.verified() {
        return Ok(());
    }
    Err(Failure::new(
        "not-verified",
        format!("Not everything verified: {}.", verdict.problems.join("; ")),
        "Run it again with `--data DIR` and look at the logs there with `comity log verify --data DIR/<member>`.",
    )
    .exits(Exit::NotVerified))
}
